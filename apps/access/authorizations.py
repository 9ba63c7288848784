"""What may be asked of a release, and what the answers are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from datasets_catalog.door_purposes import Action as Action  # noqa: PLC0414 - doors know it from here
from datasets_catalog.errors import DeniedError, EarmarkError, Kind, NotFoundError
from datasets_catalog.purposes import Purpose


class Binding(StrEnum):
    """What a permission rests on."""

    OPEN = "open"
    MEMBERSHIP = "membership"
    ENTITLEMENT = "entitlement"


class Code(StrEnum):
    """Every answer there is; stable, for programs."""

    MEMBER = "access.member"
    OPEN = "access.open"
    ENTITLED = "access.entitled"
    DEPRECATED = "access.deprecated"
    UNKNOWN = "release.unknown"
    UNPUBLISHED = "release.not_published"
    WITHDRAWN = "release.withdrawn"
    STOPPED = "access.stopped"
    SIGN_IN = "access.sign_in"
    REQUEST_NEEDED = "access.request_needed"
    REQUEST_PENDING = "access.request_pending"
    TERMS_NEEDED = "access.terms_needed"
    TERMS_CHANGED = "access.terms_changed"
    SEAT_NEEDED = "access.seat_needed"
    EMBARGOED = "access.embargoed"
    EXPIRED = "access.expired"
    REVOKED = "access.revoked"
    NOT_CLEARED = "access.not_cleared"
    TERRITORY = "access.territory"
    CONSENT_ENDED = "access.consent_ended"
    HELD_BACK = "access.held_back"
    PURPOSE_REFUSED = "access.purpose_refused"
    PURPOSE_OPEN = "access.purpose_needs_answer"


class ReleaseUnknownError(NotFoundError):
    """There is no such release, or the principal may not know of it."""

    code = Code.UNKNOWN


class AccessRefusedError(DeniedError):
    """The principal may not have this; `authorization` says why and what to do."""

    def __init__(self, authorization: Authorization) -> None:
        super().__init__(authorization.reason, reason_code=str(authorization.code))
        self.authorization = authorization


class SignInNeededError(AccessRefusedError):
    """The same, and signing in may help."""

    code = Code.SIGN_IN


class ReleaseStoppedError(AccessRefusedError):
    """A privacy officer closed the release, for everybody; signing in does not help."""

    code = Code.STOPPED


class ReleaseGoneError(EarmarkError):
    """The release was withdrawn."""

    code = Code.WITHDRAWN
    kind = Kind.GONE


class ObjectUnknownError(NotFoundError):
    """No release that was given out holds such an object."""

    code = "object.unknown"


class ObjectGoneError(EarmarkError):
    """The object was destroyed; the message names what to use instead."""

    code = "object.gone"
    kind = Kind.GONE


@dataclass(frozen=True, slots=True)
class Authorization:
    """An answer. `reason` is a sentence that says what to do; `until` is when a yes ends.

    `terms` is the version of the dataset's terms that binds whoever takes something on it,
    `purposes` what they take it for; none for members, who work on it. `stated` is the one that
    they named themselves, where they did.
    """

    allowed: bool
    code: Code
    reason: str
    until: datetime | None = None
    binding: Binding | None = None
    entitlement_id: int | None = None
    terms: int = 0
    purposes: frozenset[Purpose] = frozenset()
    stated: Purpose | None = None

    def require(self) -> Authorization:
        """Itself if allowed; otherwise the error that fits: not found, gone, sign in, refused."""
        if self.allowed:
            return self
        if self.code is Code.UNKNOWN:
            raise ReleaseUnknownError(self.reason)
        if self.code is Code.WITHDRAWN:
            raise ReleaseGoneError(self.reason)
        if self.code is Code.STOPPED:
            raise ReleaseStoppedError(self)
        if self.code is Code.SIGN_IN:
            raise SignInNeededError(self)
        raise AccessRefusedError(self)


UNKNOWN = Authorization(
    allowed=False,
    code=Code.UNKNOWN,
    reason="There is no such release, or it is not yours to see. Sign in, or ask its organisation.",
)


def allow_access(
    code: Code,
    binding: Binding,
    reason: str,
    *,
    until: datetime | None = None,
    entitlement_id: int | None = None,
    terms: int = 0,
    purposes: frozenset[Purpose] = frozenset(),
) -> Authorization:
    """A yes, and what it rests on."""
    return Authorization(
        allowed=True,
        code=code,
        reason=reason,
        until=until,
        binding=binding,
        entitlement_id=entitlement_id,
        terms=terms,
        purposes=purposes,
    )


def refuse_access(code: Code, reason: str) -> Authorization:
    """A no, with the sentence that says what to do."""
    return Authorization(allowed=False, code=code, reason=reason)
