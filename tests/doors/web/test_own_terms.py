"""The page of an organisation's own terms."""

from datetime import date

from apps.licensing.models import Terms
from tests.cast import Cast
from tests.doors.web.conftest import As, House

PAGE = "/organisations/acme/terms/"
FORM = {
    "licence": "LicenseRef-Field-1",
    "title": "Field terms",
    "text": "For the study alone.",
    "redistribution": "on",
    "attribution": "on",
    "ai_terms": "forbidden",
    "field_of_use": ["research.noncommercial"],
    "territories": "DE, ch",
    "expires_on": "2028-12-31",
}


def test_a_steward_records_terms_with_all_their_limits(
    cast: Cast, house: House, as_user: As
) -> None:
    client = as_user(cast.ada)
    assert client.post(PAGE, FORM).status_code == 302

    row = Terms.objects.get()
    assert (row.territories, row.expires_on) == (["CH", "DE"], date(2028, 12, 31))
    assert not row.noncommercial
    shown = client.get(PAGE).content.decode()
    for words in (
        "LicenseRef-Field-1",
        "For the study alone.",
        "no training of models",
        "only for: Non-commercial research",
        "only in CH, DE",
        "until 2028-12-31",
    ):
        assert words in shown


def test_other_answers_under_the_same_name_are_refused_with_the_difference(
    cast: Cast, house: House, as_user: As
) -> None:
    client = as_user(cast.ada)
    client.post(PAGE, FORM)
    refused = client.post(PAGE, {**FORM, "ai_terms": "allowed"})
    assert refused.status_code == 422
    assert "ai_terms is" in refused.content.decode()
    assert Terms.objects.get().ai_terms == "forbidden"


def test_members_read_terms_and_only_some_record_them(
    cast: Cast, house: House, as_user: As
) -> None:
    as_user(cast.ada).post(PAGE, FORM)
    olga = as_user(cast.olga)
    read = olga.get(PAGE).content.decode()
    assert "Field terms" in read
    assert "Record the terms" not in read
    assert olga.post(PAGE, {**FORM, "licence": "LicenseRef-Other-1"}).status_code == 200
    assert as_user(cast.ada).post(PAGE, {**FORM, "licence": "Beerware"}).status_code == 403
    assert Terms.objects.count() == 1
