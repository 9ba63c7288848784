"""The licence of a whole release, the conflicts in it, and the fewest clips to drop."""

import time
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.compatibility import permits_adaptation
from datasets_catalog.licence_conflicts import ClipLicence, LicenceShare
from datasets_catalog.licence_expressions import UnknownLicenceError
from datasets_catalog.licence_terms import Terms
from datasets_catalog.licences import Licences, Use, load_judged_licences
from datasets_catalog.outbound import Outbound, WantedOutcome, find_outbound_licence

OPEN_OWN = Terms(
    "LicenseRef-acme-open-1",
    family="Acme open",
    noncommercial=False,
    no_derivatives=False,
    redistribution=True,
)
CLOSED_OWN = Terms("LicenseRef-acme-closed-1", family="Acme closed")
TRIPLE = [
    Terms(
        f"LicenseRef-{name}-1",
        noncommercial=False,
        no_derivatives=False,
        redistribution=True,
        share_alike=True,
        compatible=targets,
    )
    for name, targets in (
        ("red", ("CC0-1.0", "MIT")),
        ("green", ("MIT", "ISC")),
        ("blue", ("ISC", "CC0-1.0")),
    )
]
LICENCES = Licences([OPEN_OWN, CLOSED_OWN, *TRIPLE])


def clips(*expressions: str, modified: bool = False, seconds: float = 60.0) -> list[ClipLicence]:
    return [
        ClipLicence(f"c{n}", f"{n:03}.wav", text, seconds, modified)
        for n, text in enumerate(expressions)
    ]


def go(
    *expressions: str, use: Use = Use.ADAPTATION, wanted: WantedOutcome | str | None = None
) -> Outbound:
    return find_outbound_licence(clips(*expressions), use, wanted, licences=LICENCES)


@pytest.mark.parametrize(
    ("carried", "licence"),
    [
        (["CC0-1.0"], "CC0-1.0"),
        (["CC0-1.0", "PDDL-1.0"], "CC0-1.0"),
        (["CC0-1.0", "CC-BY-3.0"], "CC-BY-3.0"),
        (["CC-BY-3.0", "CC-BY-4.0"], "CC-BY-4.0"),
        (["CC-BY-SA-4.0", "CC0-1.0", "CC-BY-4.0"], "CC-BY-SA-4.0"),
        (["CC-BY-SA-3.0", "CC-BY-SA-4.0"], "CC-BY-SA-4.0"),
        (["CC-BY-SA-3.0", "CC-BY-4.0"], "CC-BY-SA-4.0"),
        (["CC-BY-NC-4.0", "CC-BY-4.0"], "CC-BY-NC-4.0"),
        (["CC-BY-NC-3.0", "CC-BY-4.0"], "CC-BY-NC-4.0"),
        (["CC-BY-NC-SA-3.0", "CC-BY-NC-4.0"], "CC-BY-NC-SA-4.0"),
        (["CC-BY-SA-4.0", "GPL-3.0-only"], "GPL-3.0-only"),
        (["GPL-2.0-or-later", "GPL-3.0-only"], "GPL-3.0-only"),
        (["LicenseRef-acme-open-1", "CC-BY-4.0"], "LicenseRef-acme-open-1"),
        (["CC-BY-NC-4.0 OR CC-BY-SA-4.0", "CC-BY-SA-4.0"], "CC-BY-SA-4.0"),
    ],
)
def test_an_adaptation_gets_the_most_permissive_licence_that_serves_all(
    carried: list[str], licence: str
) -> None:
    result = go(*carried)
    assert result.licence == licence
    assert result.conflicts == ()
    assert result.reached
    assert result.rights.redistribution


@pytest.mark.parametrize(
    ("carried", "families"),
    [
        (["CC-BY-SA-4.0", "CC-BY-NC-4.0"], ("CC-BY-NC", "CC-BY-SA")),
        (["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"], ("CC-BY-NC-SA", "CC-BY-SA")),
        (["CC-BY-ND-4.0", "CC0-1.0"], ("CC-BY-ND",)),
        (["CC-BY-NC-ND-4.0"], ("CC-BY-NC-ND",)),
        (["LicenseRef-acme-closed-1"], ("Acme closed",)),
        (["LicenseRef-CC-Sampling-Plus-1.0", "CC-BY-3.0"], ("CC-Sampling-Plus",)),
        (["GPL-2.0-only", "GPL-3.0-only"], ("GPL-2.0-only", "GPL-3.0-only")),
        (["LicenseRef-acme-open-1", "CC-BY-NC-4.0"], ("Acme open", "CC-BY-NC")),
    ],
)
def test_an_adaptation_of_what_does_not_fit_is_a_conflict(
    carried: list[str], families: tuple[str, ...]
) -> None:
    result = go(*carried)
    assert [conflict.families for conflict in result.conflicts] == [families]
    assert result.licence is None
    assert not result.rights.redistribution
    assert not result.rights.commercial


def test_a_conflict_says_how_many_clips_and_why() -> None:
    result = go("CC-BY-SA-4.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0", "CC-BY-NC-4.0", "CC-BY-4.0")
    (conflict,) = result.conflicts
    assert conflict.families == ("CC-BY-NC", "CC-BY-SA")
    assert conflict.clips == (1, 3)
    assert conflict.sentence.startswith(
        "1 clip under CC-BY-NC and 3 clips under CC-BY-SA cannot be worked into one: CC-BY-NC "
        "forbids commercial use of the result, CC-BY-SA asks that the result be under"
    )


def test_a_conflict_of_three_that_agree_in_pairs_is_found() -> None:
    result = go("LicenseRef-red-1", "LicenseRef-green-1", "LicenseRef-blue-1")
    (conflict,) = result.conflicts
    assert len(conflict.families) == 3
    assert "at once" in conflict.sentence
    assert result.drop.clips == 1


def test_the_fewest_clips_are_dropped() -> None:
    result = go(*["CC-BY-SA-4.0"] * 5, *["CC-BY-NC-4.0"] * 3, *["CC-BY-4.0"] * 2)
    assert result.drop.clips == 3
    assert result.drop.shares == (LicenceShare("CC-BY-NC-4.0", 3, 180.0),)
    assert result.drop.paths == ("005.wav", "006.wav", "007.wav")
    assert result.drop.remaining == 7
    assert result.drop.sentence == "Remove 3 clips (3.0 min) and this release can be released."


def test_among_equally_many_clips_the_shorter_ones_are_dropped() -> None:
    two = [
        ClipLicence("long", "long.wav", "CC-BY-SA-4.0", 7200.0),
        ClipLicence("short", "short.wav", "CC-BY-NC-4.0", 5.0),
    ]
    result = find_outbound_licence(two, Use.ADAPTATION)
    assert result.drop.clip_ids == ("short",)
    assert "(5.0 s)" in result.drop.sentence


def test_a_collection_keeps_each_licence_and_allows_what_all_allow() -> None:
    result = go("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-SA-3.0", use=Use.COLLECTION)
    assert result.licence == "CC-BY-4.0 AND CC-BY-NC-4.0 AND CC-BY-SA-3.0 AND CC0-1.0"
    assert result.conflicts == ()
    assert result.hub.id == "other"
    assert not result.rights.commercial
    assert result.rights.derivatives
    assert result.rights.share_alike
    assert result.rights.attribution
    assert result.reached


def test_no_derivatives_clips_may_stand_untouched_in_a_collection() -> None:
    result = go("CC-BY-ND-4.0", "CC0-1.0", use=Use.COLLECTION)
    assert result.conflicts == ()
    assert not result.rights.derivatives


def test_a_redacted_clip_that_may_not_be_changed_is_a_conflict_even_in_a_collection() -> None:
    both = [*clips("CC-BY-ND-4.0", modified=True), ClipLicence("x", "x.wav", "CC-BY-ND-4.0", 1.0)]
    result = find_outbound_licence(both, Use.COLLECTION)
    (conflict,) = result.conflicts
    assert "modified" in conflict.sentence
    assert conflict.clips == (1,)
    assert result.drop.clip_ids == ("c0",)
    assert result.mix == (LicenceShare("CC-BY-ND-4.0", 2, 61.0),)


@pytest.mark.parametrize(
    ("licence", "reason"),
    [
        ("LicenseRef-acme-closed-1", "may not be passed on"),
        ("LicenseRef-CC-Sampling-Plus-1.0", "waits for a person"),
    ],
)
def test_what_may_not_be_passed_on_or_needs_a_person_blocks_a_collection(
    licence: str, reason: str
) -> None:
    result = go(licence, "CC0-1.0", use=Use.COLLECTION)
    (conflict,) = result.conflicts
    assert reason in conflict.sentence
    assert result.licence is None
    assert result.drop.clip_ids == ("c0",)


def test_dropping_for_commercial_use_names_clips_and_hours() -> None:
    mixed = clips(*["CC-BY-4.0"] * 30, *["CC-BY-NC-4.0"] * 14, seconds=206.0)
    result = find_outbound_licence(mixed, Use.COLLECTION, WantedOutcome.COMMERCIAL)
    assert result.drop.clips == 14
    assert result.drop.sentence == (
        "Remove 14 clips (48.1 min) and this release becomes commercially usable."
    )
    assert not result.reached
    assert not result.rights.commercial
    assert result.wanted == "commercial"


def test_an_alternative_that_serves_the_wanted_use_is_taken() -> None:
    result = go("CC-BY-NC-4.0 OR CC-BY-SA-4.0", use=Use.COLLECTION, wanted=WantedOutcome.COMMERCIAL)
    assert result.reached
    assert result.rights.commercial
    result = go(
        "CC-BY-NC-4.0 OR CC-BY-SA-4.0", use=Use.COLLECTION, wanted=WantedOutcome.NO_SHARE_ALIKE
    )
    assert result.reached
    assert not result.rights.share_alike
    assert result.licence == "CC-BY-NC-4.0 OR CC-BY-SA-4.0"


@pytest.mark.parametrize(
    ("use", "wanted", "dropped"),
    [
        (Use.ADAPTATION, "CC-BY-4.0", {"sa", "nc"}),
        (Use.COLLECTION, "CC-BY-4.0", {"zero", "by3", "sa", "nc", "nd"}),
        (Use.ADAPTATION, "CC0-1.0", {"by", "by3", "sa", "nc"}),
        (Use.COLLECTION, "CC-BY-NC-ND-4.0", {"zero", "by3", "by", "sa", "nc", "nd"}),
        (Use.ADAPTATION, "CC-BY-ND-4.0", {"sa", "nc"}),
        (Use.ADAPTATION, "CC-BY-NC-ND-4.0", {"sa"}),
        (Use.ADAPTATION, "CC-BY-SA-4.0", {"nc"}),
        (Use.COLLECTION, "CC-BY-3.0", {"zero", "by", "sa", "nc", "nd"}),
    ],
)
def test_a_wanted_licence_names_exactly_the_clips_in_its_way(
    use: Use, wanted: str, dropped: set[str]
) -> None:
    carried = {
        "zero": "CC0-1.0",
        "by3": "CC-BY-3.0",
        "by": "CC-BY-4.0",
        "sa": "CC-BY-SA-3.0",
        "nc": "CC-BY-NC-4.0",
        "nd": "CC-BY-ND-4.0",
    }
    if use is Use.ADAPTATION:
        del carried["nd"]
    rows = [ClipLicence(name, f"{name}.wav", text, 1.0) for name, text in carried.items()]
    assert set(find_outbound_licence(rows, use, wanted).drop.clip_ids) == dropped


def test_an_unknown_wanted_licence_is_refused() -> None:
    with pytest.raises(UnknownLicenceError):
        go("CC0-1.0", wanted="CC-BY-9.0")


def test_a_goal_nothing_reaches_says_so() -> None:
    result = go("CC-BY-NC-4.0", use=Use.COLLECTION, wanted=WantedOutcome.COMMERCIAL)
    assert result.drop.remaining == 0
    assert result.drop.sentence.startswith("No clip could stay")


def test_a_release_without_clips_has_no_licence() -> None:
    for use in Use:
        result = find_outbound_licence([], use)
        assert (result.licence, result.conflicts, result.reached) == (None, (), True)


def test_freesound_mixtures_come_out_as_counted() -> None:
    # The development set of FSD50K, whose licences were published with it.
    counts = {
        "CC0-1.0": 14_959,
        "CC-BY-3.0": 20_017,
        "CC-BY-NC-3.0": 4_616,
        "LicenseRef-CC-Sampling-Plus-1.0": 1_374,
    }
    carried = chain.from_iterable([text] * count for text, count in counts.items())
    began = time.process_time()
    result = find_outbound_licence(clips(*carried), Use.COLLECTION, WantedOutcome.COMMERCIAL)
    assert time.process_time() - began < 3
    assert {share.expression: share.clips for share in result.mix} == counts
    assert result.drop.clips == 4_616 + 1_374
    assert result.drop.remaining == 14_959 + 20_017


single = st.sampled_from([*load_judged_licences(), OPEN_OWN.licence, CLOSED_OWN.licence])
expressions = st.one_of(
    single,
    st.tuples(single, single).map(" AND ".join),
    st.tuples(single, single).map(" OR ".join),
)
uses = st.sampled_from(Use)
goals = (
    st.none()
    | st.sampled_from(WantedOutcome)
    | st.sampled_from(["CC-BY-4.0", "CC-BY-SA-4.0", "MIT"])
)


@given(st.lists(single, min_size=1, max_size=5), single, uses)
def test_combining_licences_never_widens_rights(some: list[str], other: str, use: Use) -> None:
    alone = go(*some, use=use)
    together = go(*some, other, use=use)
    assert together.rights.is_within(alone.rights)
    assert together.rights.is_within(go(other, use=use).rights)


@given(st.lists(expressions, min_size=1, max_size=5), expressions, uses, goals)
def test_what_the_whole_reaches_every_part_reaches(
    some: list[str], other: str, use: Use, wanted: WantedOutcome | str | None
) -> None:
    if go(*some, other, use=use, wanted=wanted).reached:
        assert go(*some, use=use, wanted=wanted).reached
        assert go(other, use=use, wanted=wanted).reached


@given(st.lists(expressions, min_size=1, max_size=6), uses, goals)
def test_after_dropping_the_goal_is_reached(
    carried: list[str], use: Use, wanted: WantedOutcome | str | None
) -> None:
    rows = clips(*carried)
    plan = find_outbound_licence(rows, use, wanted, licences=LICENCES).drop
    rest = [row for row in rows if row.clip_id not in plan.clip_ids]
    again = find_outbound_licence(rest, use, wanted, licences=LICENCES)
    assert again.reached
    assert again.conflicts == ()
    assert len(rest) == plan.remaining


@given(st.lists(expressions, min_size=1, max_size=6), uses, goals)
def test_no_smaller_set_of_clips_would_do(
    carried: list[str], use: Use, wanted: WantedOutcome | str | None
) -> None:
    rows = clips(*carried)
    dropped = find_outbound_licence(rows, use, wanted, licences=LICENCES).drop.clips
    for size in range(dropped):
        for gone in combinations(rows, size):
            rest = [row for row in rows if row not in gone]
            assert not find_outbound_licence(rest, use, wanted, licences=LICENCES).reached


@given(st.lists(single, min_size=1, max_size=5))
def test_the_licence_of_an_adaptation_is_one_every_clip_permits(carried: list[str]) -> None:
    result = go(*carried)
    if result.licence is not None:
        target = LICENCES.terms(result.licence)
        assert all(permits_adaptation(LICENCES.terms(text), target) for text in carried)


@given(st.lists(single, min_size=1, max_size=5), uses)
def test_nobody_is_told_that_attribution_is_not_needed_when_it_is(
    carried: list[str], use: Use
) -> None:
    needed = any(LICENCES.terms(text).attribution for text in carried)
    assert go(*carried, use=use).rights.attribution >= needed
