"""The same POST twice under one key is done once."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Organisation, Token
from apps.doors.api.models import IdempotentAnswer
from tests.cast import Cast, assemble
from tests.doors.api.conftest import Caller, Client

URL = "/api/v1/organisations/"


def post(client: Client, name: str, key: str = "k") -> Any:
    return client.post(URL, {"name": name}, headers={"Idempotency-Key": key})


def test_the_second_answer_is_the_first(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    first, again = post(ada, "newcomers"), post(ada, "newcomers")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Organisation.objects.filter(name="newcomers").count() == 1


def test_a_key_stands_for_one_request(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    post(ada, "newcomers")
    assert post(ada, "others").json()["code"] == "idempotency.key_reused"
    assert not Organisation.objects.filter(name="others").exists()


def test_keys_are_each_callers_own(cast: Cast, call: Caller) -> None:
    assert post(call(cast.ada), "ours").status_code == 201
    assert post(call(cast.eve), "theirs").status_code == 201


def test_a_refusal_is_not_remembered(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    assert post(ada, "acme").status_code == 409
    assert not IdempotentAnswer.objects.exists()
    Organisation.objects.filter(name="acme").update(name="acme-old")
    assert post(ada, "acme").status_code == 201


def test_keys_are_forgotten_after_a_day(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    post(ada, "newcomers")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert post(ada, "newcomers").status_code == 409


def test_odd_keys_are_refused(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    for key in ("", "x" * 101, "\x7f", "ä"):
        assert post(ada, "newcomers", key).json()["code"] == "idempotency.key_invalid"


def test_a_tokens_secret_is_never_kept(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    headers = {"Idempotency-Key": "k"}
    one, two = (
        ada.post("/api/v1/tokens/", {"name": "mine"}, headers=headers).json() for _ in range(2)
    )
    assert one["token"] != two["token"]
    assert not IdempotentAnswer.objects.exists()
    listed = ada.get("/api/v1/tokens/").content.decode()
    assert one["prefix"] in listed
    assert one["token"] not in listed


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_the_work_once(call: Caller) -> None:
    cast = assemble()
    clients = [call(cast.ada, Token.Scope.ADMIN) for _ in range(2)]
    start = threading.Barrier(2)
    answers = []

    def press(client: Client) -> None:
        start.wait()
        answers.append(post(client, "newcomers"))
        connection.close()

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Organisation.objects.filter(name="newcomers").count() == 1
