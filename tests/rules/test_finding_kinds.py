"""Kinds of findings: each with one policy, and as its page says."""

import re
from pathlib import Path

import pytest

from datasets_catalog.finding_kinds import (
    ADVICE,
    KIND_POLICIES,
    FindingKind,
    FindingPlace,
    KindPolicy,
)

PAGE = Path(__file__).parents[2] / "docs" / "detectors.md"
PLACES = {
    "sound": FindingPlace.SOUND,
    "the sound as a whole": FindingPlace.WHOLE_SOUND,
    "picture": FindingPlace.PICTURE,
    "tags": FindingPlace.TAGS,
    "row": FindingPlace.ROW,
    "people": FindingPlace.PEOPLE,
}


def test_every_kind_has_a_policy_and_every_place_its_advice() -> None:
    assert KIND_POLICIES.keys() == set(FindingKind)
    assert all(0 < policy.weight <= 1 for policy in KIND_POLICIES.values())
    assert ADVICE.keys() == set(FindingPlace)


def test_there_is_advice_exactly_where_nothing_can_be_taken_out() -> None:
    for kind, policy in KIND_POLICIES.items():
        assert policy.is_redactable == (not policy.advice), kind


def test_what_is_read_shows_nobody() -> None:
    for kind, policy in KIND_POLICIES.items():
        assert not (policy.is_read and policy.shows_people), kind
    about_people = KIND_POLICIES[FindingKind.PEOPLE_CHANGED]
    assert not about_people.is_read
    assert not about_people.shows_people


def test_speech_alone_speaks_for_its_recording() -> None:
    speaking = [kind for kind, policy in KIND_POLICIES.items() if policy.speaks_for_recording]
    assert speaking == [FindingKind.SPEECH]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (FindingKind.PERSON_NAME, FindingKind.DATE),
        (FindingKind.SPOKEN_NAME, FindingKind.COORDINATES),
        (FindingKind.NATIONAL_IDENTITY_NUMBER, FindingKind.METADATA),
        (FindingKind.RETURNED, FindingKind.VIDEO),
    ],
)
def test_what_leads_to_one_person_weighs_more(worse: FindingKind, better: FindingKind) -> None:
    assert KIND_POLICIES[worse].weight > KIND_POLICIES[better].weight


def test_the_page_shows_the_table() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Kinds of findings")[2]
    rows = re.findall(
        r"^\| `(\w+)` \| ([\w ]+) \| (\w+) \| ([\d.]+) \| its (\w+) \|$",
        text.partition("\n## ")[0],
        re.MULTILINE,
    )
    shown = {
        FindingKind(kind): KindPolicy(PLACES[place], float(weight), blocks == "recording")
        for kind, place, _, weight, blocks in rows
    }
    assert shown == KIND_POLICIES
    for kind, _, taken_out, _, _ in rows:
        assert (taken_out != "no") == KIND_POLICIES[FindingKind(kind)].is_redactable
