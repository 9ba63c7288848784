"""Generated requests over the whole schema: whatever comes in, no 500 goes out."""

import os
import time
from typing import Any

import pytest
import requests
import schemathesis
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset
from tests.doors.api.conftest import Caller, Client
from tests.doors.api.world import World
from tests.factories.published import set_access

# Longer and with more examples by hand: EARMARK_HOSTILE_SECONDS=900 EARMARK_HOSTILE_EXAMPLES=40.
SECONDS = float(os.environ.get("EARMARK_HOSTILE_SECONDS", "30"))
EXAMPLES = int(os.environ.get("EARMARK_HOSTILE_EXAMPLES", "2"))


def test_no_generated_request_makes_the_door_fail(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    end = time.monotonic() + SECONDS
    asked = 0
    for operation in operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if time.monotonic() < end:
                asked += attack(ada, world, operation, mode)
    assert asked > 200


# Schemathesis's operations and cases have type parameters of its own inner life.
Operation = Any
Case = Any


def operations() -> list[Operation]:
    generator: Any = SchemaGenerator
    drawn = generator().get_schema(request=None, public=True)
    schema = schemathesis.openapi.from_dict(drawn)
    results: Any = schema.get_all_operations()
    found = [result.ok() for result in results]
    # A plan asks a hub outside, with the patience that takes; nobody here makes tars at random.
    return [one for one in found if not one.path.endswith(("/plan/", "/pack/", "/check/"))]


def attack(client: Client, world: World, operation: Operation, mode: GenerationMode) -> int:
    """Send some requests made for the operation; returns how many."""
    try:
        cases = operation.as_strategy(generation_mode=mode)
        cases.validate()
    except Exception:
        if mode is GenerationMode.NEGATIVE:
            return 0
        raise
    sent = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, aimed=st.integers(0, 3))
    def run(case: Case, aimed: int) -> None:
        nonlocal sent
        if aimed:
            aim(case, world)
        sent += 1
        answer = send(client, case)
        assert answer.status_code < 500, (case.method, case.formatted_path, answer.content)

    run()
    return sent


def aim(case: Case, world: World) -> None:
    """Point the request at things that are there, so that it gets past the look-up."""
    for blank in case.path_parameters or {}:
        if blank != "uid":
            case.path_parameters[blank] = str(world.arguments[blank])
    if "uid" in (case.path_parameters or {}):
        things = ("finding", "job", "access-request")
        thing = next((t for t in things if f"/{t}s/" in case.path), "clip")
        case.path_parameters["uid"] = str(world.arguments[f"{thing.removeprefix('access-')}_uid"])


def send(client: Any, case: Case) -> Any:
    wanted: Any = requests.Request(
        **case.as_transport_kwargs(base_url="http://testserver")
    ).prepare()
    headers = {
        name: value
        for name, value in wanted.headers.items()
        if name.lower() not in {"authorization", "content-length", "content-type"}
    }
    body = wanted.body.encode() if isinstance(wanted.body, str) else wanted.body
    with transaction.atomic():
        answer = client.generic(
            str(wanted.method),
            str(wanted.path_url),
            bytes(body or b""),
            content_type=wanted.headers.get("Content-Type", "application/json"),
            headers=headers,
        )
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    return answer


ODD = ("\0", "\x00a", "a" * 5000, "🐦", "'; DROP TABLE x; --", "%", "../..", "-1", "1e309", "NaN")
FILTERS = {
    "datasets": ("q", "organisation", "vertical", "access"),
    "clips": ("q", "prefix", "recording", "label", "synthetic", "state"),
    "findings": ("kind", "clip", "open"),
    "jobs": ("kind", "state", "subject"),
    "audit": ("kind", "actor"),
    "contributors": ("q",),
    "consents": ("contributor",),
    "terms": ("q", "parent"),
    "draft-licence": ("use", "wanted"),
    "draft-coverage": ("purposes", "at"),
    "release-clips": ("split", "licence", "path"),
    "release-diff": ("since",),
    "release-selection": ("labels", "splits", "licences", "clips", "since", "selection"),
    "release-archive": ("labels", "splits", "licences", "clips", "since", "selection", "flavour"),
    "release-manifest": ("clips", "since", "flavour"),
}


def test_odd_values_in_filters_are_answered(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    for route, names in FILTERS.items():
        for name in names:
            for value in ODD:
                answer = ada.get(world.address(route), {name: value})
                if answer.streaming:
                    answer.getvalue()
                assert answer.status_code in {200, 400, 404}, (route, name, value)


RANGES = (
    "bytes=-0",
    "bytes=99999999999999999999999999-",
    "bytes=0-99999999999999999999999999",
    "bytes=5-2",
    "bytes=" + "0-0," * 5000 + "0-0",
    "bytes=0-0,1-1",
    "lines=0-1",
    "bytes=\u0660-",
    "bytes=",
)


@pytest.mark.parametrize("route", ["release-clip-audio", "release-archive", "signed"])
def test_odd_ranges_give_the_whole_or_nothing(world: World, call: Caller, route: str) -> None:
    dan = call(world.cast.dan)
    query = {"key": world.arguments["key"]} if route == "signed" else {}
    whole = dan.get(world.address(route), query).getvalue()
    for asked in RANGES:
        answer = dan.get(world.address(route), query, headers={"Range": asked})
        content = answer.getvalue() if answer.streaming else answer.content
        assert answer.status_code in {200, 206, 416}, asked
        assert len(content) <= len(whole), asked


def test_addresses_that_climb_reach_nothing(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    base = "/api/v1/datasets/acme/tones/releases/1.0.0/"
    climbing = (
        f"{base}tables/../../../../../etc/passwd",
        f"{base}tables/..%2f..%2fclips.parquet",
        f"{base}tables/%2e%2e/clips.parquet",
        f"{base}../1.0.0/archive/",
        "/api/v1/datasets/acme/..%2ftones/",
        "/api/v1/signed/../whoami/",
        f"{base}clips/%00/",
    )
    for address in climbing:
        answer = ada.get(address)
        assert answer.status_code in {400, 404}, address
    for path in ("../../etc/passwd", "/etc/passwd", "field/../field/000.wav", "field\\000.wav"):
        answer = ada.get(f"{base}archive/", {"clips": path})
        assert (answer.status_code, answer.json()["code"]) == (400, "selection.unknown"), path


def test_no_token_and_no_signed_address_is_logged(
    world: World, call: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret = create_token(actor=world.cast.dan, name="secret").text
    signed = world.arguments["key"]
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    broken = Client()
    broken.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}x")
    for caller in (client, broken):
        for address in ("/api/v1/whoami/", world.address("targets"), "/api/v1/nothing/"):
            caller.get(address)
    call().get(f"/api/v1/signed/?key={signed}x")
    User.objects.filter(pk=world.cast.dan.pk).update(is_active=False)
    assert call().get(f"/api/v1/signed/?key={signed}").status_code == 403
    assert caplog.records
    assert secret not in caplog.text
    assert signed not in caplog.text


def test_what_is_hidden_costs_what_is_missing_costs(world: World, call: Caller) -> None:
    """Answers cannot be told apart by their time where they ask the database the same."""
    set_access(Dataset.Access.ORGANISATION)
    clients = (call(world.cast.eve), call())
    for route in ("dataset", "release", "release-archive", "release-selection", "clips"):
        hidden = world.address(route)
        for client in clients:
            answers = [cost(client, url) for url in (hidden, hidden.replace("tones", "nones"))]
            assert answers[0] == answers[1], route


def cost(client: Client, url: str) -> tuple[int, int, str]:
    """Queries, status and code: the cheapest of some tries, since counts are written at times."""
    tries = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(url)
        tries.append((len(asked), answer.status_code, answer.json()["code"]))
    return min(tries)
