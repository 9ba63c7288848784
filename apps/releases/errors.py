"""What a release can be refused for."""

from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError


class ReleaseLapsedError(ConflictError):
    """What people, terms or review say of the release no longer lets it out."""

    code = "release.lapsed"


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


class GatesClosedError(ConflictError):
    """What the gates said of a release that was given out stays as it was."""

    code = "release.gates_closed"


class StoppedError(DeniedError):
    """A privacy officer closed this; the message says since when and whom to ask."""

    code = "release.stopped"


class StopUnknownError(NotFoundError):
    """The dataset has no such stop."""

    code = "stop.unknown"


class StoppedAlreadyError(ConflictError):
    """The same thing is stopped already; `detail` names the stop to confirm."""

    code = "stop.exists"


class StopConfirmedError(ConflictError):
    """A second person confirmed the stop before."""

    code = "stop.confirmed"


class StopLiftedError(ConflictError):
    """The stop was lifted: there is nothing left to confirm or lift."""

    code = "stop.lifted"


class OwnStopError(DeniedError):
    """Who placed a stop neither confirms nor lifts it."""

    code = "stop.own_work"


class PurposesFixedError(ConflictError):
    """A release that is there already was called for with other purposes or notes."""

    code = "release.words_fixed"


class QuestionUnknownError(InvalidError):
    """The checklist of the release's vertical has no such question, or not this answer to it."""

    code = "checklist.question_unknown"


class ChecklistClosedError(ConflictError):
    """Questions are answered of what is frozen, and not out yet."""

    code = "checklist.closed"


class DocumentUnknownError(NotFoundError):
    """The dataset has no such document."""

    code = "document.unknown"


class DocumentInvalidError(InvalidError):
    """The file is no PDF and no text, or it is empty or too large."""

    code = "document.invalid"


class DocumentNeededError(DeniedError):
    """A paper that ran out stops releases, and whoever it hinders does not take it out of force."""

    code = "document.needed"


class DocumentRetiredError(ConflictError):
    """The document was retired before."""

    code = "document.retired"
