"""Who may write through this door: a signed-in person, whose token lets it."""

from __future__ import annotations

from apps.accounts.access import Principal
from apps.accounts.models import Token, User
from apps.datasets.access import fetch_dataset, fetch_dataset_to_edit
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError
from datasets_catalog.roles import Permission

_WRITING = {Token.Scope.WRITE, Token.Scope.ADMIN}


class TokenReadsOnlyError(DeniedError):
    """The token was made for reading, and this changes something."""

    code = "hub.token_reads_only"


class CredentialsNeededError(DeniedError):
    """Nobody is signed in, and this changes something."""

    code = "hub.credentials_needed"


def require_writer(principal: Principal) -> User:
    """The person who writes. A session does not do: forms of other sites could use it."""
    if not isinstance(principal, User) or principal.token is None:
        raise CredentialsNeededError("Send a token with the scope write to change something.")
    if principal.token.scope not in _WRITING:
        raise TokenReadsOnlyError(
            f"This token has the scope {principal.token.scope}: make one with the scope write"
            " on your account page."
        )
    return principal


def require_draft(principal: Principal, dataset: str) -> tuple[User, Dataset]:
    """The writer and the dataset whose draft they may change."""
    user = require_writer(principal)
    return user, fetch_dataset_to_edit(user, dataset, Permission.CLIP_INGEST)


def require_known_dataset(principal: Principal, dataset: str) -> tuple[User, Dataset]:
    """The writer and a dataset they may know of; the action asks for the right it needs."""
    user = require_writer(principal)
    return user, fetch_dataset(user, dataset)
