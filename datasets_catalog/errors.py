"""The one family of errors people and programs see: a code for machines, a sentence for people."""

from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """What sort of no it is; each door translates a kind into its own status."""

    INVALID = "invalid"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    GONE = "gone"
    UNAVAILABLE = "unavailable"


class EarmarkError(Exception):
    """Base of every error a caller may be shown.

    `code` is stable and dotted (`ingest.path_invalid`), the message says what happened and what
    to do, and `detail` carries JSON values for programs.
    """

    code: ClassVar[str] = "error"
    kind: ClassVar[Kind] = Kind.INVALID

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class DeniedError(EarmarkError):
    """The actor may not do this."""

    code = "access.denied"
    kind = Kind.DENIED


class NotFoundError(EarmarkError):
    """There is no such thing, or the actor may not know of it: both look the same."""

    code = "not_found"
    kind = Kind.NOT_FOUND


class ConflictError(EarmarkError):
    """The state of the thing does not allow this now."""

    code = "conflict"
    kind = Kind.CONFLICT


class InvalidError(EarmarkError):
    """The input is not what was expected."""

    code = "invalid"
