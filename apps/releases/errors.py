"""What a release can be refused for."""

from datasets_catalog.errors import ConflictError, DeniedError, InvalidError


class VersionTakenError(ConflictError):
    """The dataset has a release of this version."""

    code = "release.version_taken"


class EmptyDraftError(InvalidError):
    """A release needs at least one clip."""

    code = "release.empty"


class DraftMovedError(ConflictError):
    """The draft changed while it was being frozen, or since: freeze it again."""

    code = "release.draft_moved"


class GatesFailedError(ConflictError):
    """A blocking gate fails; `detail` names the gates and their rows."""

    code = "release.gates_failed"


class OwnReleaseError(DeniedError):
    """Who made a release does not sign for it, and who signed for it does not publish it."""

    code = "release.own_work"


class NotFrozenError(ConflictError):
    """The release is a draft: it has no rows of its own yet."""

    code = "release.not_frozen"
