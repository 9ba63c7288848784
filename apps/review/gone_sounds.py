"""Which clips of a draft sound alike, and which sound like what was taken out of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q

from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.base import LISTENER
from apps.detection.models import Finding
from apps.detection.sounds_alike import find_alike_pairs
from apps.review.access import match_awaiting_second
from apps.review.held_back import BYTES_EXCLUDED_WITH_TEXTS, select_exclusions_by_texts
from apps.review.models import ChangeRequest, Decision, Headcount, Redaction
from apps.review.redaction import STRIP
from apps.storage.models import Blob


def find_gone_likenesses(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """What of the sounds that left the dataset each active clip sounds like, in words.

    Those that left: what review excluded, whatever became of its clip; bytes from which a redaction
    took sound; bytes that were destroyed; and bytes that went before everything in them was
    settled. Clips that are like none of them are left out.
    """
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    contents = dict(clips.values_list("pk", "blob__sha256"))
    here = set(contents.values())
    gone, unsettled = _list_gone_contents(dataset), _find_open_sounds(dataset, here)
    if not gone and not unsettled:
        return {}
    own = _collect_own_pasts(dataset)
    kinds = _collect_kinds(dataset, here) if unsettled else {}
    like: dict[str, set[str]] = defaultdict(set)
    for left, right in find_alike_pairs(
        dataset, sorted(gone.keys() | unsettled.keys()), sorted(here)
    ):
        like[right].add(left)
    found = {}
    for pk, content in contents.items():
        # A redacted clip is like its own past, from which nothing but the redacted part left.
        past = own.get((pk, content), frozenset())
        words = {gone[left] for left in like[content] - past if left in gone}
        words |= {
            each.words
            for left in like[content]
            for each in unsettled.get(left, ())
            if each.kind not in kinds.get(content, set()) and (left not in past or each.by_listener)
        }
        if words:
            found[pk] = tuple(sorted(words))
    return found


def _list_gone_contents(dataset: Dataset) -> dict[str, str]:
    """Content to what it was."""
    found: dict[str, str] = {}
    destroyed = Blob.objects.filter(store=dataset.uid).exclude(destroyed_at=None)
    for sha256 in destroyed.values_list("sha256", flat=True):
        found[sha256] = f"destroyed content {sha256[:12]}"
    redactions = Redaction.objects.filter(clip__dataset=dataset)
    known = set(redactions.values_list("before__sha256", flat=True))
    changed = Clip.objects.filter(dataset=dataset).exclude(original=None)
    for sha256, path in changed.values_list("original__sha256", "path"):
        if sha256 not in known:
            found[sha256] = f"what {path} was before redaction"
    # Stripping tags takes no sound away, and what was taken back took nothing.
    in_force = redactions.filter(finding__decision__verdict=Decision.Verdict.REDACT)
    taken = in_force.exclude(method=STRIP)
    for sha256, path in taken.values_list("before__sha256", "before_path"):
        found[sha256] = f"what {path} was before redaction"
    excluded = Clip.objects.filter(dataset=dataset, state=Clip.State.EXCLUDED)
    for sha256, path in excluded.values_list("blob__sha256", "path"):
        found[sha256] = f"{path}, excluded by review"
    by_texts = select_exclusions_by_texts(dataset)
    by_bytes = Decision.objects.filter(
        finding__clip__dataset=dataset, verdict=Decision.Verdict.EXCLUDE
    ).exclude(pk__in=by_texts)
    rows = list(by_bytes.values_list("content_sha256", "finding__clip__path"))
    for column, which in BYTES_EXCLUDED_WITH_TEXTS.items():
        excluded_with = by_texts.filter(which, **{f"{column}__isnull": False})
        rows += excluded_with.values_list(column, "finding__clip__path")
    for sha256, path in rows:
        found[sha256] = f"{path}, excluded by review"
    return found


@dataclass(frozen=True, slots=True)
class _OpenSound:
    """Why a sound that left was not done with; `kind` is that of a finding, empty for the rest."""

    words: str
    kind: str = ""
    by_listener: bool = False


def _find_open_sounds(dataset: Dataset, here: Collection[str]) -> dict[str, set[_OpenSound]]:
    """Contents that left the draft with something open in their sound."""
    found: dict[str, set[_OpenSound]] = defaultdict(set)
    open_rows = Finding.objects.filter(clip__dataset=dataset, onset__isnull=False).filter(
        Q(decision=None) | match_awaiting_second()
    )
    columns = ("content_sha256", "clip__path", "kind", "scan__detector")
    for content, path, kind, detector in open_rows.values_list(*columns).distinct().iterator():
        words = f"{path}, in which {kind} was found and not decided on"
        found[content].add(_OpenSound(words, kind, by_listener=detector == LISTENER))
    for content, path in _find_uncounted(dataset):
        found[content].add(_OpenSound(f"{path}, in which somebody is not recorded"))
    asked = ChangeRequest.objects.filter(clip__dataset=dataset, answered_at=None)
    for content, path in asked.exclude(clip__state=Clip.State.ACTIVE).values_list(
        "clip__blob__sha256", "clip__path"
    ):
        found[content].add(_OpenSound(f"{path}, of which a reviewer asked for a change"))
    return {content: why for content, why in found.items() if content not in here}


def _find_uncounted(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Contents in which the latest count is of more people than were recorded."""
    latest: dict[str, tuple[bool, str]] = {}
    rows = Headcount.objects.filter(dataset=dataset).order_by("pk")
    columns = ("content_sha256", "clip__path", "somebody_unknown", "people_heard")
    for content, path, unknown, heard, recorded in rows.values_list(*columns, "people_recorded"):
        latest[content] = unknown or heard > recorded, path
    yield from ((content, path) for content, (is_open, path) in latest.items() if is_open)


def _collect_kinds(dataset: Dataset, contents: Collection[str]) -> dict[str, set[str]]:
    """The kinds of what was found in the sound of each of these contents, decided on or not."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = Finding.objects.filter(clip__dataset=dataset, onset__isnull=False)
    for content, kind in rows.values_list("content_sha256", "kind").distinct().iterator():
        if content in contents:
            found[content].add(kind)
    return found


def _collect_own_pasts(dataset: Dataset) -> dict[tuple[int, str], frozenset[str]]:
    """By clip and its present bytes: what redactions of the clip made these bytes of."""
    made_of: dict[tuple[int, str], str] = {}
    rows = Redaction.objects.filter(clip__dataset=dataset).order_by("pk")
    for clip, after, before in rows.values_list("clip_id", "after__sha256", "before__sha256"):
        made_of[clip, after] = before
    found: dict[tuple[int, str], frozenset[str]] = {}
    for clip, after in made_of:
        past: list[str] = []
        content = after
        while (clip, content) in made_of and made_of[clip, content] not in past:
            content = made_of[clip, content]
            past.append(content)
        found[clip, after] = frozenset(past) - {after}
    originals = Clip.objects.filter(dataset=dataset).exclude(original=None)
    for clip, content, original in originals.values_list("pk", "blob__sha256", "original__sha256"):
        found[clip, content] = found.get((clip, content), frozenset()) | {original}
    return found
