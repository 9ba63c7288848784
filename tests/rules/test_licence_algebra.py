"""What licences themselves say of combining them, clause by clause.

Each row names the clause it follows from. The algebra is a careful reading, not legal advice.
"""

import re
from collections.abc import Callable, Mapping
from itertools import combinations

import pytest

from datasets_catalog.compatibility import may_stand, permits_adaptation
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licence_terms import Terms
from datasets_catalog.licences import Licences, Use, load_judged_licences
from datasets_catalog.outbound import Outbound, find_outbound_licence
from datasets_catalog.spdx_list import load_spdx_licences

LICENCES = Licences()


def go(*expressions: str, use: Use = Use.ADAPTATION, wanted: str | None = None) -> Outbound:
    clips = [
        ClipLicence(f"c{number}", f"{number}.wav", text, 1.0)
        for number, text in enumerate(expressions)
    ]
    return find_outbound_licence(clips, use, wanted, licences=LICENCES)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        # FSF's list: GPL 3.0 section 7 takes in Apache 2.0's terms.
        ("Apache-2.0", "GPL-3.0-only"),
        ("Apache-2.0", "GPL-3.0-or-later"),
        ("Apache-2.0", "AGPL-3.0-only"),
        # The permissive ones ask for their notice, which is no further restriction.
        ("MIT", "GPL-2.0-only"),
        ("BSD-3-Clause", "LGPL-2.1-or-later"),
        ("Zlib", "MPL-2.0"),
        # LGPL 2.1 section 3; LGPL 3.0's first words; MPL 2.0 section 3.3.
        ("LGPL-2.1-only", "GPL-2.0-only"),
        ("LGPL-2.1-only", "GPL-3.0-only"),
        ("LGPL-3.0-only", "GPL-3.0-only"),
        ("MPL-2.0", "GPL-2.0-or-later"),
        ("GPL-2.0-or-later", "GPL-3.0-only"),
        ("GFDL-1.2-or-later", "GFDL-1.3-only"),
        ("EUPL-1.1", "EUPL-1.2"),
        # The Free Software Foundation's list.
        ("CC-BY-4.0", "GPL-2.0-only"),
        ("CC-BY-4.0", "GPL-3.0-or-later"),
        ("MIT", "GPL-1.0-only"),
        # BY allows any licence that keeps the attribution, the stricter ones included.
        ("CC-BY-4.0", "CC-BY-ND-4.0"),
        ("CC-BY-4.0", "CC-BY-NC-ND-4.0"),
        ("CC-BY-NC-4.0", "CC-BY-NC-ND-4.0"),
        ("CC-BY-3.0-DE", "CC-BY-SA-4.0"),
        # 2.0, section 4(b): a later version, or a jurisdiction's, with the same elements.
        ("CC-BY-SA-2.0", "CC-BY-SA-4.0"),
        ("CC-BY-SA-2.0", "CC-BY-SA-2.0-UK"),
        # 3.0 DE, section 4(b)(iv): the unported licence from 3.0 on.
        ("CC-BY-SA-3.0-DE", "CC-BY-SA-3.0"),
        ("CC-BY-SA-3.0", "CC-BY-SA-3.0-AT"),
        ("CC-BY-SA-3.0-IGO", "CC-BY-SA-4.0"),
        # 4.0, section 3(b)(1), and the list of compatible licences.
        ("CC-BY-SA-4.0", "LAL-1.3"),
        ("CC-BY-SA-4.0", "GPL-3.0-only"),
        # OGL: compatible with CC-BY 4.0; NLOD 2.0 section 4 names it.
        ("OGL-UK-3.0", "CC-BY-4.0"),
        ("NLOD-2.0", "CC-BY-4.0"),
        ("CC-PDM-1.0", "GPL-2.0-only"),
        ("WTFPL", "CC-BY-ND-2.0"),
    ],
)
def test_what_may_become_what(source: str, target: str) -> None:
    assert permits_adaptation(LICENCES.terms(source), LICENCES.terms(target))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        # GPL 2.0 section 6: no further restrictions, such as Apache's sections 3 and 9.
        ("Apache-2.0", "GPL-2.0-only"),
        ("Apache-2.0", "GPL-2.0-or-later"),
        ("Apache-2.0", "LGPL-2.1-only"),
        # Nobody lists them as compatible.
        ("CC-BY-3.0", "GPL-3.0-only"),
        ("OFL-1.1", "GPL-3.0-only"),
        ("GFDL-1.3-or-later", "CC-BY-SA-3.0"),
        ("ODC-By-1.0", "GPL-3.0-only"),
        # Copyleft goes out under itself.
        ("GPL-3.0-only", "GPL-3.0-or-later"),
        ("GPL-3.0-only", "AGPL-3.0-only"),
        ("AGPL-3.0-only", "GPL-3.0-only"),
        ("LGPL-2.1-only", "LGPL-3.0-only"),
        ("MPL-2.0-no-copyleft-exception", "GPL-2.0-only"),
        # 1.0, section 4(b): only the terms of this licence.
        ("CC-BY-SA-1.0", "CC-BY-SA-2.0"),
        ("CC-BY-NC-SA-1.0", "CC-BY-NC-SA-4.0"),
        ("CC-SA-1.0", "CC-BY-SA-4.0"),
        # Back to an older version; other elements; a port that nobody here has read.
        ("CC-BY-SA-4.0", "CC-BY-SA-3.0"),
        ("CC-BY-SA-3.0-DE", "CC-BY-SA-2.0-UK"),
        ("CC-BY-SA-2.0-UK", "CC-BY-SA-2.0"),
        ("CC-BY-SA-3.0", "CC-BY-NC-SA-3.0"),
        ("LicenseRef-CC-BY-SA-2.0-DE", "CC-BY-SA-4.0"),
        # From BY-NC to BY-ND the non-commercial condition would be lost.
        ("CC-BY-NC-4.0", "CC-BY-ND-4.0"),
        # No derivatives, whatever the target, itself included.
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0"),
        # ODbL and ODC-By, section 2.4: not the contents.
        ("ODbL-1.0", "ODbL-1.0"),
        ("ODC-By-1.0", "CC-BY-4.0"),
        ("CC0-1.0", "ODC-By-1.0"),
        # A mark gives nothing: new work cannot be put under it.
        ("CC-PDM-1.0", "CC-PDM-1.0"),
        ("CC0-1.0", "CC-PDM-1.0"),
        # Nobody has judged it.
        ("Beerware", "Beerware"),
        ("CC0-1.0", "Beerware"),
    ],
)
def test_what_may_not_become_what(source: str, target: str) -> None:
    assert not permits_adaptation(LICENCES.terms(source), LICENCES.terms(target))


def test_apache_and_the_second_gpl_cannot_be_worked_into_one() -> None:
    result = go("Apache-2.0", "Apache-2.0", "GPL-2.0-only")
    (conflict,) = result.conflicts
    assert conflict.families == ("Apache", "GPL")
    assert conflict.sentence == (
        "2 clips under Apache and 1 clip under GPL cannot be worked into one: Apache has terms of"
        " its own (its patent licence ends for whoever sues over patents, section 3), and nobody"
        " may add terms to GPL-2.0-only, GPL asks that the result be under GPL-2.0-only."
    )
    assert result.drop.paths == ("2.wav",)
    assert go("Apache-2.0", "GPL-2.0-or-later").licence == "GPL-3.0-or-later"
    assert go("Apache-2.0", "GPL-3.0-only").licence == "GPL-3.0-only"


@pytest.mark.parametrize("licence", ["ODbL-1.0", "ODC-By-1.0", "ODbL-1.0 AND ODC-By-1.0"])
@pytest.mark.parametrize("use", list(Use))
def test_a_licence_of_a_database_is_none_of_the_sound_in_it(licence: str, use: Use) -> None:
    result = go(licence, "CC0-1.0", use=use)
    (conflict,) = result.conflicts
    assert "not for the sound" in conflict.sentence
    assert result.drop.clip_ids == ("c0",)


def test_one_clip_is_spoken_of_as_one_and_two_as_two() -> None:
    one = go("ODbL-1.0", "CC0-1.0").conflicts[0].sentence
    assert one == (
        "1 clip under ODbL-1.0 cannot go out: the licence it comes under is for a database and"
        " not for the sound in it. Add the licence of the sound."
    )
    two = go("ODbL-1.0", "ODbL-1.0", "CC0-1.0").conflicts[0].sentence
    assert two.startswith("2 clips under ODbL-1.0 cannot go out: the licence they come under is")


def test_a_database_and_its_contents_may_each_have_their_licence() -> None:
    result = go("CC-BY-4.0 AND ODbL-1.0", use=Use.COLLECTION)
    assert result.conflicts == ()
    assert result.rights.share_alike
    assert go("CC-BY-4.0 OR ODbL-1.0").licence == "CC-BY-4.0"


@pytest.mark.parametrize("carried", ["CC0-1.0", "CC-BY-3.0", "CC-BY-SA-2.0", "CC-PDM-1.0"])
def test_copies_side_by_side_cannot_be_put_under_another_licence(carried: str) -> None:
    result = go(carried, "CC-BY-SA-4.0", use=Use.COLLECTION, wanted="CC-BY-SA-4.0")
    assert not result.reached
    assert result.drop.clip_ids == ("c0",)
    assert result.drop.sentence == (
        "Remove 1 clip (1.0 s) and this release stands under CC-BY-SA-4.0."
    )


def test_an_adaptation_of_attribution_can_aim_at_no_derivatives() -> None:
    result = go("CC-BY-3.0", "CC0-1.0", wanted="CC-BY-ND-4.0")
    assert result.reached
    assert result.licence == "CC-BY-ND-4.0"
    assert not result.rights.derivatives


def test_an_adaptation_of_what_is_marked_as_free_gets_a_licence() -> None:
    assert go("CC-PDM-1.0", "CC-PDDC").licence == "CC0-1.0"


def test_ports_meet_in_a_later_version() -> None:
    assert go("CC-BY-SA-3.0-DE", "CC-BY-SA-3.0-AT").licence in {
        "CC-BY-SA-3.0-DE",
        "CC-BY-SA-3.0-AT",
    }
    assert go("CC-BY-SA-2.0-UK", "CC-BY-SA-2.1-JP").reached
    assert go("LicenseRef-CC-BY-NC-3.0-US", "CC-BY-2.5").licence == "LicenseRef-CC-BY-NC-3.0-US"


def test_a_conflict_names_few_of_many_ways_out() -> None:
    (conflict,) = go("CC-BY-SA-3.0", "CC-BY-NC-4.0").conflicts
    assert conflict.sentence.endswith(
        "asks that the result be under CC-BY-SA-3.0 or CC-BY-SA-4.0 or CC-BY-SA-3.0-AT or "
        "CC-BY-SA-3.0-DE."
    )


@pytest.mark.parametrize("licence", list(load_judged_licences()))
def test_every_licence_that_asks_for_its_text_has_one(licence: str) -> None:
    listed = load_spdx_licences().get(licence)
    if listed is None or not listed.text:
        # Creative Commons asks for a copy of the licence or for its address.
        assert "creativecommons.org" in load_judged_licences()[licence].url


def test_what_nobody_judged_stands_nowhere() -> None:
    unjudged = [
        licence
        for licence, listed in load_spdx_licences().items()
        if not listed.deprecated and licence not in load_judged_licences()
    ]
    assert len(unjudged) > 500
    for licence in unjudged:
        assert not may_stand((LICENCES.terms(licence),), modified=False)


def test_compatible_licences_are_judged_and_never_less_free_of_conditions() -> None:
    for terms in load_judged_licences().values():
        for name in terms.compatible:
            target = load_judged_licences()[name]
            assert target.noncommercial >= terms.noncommercial
            assert target.share_alike >= terms.share_alike
            assert not target.no_derivatives
            assert not target.needs_human


# What a sentence says of one side, and what has to be so of it and of the other one.
REASONS: Mapping[str, Callable[[Terms, Terms], bool]] = {
    "asks that the result be under": lambda one, other: one.share_alike,
    "permits a result only under": lambda one, other: one.named_only,
    "forbids commercial use of the result": lambda one, other: (
        one.noncommercial and not other.noncommercial
    ),
    "asks that its authors be named": lambda one, other: one.attribution and not other.attribution,
    "has terms of its own": lambda one, other: (
        one.attribution
        and other.no_further_terms
        and other.licence not in one.compatible
        and not (one.noncommercial and not other.noncommercial)
    ),
    "permits no result under an older version": lambda one, other: (
        one.suite == other.suite and (one.version or "") > (other.version or "")
    ),
}


def test_every_conflict_of_two_gives_the_reason_that_the_licences_have() -> None:
    judged = [
        terms
        for terms in load_judged_licences().values()
        if not (terms.jurisdiction or terms.needs_human or terms.database_only or terms.mark)
        and not terms.no_derivatives
        and not terms.is_custom
    ]
    known = {terms.licence: terms for terms in judged}
    seen: set[str] = set()
    for one, other in combinations(sorted(known), 2):
        for conflict in go(one, other).conflicts:
            named = re.fullmatch(
                r".* cannot be worked into one: (\S+) (.+), (\S+)"
                r" ((?:asks|permits|forbids|has) .+)\.",
                conflict.sentence,
            )
            assert named is not None, conflict.sentence
            for name, words in ((named[1], named[2]), (named[3], named[4])):
                mine, its = (one, other) if name in {one, known[one].label} else (other, one)
                (said,) = [begin for begin in REASONS if words.startswith(begin)]
                assert REASONS[said](known[mine], known[its]), conflict.sentence
                seen.add(said)
    assert seen == set(REASONS)
