"""What was taken leaves one receipt a day."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from pytest_django import DjangoAssertNumQueries

from apps.access.access import open_newest
from apps.access.actions import grant_access
from apps.access.authorizations import Action
from apps.access.models import Receipt
from apps.access.receipts import list_visible_receipts, record_receipt
from apps.accounts.access import Principal
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError
from tests.cast import Cast
from tests.factories.published import make_dataset, make_release

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(cast: Cast) -> Release:
    return make_release(make_dataset(cast.acme, cast.ada))


def take(principal: Principal, release: Release, door: str = "dvc") -> None:
    opened = open_newest(principal, release.dataset.full_name, Action.VIEW)
    record_receipt(principal, release, opened.authorization, door=door)


def test_a_thousand_objects_make_one_receipt(
    release: Release, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entitlement = grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        purposes=["research.noncommercial"],
    )
    take(cast.dan, release)
    answer = open_newest(cast.dan, release.dataset.full_name).authorization
    with django_assert_num_queries(0):
        for _ in range(1000):
            record_receipt(cast.dan, release, answer, door="dvc")
    row = Receipt.objects.get()
    assert (row.holder, row.root, row.entitlement) == ("dan", release.root, entitlement)


def test_another_process_that_forgot_writes_no_second_one(release: Release, cast: Cast) -> None:
    take(cast.dan, release)
    cache.clear()
    take(cast.dan, release)
    assert Receipt.objects.count() == 1


def test_every_holder_door_and_day_has_its_own(release: Release, cast: Cast) -> None:
    with time_machine.travel(datetime(2026, 1, 1, 12, tzinfo=UTC)):
        take(cast.dan, release)
        take(cast.dan, release, "web")
        take(cast.eve, release)
        take(AnonymousUser(), release)
        take(AnonymousUser(), release)
    with time_machine.travel(datetime(2026, 1, 2, 12, tzinfo=UTC)):
        take(cast.dan, release)
    assert Receipt.objects.count() == 5


def test_receipts_are_read_by_those_who_grant(release: Release, cast: Cast) -> None:
    take(cast.dan, release)
    assert [row.holder for row in list_visible_receipts(cast.ada, release.dataset)] == ["dan"]
    with pytest.raises(DeniedError):
        list_visible_receipts(cast.dan, release.dataset)
