"""Which contents sound alike, by their acoustic fingerprints and by their samples."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from apps.audio.fingerprint import ComparableSound, find_copies
from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.sound_fingerprints import LikenessDetector, read_sound
from apps.detection.models import Scan


def group_alike_sounds(dataset: Dataset) -> dict[int, str]:
    """Clips of the draft that sound alike, by clip id: a name for each group of two or more.

    Empty where no clip is in a split, for then nothing can leak from one to another.
    """
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE)
    if clips.exclude(split="").values("split").distinct().count() < 2:  # noqa: PLR2004
        return {}
    contents = dict(clips.order_by("pk").values_list("pk", "blob__sha256"))
    known = sorted(set(contents.values()))
    names = _name_groups(known, find_alike_pairs(dataset, known))
    return {pk: names[content] for pk, content in contents.items() if content in names}


def find_alike_pairs(
    dataset: Dataset, first: list[str], rest: list[str] | None = None
) -> Iterable[tuple[str, str]]:
    """Contents that are alike: among `first`, or between `first` and `rest`."""
    contents = [*first, *(rest or ())]
    sounds, pcm = _load_sounds(dataset, set(contents))
    nothing = ComparableSound(np.empty(0, np.uint32), np.empty(0, np.uint32))
    found = find_copies(
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


def _load_sounds(
    dataset: Dataset, contents: set[str]
) -> tuple[dict[str, ComparableSound], dict[str, str]]:
    """Of each content what it sounds like, and the hash of its samples."""
    rows = Scan.objects.filter(
        dataset=dataset,
        detector=LikenessDetector.name,
        detector_version=LikenessDetector.version,
        failed=False,
    )
    sounds: dict[str, ComparableSound] = {}
    pcm: dict[str, str] = {}
    for content, evidence in rows.values_list("content_sha256", "evidence").iterator():
        if content in contents:
            sounds[content], pcm[content] = read_sound(evidence), evidence["pcm_sha256"]
    return sounds, pcm


def _name_groups(contents: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
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
