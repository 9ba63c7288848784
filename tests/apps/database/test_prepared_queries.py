"""A prepared query answers as the queryset would, and refuses to hide a moment."""

from datetime import timedelta

import pytest
from django.db.models import Exists, OuterRef
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Membership, Organisation, Token, User
from apps.accounts.tokens import create_token
from apps.database.prepared_queries import NotPreparedError, PreparedQuery
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_it_gives_what_the_queryset_gives_with_related_rows_and_annotations(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def build(*, user: int, name: str) -> object:
        mine = Membership.objects.filter(user=user, organisation=OuterRef("organisation"))
        rows = Membership.objects.select_related("user", "organisation").annotate(mine=Exists(mine))
        return rows.filter(organisation__name=name).order_by("pk")

    prepared: PreparedQuery[Membership] = PreparedQuery(build)  # type: ignore[arg-type]
    for user in (cast.ada, cast.eve, cast.cleo):
        wanted = list(build(user=user.pk, name="acme"))  # type: ignore[call-overload]
        with django_assert_num_queries(1):
            found = prepared.rows(user=user.pk, name="acme")
            assert found == wanted
            assert [row.mine for row in found] == [row.mine for row in wanted]  # type: ignore[attr-defined]
            assert [str(row) for row in found] == [str(row) for row in wanted]
    assert prepared.rows(user=cast.ada.pk, name="nobody") == []


def test_a_value_that_is_none_makes_a_shape_of_its_own(cast: Cast) -> None:
    def build(*, name: str | None) -> object:
        return Organisation.objects.filter(name=name) if name else Organisation.objects.none()

    prepared: PreparedQuery[Organisation] = PreparedQuery(build)  # type: ignore[arg-type]
    assert prepared.rows(name=None) == []
    assert [row.name for row in prepared.rows(name="acme")] == ["acme"]
    assert prepared.rows(name=None) == []


def test_a_moment_is_asked_anew_each_time(cast: Cast) -> None:
    prepared: PreparedQuery[Token] = PreparedQuery(lambda *, at: Token.objects.usable(at))
    now = timezone.now()
    create_token(actor=cast.ada, name="short", expires_at=now + timedelta(hours=1))
    assert len(prepared.rows(at=now)) == 1
    assert prepared.rows(at=now + timedelta(hours=2)) == []


def test_a_query_that_hides_the_time_it_was_made_at_is_refused(cast: Cast) -> None:
    prepared: PreparedQuery[Token] = PreparedQuery(
        lambda *, name: Token.objects.usable().filter(name=name)
    )
    with pytest.raises(NotPreparedError, match="changes by itself"):
        prepared.rows(name="laptop")


def test_a_query_that_depends_on_its_values_is_refused(cast: Cast) -> None:
    def build(*, user: int) -> object:
        return User.objects.filter(pk=user) if user % 3 else User.objects.filter(id__lt=user)

    prepared: PreparedQuery[User] = PreparedQuery(build)  # type: ignore[arg-type]
    with pytest.raises(NotPreparedError, match="depends on its values"):
        prepared.rows(user=cast.ada.pk)
