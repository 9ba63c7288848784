"""Making, reading and revoking tokens."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import Principal, find_token_reach, require_unlimited, sees_releases_only
from apps.accounts.models import Token, User
from apps.audit import record
from apps.database.prepared_queries import PreparedQuery
from datasets_catalog.errors import InvalidError, NotFoundError

MARK = "emk_"
# A token's last use is written at most this often: a download is thousands of requests.
TOUCH_EVERY = timedelta(minutes=1)
DATASETS = 100
_FULL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*")


def hash_token(text: str) -> str:
    """What is kept of a token. 256 bits of randomness need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `text` is shown once and kept nowhere."""

    row: Token
    text: str


@transaction.atomic
def create_token(
    *,
    actor: User,
    name: str,
    scope: str = Token.Scope.READ,
    expires_at: datetime | None = None,
    datasets: Sequence[str] = (),
) -> NewToken:
    """A new token of the actor's own; `datasets` are the names of the only ones it reaches."""
    require_unlimited(actor)
    if not name.strip():
        raise InvalidError("Give the token a name, so that you know later what it is for.")
    if scope not in Token.Scope.values:
        raise InvalidError(f"The scope is one of {', '.join(Token.Scope.values)}.")
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidError("The token would have expired already: choose a later date.")
    wrong = [each for each in datasets if not _FULL_NAME.fullmatch(each)]
    if wrong or len(datasets) > DATASETS:
        raise InvalidError(
            f"Name at most {DATASETS} datasets as ORGANISATION/NAME"
            + (f"; this is none: {wrong[0]!r}." if wrong else ".")
        )
    text = MARK + secrets.token_urlsafe(32)
    row = Token.objects.create(
        user=actor,
        name=name.strip()[:100],
        prefix=text[:10],
        digest=hash_token(text),
        scope=scope,
        expires_at=expires_at,
        datasets=sorted(set(datasets)),
    )
    record.token_created(actor=actor.username, token=row.prefix, scope=scope, datasets=row.datasets)
    return NewToken(row, text)


@transaction.atomic
def revoke_token(*, actor: User, token_id: int) -> Token:
    """End one of the actor's own tokens at once; revoking twice changes nothing."""
    row = list_own_tokens(actor).select_for_update().filter(pk=token_id).first()
    if row is None:
        raise NotFoundError("You have no such token.")
    if row.revoked_at is None:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        record.token_revoked(actor=actor.username, token=row.prefix)
    return row


def list_own_tokens(user: Principal) -> QuerySet[Token]:
    """The user's own tokens, newest first; a limited one knows only itself."""
    if not isinstance(user, User):
        return Token.objects.none()
    rows = Token.objects.filter(user=user)
    if user.token is not None and (find_token_reach(user) is not None or sees_releases_only(user)):
        rows = rows.filter(pk=user.token.pk)
    return rows


# What every request with a token asks. Digests are unique.
_USABLE = PreparedQuery(
    lambda *, digest, at: Token.objects.usable(at).select_related("user").filter(digest=digest)
)


def fetch_token(text: str) -> Token | None:
    """The usable token that `text` is, with its user; notes that it was used.

    The user carries the token along (`User.token`), so that what it is limited to holds wherever
    the user goes.
    """
    if not text.startswith(MARK):
        return None
    now = timezone.now()
    row = next(iter(_USABLE.rows(digest=hash_token(text), at=now)), None)
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at > TOUCH_EVERY:
        Token.objects.filter(pk=row.pk).update(last_used_at=now)
    row.user.token = row
    return row
