"""Addresses that open one object for minutes, without credentials of their own.

A signed text names who asked, with which token, the release and the object; whoever holds it may
fetch for that person. Each use asks `authorize` again, so it dies with the grant, the token, the
account and the object, however long its minutes are.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.access.access import OpenObject, build_destroyed_error, open_again
from apps.access.authorizations import Action, ObjectUnknownError
from apps.accounts.access import Principal
from apps.database.prepared_queries import PreparedQuery
from apps.deliveries.models import FlavourFile
from apps.doors.signed_texts import (
    Holder,
    HolderGoneError,
    TextInvalidError,
    load_holder,
    read_words,
    sign_words,
)
from apps.releases.models import Release, ReleaseBlob
from apps.storage.models import Blob
from datasets_catalog.errors import DeniedError
from datasets_catalog.purposes import Purpose

SECONDS = 600
_SALT = "earmark.doors.signing"


class SignatureInvalidError(DeniedError):
    """The address was not signed here, or was changed."""

    code = "access.signature_invalid"


class SignatureExpiredError(DeniedError):
    """The minutes of the address are over."""

    code = "access.signature_expired"


@dataclass(frozen=True, slots=True)
class OpenedObject:
    """What a signed text opens; `name` is the file name to save under."""

    principal: Principal
    found: OpenObject
    name: str


def sign_object(
    principal: Principal,
    release: Release,
    blob: Blob,
    *,
    seconds: int = SECONDS,
    name: str = "",
    purpose: Purpose | None = None,
) -> str:
    """A text that `open_signed_text` opens for so many seconds.

    Who may have the object was asked before.

    It keeps the purpose that was stated, for the receipt and for asking again.

    Made for somebody who came with a token, it dies when that is revoked or expires.
    """
    until = int(timezone.now().timestamp()) + seconds
    words = [release.pk, blob.pk, until, name, purpose or ""]
    return sign_words(principal, words, salt=_SALT)


def read_holder(text: str) -> str:
    """Whom the text was given to, for counting; raises SignatureInvalidError."""
    holder, _ = _read_grant(text)
    return f"{holder.user}-{holder.token}"


def open_signed_text(text: str) -> OpenedObject:
    """Open what was signed, for the one it was signed for, as they stand now.

    Raises SignatureInvalidError, SignatureExpiredError, ObjectUnknownError, ObjectGoneError, and
    what `Authorization.require` raises.
    """
    holder, (release_id, blob_id, until, name, purpose) = _read_grant(text)
    if until < timezone.now().timestamp():
        raise SignatureExpiredError("The minutes of this address are over: ask for a new one.")
    try:
        principal = load_holder(holder)
    except HolderGoneError as error:
        raise SignatureExpiredError(
            "The account or the token behind this address is no longer good: ask for a new one."
        ) from error
    stated = Purpose(purpose) if purpose else None
    opened = open_again(principal, release_id, Action.DOWNLOAD, stated)
    blob = _find_held_blob(opened.release, blob_id)
    return OpenedObject(principal, opened.holding(blob), name)


def build_signed_address(text: str) -> str:
    """The whole address that serves the signed text; in its query, which nothing logs."""
    return f"{settings.BASE_URL.rstrip('/')}/api/v1/signed/?key={text}"


def _find_held_blob(release: Release, blob_id: int) -> Blob:
    """The object, if the release holds it or what it was made of."""
    blob = next(iter(_HOLDING.rows(release=release.pk, blob=blob_id)), None)
    if blob is None:
        raise ObjectUnknownError(f"{release} holds no such object.")
    if blob.destroyed_at is not None or not blob.whole:  # type: ignore[attr-defined]  # annotated
        raise build_destroyed_error(release)
    return blob


def _query_held_blobs(*, release: int, blob: int) -> QuerySet[Blob]:
    """`whole`: the release holds it, or what it was made of is not destroyed."""
    held = Exists(ReleaseBlob.objects.filter(release=release, blob=OuterRef("pk")))
    made = FlavourFile.objects.filter(blob=OuterRef("pk"), source__held_by__release=release)
    rows = Blob.objects.filter(held | Exists(made), pk=blob)
    living = FlavourFile.objects.filter(blob=OuterRef("pk"), source__destroyed_at=None)
    return rows.annotate(whole=Q(held) | Q(Exists(living)))


# What every use of a signed address asks.
_HOLDING = PreparedQuery(_query_held_blobs)


def _read_grant(text: str) -> tuple[Holder, tuple[int, int, int, str, str]]:
    """The holder, then keys of release and object, the end in Unix seconds, name and purpose."""
    try:
        holder, words = read_words(text, salt=_SALT)
        release, blob, until, name, purpose = words
    except (TextInvalidError, ValueError) as error:
        raise SignatureInvalidError(
            "This address was not signed here: ask for a new one."
        ) from error
    return holder, (release, blob, until, name, purpose)
