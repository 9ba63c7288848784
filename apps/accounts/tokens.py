"""Making, reading and revoking tokens."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Token, User
from apps.audit import record
from datasets_catalog.errors import InvalidError, NotFoundError

MARK = "emk_"
# A token's last use is written at most this often: a download is thousands of requests.
TOUCH_EVERY = timedelta(minutes=1)


def digest(text: str) -> str:
    """What is kept of a token. 256 bits of randomness need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `text` is shown once and kept nowhere."""

    row: Token
    text: str


@transaction.atomic
def create_token(
    *, actor: User, name: str, scope: str = Token.Scope.READ, expires_at: datetime | None = None
) -> NewToken:
    """A new token of the actor's own."""
    if not name.strip():
        raise InvalidError("Give the token a name, so that you know later what it is for.")
    if scope not in Token.Scope.values:
        raise InvalidError(f"The scope is one of {', '.join(Token.Scope.values)}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidError("The token would have expired already: choose a later date.")
    text = MARK + secrets.token_urlsafe(32)
    row = Token.objects.create(
        user=actor,
        name=name.strip()[:100],
        prefix=text[:10],
        digest=digest(text),
        scope=scope,
        expires_at=expires_at,
    )
    record.token_created(actor=actor.username, token=row.prefix, scope=scope)
    return NewToken(row, text)


@transaction.atomic
def revoke_token(*, actor: User, token_id: int) -> Token:
    """End one of the actor's own tokens at once; revoking twice changes nothing."""
    row = Token.objects.select_for_update().filter(pk=token_id, user=actor).first()
    if row is None:
        raise NotFoundError("You have no such token.")
    if row.revoked_at is None:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        record.token_revoked(actor=actor.username, token=row.prefix)
    return row


def token_for(text: str) -> Token | None:
    """The usable token that `text` is, with its user; notes that it was used."""
    if not text.startswith(MARK):
        return None
    row = Token.objects.usable().select_related("user").filter(digest=digest(text)).first()
    if row is None:
        return None
    now = timezone.now()
    if row.last_used_at is None or now - row.last_used_at > TOUCH_EVERY:
        Token.objects.filter(pk=row.pk).update(last_used_at=now)
    return row
