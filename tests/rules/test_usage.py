"""Licences held against purposes: what each takes away, and what is left of a release."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.licence_terms import AiTerms, Terms
from datasets_catalog.licences import Licences
from datasets_catalog.purposes import Purpose
from datasets_catalog.usage import TRAINING_PURPOSES, Taking, Usage, meet_usage

TODAY = Taking(date(2026, 5, 1))
OWN = Terms("LicenseRef-lab-1", noncommercial=False, no_derivatives=False, redistribution=True)
EVERY_PURPOSE = tuple(Purpose)


def meet(
    *expressions: str,
    own: Terms = OWN,
    purposes: tuple[Purpose, ...] = EVERY_PURPOSE,
    taking: Taking = TODAY,
) -> Usage:
    return meet_usage(purposes, Counter(expressions), Licences([own]), taking)


def lost(usage: Usage) -> set[Purpose]:
    return set(usage.declared) - set(usage.permitted)


GIVEN_OUT = {
    Purpose.PUBLISH_OPEN,
    Purpose.PUBLISH_GATED,
    Purpose.SHARE_RAW_AUDIO,
    Purpose.PREVIEW_PUBLIC_CLIP,
    Purpose.REDISTRIBUTE_LICENSEE,
}


@pytest.mark.parametrize(
    ("expression", "purposes"),
    [
        ("CC0-1.0", set()),
        # CC 4.0, section 1(i) with 2(a)(1): for non-commercial purposes.
        ("CC-BY-NC-4.0", {Purpose.RESEARCH_COMMERCIAL}),
        ("LicenseRef-CC-BY-NC-3.0-US", {Purpose.RESEARCH_COMMERCIAL}),
        # CC 4.0, section 2(a)(1)(B): adapting without sharing is allowed; training is not settled.
        ("CC-BY-ND-4.0", set()),
        ("CC-BY-NC-4.0 OR CC-BY-4.0", set()),
        ("CC-BY-NC-4.0 AND CC-BY-4.0", {Purpose.RESEARCH_COMMERCIAL}),
        # C-UDA, section 2.1: solely for computational use.
        ("C-UDA-1.0", {Purpose.PREVIEW_PUBLIC_CLIP}),
        ("GPL-3.0-only", set()),
        ("nobody's words", set(Purpose) - {Purpose.CONTACT_AGAIN}),
    ],
)
def test_a_licence_takes_away_what_it_says_and_nothing_more(
    expression: str, purposes: set[Purpose]
) -> None:
    assert lost(meet("CC0-1.0", expression)) == purposes


@pytest.mark.parametrize(
    ("terms", "purposes"),
    [
        (replace(OWN, ai_terms=AiTerms.FORBIDDEN), set(TRAINING_PURPOSES)),
        (replace(OWN, ai_terms=AiTerms.UNSTATED), set()),
        (replace(OWN, redistribution=False), GIVEN_OUT),
        (replace(OWN, noncommercial=True), {Purpose.RESEARCH_COMMERCIAL}),
        (replace(OWN, expires_on=date(2026, 5, 1)), set()),
        (replace(OWN, expires_on=date(2026, 4, 30)), set(Purpose) - {Purpose.CONTACT_AGAIN}),
        (replace(OWN, territories=frozenset({"DE"})), set(Purpose) - {Purpose.CONTACT_AGAIN}),
        (
            replace(OWN, field_of_use=(Purpose.RESEARCH_COMMERCIAL,)),
            {
                *TRAINING_PURPOSES,
                Purpose.IDENTIFY_SPEAKER,
                Purpose.INFER_SENSITIVE,
                Purpose.LINK_OTHER_DATASETS,
            },
        ),
    ],
)
def test_own_terms_take_away_what_was_recorded(terms: Terms, purposes: set[Purpose]) -> None:
    assert lost(meet(terms.licence, own=terms)) == purposes


def test_terms_of_a_region_hold_for_a_release_that_stays_in_it() -> None:
    terms = replace(OWN, territories=frozenset({"EU"}))
    inside = Taking(TODAY.on, frozenset({"DE", "FR"}))
    assert lost(meet(terms.licence, own=terms, taking=inside)) == set()
    outside = Taking(TODAY.on, frozenset({"DE", "CH"}))
    assert Purpose.PUBLISH_GATED in lost(meet(terms.licence, own=terms, taking=outside))


def test_what_was_taken_is_counted_and_explained() -> None:
    usage = meet(
        "CC-BY-NC-4.0",
        "CC-BY-NC-4.0",
        "CC-BY-NC-SA-3.0",
        "CC0-1.0",
        purposes=(Purpose.PUBLISH_OPEN, Purpose.RESEARCH_COMMERCIAL),
    )
    assert usage.declared == (Purpose.RESEARCH_COMMERCIAL, Purpose.PUBLISH_OPEN)
    assert usage.permitted == (Purpose.PUBLISH_OPEN,)
    assert [each.sentence for each in usage.taken] == [
        "Commercial research: CC-BY-NC-4.0 (2 clips) forbids commercial use.",
        "Commercial research: CC-BY-NC-SA-3.0 (1 clip) forbids commercial use.",
    ]


single = st.sampled_from(["CC0-1.0", "CC-BY-NC-4.0", "C-UDA-1.0", "LicenseRef-lab-1", "Beerware"])
some = st.lists(single, max_size=5)
purposes = st.lists(st.sampled_from(Purpose), max_size=6).map(tuple)


@given(some, single, purposes)
def test_a_further_clip_never_widens_what_is_allowed(
    before: list[str], more: str, declared: tuple[Purpose, ...]
) -> None:
    alone, together = meet(*before, purposes=declared), meet(*before, more, purposes=declared)
    assert set(together.permitted) <= set(alone.permitted) <= set(declared)
    assert set(together.permitted) <= set(meet(more, purposes=declared).permitted)
