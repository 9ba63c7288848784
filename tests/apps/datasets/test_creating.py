"""Making a dataset: who may, under which names, and that it is on record."""

from typing import Any

import pytest
from django.db import connection

from apps.accounts.access import TokenLimitedError
from apps.accounts.models import Token
from apps.audit.models import AuditEvent
from apps.datasets.actions import DatasetNameTakenError, create_dataset
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import (
    coming_with_token,
    other_organisation,
    person_with,
    roles_with,
)
from tests.cast import Cast, assemble
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db


def create(cast: Cast, name: str = "birds", **more: Any) -> Dataset:
    values: dict[str, Any] = {"actor": cast.ada, "vertical": "wildlife", **more}
    return create_dataset(organisation=cast.acme, name=name, **values)


@pytest.mark.parametrize("role", Role)
def test_owners_and_stewards_make_datasets_and_nobody_else(cast: Cast, role: Role) -> None:
    somebody = person_with(cast.acme, role)
    if role in roles_with(Permission.DATASET_CREATE):
        assert create(cast, actor=somebody).created_by == somebody
        return
    with pytest.raises(DeniedError, match="dataset:create, which comes with the role owner or"):
        create(cast, actor=somebody)
    assert not Dataset.objects.exists()


def test_an_owner_elsewhere_makes_none_here(cast: Cast) -> None:
    other_organisation(cast.eve)
    with pytest.raises(DeniedError):
        create(cast, actor=cast.eve)


@pytest.mark.parametrize(
    ("datasets", "scope"),
    [(("acme/birds",), Token.Scope.ADMIN), ((), Token.Scope.DOWNLOAD)],
)
def test_a_token_for_less_than_the_account_makes_none(
    cast: Cast, datasets: tuple[str, ...], scope: str
) -> None:
    with pytest.raises(TokenLimitedError):
        create(cast, actor=coming_with_token(cast.ada, *datasets, scope=scope))
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    "name", ["", "Birds", "-birds", "birds-", "bir ds", "a/b", "../up", "vögel", "a" * 97]
)
def test_a_name_that_cannot_stand_in_an_address_is_refused(cast: Cast, name: str) -> None:
    with pytest.raises(InvalidError, match=r"cannot be a dataset's name\. Use 1 to 96 lower-case"):
        create(cast, name)


@pytest.mark.parametrize("name", ["a", "a" * 96, "0.1", "bird_calls-2024.v2"])
def test_letters_digits_dots_dashes_and_underscores_make_a_name(cast: Cast, name: str) -> None:
    assert create(cast, name).full_name == f"acme/{name}"


def test_an_unknown_vertical_is_answered_with_those_there_are(cast: Cast) -> None:
    with pytest.raises(InvalidError, match=r"'poetry' is no vertical\. Verticals: .*sfx"):
        create(cast, vertical="poetry")


def test_a_name_is_given_once_in_an_organisation_and_again_in_another(cast: Cast) -> None:
    create(cast)
    with pytest.raises(DatasetNameTakenError, match="acme/birds already"):
        create(cast, vertical="sfx")
    umbrella = other_organisation(cast.ada)
    row = create_dataset(actor=cast.ada, organisation=umbrella, name="birds", vertical="sfx")
    assert row.full_name == "umbrella/birds"
    assert Dataset.objects.get(organisation=cast.acme).vertical == "wildlife"


def test_a_new_dataset_is_closed_unreleased_and_on_record(cast: Cast) -> None:
    row = create(cast)
    assert (row.title, row.access, row.released_at) == ("birds", "request", None)
    assert len(row.consent_key) == 64
    assert row.consent_key != create(cast, "owls").consent_key
    event = AuditEvent.objects.filter(kind="dataset.created").earliest("sequence")
    assert (event.actor, event.organisation, event.subject) == ("ada", "acme", "acme/birds")
    assert event.detail == {"vertical": "wildlife"}


def test_settings_are_read_as_changes_are(cast: Cast) -> None:
    row = create(cast, title="Birds", quasi_identifiers=["place", "device", "place"])
    row.refresh_from_db()
    assert (row.title, row.quasi_identifiers) == ("Birds", ["device", "place"])
    with pytest.raises(InvalidError, match="A dataset has no colour: it has title, description"):
        create(cast, "owls", colour="brown")
    with pytest.raises(InvalidError, match="no terms to accept yet"):
        create(cast, "owls", access="terms")
    assert Dataset.objects.count() == 1
    assert AuditEvent.objects.filter(kind="dataset.created").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_of_two_who_choose_one_name_at_once_one_is_told_that_it_is_taken() -> None:
    cast = assemble()
    problems = run_at_once(*[lambda: create(cast)] * 3)
    assert [type(problem) for problem in problems] == [DatasetNameTakenError] * 2
    assert Dataset.objects.count() == 1
    assert AuditEvent.objects.filter(kind="dataset.created").count() == 1
