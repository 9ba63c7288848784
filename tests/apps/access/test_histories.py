"""Whatever comes in whatever order, the answer is the plain model's."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.access.access import open_object
from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.datasets.access import list_visible_datasets
from apps.releases.models import Release
from datasets_catalog.errors import EarmarkError
from tests.apps.access.histories import (
    ALLOWED,
    ASKED,
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
from tests.factories.published import keep, make_dataset, make_release

pytestmark = pytest.mark.django_db


def agree(world: World, model: Model) -> None:
    release = Release.objects.select_related("dataset__organisation").get(pk=world.release.pk)
    for who in PEOPLE:
        principal = world.principal(who)
        for purpose in ASKED:
            answer = authorize_action(principal, release, Action.DOWNLOAD, purpose)
            assert answer.allowed == model.may_download(who, purpose), (who, purpose, answer)
            assert answer.reason
        listed = authorize_action(principal, release, Action.LIST)
        assert listed.allowed == model.may_list(who), (who, listed)
        known = list_visible_datasets(principal).filter(pk=release.dataset_id).exists()
        assert known == model.knows(who), who
        try:
            open_object(principal, release.dataset.full_name, world.blob.oid)
        except EarmarkError:
            opened = False
        else:
            opened = True
        assert opened == model.may_download(who, None), who


@given(steps=st.lists(STEPS, max_size=10), allowed=ALLOWED)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_histories_agree_with_a_plain_model(
    cast: Cast, steps: list[tuple[object, ...]], allowed: Allowed
) -> None:
    with transaction.atomic(), time_machine.travel(BEGIN, tick=False) as clock:
        dataset = make_dataset(cast.acme, cast.ada)
        blob = keep(dataset, b"wren")
        release = make_release(
            dataset,
            holding=[blob],
            purposes=(*CLEARED, *allowed.doors),
            territories=allowed.territories,
        )
        world, model = make_world(cast, release, blob), Model(allowed)
        for step in steps:
            take_step(world, model, step)
            clock.move_to(BEGIN + timedelta(days=model.today), tick=False)
            agree(world, model)
        transaction.set_rollback(True)
