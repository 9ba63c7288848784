"""Generated requests over the whole schema: whatever comes in, no 500 goes out."""

import time
from typing import Any

import requests
import schemathesis
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.doors.api.conftest import Caller, Client
from tests.doors.api.world import World

SECONDS = 55.0
EXAMPLES = 3


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
    return [one for one in found if not one.path.endswith(("/plan/", "/pack/"))]


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
}


def test_odd_values_in_filters_are_answered(world: World, call: Caller) -> None:
    ada = call(world.cast.ada)
    for route, names in FILTERS.items():
        for name in names:
            for value in ODD:
                answer = ada.get(world.address(route), {name: value})
                assert answer.status_code in {200, 400, 404}, (route, name, value)
