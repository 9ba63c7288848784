"""An organisation's own terms: what they can say, who says it, and that they never change."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from apps.audit.models import AuditEvent
from apps.licensing.actions import TermsChangedError, record_terms
from apps.licensing.licences import load_licences
from apps.licensing.models import Terms
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.licence_expressions import LicenceExpressionError
from datasets_catalog.licence_terms import AiTerms
from datasets_catalog.purposes import Purpose
from datasets_catalog.territories import TerritoryUnknownError
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def record(cast: Cast, licence: str = "LicenseRef-Field-1", **allowed: Any) -> Terms:
    values: dict[str, Any] = {"title": "Field terms", "text": "Ask us first.", **allowed}
    return record_terms(actor=cast.ada, organisation=cast.acme, licence=licence, **values)


def test_everything_that_terms_say_is_read_again_as_a_value(cast: Cast) -> None:
    record(
        cast,
        noncommercial=False,
        redistribution=True,
        ai_terms="forbidden",
        field_of_use=["train.discriminative", "research.noncommercial"],
        territories=["de", "EU"],
        expires_on=date(2027, 1, 31),
    )

    terms = load_licences(cast.acme).terms("LicenseRef-Field-1")

    assert terms.ai_terms is AiTerms.FORBIDDEN
    assert terms.field_of_use == (Purpose.RESEARCH_NONCOMMERCIAL, Purpose.TRAIN_DISCRIMINATIVE)
    assert terms.territories == {"DE", "EU"}
    assert terms.expires_on == date(2027, 1, 31)
    assert terms.redistribution
    assert not terms.noncommercial
    assert terms.no_derivatives
    event = AuditEvent.objects.get(kind="terms.recorded")
    assert event.detail["allowed"]["expires_on"] == "2027-01-31"


def test_the_same_again_is_no_news_and_anything_else_is_refused(cast: Cast) -> None:
    row = record(cast, redistribution=True)
    assert record(cast, redistribution=True) == row
    assert AuditEvent.objects.filter(kind="terms.recorded").count() == 1
    with pytest.raises(TermsChangedError, match="another text"):
        record(cast, redistribution=True, text="Do what you like.")
    with pytest.raises(TermsChangedError, match="noncommercial is True, not False"):
        record(cast, redistribution=True, noncommercial=False)
    with pytest.raises(TermsChangedError, match="expires_on is None, not '2030-01-01'"):
        record(cast, redistribution=True, expires_on=date(2030, 1, 1))


def test_the_database_lets_nobody_change_or_delete_terms(cast: Cast) -> None:
    row = record(cast)
    with pytest.raises(DatabaseError), transaction.atomic():
        Terms.objects.filter(pk=row.pk).update(redistribution=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()


@pytest.mark.parametrize(
    ("allowed", "error"),
    [
        ({"field_of_use": ["research.everything"]}, InvalidError),
        ({"field_of_use": ["contact.again"]}, InvalidError),
        ({"territories": ["ATLANTIS"]}, TerritoryUnknownError),
        ({"ai_terms": "perhaps"}, InvalidError),
        ({"text": ""}, InvalidError),
        ({"title": ""}, InvalidError),
    ],
)
def test_what_makes_no_sense_is_refused(
    cast: Cast, allowed: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        record(cast, **allowed)
    assert not Terms.objects.exists()


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "LicenseRef-CC-BY-NC-3.0-US", "GPL-2.0", "x"])
def test_a_licence_that_is_judged_or_unknown_cannot_be_given_other_terms(
    cast: Cast, licence: str
) -> None:
    with pytest.raises((LicenceExpressionError, DeniedError)):
        record(cast, licence)
    with pytest.raises(LicenceExpressionError):
        record_terms(
            actor=cast.cleo, organisation=cast.acme, licence=licence, title="x", text="Free."
        )


def test_a_rights_reviewer_settles_what_nobody_judged(cast: Cast) -> None:
    with pytest.raises(DeniedError):
        record(cast, "Beerware", text="", redistribution=True)
    with pytest.raises(InvalidError, match="leave yours out"):
        record_terms(
            actor=cast.cleo, organisation=cast.acme, licence="Beerware", title="", text="Mine."
        )

    row = record_terms(
        actor=cast.cleo,
        organisation=cast.acme,
        licence="Beerware",
        title="",
        redistribution=True,
        noncommercial=False,
    )

    assert row.title == "Beerware License"
    assert "buy me a beer" in row.text
    settled = load_licences(cast.acme).terms("Beerware")
    assert not settled.needs_human
    assert settled.redistribution


def test_terms_under_a_name_that_is_judged_since_no_longer_count(cast: Cast) -> None:
    Terms.objects.create(
        organisation=cast.acme,
        licence="LicenseRef-CC-BY-NC-3.0-US",
        title="Ours",
        text="Sell it.",
        sha256="0" * 64,
        noncommercial=False,
    )
    assert load_licences(cast.acme).terms("LicenseRef-CC-BY-NC-3.0-US").noncommercial


def test_the_command_says_all_of_it(cast: Cast, tmp_path: Path) -> None:
    text = tmp_path / "terms.txt"
    text.write_text("For the study alone.")
    call_command(
        "record_terms", "acme", "LicenseRef-Study-1", str(text), "--title", "Study", "--as", "ada",
        "--redistribution", "--ai-terms", "forbidden", "--field-of-use", "research.noncommercial",
        "--territories", "EEA", "--expires-on", "2028-12-31",
    )  # fmt: skip
    row = Terms.objects.get()
    assert (row.ai_terms, row.field_of_use, row.territories, row.expires_on) == (
        "forbidden",
        ["research.noncommercial"],
        ["EEA"],
        date(2028, 12, 31),
    )
