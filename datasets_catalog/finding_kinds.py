"""The kinds of what is found in a clip, and what follows from each: one table.

A deployment may declare kinds of its own for its own detectors (`OwnKind`); the room of detection
keeps their policies beside these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NewType


class FindingKind(StrEnum):
    """What was found. The words stand in rows and go over the wire: never rename one."""

    SPEECH = "speech"
    SPOKEN_NAME = "spoken_name"
    SPOKEN_ADDRESS = "spoken_address"
    SPOKEN_BIRTH_DATE = "spoken_birth_date"
    SPOKEN_NUMBER = "spoken_number"
    SPOKEN_EMAIL = "spoken_email"
    SPOKEN_DIGITS = "spoken_digits"
    VIDEO = "video"
    METADATA = "metadata"
    RETURNED = "returned"
    PEOPLE_CHANGED = "people_changed"
    RARE_COMBINATION = "rare_combination"
    PERSON_NAME = "person_name"
    STREET_ADDRESS = "street_address"
    PHONE = "phone"
    EMAIL = "email"
    BIRTH_DATE = "birth_date"
    MEDICAL_RECORD_NUMBER = "medical_record_number"
    SOCIAL_SECURITY_NUMBER = "social_security_number"
    NATIONAL_IDENTITY_NUMBER = "national_identity_number"
    CARD_NUMBER = "card_number"
    BANK_ACCOUNT = "bank_account"
    LICENCE_PLATE = "licence_plate"
    NETWORK_ADDRESS = "network_address"
    DEVICE_ADDRESS = "device_address"
    COORDINATES = "coordinates"
    AGE_OVER_89 = "age_over_89"
    DATE = "date"


# A kind that a deployment declares; only the reader of its file makes one.
OwnKind = NewType("OwnKind", str)


class FindingPlace(StrEnum):
    """Where findings of a kind lie, which says what can be done about them.

    `sound`: in stretches of it, which can be muted. `whole_sound`: all of it, so that who clears it
    has to be sent all of it. `picture`: a video stream. `tags`: bytes of the file that are no
    sound, which can be stripped. `row`: the clip's name and text cells. `people`: who is recorded
    for the clip.
    """

    SOUND = "sound"
    WHOLE_SOUND = "whole_sound"
    PICTURE = "picture"
    TAGS = "tags"
    ROW = "row"
    PEOPLE = "people"


_NO_ADVICE = ""
_CHANGE_ROW = "This finding is in the clip's table row: change the row, or exclude the clip."
ADVICE: Mapping[FindingPlace, str] = MappingProxyType(
    {
        FindingPlace.SOUND: _NO_ADVICE,
        FindingPlace.TAGS: _NO_ADVICE,
        FindingPlace.WHOLE_SOUND: "What sounds like this was taken out before: exclude the clip, or"
        " bring in another recording in its place.",
        FindingPlace.PICTURE: "A picture cannot be redacted: exclude the clip, or replace it by one"
        " without the picture.",
        FindingPlace.ROW: _CHANGE_ROW,
        FindingPlace.PEOPLE: "Who is recorded is not in the sound: have them recorded again,"
        " confirm the change, or exclude the clip.",
    }
)


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """What follows from a finding of a kind.

    `weight` (more than 0, at most 1) is how bad it would be to let one through: the queue of
    reviewers goes by it. One that `speaks_for_recording` blocks every clip that was cut from the
    same recording.
    """

    place: FindingPlace
    weight: float
    speaks_for_recording: bool = False

    @property
    def is_redactable(self) -> bool:
        """Whether what was found can be taken out of the bytes: muted, or stripped."""
        return self.place in {FindingPlace.SOUND, FindingPlace.TAGS}

    @property
    def is_read(self) -> bool:
        """Whether it is a text of the file or the row, which may name somebody."""
        return self.place in {FindingPlace.TAGS, FindingPlace.ROW}

    @property
    def shows_people(self) -> bool:
        """Whether people are seen or heard in it, so that a verdict relies on who is recorded."""
        return self.place in {
            FindingPlace.SOUND,
            FindingPlace.WHOLE_SOUND,
            FindingPlace.PICTURE,
        }

    @property
    def advice(self) -> str:
        """What to do where nothing can be taken out of the bytes; empty where it can."""
        return ADVICE[self.place]


def _sound(weight: float) -> KindPolicy:
    return KindPolicy(FindingPlace.SOUND, weight)


def _row(weight: float) -> KindPolicy:
    return KindPolicy(FindingPlace.ROW, weight)


# What leads to one person by itself weighs 1, whether it was said or written; what does with
# another list beside it .8; what narrows down who it may be less, down to a day.
KIND_POLICIES: Mapping[FindingKind, KindPolicy] = MappingProxyType(
    {
        FindingKind.SPEECH: KindPolicy(FindingPlace.SOUND, 1.0, speaks_for_recording=True),
        FindingKind.SPOKEN_NAME: _sound(1.0),
        FindingKind.SPOKEN_ADDRESS: _sound(1.0),
        FindingKind.SPOKEN_BIRTH_DATE: _sound(0.8),
        FindingKind.SPOKEN_NUMBER: _sound(1.0),
        FindingKind.SPOKEN_EMAIL: _sound(1.0),
        FindingKind.SPOKEN_DIGITS: _sound(0.8),
        FindingKind.VIDEO: KindPolicy(FindingPlace.PICTURE, 0.9),
        FindingKind.METADATA: KindPolicy(FindingPlace.TAGS, 0.4),
        # As bad as what was taken out, which is mostly speech.
        FindingKind.RETURNED: KindPolicy(FindingPlace.WHOLE_SOUND, 1.0),
        FindingKind.PEOPLE_CHANGED: KindPolicy(FindingPlace.PEOPLE, 1.0),
        FindingKind.RARE_COMBINATION: _row(0.6),
        FindingKind.PERSON_NAME: _row(1.0),
        FindingKind.STREET_ADDRESS: _row(1.0),
        FindingKind.PHONE: _row(1.0),
        FindingKind.EMAIL: _row(1.0),
        FindingKind.BIRTH_DATE: _row(0.8),
        FindingKind.MEDICAL_RECORD_NUMBER: _row(1.0),
        FindingKind.SOCIAL_SECURITY_NUMBER: _row(1.0),
        FindingKind.NATIONAL_IDENTITY_NUMBER: _row(1.0),
        FindingKind.CARD_NUMBER: _row(1.0),
        FindingKind.BANK_ACCOUNT: _row(1.0),
        FindingKind.LICENCE_PLATE: _row(0.8),
        FindingKind.NETWORK_ADDRESS: _row(0.5),
        FindingKind.DEVICE_ADDRESS: _row(0.5),
        FindingKind.COORDINATES: _row(0.7),
        FindingKind.AGE_OVER_89: _row(0.5),
        FindingKind.DATE: _row(0.3),
    }
)
# For a kind of a deployment whose file says no more of it: its detectors hear stretches of sound.
DEFAULT_WEIGHT = 0.5
OWN_KIND_POLICY = _sound(DEFAULT_WEIGHT)
