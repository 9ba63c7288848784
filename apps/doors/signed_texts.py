"""Texts that stand for credentials: signed here, given to one person, good while they are.

What is signed names the account and the token it came with; each use loads both again, so a text
dies with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.utils import timezone

from apps.accounts.access import Principal
from apps.accounts.models import Token, User
from apps.database.prepared_queries import PreparedQuery

# Stands for nobody in the place of an account, and for a session in the place of a token.
NONE = 0


class TextInvalidError(Exception):
    """The text was not signed here for this purpose, was changed, or is too old."""


class HolderGoneError(Exception):
    """The account or the token that the text was given to is no longer good."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a text was given to, by the keys of the account and of the token; `NONE` for none."""

    user: int
    token: int


def sign_words(principal: Principal, words: Sequence[Any], *, salt: str) -> str:
    """A text that `read_words` opens with the same salt; the words are plain JSON."""
    who = principal.pk if isinstance(principal, User) else NONE
    token = principal.token if isinstance(principal, User) else None
    return signing.dumps([who, token.pk if token else NONE, *words], salt=salt)


def read_words(
    text: str, *, salt: str, max_age: timedelta | None = None
) -> tuple[Holder, list[Any]]:
    """Whom the text was given to, and its words; raises TextInvalidError."""
    try:
        who, token, *words = signing.loads(text, salt=salt, max_age=max_age)
        return Holder(int(who), int(token)), words
    except (signing.BadSignature, ValueError, TypeError) as problem:
        raise TextInvalidError from problem


def load_holder(holder: Holder) -> Principal:
    """The holder as they stand now, with their token; raises HolderGoneError."""
    if holder.user == NONE:
        return AnonymousUser()
    if holder.token == NONE:
        user = next(iter(_USER.rows(user=holder.user)), None)
    else:
        named = {"token": holder.token, "user": holder.user}
        row = next(iter(_TOKEN.rows(**named, at=timezone.now())), None)
        user = row.user if row else None
        if user is not None:
            user.token = row
    if user is None:
        raise HolderGoneError
    return user


# What every use of a signed text asks.
_USER = PreparedQuery(lambda *, user: User.objects.filter(pk=user, is_active=True))
_TOKEN = PreparedQuery(
    lambda *, token, user, at: (
        Token.objects.usable(at).select_related("user").filter(pk=token, user=user)
    )
)
