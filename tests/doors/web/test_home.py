"""The first page: what waits for whom."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.releases.stops import CONFIRM_WITHIN, confirm_stop, place_stop
from tests.cast import Cast
from tests.doors.web.conftest import As
from tests.factories.drafts import make_dataset

pytestmark = pytest.mark.django_db
HEAD = "Emergency stops to confirm"


def first_page(as_user: As, user: User | None) -> str:
    return as_user(user).get("/").content.decode()


def test_unconfirmed_stops_stand_on_the_first_page_of_who_may_confirm_them(
    cast: Cast, as_user: As
) -> None:
    dataset = make_dataset(cast)
    assert HEAD not in first_page(as_user, cast.ada)
    row = place_stop(actor=cast.cleo, dataset=dataset, reason="Mrs Brown")
    page = first_page(as_user, cast.ada)
    assert HEAD in page
    assert "/datasets/acme/tones/stops/" in page
    assert "Not confirmed yet" in page
    assert "Confirmation overdue" not in page
    for user in (None, cast.cleo, cast.rita, cast.olga, cast.eve):
        assert HEAD not in first_page(as_user, user), user
    confirm_stop(actor=cast.ada, stop=row)
    assert HEAD not in first_page(as_user, cast.ada)


def test_a_stop_that_nobody_confirmed_in_time_is_shown_as_overdue(
    cast: Cast, as_user: As, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    place_stop(actor=cast.cleo, dataset=make_dataset(cast), reason="a voice")
    later = timezone.now() + CONFIRM_WITHIN + timedelta(minutes=1)
    with time_machine.travel(later):
        client = as_user(cast.ada)
        # Two are for the session and its user.
        with django_assert_max_num_queries(7):
            page = client.get("/").content.decode()
    assert "Confirmation overdue" in page
