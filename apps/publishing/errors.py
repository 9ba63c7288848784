"""What publishing refuses, and why."""

from datasets_catalog.errors import (
    ConflictError,
    DeniedError,
    EarmarkError,
    Kind,
)


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
