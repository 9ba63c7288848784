"""Roles given and taken, tokens made and ended: who may, what is refused, what is logged."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.access import TokenLimitedError
from apps.accounts.actions import (
    LastOwnerError,
    add_member,
    create_organisation,
    remove_member,
)
from apps.accounts.models import Membership, Organisation, Token, User
from apps.accounts.tokens import DATASETS, create_token, fetch_token, list_own_tokens, revoke_token
from apps.audit.models import AuditEvent
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from datasets_catalog.roles import Role
from tests.apps.accounts.people import coming_with_token, person_with
from tests.cast import Cast, assemble
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db
ONE_WRITER = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")


def logged(kind: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    rows = AuditEvent.objects.filter(kind=kind).order_by("sequence")
    return [(row.actor, row.organisation, row.subject, row.detail) for row in rows]


def roles_there(cast: Cast, user: User) -> set[str]:
    rows = Membership.objects.filter(user=user, organisation=cast.acme)
    return set(rows.values_list("role", flat=True))


@pytest.mark.parametrize("role", Role)
def test_owners_give_and_take_roles_and_nobody_else(cast: Cast, role: Role) -> None:
    somebody = person_with(cast.acme, role)
    named: dict[str, Any] = {"organisation": cast.acme, "username": "olga"}
    if role is Role.OWNER:
        add_member(actor=somebody, role="steward", **named)
        remove_member(actor=somebody, role="auditor", **named)
        assert roles_there(cast, cast.olga) == {"steward"}
        return
    with pytest.raises(DeniedError, match="organisation:manage"):
        add_member(actor=somebody, role="steward", **named)
    with pytest.raises(DeniedError, match="organisation:manage"):
        remove_member(actor=somebody, role="auditor", **named)
    assert roles_there(cast, cast.olga) == {"auditor"}


def test_what_is_given_and_taken_stands_in_the_log_once(cast: Cast) -> None:
    for _ in range(2):
        add_member(actor=cast.ada, organisation=cast.acme, username="eve", role="annotator")
    assert logged("member.added") == [("ada", "acme", "eve", {"role": "annotator"})]
    remove_member(actor=cast.ada, organisation=cast.acme, username="eve", role="annotator")
    assert logged("member.removed") == [("ada", "acme", "eve", {"role": "annotator"})]
    with pytest.raises(NotFoundError, match="eve is not annotator of acme"):
        remove_member(actor=cast.ada, organisation=cast.acme, username="eve", role="annotator")


@pytest.mark.parametrize(
    ("username", "role", "message"),
    [
        ("eve", "king", "'king' is no role. Roles: owner, steward"),
        ("eve", "", "'' is no role"),
        ("nobody", "steward", "There is no user 'nobody'"),
    ],
)
def test_a_role_or_person_that_is_not_there_is_named(
    cast: Cast, username: str, role: str, message: str
) -> None:
    with pytest.raises((InvalidError, NotFoundError), match=message):
        add_member(actor=cast.ada, organisation=cast.acme, username=username, role=role)


def test_nobody_who_was_switched_off_is_given_a_role(cast: Cast) -> None:
    User.objects.filter(username="eve").update(is_active=False)
    with pytest.raises(NotFoundError):
        add_member(actor=cast.ada, organisation=cast.acme, username="eve", role="steward")


def test_the_database_knows_the_roles_and_holds_each_once(cast: Cast) -> None:
    for role in ("king", "steward"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(user=cast.ada, organisation=cast.acme, role=role)


def test_an_organisation_has_a_kind_a_title_and_a_record(cast: Cast) -> None:
    with pytest.raises(InvalidError, match="The kind is one of consortium, company"):
        create_organisation(actor=cast.eve, name="eves", kind="club")
    made = create_organisation(actor=cast.eve, name="eves", kind="company")
    assert (made.title, made.kind) == ("eves", "company")
    assert logged("organisation.created") == [("eve", "eves", "eves", {})]
    for less in (
        coming_with_token(cast.eve, "acme/tones"),
        coming_with_token(cast.eve, scope=Token.Scope.DOWNLOAD),
    ):
        with pytest.raises(TokenLimitedError):
            create_organisation(actor=less, name="more")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": " "}, "Give the token a name"),
        ({"scope": "root"}, "The scope is one of download, read, write, admin"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "expired already"),
        ({"datasets": ["birds"]}, "as ORGANISATION/NAME; this is none: 'birds'"),
        ({"datasets": ["acme/birds", "acme/Birds"]}, "this is none: 'acme/Birds'"),
        ({"datasets": [f"acme/d{n}" for n in range(DATASETS + 1)]}, "Name at most 100 datasets"),
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(
    cast: Cast, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidError, match=message):
        create_token(**{"actor": cast.ada, "name": "laptop", **given})
    assert not Token.objects.exists()


def test_a_token_is_logged_by_its_beginning_alone(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name=" x " * 50, datasets=["acme/b", "acme/a", "acme/b"])
    assert len(made.row.name) <= 100
    detail = {"scope": "read", "datasets": ["acme/a", "acme/b"]}
    assert logged("token.created") == [("ada", "", made.text[:10], detail)]
    for _ in range(2):
        revoke_token(actor=cast.ada, token_id=made.row.pk)
    assert logged("token.revoked") == [("ada", "", made.text[:10], {})]
    assert made.text not in str(list(AuditEvent.objects.values()))


def test_a_limited_token_makes_no_other_and_knows_itself_alone(cast: Cast) -> None:
    whole = create_token(actor=cast.ada, name="whole")
    limited = coming_with_token(cast.ada, "acme/tones")
    with pytest.raises(TokenLimitedError):
        create_token(actor=limited, name="wide")
    assert list(list_own_tokens(limited)) == [limited.token]
    assert list_own_tokens(cast.ada).count() == 2
    with pytest.raises(NotFoundError):
        revoke_token(actor=limited, token_id=whole.row.pk)
    assert limited.token is not None
    revoke_token(actor=limited, token_id=limited.token.pk)
    assert fetch_token(whole.text) is not None
    assert not list_own_tokens(cast.eve).exists()


def test_its_use_is_noted_at_most_once_a_minute(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name="laptop")
    fetch_token(made.text)
    first = Token.objects.get().last_used_at
    fetch_token(made.text)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    fetch_token(made.text)
    last = Token.objects.get().last_used_at
    assert first is not None
    assert last is not None
    assert last > first


def test_usable_is_what_is_not_revoked_expired_or_of_somebody_switched_off(cast: Cast) -> None:
    now = timezone.now()
    until = create_token(actor=cast.ada, name="until", expires_at=now + timedelta(hours=1)).row
    always = create_token(actor=cast.ada, name="always").row
    assert set(Token.objects.usable()) == {until, always}
    assert set(Token.objects.usable(now + timedelta(hours=2))) == {always}
    Token.objects.filter(pk=always.pk).update(revoked_at=now)
    assert set(Token.objects.usable()) == {until}
    User.objects.filter(username="ada").update(is_active=False)
    assert not Token.objects.usable().exists()


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_two_owners_who_put_each_other_out_at_once_leave_one() -> None:
    cast = assemble()
    bob = person_with(cast.acme, Role.OWNER, name="bob")
    problems = run_at_once(
        lambda: remove_member(actor=cast.ada, organisation=cast.acme, username="bob", role="owner"),
        lambda: remove_member(actor=bob, organisation=cast.acme, username="ada", role="owner"),
    )
    assert [type(problem) in {LastOwnerError, DeniedError} for problem in problems] == [True]
    assert Membership.objects.filter(organisation=cast.acme, role="owner").count() == 1


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_of_two_who_found_an_organisation_of_one_name_at_once_one_is_told() -> None:
    cast = assemble()
    problems = run_at_once(
        lambda: create_organisation(actor=cast.eve, name="new"),
        lambda: create_organisation(actor=cast.dan, name="new"),
    )
    assert [type(problem) for problem in problems] == [ConflictError]
    assert Organisation.objects.get(name="new").memberships.values("user").distinct().count() == 1
