"""What was sent to whom to be played, and what has to be before somebody says what is heard in it.

Evidence is what the server handed out; what a page claims to have played counts for nothing, and
whether somebody listened nobody knows but they. "Played" is short for that it was sent.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.detection.kinds import find_kind_policy, list_kinds_at
from apps.detection.models import Finding
from apps.review.models import Decision, Playback
from datasets_catalog.errors import ConflictError
from datasets_catalog.finding_kinds import FindingPlace
from datasets_catalog.playback import Stretch, covers_stretch
from datasets_catalog.sampling import BATCH_BOUND, choose_prefix, format_bound

CHUNK = 500
# How many of what has to be played a refusal names.
MOST_NAMED = 100
# Seconds: no sound is as long.
LONGEST = 1e9


class NotHeardError(ConflictError):
    """Somebody clears what is heard, or says what is in a sample, without having been played it."""

    code: ClassVar[str] = "review.not_heard"


@dataclass(frozen=True, slots=True)
class BatchSample:
    """Which findings of a batch have to be heard before all are cleared, in a random order.

    `bound` is the largest share of the batch (0 to 1) that may then be otherwise.
    """

    findings: tuple[Finding, ...]
    bound: float


def note_playback(
    *, actor: User, dataset: Dataset, content: str, onset: float, offset: float
) -> None:
    """Keep that these seconds of a content were handed to the actor's player.

    Whoever calls has decided that the actor may have them. What is known already is not kept twice.
    """
    if not covers_stretch(_load_played_stretches(actor, [content])[content], onset, offset):
        Playback.objects.create(
            dataset=dataset, content_sha256=content, listener=actor, onset=onset, offset=offset
        )


def require_clip_heard(actor: User, clip: Clip) -> None:
    """Raise NotHeardError unless the whole clip was played to the actor."""
    content = clip.blob.sha256
    if not covers_stretch(_load_played_stretches(actor, [content])[content], 0.0, clip.duration):
        raise NotHeardError(
            f"Nobody says what is in {clip.path} before all of it ({clip.duration:.1f} s) was sent"
            " to them to be played: play it to the end, then say it.",
            unheard=[{"clip": str(clip.uid), "onset": 0.0, "offset": clip.duration}],
        )


def require_heard(actor: User, findings: Sequence[Finding]) -> None:
    """Raise NotHeardError unless each of the findings in the sound was played to the actor."""
    missing = find_unheard(actor, findings)
    if missing:
        first = missing[0]
        onset, offset = find_span(first) or (0.0, 0.0)
        more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotHeardError(
            f"What is in the sound is cleared by who was sent it: play {onset:.2f} to"
            f" {offset:.2f} s of {first.clip.path}{more} first.",
            unheard=[
                {
                    "finding": str(row.uid),
                    "clip": str(row.clip.uid),
                    "path": row.clip.path,
                    **dict(zip(("onset", "offset"), find_span(row) or (), strict=True)),
                }
                for row in missing[:MOST_NAMED]
            ],
        )


def find_unheard(actor: User, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings in the sound whose stretch was not played to the actor, in order."""
    heard = _load_played_stretches(actor, [row.content_sha256 for row in findings])
    return [
        row
        for row in findings
        if (span := find_span(row)) is not None
        and not covers_stretch(heard[row.content_sha256], *span)
    ]


def find_span(row: Finding) -> Stretch | None:
    """Which seconds of its clip a finding speaks of; None where it is not in the sound.

    What came back, or is held back elsewhere, is the sound as a whole.
    """
    if row.onset is None:
        whole = find_kind_policy(row.kind).place is FindingPlace.WHOLE_SOUND
        return (0.0, row.clip.duration) if whole else None
    end = row.onset if row.offset is None else row.offset
    return row.onset, min(end, row.clip.duration)


def choose_batch_sample(findings: Sequence[Finding]) -> BatchSample | None:
    """Return what has to be heard of findings alike before they are cleared together.

    None where none of them is in the sound. The order is that of their uids, which are random and
    older than any decision: nobody chooses what is heard, and after one that is decided otherwise
    the same order goes on. Findings of the kind that were decided otherwise one by one count as
    heard, in the same recording where all are of one, else in the dataset; so do those that were
    played to somebody and left out of the batch, open or decided otherwise with others.
    """
    rows = sorted((row for row in findings if find_span(row)), key=lambda row: row.uid)
    if not rows:
        return None
    by_uid = {row.uid: row for row in rows}
    order = sorted({*by_uid, *_find_clips_heard_otherwise(rows)})
    count, bound = choose_prefix([uid not in by_uid for uid in order], bound=BATCH_BOUND)
    return BatchSample(tuple(by_uid[uid] for uid in order[:count] if uid in by_uid), bound)


def require_batch_heard(actor: User, findings: Sequence[Finding]) -> BatchSample | None:
    """Return the sample of a batch that the actor heard; None where nothing is to be heard.

    Raises NotHeardError, which names what of it has to be played.
    """
    sample = choose_batch_sample(findings)
    if sample is None:
        return None
    missing = find_unheard(actor, sample.findings)
    if missing:
        try:
            require_heard(actor, missing)
        except NotHeardError as problem:
            raise NotHeardError(
                f"{len(findings)} are cleared together once {len(sample.findings)} of them, chosen"
                " at random, were sent to you to be played, so that at most"
                f" {format_bound(sample.bound)} can be otherwise: {len(missing)} are left."
                f" {problem.message}",
                **problem.detail,
            ) from None
    return sample


def _find_clips_heard_otherwise(rows: Sequence[Finding]) -> Iterable[UUID]:
    first = rows[0]
    is_open = Q(decision=None)
    otherwise = Q(decision__identifiable=True) | ~Q(decision__verdict=Decision.Verdict.CLEAR)
    alone = Q(decision__isnull=False, decision__batch=None)
    # Who leaves out of a batch what was heard knows why.
    played = Playback.objects.filter(
        content_sha256=OuterRef("content_sha256"),
        onset__lt=Coalesce(OuterRef("offset"), Value(LONGEST)),
        offset__gt=Coalesce(OuterRef("onset"), Value(0.0)),
    )
    found = Finding.objects.filter(
        (otherwise & alone) | ((is_open | otherwise) & Exists(played)),
        Q(onset__isnull=False) | Q(kind__in=list_kinds_at(FindingPlace.WHOLE_SOUND)),
        kind=first.kind,
        clip__dataset=first.clip.dataset_id,
    )
    recordings = {row.clip.recording_id for row in rows}
    if len(recordings) == 1 and None not in recordings:
        found = found.filter(clip__recording=recordings.pop())
    return found.values_list("uid", flat=True)


def _load_played_stretches(actor: User, contents: Sequence[str]) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = defaultdict(list)
    for some in _split_into_chunks(sorted(set(contents))):
        rows = Playback.objects.filter(listener=actor, content_sha256__in=some)
        for content, onset, offset in rows.values_list("content_sha256", "onset", "offset"):
            found[content].append((onset, offset))
    return found


def _split_into_chunks(contents: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(contents)
    while some := list(islice(rest, CHUNK)):
        yield some
