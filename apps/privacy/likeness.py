"""Which clips of a draft sound alike, and which sound like what was taken out of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from apps.audio.fingerprint import Sound, alike
from apps.datasets.models import Clip, Dataset
from apps.privacy.detectors.likeness import LikenessDetector, sound_in
from apps.privacy.models import Scan
from apps.storage.models import Blob

_NOTHING_LIKE = ""


def sound_groups(dataset: Dataset) -> dict[int, str]:
    """Clips of the draft that sound alike, by clip id: a name for each group of two or more.

    Empty where no clip is in a split, for then nothing can leak from one to another.
    """
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE)
    if clips.exclude(split="").values("split").distinct().count() < 2:  # noqa: PLR2004
        return {}
    contents = dict(clips.order_by("pk").values_list("pk", "blob__sha256"))
    known = sorted(set(contents.values()))
    names = _joined(known, _pairs(dataset, known))
    return {pk: names[content] for pk, content in contents.items() if content in names}


def gone_likenesses(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """What of the sounds that left the dataset each active clip sounds like, in words.

    Those that left: clips that review excluded, bytes that a redaction replaced, and bytes that
    were destroyed. Clips that are like none of them are left out.
    """
    gone = _gone(dataset)
    if not gone:
        return {}
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    contents = dict(clips.values_list("pk", "blob__sha256"))
    own = dict(clips.exclude(original=None).values_list("pk", "original__sha256"))
    here = sorted(set(contents.values()))
    like: dict[str, set[str]] = defaultdict(set)
    for left, right in _pairs(dataset, sorted(gone), here):
        like[right].add(left)
    return {
        pk: tuple(sorted(gone[left] for left in found))
        for pk, content in contents.items()
        # A redacted clip is like its own original, from which nothing but the redacted part left.
        if (found := like.get(content, set()) - {own.get(pk, _NOTHING_LIKE)})
    }


def _gone(dataset: Dataset) -> dict[str, str]:
    """Content to what it was."""
    found: dict[str, str] = {}
    destroyed = Blob.objects.filter(store=dataset.uid).exclude(destroyed_at=None)
    for sha256 in destroyed.values_list("sha256", flat=True):
        found[sha256] = f"destroyed content {sha256[:12]}"
    changed = Clip.objects.filter(dataset=dataset).exclude(original=None)
    for sha256, path in changed.values_list("original__sha256", "path"):
        found[sha256] = f"what {path} was before redaction"
    excluded = Clip.objects.filter(dataset=dataset, state=Clip.State.EXCLUDED)
    for sha256, path in excluded.values_list("blob__sha256", "path"):
        found[sha256] = f"{path}, excluded by review"
    return found


def _pairs(
    dataset: Dataset, first: list[str], rest: list[str] | None = None
) -> Iterable[tuple[str, str]]:
    """Contents that are alike: among `first`, or between `first` and `rest`."""
    contents = [*first, *(rest or ())]
    sounds, pcm = _heard(dataset, set(contents))
    nothing = Sound(np.empty(0, np.uint32), np.empty(0, np.uint32))
    found = alike(
        [sounds.get(content, nothing) for content in contents],
        old=None if rest is None else len(first),
    )
    yield from ((contents[each.left], contents[each.right]) for each in found)
    same: dict[str, list[str]] = defaultdict(list)
    for content in first:
        same[pcm.get(content, content)].append(content)
    others = rest if rest is not None else first
    for content in others:
        for twin in same.get(pcm.get(content, content), ()):
            if rest is not None or twin < content:
                yield twin, content


def _heard(dataset: Dataset, contents: set[str]) -> tuple[dict[str, Sound], dict[str, str]]:
    """Of each content what it sounds like, and the hash of its samples."""
    rows = Scan.objects.filter(
        dataset=dataset,
        detector=LikenessDetector.name,
        detector_version=LikenessDetector.version,
        failed=False,
    )
    sounds: dict[str, Sound] = {}
    pcm: dict[str, str] = {}
    for content, evidence in rows.values_list("content_sha256", "evidence").iterator():
        if content in contents:
            sounds[content], pcm[content] = sound_in(evidence), evidence["pcm_sha256"]
    return sounds, pcm


def _joined(contents: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The name of the group of each content that is alike with another."""
    leader = {content: content for content in contents}

    def find(content: str) -> str:
        while leader[content] != content:
            leader[content] = leader[leader[content]]
            content = leader[content]
        return content

    grouped: set[str] = set()
    for left, right in pairs:
        one, other = sorted((find(left), find(right)))
        leader[other] = one
        grouped |= {left, right}
    return {content: find(content)[:16] for content in grouped}
