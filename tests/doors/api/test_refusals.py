"""How the door says no."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import Token
from apps.accounts.tokens import create_token, revoke_token
from tests.cast import Cast
from tests.doors.api.conftest import Caller

WHOAMI = "/api/v1/whoami/"


def test_nobody_is_asked_to_sign_in(cast: Cast, call: Caller) -> None:
    answer = call().get(WHOAMI)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="earmark"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "request.not_authenticated"


def test_a_token_says_whose_it_is(cast: Cast, call: Caller) -> None:
    answer = call(cast.ada, Token.Scope.READ).get(WHOAMI)
    assert answer.json()["username"] == "ada"
    assert answer.json()["token_scope"] == "read"
    assert {"organisation": "acme", "role": "steward"} in answer.json()["memberships"]


def test_wrong_expired_and_revoked_tokens_are_refused(cast: Cast) -> None:
    revoked = create_token(actor=cast.ada, name="revoked")
    revoke_token(actor=cast.ada, token_id=revoked.row.pk)
    expired = create_token(
        actor=cast.ada, name="expired", expires_at=timezone.now() + timedelta(hours=1)
    )
    Token.objects.filter(pk=expired.row.pk).update(expires_at=timezone.now())
    for text in (revoked.text, expired.text, "emk_nonsense", "", "hf_abc", "ämk"):
        answer = Client().get(WHOAMI, headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401, text
        assert answer.json()["code"] == "request.token_invalid"


def test_a_read_token_changes_nothing(cast: Cast, call: Caller) -> None:
    answer = call(cast.ada, Token.Scope.READ).post(
        "/api/v1/datasets/", {"organisation": "acme", "name": "birds", "vertical": "wildlife"}
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "request.token_scope"


def test_a_write_token_makes_no_tokens(cast: Cast, call: Caller) -> None:
    answer = call(cast.ada, Token.Scope.WRITE).post("/api/v1/tokens/", {"name": "more"})
    assert answer.status_code == 403


def test_each_wrong_field_is_named(cast: Cast, call: Caller) -> None:
    answer = call(cast.ada).post(
        "/api/v1/datasets/", {"organisation": "acme", "name": "x" * 97, "vertical": "cooking"}
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == "request.invalid"
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"name", "vertical"}


def test_unknown_fields_and_filters_are_refused(cast: Cast, call: Caller) -> None:
    posted = call(cast.ada).post("/api/v1/tokens/", {"name": "x", "scoep": "read"})
    assert posted.json()["errors"][0]["field"] == "scoep"
    listed = call(cast.ada).get("/api/v1/datasets/?verticle=speech")
    assert listed.json()["errors"][0]["field"] == "verticle"


def test_the_domains_codes_come_through(cast: Cast, call: Caller) -> None:
    answer = call(cast.ada).get("/api/v1/datasets/acme/nothing/")
    assert answer.status_code == 404
    assert answer.json()["code"] == "dataset.unknown"


def test_bodies_that_are_not_json_are_named(cast: Cast, call: Caller) -> None:
    for body in ("{", "[" * 100_000, '{"name": NaN}', '{"name": "\\u0000"}', '"\\ud800"', "\xff"):
        answer = call(cast.ada).post("/api/v1/tokens/", body, content_type="application/json")
        assert answer.status_code == 400, body[:20]
        assert answer.json()["code"] == "request.parse_error"


def test_a_body_that_is_too_large_is_not_read(cast: Cast, call: Caller) -> None:
    body = '{"name": "' + "x" * 5_000_000 + '"}'
    answer = call(cast.ada).post("/api/v1/tokens/", body, content_type="application/json")
    assert answer.json()["code"] == "request.body_too_large"


def test_unknown_addresses_answer_as_problems(call: Caller, db: None) -> None:
    answer = call().get("/api/v1/nothing/here")
    assert answer.status_code == 404
    assert answer.json()["code"] == "request.address_unknown"


def test_too_many_calls_are_slowed_per_token(
    cast: Cast, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.doors.api.throttles.TokenRateThrottle.THROTTLE_RATES",
        {"token": "3/min", "anonymous": "1/min"},
    )
    ada, cleo, nobody = call(cast.ada), call(cast.cleo), call()
    assert [ada.get(WHOAMI).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert cleo.get(WHOAMI).status_code == 200
    assert [nobody.get("/api/v1/datasets/").status_code for _ in range(2)] == [200, 429]
    assert int(ada.get(WHOAMI).headers["Retry-After"]) > 0


def test_answers_say_how_many_calls_are_left(
    cast: Cast, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "apps.doors.api.throttles.TokenRateThrottle.THROTTLE_RATES",
        {"token": "2/min", "anonymous": "1/min"},
    )
    ada = call(cast.ada)
    with time_machine.travel(1_800_000_010, tick=False):
        answers = [ada.get(WHOAMI) for _ in range(3)]
        assert [answer.headers["RateLimit"] for answer in answers] == [
            '"token";r=1;t=51',
            '"token";r=0;t=51',
            '"token";r=0;t=51',
        ]
        assert answers[0].headers["RateLimit-Policy"] == '"token";q=2;w=60'
        refused = answers[2]
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "51")
        assert refused.json()["code"] == "request.throttled"
        assert refused.headers["Content-Type"] == "application/problem+json"
    with time_machine.travel(1_800_000_060, tick=False):
        assert ada.get(WHOAMI).status_code == 200


def test_a_session_writes_only_with_the_pages_own_mark(cast: Cast) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(cast.ada)
    assert browser.get(WHOAMI).json()["token_scope"] is None
    answer = browser.post("/api/v1/tokens/", {"name": "stolen"}, format="json")
    assert answer.status_code == 403
    assert not Token.objects.exists()
