"""Addresses and tokens that take bytes of one push for a while, without other credentials.

What is signed names the person, their token and the dataset; each use asks again whether that
person may bring clips in, so it dies with the role, the token and the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from apps.accounts.access import may_reach_dataset, require_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.doors.signed_texts import (
    HolderGoneError,
    TextInvalidError,
    load_holder,
    read_words,
    sign_words,
)
from datasets_catalog.errors import DeniedError
from datasets_catalog.roles import Permission

LIFETIME = timedelta(hours=1)


class PassInvalidError(DeniedError):
    """The address or token for a push was not signed here, was changed, or is over."""

    code = "hub.pass_invalid"

    def __init__(self) -> None:
        super().__init__("This address for an upload is over or was changed: ask for a new one.")


@dataclass(frozen=True, slots=True)
class Pass:
    """Who may send bytes for which dataset; `words` is what else was signed."""

    user: User
    dataset: Dataset
    words: tuple[str, ...]


def issue_pass(purpose: str, user: User, dataset: Dataset, *words: str) -> str:
    """A text that `open_pass` opens for the same purpose, for an hour."""
    return sign_words(user, [dataset.pk, *words], salt=_build_salt(purpose))


def open_pass(purpose: str, text: str) -> Pass:
    """Open what was issued; raises PassInvalidError, and DeniedError where the role is gone."""
    try:
        holder, words = read_words(text, salt=_build_salt(purpose), max_age=LIFETIME)
        user = load_holder(holder)
    except (TextInvalidError, HolderGoneError) as problem:
        raise PassInvalidError from problem
    if not isinstance(user, User) or not words:
        raise PassInvalidError
    dataset_id, *rest = words
    dataset = Dataset.objects.select_related("organisation").filter(pk=dataset_id).first()
    if dataset is None or not may_reach_dataset(user, dataset.full_name):
        raise PassInvalidError
    require_permission(user, Permission.CLIP_INGEST, dataset.organisation)
    return Pass(user, dataset, tuple(map(str, rest)))


def _build_salt(purpose: str) -> str:
    return f"earmark.doors.hub.{purpose}"
