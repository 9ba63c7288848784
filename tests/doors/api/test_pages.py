"""Pages by key: every row once, whatever comes and goes in between."""

import base64
import json
from typing import Any

import pytest

from apps.accounts.models import Organisation
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset, Term, Vocabulary
from apps.doors.keyset_pages import KeyDamagedError, load_rows_after
from tests.cast import Cast
from tests.doors.api.conftest import Caller, Client
from tests.doors.api.world import World
from tests.factories.published import make_dataset


def walked(client: Client, url: str) -> list[str]:
    """The names on all pages."""
    names: list[str] = []
    following: str | None = url
    while following:
        page = client.get(following).json()
        names += [row["name"] for row in page["results"]]
        following = page["next"]
    return names


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_every_row_comes_once_and_in_order(cast: Cast, call: Caller, limit: int) -> None:
    names = [f"set-{number:02d}" for number in range(7)]
    for name in reversed(names):
        make_dataset(cast.acme, cast.ada, name=name)
    assert walked(call(cast.ada), f"/api/v1/datasets/?limit={limit}") == names


def test_rows_that_go_in_between_leave_no_gap(cast: Cast, call: Caller) -> None:
    rows = [make_dataset(cast.acme, cast.ada, name=name) for name in "abcde"]
    ada = call(cast.ada)
    first = ada.get("/api/v1/datasets/?limit=2").json()
    rows[0].delete()
    rows[1].delete()
    second = ada.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["c", "d"]


def test_a_second_field_breaks_ties(cast: Cast, call: Caller) -> None:
    other = Organisation.objects.create(name="zeta")
    other.memberships.create(user=cast.ada, role="steward")
    for organisation in (cast.acme, other):
        for name in ("a", "b"):
            make_dataset(organisation, cast.ada, name=name)
    assert walked(call(cast.ada), "/api/v1/datasets/?limit=1") == ["a", "b", "a", "b"]


def test_filters_travel_to_the_next_page(cast: Cast, call: Caller) -> None:
    vocabulary = Vocabulary.objects.create(name="v", version="1", sha256="0" * 64)
    Term.objects.bulk_create(
        Term(vocabulary=vocabulary, code=f"c{number}", name=f"bird {number}" if number % 2 else "x")
        for number in range(10)
    )
    url = "/api/v1/vocabularies/v/1/terms/?q=bird&limit=2"
    assert walked(call(), url) == [f"bird {number}" for number in (1, 3, 5, 7, 9)]


def cursor(*key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def test_damaged_cursors_and_limits_are_refused(cast: Cast, call: Caller) -> None:
    ada = call(cast.ada)
    damaged = [
        "x",
        "äöü",
        cursor(),
        cursor("a"),
        cursor("a", "b", "c"),
        cursor(None, None),
        cursor("a\0", "b"),
        cursor("\ud800", "b"),
        cursor({"a": 1}, ["b"]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ]
    for text in damaged:
        answer = ada.get("/api/v1/datasets/", {"cursor": text})
        assert (answer.status_code, answer.json()["code"]) == (400, "request.cursor_invalid"), text
    for text in (cursor("x"), cursor(10**30), cursor(1.5), cursor([1])):
        assert ada.get("/api/v1/tokens/", {"cursor": text}).status_code in {200, 400}
    for limit in ("0", "1001", "-1", "x", "1e3", "٣", "9" * 5000, "00001000000"):
        answer = ada.get("/api/v1/datasets/", {"limit": limit})
        assert answer.json()["code"] == "request.limit_invalid", limit


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-05-01T12:00:00"]
)
def test_a_moment_that_no_database_holds_is_a_damaged_cursor(moment: str) -> None:
    with pytest.raises(KeyDamagedError):
        load_rows_after(Dataset.objects.all(), ("created_at", "pk"), cursor(moment, 1), 5)


def test_a_releases_clips_are_paged_from_its_table(world: World, call: Caller) -> None:
    dan = call(world.cast.dan)
    url: str | None = world.address("release-clips") + "?limit=3"
    paths: list[str] = []
    while url:
        page = dan.get(url).json()
        paths += [row["path"] for row in page["results"]]
        url = page["next"]
    assert paths == [f"field/{number:03d}.wav" for number in range(4)]
    only = dan.get(world.address("release-clips") + "?split=test").json()
    assert [row["path"] for row in only["results"]] == paths[2:]


LISTS = (
    "tokens",
    "organisations",
    "members",
    "audit",
    "contributors",
    "consents",
    "own-terms",
    "targets",
    "terms",
    "datasets",
    "clips",
    "clip-events",
    "recordings",
    "findings",
    "publications",
    "access-requests",
    "entitlements",
    "activity",
    "receipts",
    "releases",
    "release-clips",
    "jobs",
)


@pytest.mark.parametrize("rows", [1, 5])
def test_a_page_costs_the_same_however_many_rows(
    world: World, call: Caller, django_assert_max_num_queries: Any, rows: int
) -> None:
    for number in range(rows):
        make_dataset(world.cast.acme, world.cast.ada, name=f"more-{number}")
        create_token(actor=world.cast.ada, name=f"more {number}")
    ada = call(world.cast.ada)
    for route in LISTS:
        with django_assert_max_num_queries(8):
            assert ada.get(world.address(route)).status_code == 200, route
