"""Tokens of targets, encrypted at rest with keys that the database does not know.

`FIELD_ENCRYPTION_KEYS` holds Fernet keys, the newest first: new values are sealed with the first,
and every key opens. To rotate, put a new key in front, run `rotate_target_tokens`, drop the old.
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from datasets_catalog.errors import EarmarkError, Kind


class SealBrokenError(EarmarkError):
    """A stored secret was sealed with a key that is not configured any more."""

    code = "publishing.seal_broken"
    kind = Kind.UNAVAILABLE


def seal_secret(secret: str) -> str:
    return _load_keys().encrypt(secret.encode()).decode()


def unseal_secret(sealed: str) -> str:
    """Return the secret; `SealBrokenError` when no configured key opens it."""
    try:
        return _load_keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise _build_broken_error() from error


def reseal_secret(sealed: str) -> str:
    """Seal again with the newest key; `SealBrokenError` when no configured key opens it."""
    try:
        return _load_keys().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise _build_broken_error() from error


def _load_keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])


def _build_broken_error() -> SealBrokenError:
    return SealBrokenError(
        "The target's token cannot be read with the configured FIELD_ENCRYPTION_KEYS. Put the key"
        " back that it was stored with, or save the token again."
    )
