"""The life of a release: one enum, one transition table."""

from enum import StrEnum

from datasets_catalog.errors import ConflictError


class ReleaseState(StrEnum):
    """Where a release stands on its way from draft to reader."""

    DRAFT = "draft"
    FROZEN = "frozen"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[ReleaseState, frozenset[ReleaseState]] = {
    ReleaseState.DRAFT: frozenset({ReleaseState.FROZEN}),
    ReleaseState.FROZEN: frozenset({ReleaseState.IN_REVIEW, ReleaseState.DRAFT}),
    ReleaseState.IN_REVIEW: frozenset({ReleaseState.APPROVED, ReleaseState.DRAFT}),
    ReleaseState.APPROVED: frozenset({ReleaseState.PUBLISHED, ReleaseState.DRAFT}),
    ReleaseState.PUBLISHED: frozenset({ReleaseState.DEPRECATED, ReleaseState.WITHDRAWN}),
    ReleaseState.DEPRECATED: frozenset({ReleaseState.WITHDRAWN}),
    ReleaseState.WITHDRAWN: frozenset(),
}

# A change of the draft takes these back to draft and voids their approvals.
UNPUBLISHED_STATES = frozenset({ReleaseState.FROZEN, ReleaseState.IN_REVIEW, ReleaseState.APPROVED})
# These were given out: their rows never change, only tombstones are added.
PUBLIC_STATES = frozenset({ReleaseState.PUBLISHED, ReleaseState.DEPRECATED, ReleaseState.WITHDRAWN})


class ReleaseStateError(ConflictError):
    """A release cannot go from where it is to where it was asked to go."""

    code = "release.state"


def advance_state(current: ReleaseState, target: ReleaseState) -> ReleaseState:
    """The target, if the table allows the step; `ReleaseStateError` otherwise."""
    allowed = TRANSITIONS[current]
    if target not in allowed:
        ways = ", ".join(sorted(allowed)) or "nowhere: it is final"
        raise ReleaseStateError(
            f"A release that is {current} cannot become {target}. From here it can go to: {ways}.",
            current=str(current),
            target=str(target),
        )
    return target
