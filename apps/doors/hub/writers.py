"""Who may write through this door: a signed-in person, whose token lets it."""

from __future__ import annotations

from apps.accounts.access import Principal
from apps.accounts.models import Token, User
from apps.datasets.access import dataset_for, dataset_to_edit
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


def writer(principal: Principal) -> User:
    """The person who writes. A session does not do: forms of other sites could use it."""
    if not isinstance(principal, User) or principal.token is None:
        raise CredentialsNeededError("Send a token with the scope write to change something.")
    if principal.token.scope not in _WRITING:
        raise TokenReadsOnlyError(
            f"This token has the scope {principal.token.scope}: make one with the scope write"
            " on your account page."
        )
    return principal


def draft_of(principal: Principal, dataset: str) -> tuple[User, Dataset]:
    """The writer and the dataset whose draft they may change."""
    user = writer(principal)
    return user, dataset_to_edit(user, dataset, Permission.CLIP_INGEST)


def known_to(principal: Principal, dataset: str) -> tuple[User, Dataset]:
    """The writer and a dataset they may know of; the action asks for the right it needs."""
    user = writer(principal)
    return user, dataset_for(user, dataset)
