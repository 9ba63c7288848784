"""What all pages have in common: errors, fragments, the theme, signing in, headers."""

import pytest
from django.test import Client

from apps.jobs.actions import start_job
from apps.jobs.models import Job
from tests.cast import Cast
from tests.doors.web.conftest import As, House

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_an_error_page_says_what_to_do(client: Client) -> None:
    page = client.get("/datasets/acme/unheard-of/")
    assert page.status_code == 404
    assert "Sign in, or ask its organisation" in page.content.decode()
    assert "dataset.unknown" in page.content.decode()


def test_a_refused_fragment_is_plain_text_for_the_notice(client: Client) -> None:
    answer = client.get("/datasets/acme/unheard-of/", headers=HTMX)
    assert answer["Content-Type"].startswith("text/plain")
    assert "There is no dataset" in answer.content.decode()


def test_searching_by_script_answers_the_list_alone(house: House, client: Client) -> None:
    whole = client.get("/datasets/?q=tones").content.decode()
    part = client.get("/datasets/?q=tones", headers=HTMX).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert "acme/tones" in part
    assert "No dataset fits" in client.get("/datasets/?q=whales").content.decode()


@pytest.mark.parametrize("page", ["/datasets", "/datasets/acme/tones", "/organisations/acme"])
def test_an_address_without_its_slash_leads_to_the_page(
    house: House, client: Client, page: str
) -> None:
    assert client.get(page)["Location"] == f"{page}/"


def test_a_jobs_progress_polls_until_the_job_is_over(cast: Cast, as_user: As) -> None:
    job = start_job(actor=cast.ada, kind_name="privacy.scan", organisation=cast.acme)
    client = as_user(cast.ada)
    page = f"/jobs/{job.uid}/progress/"
    assert 'hx-trigger="every 2s"' in client.get(page, headers=HTMX).content.decode()
    assert client.get(page)["Location"] == f"/jobs/{job.uid}/"
    client.post(f"/jobs/{job.uid}/cancel/")
    assert Job.objects.get().state == "cancelled"
    over = client.get(f"{page}?reload", headers=HTMX)
    assert "hx-trigger" not in over.content.decode()
    assert over["HX-Refresh"] == "true"


def test_the_theme_is_remembered_without_scripts(client: Client) -> None:
    answer = client.post("/theme/", {"theme": "dark", "next": "/datasets/"})
    assert answer["Location"] == "/datasets/"
    assert 'data-theme="dark"' in client.get("/").content.decode()
    client.post("/theme/", {"theme": "system", "next": "/"})
    assert "data-theme=" not in client.get("/").content.decode().split("<body>")[0]


@pytest.mark.parametrize("away", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_the_theme_switch_leads_nowhere_else(client: Client, away: str) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": away})["Location"] == "/"


def test_nothing_on_a_page_needs_an_exception_from_the_policy(
    cast: Cast, house: House, as_user: As
) -> None:
    client = as_user(cast.ada)
    for page in ("/", "/datasets/acme/tones/", f"/review/clips/{house.clip.uid}/", "/tokens/"):
        answer = client.get(page)
        html = answer.content.decode()
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert " style=" not in html
        assert " onclick=" not in html
        assert "<style" not in html
        assert "<script>" not in html
        assert "://" not in "".join(part.split('"')[0] for part in html.split('src="')[1:])


def test_signing_in_and_out(cast: Cast, client: Client) -> None:
    wrong = client.post("/account/sign-in/", {"username": "eve", "password": "no"})
    assert "correct username and password" in wrong.content.decode()
    form = {"username": "eve", "password": "pw", "next": "/tokens/"}
    assert client.post("/account/sign-in/", form)["Location"] == "/tokens/"
    assert client.post("/account/sign-out/")["Location"] == "/"
    assert client.get("/tokens/").status_code == 302


def test_a_forgotten_password_is_set_by_mail(
    cast: Cast, client: Client, mailoutbox: list[object]
) -> None:
    client.post("/account/password/reset/", {"email": "eve@example.org"})
    (mail,) = mailoutbox
    path = str(mail.body).split("://testserver")[1].split()[0]  # type: ignore[attr-defined]  # a message
    form = client.get(path, follow=True)
    target = form.redirect_chain[-1][0]
    secret = "a long way to the sea"
    done = client.post(target, {"new_password1": secret, "new_password2": secret}, follow=True)
    assert "Password changed" in done.content.decode()
    assert client.login(username="eve", password=secret)
    assert "was used or is too old" in client.get(path, follow=True).content.decode()


def test_a_form_without_its_token_is_refused_in_words(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/account/sign-in/", {"username": "eve", "password": "pw"})
    assert answer.status_code == 403
    assert "reload the page and send it again" in answer.content.decode()
