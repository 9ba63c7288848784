"""Whatever grants, terms, embargoes and stops come, every door gives the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from apps.releases.models import Release
from datasets_catalog.release_states import ReleaseState
from tests.apps.access.histories import (
    ALLOWED,
    BEGIN,
    CLEARED,
    PEOPLE,
    STEPS,
    Allowed,
    Model,
    World,
    make_world,
    take_step,
)
from tests.cast import Cast
from tests.factories.published import keep_snapshot, make_dataset, make_release

pytestmark = pytest.mark.django_db
GIVEN, REFUSED = {200}, {401, 403, 404, 410}


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at a door; `who` is whom the model knows, `here` whether the token reaches this."""

    who: str
    client: Client
    here: bool = True
    pages: bool = False


def addresses(release: Release) -> dict[str, str]:
    """Where each door gives out the table of clips."""
    table = release.clips_table
    assert table is not None
    name = release.dataset.full_name
    return {
        "dvc": f"/dvc/{name}/files/md5/{table.oid[:2]}/{table.oid[2:]}",
        "hub": f"/datasets/{name}/resolve/v{release.version}/tables/clips.parquet",
        "hub by commit": f"/datasets/{name}/resolve/{release.dvc_commit}/tables/clips.parquet",
        "hub by main": f"/datasets/{name}/resolve/main/tables/clips.parquet",
        "api": f"/api/v1/datasets/{name}/releases/{release.version}/tables/clips.parquet",
    }


def callers(world: World, name: str) -> list[Caller]:
    """Everybody with a plain token, with ones limited to this dataset and to another, on pages."""
    found = []
    for who in PEOPLE:
        user = world.principal(who)
        if not isinstance(user, User):
            found += [Caller(who, Client()), Caller(who, Client(), pages=True)]
            continue
        found.append(Caller(who, with_token(user)))
        narrow = with_token(user, datasets=[name], scope=Token.Scope.DOWNLOAD)
        found.append(Caller(who, narrow))
        found.append(Caller(who, with_token(user, datasets=["acme/other"]), here=False))
        client = Client()
        client.force_login(user)
        found.append(Caller(who, client, pages=True))
    return found


def with_token(user: User, **limits: object) -> Client:
    text = create_token(actor=user, name="test", **limits).text  # type: ignore[arg-type]  # as they come
    return Client(headers={"Authorization": f"Bearer {text}"})


def check_bytes(caller: Caller, model: Model, doors: dict[str, str]) -> None:
    given = caller.here and model.may_download(caller.who, None)
    for door, address in doors.items():
        response = caller.client.get(address)
        b"".join(response)
        assert response.status_code in (GIVEN if given else REFUSED), (door, caller)


def check_lists(caller: Caller, model: Model, release: Release) -> None:
    name = release.dataset.full_name
    known = caller.here and model.knows(caller.who)
    # The Hub's clients could do nothing with a dataset of which no version is left.
    readable = known and model.state is not ReleaseState.WITHDRAWN
    for address, shown in (("/api/v1/datasets/", known), ("/api/datasets", readable)):
        assert (name in caller.client.get(address).content.decode()) == shown, (address, caller)
    listed = caller.here and model.may_list(caller.who)
    tree = caller.client.get(f"/api/datasets/{name}/tree/v{release.version}")
    assert tree.status_code in (GIVEN if listed else REFUSED), caller


def check_pages(caller: Caller, model: Model, release: Release) -> None:
    name = release.dataset.full_name
    known = model.knows(caller.who)
    assert (name in caller.client.get("/datasets/").content.decode()) == known, caller
    page = caller.client.get(f"/datasets/{name}/access/")
    assert page.status_code == (200 if known else 404), caller
    if release.state != "withdrawn":
        given = "<strong>Yes.</strong>" in page.content.decode()
        assert given == model.may_download(caller.who, None), caller


@given(steps=st.lists(STEPS, min_size=1, max_size=5), allowed=ALLOWED)
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_door_says_what_the_model_says(
    cast: Cast, steps: list[tuple[object, ...]], allowed: Allowed
) -> None:
    with transaction.atomic(), time_machine.travel(BEGIN, tick=False) as clock:
        release = make_release(
            make_dataset(cast.acme, cast.ada),
            purposes=(*CLEARED, *allowed.doors),
            territories=allowed.territories,
        )
        table = release.clips_table
        assert table is not None
        keep_snapshot(release, {"tables/clips.parquet": b"table of 1.0.0"})
        world, model = make_world(cast, release, table), Model(allowed)
        doors = addresses(release)
        people = callers(world, release.dataset.full_name)
        for step in steps:
            take_step(world, model, step)
        clock.move_to(BEGIN + timedelta(days=model.today), tick=False)
        release = Release.objects.select_related("dataset__organisation").get(pk=release.pk)
        for caller in people:
            if caller.pages:
                check_pages(caller, model, release)
            else:
                check_bytes(caller, model, doors)
                check_lists(caller, model, release)
        transaction.set_rollback(True)
