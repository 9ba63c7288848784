"""Members, roles and tokens."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.access import has_permission, require_permission
from apps.accounts.actions import (
    LastOwnerError,
    add_member,
    create_organisation,
    remove_member,
)
from apps.accounts.models import Token
from apps.accounts.tokens import create_token, fetch_token, revoke_token
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission, Role
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_founder_of_an_organisation_owns_it(cast: Cast) -> None:
    made = create_organisation(actor=cast.eve, name="eves")
    assert has_permission(cast.eve, Permission.ORGANISATION_MANAGE, made)
    assert not has_permission(cast.ada, Permission.DATASET_VIEW, made)


@pytest.mark.parametrize("name", ["", "Acme", "a b", "../x", "-x", "x" * 97, "ä"])
def test_names_that_cannot_stand_in_addresses_are_refused(cast: Cast, name: str) -> None:
    with pytest.raises(InvalidError, match="cannot be"):
        create_organisation(actor=cast.ada, name=name)


def test_a_name_is_given_once(cast: Cast) -> None:
    with pytest.raises(ConflictError, match="already"):
        create_organisation(actor=cast.eve, name="acme")


def test_only_owners_give_roles(cast: Cast) -> None:
    with pytest.raises(DeniedError, match="owner"):
        add_member(actor=cast.rita, organisation=cast.acme, username="eve", role=Role.STEWARD)
    add_member(actor=cast.ada, organisation=cast.acme, username="eve", role=Role.ANNOTATOR)
    assert has_permission(cast.eve, Permission.EVENT_EDIT, cast.acme)


def test_an_organisation_keeps_an_owner(cast: Cast) -> None:
    with pytest.raises(LastOwnerError):
        remove_member(actor=cast.ada, organisation=cast.acme, username="ada", role=Role.OWNER)


def test_somebody_switched_off_may_do_nothing(cast: Cast) -> None:
    cast.ada.is_active = False
    assert not has_permission(cast.ada, Permission.DATASET_VIEW, cast.acme)
    with pytest.raises(DeniedError):
        require_permission(AnonymousUser(), Permission.DATASET_VIEW, cast.acme)


def test_no_role_both_makes_and_reviews() -> None:
    for role in Role:
        carried = ROLE_PERMISSIONS[role]
        assert not {Permission.CLIP_INGEST, Permission.FINDING_DECIDE} <= carried
        assert not {Permission.FINDING_DECIDE, Permission.RELEASE_PUBLISH} <= carried


def test_a_token_is_shown_once_and_kept_as_a_hash(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name="laptop")
    assert made.text.startswith("emk_")
    assert made.text not in str(Token.objects.values())
    found = fetch_token(made.text)
    assert found is not None
    assert found.user == cast.ada
    assert found.last_used_at is None
    assert Token.objects.get().last_used_at is not None


def test_revoked_expired_and_foreign_tokens_open_nothing(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name="laptop")
    with pytest.raises(NotFoundError):
        revoke_token(actor=cast.eve, token_id=made.row.pk)
    revoke_token(actor=cast.ada, token_id=made.row.pk)
    assert fetch_token(made.text) is None
    short = create_token(
        actor=cast.ada, name="short", expires_at=timezone.now() + timedelta(hours=1)
    )
    Token.objects.filter(pk=short.row.pk).update(expires_at=timezone.now())
    assert fetch_token(short.text) is None
    assert fetch_token("emk_" + "x" * 43) is None
    assert fetch_token("hf_something") is None


def test_a_token_of_somebody_switched_off_opens_nothing(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name="laptop")
    type(cast.ada).objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert fetch_token(made.text) is None
