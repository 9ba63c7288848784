"""What deliveries refuse, and why."""

from datasets_catalog.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
)


class SelectionUnknownError(InvalidError):
    """A word of a selection names nothing in the release."""

    code = "selection.unknown"


class SelectionEmptyError(InvalidError):
    """No clip of the release is everything that was asked for."""

    code = "selection.empty"


class SelectionForgottenError(NotFoundError):
    """No selection of that name is kept for the release."""

    code = "selection.forgotten"


class FlavourInvalidError(InvalidError):
    """There is no such flavour, or it cannot be made of these clips."""

    code = "flavour.invalid"


class FlavourNotReadyError(ConflictError):
    """Some of the chosen clips have not been made in this flavour yet."""

    code = "flavour.not_ready"


class FlavourQueueFullError(ConflictError):
    """So many flavours are being made already that another has to wait."""

    code = "flavour.queue_full"
