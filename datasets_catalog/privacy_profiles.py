"""How suspicious the detectors of a dataset are."""

from enum import StrEnum


class Profile(StrEnum):
    """Which detectors have to have seen every clip, and how readily they report.

    `sensitive` has every detector of the others, each at least as suspicious. Of `standard` and
    `speech` neither holds the other: the one reports speech, the other days of somebody's life.
    """

    STANDARD = "standard"
    SENSITIVE = "sensitive"
    SPEECH = "speech"


PROFILES = tuple(profile.value for profile in Profile)
STRICTEST = Profile.SENSITIVE
