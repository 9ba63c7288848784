"""Reading licence expressions and the table behind them."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.compatibility import permits_adaptation
from datasets_catalog.licence_addresses import find_addressed_licence
from datasets_catalog.licence_expressions import (
    LicenceExpressionError,
    UnknownLicenceError,
    parse_expression,
)
from datasets_catalog.licence_terms import Terms
from datasets_catalog.licences import HubLicence, Licences, load_judged_licences, name_hub_licence

OWN = Terms("LicenseRef-acme-sounds-1", title="Acme sounds", redistribution=True)
LICENCES = Licences([OWN])


def test_every_packaged_licence_is_consistent() -> None:
    for licence, terms in load_judged_licences().items():
        assert terms.licence == licence
        assert terms.title
        assert terms.url.startswith(("https://", "http://www.wtfpl.net/"))
        assert terms.family
        assert set(terms.compatible) <= load_judged_licences().keys()
        assert terms.noncommercial == ("-NC" in licence or "Sampling" in licence)
        assert terms.no_derivatives == ("-ND" in licence)
        assert "-SA" not in licence or terms.share_alike
        assert terms.hub is None or re.fullmatch(r"[a-z0-9.-]+", terms.hub)


def test_the_hub_knows_every_identifier_it_is_given() -> None:
    known = (Path(__file__).parents[1] / "stand_ins" / "hub" / "licenses.txt").read_text().split()
    assert {terms.hub for terms in load_judged_licences().values() if terms.hub} <= set(known)


@pytest.mark.parametrize("licence", list(load_judged_licences()))
def test_version_upgrades_go_one_way(licence: str) -> None:
    source = load_judged_licences()[licence]
    for target in load_judged_licences().values():
        if target.family == source.family and (target.version or "") < (source.version or ""):
            assert not permits_adaptation(source, target)


def test_and_binds_all_and_or_offers_a_choice() -> None:
    expression = LICENCES.expression("CC-BY-4.0 AND (CC0-1.0 OR MIT)")
    assert expression.alternatives == (("CC-BY-4.0", "CC0-1.0"), ("CC-BY-4.0", "MIT"))
    assert expression.licences == ("CC-BY-4.0", "CC0-1.0", "MIT")
    assert expression.text == "CC-BY-4.0 AND (CC0-1.0 OR MIT)"


@pytest.mark.parametrize("text", ["CC-BY-9.0", "CC-BY", "CC-BY-NC-4.1", "CC-BY-SA-5.0", "PDM"])
def test_nothing_that_allows_something_else_is_offered_instead(text: str) -> None:
    with pytest.raises(UnknownLicenceError) as caught:
        LICENCES.expression(text)
    assert "mean" not in caught.value.message


def test_an_exception_is_kept_in_the_text_and_adds_no_duty() -> None:
    expression = LICENCES.expression("GPL-2.0-or-later WITH Classpath-exception-2.0")
    assert expression.alternatives == (("GPL-2.0-or-later",),)
    assert expression.text == "GPL-2.0-or-later WITH Classpath-exception-2.0"
    assert expression.exceptions == ("Classpath-exception-2.0",)


def test_own_terms_are_known_by_their_reference() -> None:
    assert LICENCES.terms("LicenseRef-acme-sounds-1") is OWN
    assert LICENCES.expression("LicenseRef-acme-sounds-1 OR CC0-1.0").alternatives == (
        ("LicenseRef-acme-sounds-1",),
        ("CC0-1.0",),
    )


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("cc-by-4.0", "Did you mean CC-BY-4.0?"),
        ("ccby-4.0", "Did you mean CC-BY-4.0?"),
        ("GPL-2.0", "Say which: GPL-2.0-only or GPL-2.0-or-later."),
        ("WTFXPL", "Expected an SPDX identifier such as CC0-1.0"),
        ("LicenseRef-unheard-of", "Record terms for it"),
        ("MIT WITH Magic-exception", "not in SPDX's list"),
    ],
)
def test_an_unknown_licence_is_named_with_what_was_expected(text: str, advice: str) -> None:
    with pytest.raises(UnknownLicenceError, match=re.escape(advice)) as caught:
        LICENCES.expression(text)
    assert caught.value.detail["value"] in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "CC BY 4.0",
        "CC-BY-4.0 MIT",
        "MIT AND",
        "OR",
        "(MIT",
        "MIT)",
        "GPL-2.0+",
        "https://creativecommons.org/licenses/by/4.0/",
        "MIT\x00",
        "x" * 501,
        " AND ".join(f"(MIT OR L{n})" for n in range(20)),
    ],
)
def test_what_is_not_an_expression_is_refused(text: str) -> None:
    with pytest.raises(LicenceExpressionError):
        LICENCES.expression(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        expression = LICENCES.expression(text)
    except (LicenceExpressionError, UnknownLicenceError):
        return
    assert LICENCES.expression(expression.text) == expression


@pytest.mark.parametrize(
    "licence", ["CC-BY-NC-4.0", "LicenseRef-CC-BY-NC-3.0-US", "MIT", "GPL-2.0"]
)
def test_own_terms_cannot_pretend_to_be_a_public_licence(licence: str) -> None:
    with pytest.raises(LicenceExpressionError, match="LicenseRef-"):
        Licences([Terms(licence, noncommercial=False)])


def test_a_licence_of_the_list_that_nobody_judged_waits_for_a_person() -> None:
    unjudged = Licences().terms("Beerware")
    assert unjudged.title == "Beerware License"
    assert unjudged.needs_human
    assert not unjudged.redistribution
    settled = Licences([Terms("Beerware", redistribution=True)])
    assert not settled.terms("Beerware").needs_human


def test_a_person_may_settle_a_retired_licence_by_recording_terms_for_it() -> None:
    reference = "LicenseRef-CC-Sampling-Plus-1.0"
    assert LICENCES.terms(reference).needs_human
    settled = Licences([Terms(reference, redistribution=True)])
    assert not settled.terms(reference).needs_human


def test_terms_without_answers_are_read_strictly() -> None:
    terms = Terms("LicenseRef-x")
    assert terms.noncommercial
    assert terms.no_derivatives
    assert terms.attribution
    assert not terms.redistribution


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("CC0-1.0", False),
        ("PDDL-1.0", False),
        ("CC-BY-4.0", True),
        ("CC0-1.0 AND CC-BY-3.0", True),
        ("CC0-1.0 OR CC-BY-3.0", True),
        ("MIT", True),
    ],
)
def test_attribution_is_needed_as_soon_as_one_licence_asks(text: str, *, needed: bool) -> None:
    assert LICENCES.needs_attribution(text) is needed


@pytest.mark.parametrize(
    ("url", "licence"),
    [
        ("http://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        ("https://creativecommons.org/licenses/by-nc/4.0", "CC-BY-NC-4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/sampling+/1.0/", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.en", "CC-BY-SA-4.0"),
        ("//creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0"),
        ("www.creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode.txt", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode.zh-hans", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/?ref=chooser-v1", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/#", "CC-BY-4.0"),
        ("//creativecommons.org/licenses/by/3.0/de/legalcode", "CC-BY-3.0-DE"),
        ("http://creativecommons.org/licenses/by-sa/2.0/de/", "LicenseRef-CC-BY-SA-2.0-DE"),
        ("http://creativecommons.org/licenses/by/2.5/scotland/", "LicenseRef-CC-BY-2.5-SCOTLAND"),
        ("https://creativecommons.org/licenses/by/3.0/igo/", "CC-BY-3.0-IGO"),
        ("http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
        ("http://creativecommons.org/licenses/sa/1.0/", "CC-SA-1.0"),
        (
            "http://creativecommons.org/licenses/nc-sampling+/1.0/",
            "LicenseRef-CC-NC-Sampling-Plus-1.0",
        ),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("https://spdx.org/licenses/Beerware.html", "Beerware"),
        ("http://opendatacommons.org/licenses/odbl/1.0/", "ODbL-1.0"),
        ("https://cdla.dev/permissive-2-0/", "CDLA-Permissive-2.0"),
        # A jurisdiction, a version or a licence that was never published; no version; not just one.
        ("https://creativecommons.org/licenses/by/3.0/xx/", None),
        ("https://creativecommons.org/licenses/by/4.0/de/", None),
        ("https://creativecommons.org/licenses/by/5.0/", None),
        ("https://creativecommons.org/licenses/sa/4.0/", None),
        ("http://creativecommons.org/licenses/by/", None),
        ("http://creativecommons.org/licenses/GPL/2.0/", None),
        ("https://creativecommons.org/share-your-work/public-domain/cc0/", None),
        ("https://artlibre.org/licence/lal/en/", None),
        ("http://www.gnu.org/licenses/gpl-2.0.html", None),
        ("https://opensource.org/licenses/GPL-2.0", None),
        ("https://evil.example/creativecommons.org/licenses/by/4.0/", None),
        ("https://example.org/terms", None),
    ],
)
def test_addresses_of_licence_texts_are_recognised(url: str, licence: str | None) -> None:
    assert find_addressed_licence(url) == licence


def test_the_hub_names_single_licences_and_slugs_mixtures() -> None:
    by, zero = load_judged_licences()["CC-BY-4.0"], load_judged_licences()["CC0-1.0"]
    assert name_hub_licence([by]) == HubLicence("cc-by-4.0")
    assert name_hub_licence([by, by]) == HubLicence("cc-by-4.0")
    mixed = HubLicence("other", "mixed-cc-by-4.0-cc0-1.0", "LICENSES.md")
    assert name_hub_licence([zero, by]) == mixed
    assert name_hub_licence([OWN]) == HubLicence("other", "acme-sounds-1", "LICENSES.md")
    assert name_hub_licence([load_judged_licences()["CC-BY-SA-2.0"]]) == HubLicence(
        "other", "cc-by-sa-2.0", "LICENSES.md"
    )
    assert (
        name_hub_licence(list(load_judged_licences().values())).name
        == f"mixed-{len(load_judged_licences())}-licences"
    )
    assert name_hub_licence([]) == HubLicence("unknown")


def test_parsing_alone_does_not_judge() -> None:
    assert parse_expression("Some-Licence-1.0").licences == ("Some-Licence-1.0",)
