"""Which detectors look at the clips of a dataset, by its privacy profile."""

from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from django.conf import settings

from apps.detection.detectors.base import Detector, DetectorVersion, build_version
from apps.detection.detectors.changed_people import PeopleDetector
from apps.detection.detectors.combinations import CombinationsDetector
from apps.detection.detectors.custom_models import OnnxDetector, read_detectors
from apps.detection.detectors.metadata import MetadataDetector
from apps.detection.detectors.path_clues import NamesDetector
from apps.detection.detectors.returned_sounds import ReturnedDetector
from apps.detection.detectors.second_opinion import SecondOpinionDetector
from apps.detection.detectors.sound_fingerprints import LikenessDetector
from apps.detection.detectors.speech import SpeechDetector
from apps.detection.detectors.spoken_identifiers import SpokenDetector
from apps.detection.detectors.table_cells import CellsDetector
from apps.detection.detectors.video import VideoDetector
from apps.detection.own_kinds import DetectorFileError
from datasets_catalog.errors import EarmarkError
from datasets_catalog.privacy_profiles import PROFILES, STRICTEST, Profile

# (threshold, seconds), measured on 1,578 voices in some 20 languages and 921 sounds without:
# .4/.16 s finds .988 of the clips with a voice and stops .052 of those without (held-out halves);
# .3/.10 s finds .988 of longer and .996 of the shortest utterances and stops .072.
SPEECH_SETTINGS = {
    Profile.STANDARD: (0.4, 0.16),
    Profile.SENSITIVE: (0.3, 0.10),
    Profile.SPEECH: (0.4, 0.16),
}
SECOND_OPINION = (0.5, 0.25)


class ProfileUnknownError(EarmarkError):
    """There is no such privacy profile."""

    code: ClassVar[str] = "privacy.profile_unknown"


def list_detectors(profile: str) -> tuple[Detector, ...]:
    """Every detector that has to have looked at a clip before it is released, in their order.

    In the `speech` profile speech is the content: it is measured and kept as evidence (`heard`),
    but not reported; the gate on consent asks for the speakers of every clip in which it was heard,
    in every profile. In `sensitive` another model
    hears everything a second time. Where recordings are of people (both of these), dates are
    personal. Raises `ProfileUnknownError`, and `DetectorFileError` for a deployment's own.
    """
    if profile not in PROFILES:
        raise ProfileUnknownError(
            f"There is no privacy profile {profile!r}: choose {', '.join(PROFILES)}."
        )
    return _build_detectors(Profile(profile), settings.DETECTORS_FILE)


@lru_cache(maxsize=2 * len(PROFILES))
def _build_detectors(profile: Profile, own: str) -> tuple[Detector, ...]:
    threshold, minimum = SPEECH_SETTINGS[profile]
    speech = SpeechDetector(
        threshold=threshold, minimum=minimum, expected=profile is Profile.SPEECH
    )
    after = build_version(speech)
    second: tuple[Detector, ...] = ()
    if profile is Profile.SENSITIVE:
        threshold, minimum = SECOND_OPINION
        second = (SecondOpinionDetector(threshold=threshold, minimum=minimum, after=after),)
    built_in: tuple[Detector, ...] = (
        speech,
        *second,
        SpokenDetector(after=after),
        MetadataDetector(),
        VideoDetector(),
        CellsDetector(),
        NamesDetector(dates_are_personal=profile is not Profile.STANDARD),
        CombinationsDetector(),
        LikenessDetector(),
        ReturnedDetector(),
        PeopleDetector(),
    )
    return (*built_in, *_load_own_detectors(profile, own, {each.name for each in built_in}))


def _load_own_detectors(profile: Profile, own: str, taken: set[str]) -> tuple[OnnxDetector, ...]:
    """The deployment's detectors for a profile; those that name no profile are for all.

    The strictest profile has those of every other, so that changing to it never looks for less.
    """
    if not own:
        return ()
    found = read_detectors(Path(own))
    names = [each.name for each in found]
    twice = next((name for name in names if name in taken or names.count(name) > 1), None)
    if twice:
        raise DetectorFileError(f"{own}: there is a detector {twice} already.")
    wrong = {one for each in found for one in each.entry.profiles} - set(PROFILES)
    if wrong:
        raise DetectorFileError(f"{own}: {wrong.pop()!r} is no profile: {', '.join(PROFILES)}.")
    return tuple(
        each
        for each in found
        if profile is STRICTEST or profile in (each.entry.profiles or PROFILES)
    )


def list_current_versions(profile: str) -> tuple[DetectorVersion, ...]:
    """What scans have to be bound to in order to count."""
    return tuple(build_version(detector) for detector in list_detectors(profile))
