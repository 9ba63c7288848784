"""What packaging refuses, and why."""

from datasets_catalog.errors import (
    ConflictError,
    EarmarkError,
    InvalidError,
    Kind,
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
