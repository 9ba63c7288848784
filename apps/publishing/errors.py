"""What publishing refuses, and why."""

from datasets_catalog.errors import (
    ConflictError,
    DeniedError,
    EarmarkError,
    InvalidError,
    Kind,
    NotFoundError,
)


class ClipTooLargeError(InvalidError):
    """A clip does not fit into one Parquet cell."""

    code = "publishing.clip_too_large"


class ContentDamagedError(EarmarkError):
    """What the release says about itself and what the store holds do not agree."""

    code = "publishing.content_damaged"
    kind = Kind.UNAVAILABLE


class ReleaseNotSendableError(ConflictError):
    """The release is not in a state in which it may leave."""

    code = "publishing.release_not_sendable"


class PurposeMissingError(DeniedError):
    """The release was not made for publication in this way."""

    code = "publishing.purpose_missing"


class TargetUnreachableError(EarmarkError):
    """The target did not answer, or kept failing, for longer than we try."""

    code = "publishing.target_unreachable"
    kind = Kind.UNAVAILABLE


class TargetRefusedError(EarmarkError):
    """The target said no: its token, its rights or its rules."""

    code = "publishing.target_refused"
    kind = Kind.CONFLICT


class TargetBusyError(ConflictError):
    """Others keep committing to the repository while we publish."""

    code = "publishing.target_busy"


class TagTakenError(ConflictError):
    """The version's tag already names other content there; version tags never move."""

    code = "publishing.tag_taken"


class ReadBackError(EarmarkError):
    """What the target serves is not what was sent."""

    code = "publishing.read_back"
    kind = Kind.CONFLICT


class RepositoryTakenError(ConflictError):
    """Another dataset is published in that repository."""

    code = "publishing.repository_taken"


class NewerVersionThereError(ConflictError):
    """The repository holds a newer version, whose place an older one would take."""

    code = "publishing.newer_version_there"


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
