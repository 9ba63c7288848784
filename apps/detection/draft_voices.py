"""Voices of a draft: made where speech was found, for the eyes of its reviewers alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.consent.models import Participation
from apps.consent.recognition import find_unwilling_contents
from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.speech import SpeechDetector
from apps.detection.models import Scan
from apps.storage.blobs import open_local_copy
from apps.voices.actions import forget_dataset_prints, forget_prints, keep_print
from apps.voices.embedding import embed_voice, is_model_installed
from apps.voices.voice_matches import find_same_voice, list_printed_contents
from datasets_catalog.errors import EarmarkError


@dataclass(frozen=True, slots=True)
class VoiceMatch:
    """Another clip with what may be the same voice; `people` are the codes recorded for it."""

    clip: Clip
    likeness: float
    people: tuple[str, ...]


def are_voices_compared() -> bool:
    """Whether this deployment compares voices at all, and has the model to do it."""
    return bool(settings.VOICES) and is_model_installed()


def note_voices(dataset: Dataset, clips: Sequence[Clip]) -> int:
    """Make the voice prints that clips with speech still lack; returns how many contents.

    Nobody's who has not allowed to be recognised: their prints are destroyed instead. Switched
    off, all prints of the dataset are.
    """
    if not are_voices_compared():
        forget_dataset_prints(dataset)
        return 0
    shut = find_unwilling_contents(dataset)
    forget_prints(dataset, shut)
    by_content = {clip.blob.sha256: clip for clip in clips}
    fresh = by_content.keys() - list_printed_contents(dataset) - shut
    speech = _load_speech(dataset, fresh)
    for content in sorted(speech):
        _keep_voice_print(dataset, by_content[content], speech[content])
    return len(speech)


def _keep_voice_print(dataset: Dataset, clip: Clip, stretches: list[tuple[float, float]]) -> None:
    try:
        with open_local_copy(clip.blob) as path:
            keep_print(dataset, clip.blob.sha256, embed_voice(path, stretches))
    except EarmarkError:
        # The scan of the same bytes failed too and blocks the clip; there is no voice to compare.
        keep_print(dataset, clip.blob.sha256, None)


def _load_speech(dataset: Dataset, contents: set[str]) -> dict[str, list[tuple[float, float]]]:
    scans = Scan.objects.filter(
        dataset=dataset,
        detector=SpeechDetector.name,
        content_sha256__in=contents,
        failed=False,
    ).order_by("pk")
    found = {scan.content_sha256: scan.evidence.get("stretches", []) for scan in scans}
    return {content: [(on, off) for on, off in spans] for content, spans in found.items() if spans}


def find_voice_matches(clip: Clip) -> list[VoiceMatch]:
    """Clips of the dataset with what may be this clip's voice, likest first.

    A suggestion for a reviewer: it decides nothing. Empty where voices are switched off, and for
    contents whose people may not be recognised.
    """
    if not are_voices_compared():
        return []
    dataset = clip.dataset
    shut = find_unwilling_contents(dataset)
    if clip.blob.sha256 in shut:
        return []
    likeness = {
        same.content_sha256: same.likeness
        for same in find_same_voice(dataset, clip.blob.sha256)
        if same.content_sha256 not in shut
    }
    rows = Clip.objects.filter(dataset=dataset, blob__sha256__in=likeness, state=Clip.State.ACTIVE)
    clips = list(rows.exclude(pk=clip.pk).select_related("blob", "recording"))
    people = _load_people(clips)
    found = [VoiceMatch(row, likeness[row.blob.sha256], people.get(row.pk, ())) for row in clips]
    return sorted(found, key=lambda match: (-match.likeness, match.clip.path))


def guess_people(found: Sequence[VoiceMatch]) -> tuple[str, ...]:
    """Codes of contributors whose own clips, with nobody else in them, have the voice."""
    return tuple(dict.fromkeys(match.people[0] for match in found if len(match.people) == 1))


def _load_people(clips: Sequence[Clip]) -> dict[int, tuple[str, ...]]:
    rows = Participation.objects.filter(clip__in=clips).order_by("contributor__code")
    found: dict[int, tuple[str, ...]] = {}
    for clip_id, code in rows.values_list("clip_id", "contributor__code"):
        found[clip_id] = (*found.get(clip_id, ()), code)
    return found
