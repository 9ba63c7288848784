"""Which detectors look at the clips of a dataset, by its privacy profile."""

from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from apps.privacy.detectors.base import Detector, DetectorVersion, version_of
from apps.privacy.detectors.cells import CellsDetector
from apps.privacy.detectors.metadata import MetadataDetector
from apps.privacy.detectors.speech import SpeechDetector
from datasets_catalog.errors import EarmarkError


class Profile(StrEnum):
    """How suspicious the detectors of a dataset are."""

    STANDARD = "standard"
    SENSITIVE = "sensitive"
    SPEECH = "speech"


PROFILES = tuple(profile.value for profile in Profile)

# (threshold, seconds), measured on 1,578 voices in some 20 languages and 921 sounds without:
# .4/.16 s finds .988 of the clips with a voice and stops .052 of those without (held-out halves);
# .3/.10 s finds .988 of longer and .996 of the shortest utterances and stops .072.
SPEECH_SETTINGS = {
    Profile.STANDARD: (0.4, 0.16),
    Profile.SENSITIVE: (0.3, 0.10),
    Profile.SPEECH: (0.4, 0.16),
}


class ProfileUnknownError(EarmarkError):
    """There is no such privacy profile."""

    code: ClassVar[str] = "privacy.profile_unknown"


def detectors_for(profile: str) -> tuple[Detector, ...]:
    """Every detector that has to have looked at a clip before it is released.

    In the `speech` profile speech is the content: it is measured and kept as evidence, but not
    reported; consent of the speakers is then checked for every clip.
    """
    if profile not in PROFILES:
        raise ProfileUnknownError(
            f"There is no privacy profile {profile!r}: choose {', '.join(PROFILES)}."
        )
    return _detectors(Profile(profile))


@lru_cache(maxsize=len(PROFILES))
def _detectors(profile: Profile) -> tuple[Detector, ...]:
    threshold, minimum = SPEECH_SETTINGS[profile]
    speech = SpeechDetector(
        threshold=threshold, minimum=minimum, expected=profile is Profile.SPEECH
    )
    return (speech, MetadataDetector(), CellsDetector())


def current_versions(profile: str) -> tuple[DetectorVersion, ...]:
    """What scans have to be bound to in order to count."""
    return tuple(version_of(detector) for detector in detectors_for(profile))
