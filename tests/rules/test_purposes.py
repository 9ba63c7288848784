"""What one purpose contains of the others, and which of them readers do."""

from datasets_catalog.purposes import (
    IMPLIED_PURPOSES,
    TERMS,
    Purpose,
    PurposeGroup,
    include_implied,
    is_use,
)


def test_publishing_to_everyone_contains_publishing_to_those_let_in_and_not_the_reverse() -> None:
    assert include_implied([Purpose.PUBLISH_OPEN]) >= {Purpose.PUBLISH_GATED}
    assert Purpose.PUBLISH_OPEN not in include_implied([Purpose.PUBLISH_GATED])


def test_commercial_research_contains_research_that_is_not_and_not_the_reverse() -> None:
    assert include_implied([Purpose.RESEARCH_COMMERCIAL]) >= {Purpose.RESEARCH_NONCOMMERCIAL}
    assert include_implied([Purpose.RESEARCH_NONCOMMERCIAL]) == {Purpose.RESEARCH_NONCOMMERCIAL}


def test_what_is_implied_is_followed_over_several_steps_and_round_a_circle() -> None:
    steps = {
        Purpose.PUBLISH_OPEN: frozenset({Purpose.PUBLISH_GATED}),
        Purpose.PUBLISH_GATED: frozenset({Purpose.SHARE_RAW_AUDIO}),
        Purpose.SHARE_RAW_AUDIO: frozenset({Purpose.PUBLISH_OPEN}),
    }
    assert include_implied([Purpose.PUBLISH_OPEN], steps) == steps.keys()


def test_no_use_implies_a_way_of_giving_nor_the_reverse() -> None:
    for purpose, contained in IMPLIED_PURPOSES.items():
        assert {TERMS[each].group for each in contained} == {TERMS[purpose].group}


def test_nothing_implies_generation_synthesis_or_recognition() -> None:
    contained = frozenset().union(*IMPLIED_PURPOSES.values())
    assert contained.isdisjoint(
        {Purpose.TRAIN_GENERATIVE, Purpose.TRAIN_VOICE_SYNTHESIS, Purpose.IDENTIFY_SPEAKER}
    )


def test_every_purpose_has_a_group_and_only_uses_are_uses() -> None:
    assert TERMS.keys() == set(Purpose)
    uses = {purpose for purpose in Purpose if is_use(purpose)}
    assert {purpose for purpose, terms in TERMS.items() if terms.group is PurposeGroup.USE} == uses
    assert Purpose.PUBLISH_OPEN not in uses
    assert Purpose.TRAIN_GENERATIVE in uses
