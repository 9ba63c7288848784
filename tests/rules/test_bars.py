"""Which changes of a dataset's settings lower what it is held to."""

from typing import Any

import pytest

from datasets_catalog.bars import BARS, TITLES, name_lowered
from datasets_catalog.privacy_profiles import PROFILES

ASKED = {"name": "why", "label": "Why?", "type": "text", "required": True, "options": []}
RIGHT: dict[str, Any] = {
    "privacy_profile": "standard",
    "verified_share": 0.5,
    "quasi_identifiers": ["place"],
    "fewest_alike": 5,
    "evidence_required": True,
    "guardian_notice_days": 30,
    "request_fields": [ASKED],
    "split_policy": {"apart": ["recording", "sound", "place"], "shared": ["contributor"]},
    "use": "collection",
    "wanted_licence": "CC-BY-4.0",
    "vocabulary": "animals 1",
    "grant_days": 365,
}


@pytest.mark.parametrize(
    ("bar", "value"),
    [
        ("privacy_profile", "speech"),
        ("verified_share", 0.49),
        ("quasi_identifiers", []),
        ("quasi_identifiers", ["device"]),
        ("fewest_alike", 4),
        ("evidence_required", False),
        ("guardian_notice_days", 31),
        ("request_fields", []),
        ("request_fields", [{**ASKED, "required": False}]),
        ("request_fields", [{**ASKED, "label": "Your name?"}]),
        ("split_policy", None),
        ("split_policy", {"apart": ["recording", "sound"], "shared": ["contributor"]}),
        ("use", "adaptation"),
        ("wanted_licence", ""),
        ("wanted_licence", "CC0-1.0"),
        ("vocabulary", None),
        ("vocabulary", "animals 2"),
        ("grant_days", 366),
        ("grant_days", None),
    ],
)
def test_less_is_lower(bar: str, value: Any) -> None:
    assert name_lowered(RIGHT, {**RIGHT, bar: value}) == [bar]


@pytest.mark.parametrize(
    ("bar", "value"),
    [
        ("privacy_profile", "sensitive"),
        ("verified_share", 0.5),
        ("verified_share", 1.0),
        ("quasi_identifiers", ["device", "place"]),
        ("fewest_alike", 6),
        ("guardian_notice_days", 0),
        ("request_fields", [{**ASKED, "help": "In one sentence."}]),
        ("request_fields", [{**ASKED, "name": "who", "required": False}, ASKED]),
        (
            "split_policy",
            {"apart": ["recording", "sound", "place", "day"], "shared": ["contributor"]},
        ),
        ("use", "collection"),
        ("wanted_licence", "CC-BY-4.0"),
        ("vocabulary", "animals 1"),
        ("grant_days", 364),
    ],
)
def test_as_much_and_more_is_not(bar: str, value: Any) -> None:
    assert name_lowered(RIGHT, {**RIGHT, bar: value}) == []


def test_only_the_strictest_profile_holds_the_others() -> None:
    lower = {
        (before, after)
        for before in PROFILES
        for after in PROFILES
        if name_lowered({**RIGHT, "privacy_profile": before}, {**RIGHT, "privacy_profile": after})
    }
    assert lower == {
        ("sensitive", "standard"),
        ("sensitive", "speech"),
        ("standard", "speech"),
        ("speech", "standard"),
    }
    assert BARS.keys() == TITLES.keys()
