"""The pages of the ledger: forms and what they ask about, corrections, minors."""

from datetime import date

import pytest

from apps.consent.models import Consent, ConsentForm, Contributor, FormReach
from tests.cast import Cast
from tests.doors.web.conftest import As, House

pytestmark = pytest.mark.django_db
HOME = "/organisations/acme/"


def test_a_form_is_put_on_record_bound_and_shown(cast: Cast, house: House, as_user: As) -> None:
    ada, cleo = as_user(cast.ada), as_user(cast.cleo)
    sent = ada.post(
        f"{HOME}consent-forms/",
        {
            "name": "streets",
            "version": "1",
            "language": "de",
            "study": "Streets",
            "text": "Dürfen wir?",
            "implications": '{"publish.open": ["publish.gated"]}',
        },
    )
    form = ConsentForm.objects.get(name="streets")
    page = f"{HOME}consent-forms/{form.uid}/"
    assert sent["Location"] == page
    assert "It asks about nothing" in ada.get(page).content.decode()
    assert ada.post(page, {"dataset": house.dataset.pk, "recording": "monday"})["Location"] == page
    shown = cleo.get(page).content.decode()
    for words in ("acme/tones: monday", "Dürfen wir?", "Streets", "Publishing to everyone"):
        assert words in shown
    reach = FormReach.objects.get(form=form)
    assert cleo.post(f"{page}reaches/{reach.pk}/end/", {"reason": "x"}).status_code == 403
    ada.post(f"{page}reaches/{reach.pk}/end/", {"reason": "another paper"})
    assert "It asks about nothing" in cleo.get(page).content.decode()


def test_an_answered_form_is_widened_by_a_reviewer_alone(
    cast: Cast, house: House, as_user: As
) -> None:
    form = ConsentForm.objects.get(name="voices")
    page = f"{HOME}consent-forms/{form.uid}/"
    body = {"dataset": house.dataset.pk, "recording": "session-1", "reason": "on page 2"}
    assert as_user(cast.ada).post(page, body).status_code == 403
    assert as_user(cast.cleo).post(page, body).status_code == 302
    assert as_user(cast.olga).get(page).status_code == 200
    assert as_user(cast.rita).get(page).status_code == 403


def test_a_record_is_corrected_from_what_stands_there(
    cast: Cast, house: House, as_user: As
) -> None:
    wrong = Consent.objects.get()
    page = f"{HOME}consents/{wrong.uid}/correct/"
    ada = as_user(cast.ada)
    begun = ada.get(page).content.decode()
    assert 'value="2026-01-15 00:00:00"' in begun
    body = {
        "form": "voices",
        "form_version": "2",
        "given_at": "2026-01-15 00:00:00",
        "valid_until": "2026-12-31 00:00:00",
        "research.noncommercial": "allowed",
        "reason": "The end was left out.",
    }
    refused = ada.post(page, body)
    assert refused.status_code == 422
    assert "give the SHA-256" in refused.content.decode()
    done = ada.post(page, body | {"evidence_sha256": "cd" * 32}, follow=True).content.decode()
    for words in ("corrected since", "The end was left out.", "until 31 December 2026"):
        assert words in done
    assert as_user(cast.cleo).get(page).status_code == 403


def test_a_minor_is_noted_and_comes_of_age(cast: Cast, house: House, as_user: As) -> None:
    ada = as_user(cast.ada)
    body = {"reason": "said on the form"}
    shown = ada.post(f"{HOME}minors/ben/", body, follow=True).content.decode()
    assert "a minor, and no guardian has consented" in shown
    assert f"{HOME}of-age/ben/" in shown
    assert as_user(cast.cleo).post(f"{HOME}of-age/ben/", {"reason": "x"}).status_code == 403
    assert ada.post(f"{HOME}of-age/ben/", {"reason": "the passport"}).status_code == 400
    shown = ada.post(
        f"{HOME}of-age/ben/", {"reason": "the passport", "evidence_sha256": "ab" * 32}, follow=True
    ).content.decode()
    assert Contributor.objects.filter(code="ben", of_age_on__year__lt=2031).exists()
    assert "of age</span>" in shown.replace(" </span>", "</span>")


def test_a_day_of_majority_on_record_is_moved_with_its_evidence_alone(
    cast: Cast, house: House, as_user: As
) -> None:
    ada = as_user(cast.ada)
    body = {"of_age_on": "2031-05-17", "reason": "said on the form"}
    shown = ada.post(f"{HOME}minors/ben/", body, follow=True).content.decode()
    assert "of age on 17 May 2031" in shown
    assert f"{HOME}of-age/ben/" not in shown
    assert ada.post(f"{HOME}of-age/ben/", {"reason": "the passport"}).status_code == 409
    assert Contributor.objects.get(code="ben").of_age_on == date(2031, 5, 17)


def test_a_table_for_a_new_form_says_what_it_asks_about(
    cast: Cast, house: House, as_user: As
) -> None:
    page = as_user(cast.ada).get(f"{HOME}consents/import/").content.decode()
    assert "What new forms ask about" in page
    assert 'value="tones"' in page
