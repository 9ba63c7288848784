"""What a door does with a release is a purpose of that release."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.door_purposes import Action, Clearance, Entrance, list_ways
from datasets_catalog.purposes import Purpose

OPEN, GATED = Purpose.PUBLISH_OPEN, Purpose.PUBLISH_GATED
AUDIO, PREVIEW = Purpose.SHARE_RAW_AUDIO, Purpose.PREVIEW_PUBLIC_CLIP
DOORS = (OPEN, GATED, AUDIO, PREVIEW)


def allowed_by_hand(held: set[Purpose], action: Action, entrance: Entrance) -> bool:
    """The table of the module, written down a second time."""
    published = OPEN in held or (entrance is Entrance.GATE and GATED in held)
    match action:
        case Action.VIEW:
            return True
        case Action.LIST:
            return published
        case Action.PREVIEW:
            return PREVIEW in held or (published and AUDIO in held)
        case Action.DOWNLOAD:
            return published and AUDIO in held


@pytest.mark.parametrize("entrance", list(Entrance))
@pytest.mark.parametrize("action", list(Action))
def test_every_set_of_purposes_opens_what_the_table_says(
    action: Action, entrance: Entrance
) -> None:
    for number in range(len(DOORS) + 1):
        for held in map(set, combinations(DOORS, number)):
            expected = allowed_by_hand(held, action, entrance)
            assert Clearance.of(held).allows(action, entrance) is expected, held


def test_a_use_alone_gives_nothing_out() -> None:
    uses = Clearance.of([Purpose.RESEARCH_COMMERCIAL, Purpose.TRAIN_GENERATIVE])
    assert uses.lacks(Action.DOWNLOAD, Entrance.OPEN) == {OPEN, AUDIO}
    assert uses.lacks(Action.DOWNLOAD, Entrance.GATE) == {GATED, AUDIO}


@pytest.mark.parametrize("action", [Action.LIST, Action.PREVIEW, Action.DOWNLOAD])
def test_what_is_limited_to_territories_is_never_for_everyone(action: Action) -> None:
    limited = Clearance.of([OPEN, AUDIO, PREVIEW], ["EEA"])
    assert not limited.allows(action, Entrance.OPEN)
    assert limited.allows(action, Entrance.GATE)


@given(
    held=st.frozensets(st.sampled_from(Purpose)),
    more=st.frozensets(st.sampled_from(Purpose)),
    action=st.sampled_from(Action),
    entrance=st.sampled_from(Entrance),
)
def test_more_purposes_never_close_and_an_open_door_never_gives_more_than_a_gate(
    held: frozenset[Purpose], more: frozenset[Purpose], action: Action, entrance: Entrance
) -> None:
    before, after = Clearance.of(held), Clearance.of(held | more)
    assert after.allows(action, entrance) or not before.allows(action, entrance)
    if before.allows(action, Entrance.OPEN):
        assert before.allows(action, Entrance.GATE)
    missing = before.lacks(action, entrance)
    assert Clearance.of(held | missing).allows(action, entrance)
    assert any(missing <= way for way in list_ways(action, entrance))


def test_readers_are_granted_uses_and_passing_on_and_never_a_way_of_publishing() -> None:
    everything = Clearance.of(Purpose)
    assert Purpose.REDISTRIBUTE_LICENSEE in everything.grantable
    assert Purpose.TRAIN_VOICE_SYNTHESIS in everything.grantable
    assert everything.grantable.isdisjoint({*DOORS, Purpose.CONTACT_AGAIN})
