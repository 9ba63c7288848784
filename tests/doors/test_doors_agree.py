"""Whatever grants, expiries and withdrawals come, every door gives the same answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Organisation, User
from apps.accounts.tokens import create_token
from apps.releases.models import Release
from tests.apps.access.test_histories import BEGIN, CLEARED, STEPS, Model, World, take_step
from tests.cast import Cast
from tests.factories.published import keep_snapshot, make_dataset, make_release

pytestmark = pytest.mark.django_db
GIVEN, REFUSED = {200}, {401, 403, 404, 410}


def addresses(release: Release) -> dict[str, str]:
    """Where each door gives out the table of clips."""
    table = release.clips_table
    assert table is not None
    name = release.dataset.full_name
    return {
        "dvc": f"/dvc/{name}/files/md5/{table.oid[:2]}/{table.oid[2:]}",
        "hub": f"/datasets/{name}/resolve/v{release.version}/tables/clips.parquet",
        "hub by commit": f"/datasets/{name}/resolve/{release.dvc_commit}/tables/clips.parquet",
        "api": f"/api/v1/datasets/{name}/releases/{release.version}/tables/clips.parquet",
    }


def headers_of(world: World, who: str) -> dict[str, str]:
    principal = world.principal(who)
    if not isinstance(principal, User):
        return {}
    return {"Authorization": f"Bearer {create_token(actor=principal, name=who).text}"}


@given(steps=st.lists(STEPS, min_size=1, max_size=4))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_door_says_what_the_model_says(
    cast: Cast, client: Client, steps: list[tuple[object, ...]]
) -> None:
    with transaction.atomic(), time_machine.travel(BEGIN, tick=False) as clock:
        lab = Organisation.objects.create(name="lab", kind="company")
        release = make_release(make_dataset(cast.acme, cast.ada), purposes=CLEARED)
        table = release.clips_table
        assert table is not None
        keep_snapshot(release, {"tables/clips.parquet": b"table of 1.0.0"})
        world, model = World(cast, lab, release, table), Model()
        doors = addresses(release)
        headers = {who: headers_of(world, who) for who in ("member", "guest", "outsider", "nobody")}
        for step in steps:
            take_step(world, model, step)
            clock.move_to(BEGIN + timedelta(days=model.today), tick=False)
            for who, sent in headers.items():
                expected = GIVEN if model.may_download(who, None) else REFUSED
                for door, address in doors.items():
                    response = client.get(address, headers=sent)
                    b"".join(response)
                    assert response.status_code in expected, (who, door, step)
        transaction.set_rollback(True)
