"""Texts that stand for credentials: whose they are, and when they die."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.accounts.models import Token
from apps.accounts.tokens import create_token, revoke_token
from apps.doors.signed_texts import (
    HolderGoneError,
    TextInvalidError,
    load_holder,
    read_words,
    sign_words,
)
from tests.cast import Cast

pytestmark = pytest.mark.django_db
SALT = "tests"


def test_a_text_opens_for_its_purpose_alone_and_unchanged(cast: Cast) -> None:
    text = sign_words(cast.ada, [7, "wren"], salt=SALT)
    holder, words = read_words(text, salt=SALT)
    assert (load_holder(holder), words) == (cast.ada, [7, "wren"])
    for wrong, salt in ((text, "other"), (f"{text}x", SALT), ("", SALT), ("wren", SALT)):
        with pytest.raises(TextInvalidError):
            read_words(wrong, salt=salt)
    with pytest.raises(TextInvalidError):
        read_words(text, salt=SALT, max_age=timedelta(seconds=-1))


def test_nobodys_text_is_nobodys() -> None:
    holder, _ = read_words(sign_words(AnonymousUser(), [], salt=SALT), salt=SALT)
    assert load_holder(holder) == AnonymousUser()


def test_a_text_dies_with_the_token_that_it_was_made_for(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name="laptop", scope=Token.Scope.READ)
    cast.ada.token = made.row
    holder, _ = read_words(sign_words(cast.ada, [], salt=SALT), salt=SALT)
    loaded = load_holder(holder)
    assert loaded.token == made.row  # type: ignore[union-attr]  # it is Ada
    cast.ada.token = None
    revoke_token(actor=cast.ada, token_id=made.row.pk)
    with pytest.raises(HolderGoneError):
        load_holder(holder)


def test_a_text_dies_with_the_account_and_with_an_expired_token(cast: Cast) -> None:
    made = create_token(actor=cast.ada, name="laptop", scope=Token.Scope.READ)
    cast.ada.token = made.row
    by_token, _ = read_words(sign_words(cast.ada, [], salt=SALT), salt=SALT)
    Token.objects.filter(pk=made.row.pk).update(expires_at=timezone.now())
    with pytest.raises(HolderGoneError):
        load_holder(by_token)
    cast.ada.token = None
    by_session, _ = read_words(sign_words(cast.ada, [], salt=SALT), salt=SALT)
    cast.ada.is_active = False
    cast.ada.save(update_fields=["is_active"])
    with pytest.raises(HolderGoneError):
        load_holder(by_session)
