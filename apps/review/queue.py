"""What waits for reviewers, and in which order."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import (
    Count,
    Exists,
    F,
    FloatField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce, Greatest, Least

from apps.accounts.access import (
    Principal,
    list_organisations_where,
    match_within_reach,
    require_permission,
)
from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.detection.kinds import load_kind_policies
from apps.detection.models import Finding
from apps.review.access import (
    filter_findings_of_kind,
    list_visible_findings,
    match_awaiting_second,
)
from apps.review.models import Batch, ChangeRequest, Decision, ReviewTime
from apps.review.review_cases import Case, list_awaiting_second, load_review_case
from apps.review.uncounted_people import match_lacking_people
from apps.storage.models import Blob
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.finding_kinds import OWN_KIND_POLICY
from datasets_catalog.roles import Permission

__all__ = [
    "ORDER",
    "Case",
    "Progress",
    "count_progress",
    "fetch_batch",
    "fetch_change_request",
    "fetch_decision",
    "fetch_original",
    "fetch_review_case",
    "fetch_review_clip",
    "find_own_last_decision",
    "find_place",
    "list_awaiting_second",
    "list_visible_cases",
    "list_visible_clips",
]

# Seconds: a shorter finding counts as this long, a longer one as that, one outside of the sound
# as the middle.
SHORTEST, MIDDLE, LONGEST = 5.0, 10.0, 30.0
# The order of `list_visible_cases`: together what was recorded together. No value is null, the last
# tells any two apart, so that pages can go on after a row.
ORDER = ("-recording_risk", "recording_group", "-risk", "pk")
SECOND, CHANGES, PEOPLE = "second", "changes", "people"
AWAITED_STATES = ("", SECOND, CHANGES, PEOPLE)


class ClipUnknownError(NotFoundError):
    """There is no such clip to review, or it is not the user's to see."""

    code = "review.clip_unknown"


class DecisionUnknownError(NotFoundError):
    """There is no such decision in force, or it is not the user's to see."""

    code = "decision.unknown"


class BatchUnknownError(NotFoundError):
    """There is no such batch of decisions, or it is not the user's to see."""

    code = "batch.unknown"


class ChangeRequestUnknownError(NotFoundError):
    """There is no such change request, or it is not the user's to see."""

    code = "change_request.unknown"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the review of a draft has come, in clips in which anything was found.

    `per_clip` is the mean of seconds over the clips that took any, None where none did.
    """

    total: int
    decided: int
    open: int
    seconds: float
    per_clip: float | None
    by_reviewer: tuple["ByReviewer", ...]


@dataclass(frozen=True, slots=True)
class ByReviewer:
    """What one reviewer did in a dataset: decisions in force, clips looked at, seconds."""

    username: str
    decisions: int
    clips: int
    seconds: float


def list_visible_clips(user: Principal) -> QuerySet[Clip]:
    """Clips of the organisations in which the user sees findings."""
    return Clip.objects.filter(
        match_within_reach(user, "dataset"),
        dataset__organisation_id__in=list_organisations_where(user, Permission.FINDING_VIEW),
    ).select_related("dataset__organisation", "recording", "blob")


def fetch_review_clip(user: Principal, uid: UUID | str) -> Clip:
    """The clip, if the user may see its findings. Raises `ClipUnknownError`."""
    row = list_visible_clips(user).filter(uid=uid).first()
    if row is None:
        raise ClipUnknownError(f"There is no clip {uid}, or it is not yours to review.")
    return row


def list_visible_cases(
    user: Principal,
    *,
    dataset: Dataset | None = None,
    kind: str = "",
    assigned_to: User | None = None,
    mine: bool = False,
    unassigned: bool = False,
    awaiting: str = "",
) -> QuerySet[Clip]:
    """Clips in the draft that wait, riskiest first, those of one recording together (`ORDER`).

    `awaiting`: a decision, or (`second`) another reviewer, or (`changes`) the steward, or
    (`people`) a count of who is heard where fewer, or nobody, are recorded. Annotated
    with `open_findings` (those that wait), `risk` (0 to 1, of the worst of them),
    `recording_risk` and `recording_group`. Raises `InvalidError` for an unknown `awaiting`,
    and `FindingKindUnknownError`.
    """
    if awaiting not in AWAITED_STATES:
        words = ", ".join(word for word in AWAITED_STATES if word)
        raise InvalidError(f"Nothing waits for {awaiting!r}: ask for one of {words}.")
    # Fetched besides: joined, they would be sorted along with all the rows that wait.
    besides = ("dataset__organisation", "recording", "blob", "assignment__reviewer")
    rows = list_visible_clips(user).select_related(None).prefetch_related(*besides)
    rows = rows.filter(state=Clip.State.ACTIVE)
    if dataset is not None:
        rows = rows.filter(dataset=dataset)
    if mine and isinstance(user, User):
        rows = rows.filter(assignment__reviewer=user)
    if assigned_to is not None:
        rows = rows.filter(assignment__reviewer=assigned_to)
    if unassigned:
        rows = rows.filter(assignment=None)
    waiting = _select_waiting_findings(awaiting, kind)
    if awaiting == CHANGES:
        rows = rows.filter(
            Exists(ChangeRequest.objects.filter(clip=OuterRef("pk"), answered_at=None))
        )
    if awaiting == PEOPLE:
        rows = rows.filter(match_lacking_people())
    if awaiting not in {CHANGES, PEOPLE} or kind:
        rows = rows.filter(Exists(waiting))
    return _rank_clips(rows, waiting)


def _select_waiting_findings(awaiting: str, kind: str = "") -> QuerySet[Finding]:
    """What of a clip's findings waits; to be asked of each clip of a query."""
    current = Q(content_sha256=OuterRef("blob__sha256")) | Q(
        content_sha256=OuterRef("cells_sha256")
    )
    waits = match_awaiting_second() if awaiting == SECOND else Q(decision=None)
    found = Finding.objects.filter(current, waits, clip=OuterRef("pk")).order_by()
    return filter_findings_of_kind(found, kind) if kind else found


def _rank_clips(rows: QuerySet[Clip], waiting: QuerySet[Finding]) -> QuerySet[Clip]:
    # Subqueries, not aggregates over a join: pages go on after a row by conditions on the window,
    # which no query with aggregates of its own can have.
    of_clip = waiting.values("clip")
    return (
        rows.annotate(
            open_findings=Coalesce(Subquery(of_clip.annotate(n=Count("pk")).values("n")), 0),
            risk=Coalesce(
                Subquery(of_clip.annotate(n=Max(build_risk_expression())).values("n")), 0.0
            ),
            recording_group=Coalesce("recording_id", Value(0) - F("pk")),
        )
        .annotate(recording_risk=Window(Max("risk"), partition_by=[F("recording_group")]))
        .order_by(*ORDER)
    )


def build_risk_expression(prefix: str = "") -> CombinedExpression:
    """From 0 to 1: the kind's weight, how sure the detector is, and how long it lasts."""
    weight = Choice(
        *(
            When(**{f"{prefix}kind": kind}, then=Value(policy.weight))
            for kind, policy in load_kind_policies().items()
        ),
        default=Value(OWN_KIND_POLICY.weight),
        output_field=FloatField(),
    )
    seconds = Coalesce(F(f"{prefix}offset") - F(f"{prefix}onset"), Value(MIDDLE))
    length = Least(Greatest(seconds, Value(SHORTEST)), Value(LONGEST)) / Value(LONGEST)
    sure = Least(Greatest(Coalesce(F(f"{prefix}score"), Value(1.0)), Value(0.0)), Value(1.0))
    return weight * sure * length


def find_place(rows: QuerySet[Clip], clip: Clip) -> Clip | None:
    """The clip as it stands in `list_visible_cases`, with the queue's own annotations."""
    # Joined by OR to a condition on the window: else the window would be over this clip alone.
    return rows.filter(Q(pk=clip.pk) | Q(recording_risk__lt=0)).first()


def fetch_review_case(user: Principal, uid: UUID | str) -> Case:
    """All that a reviewer has to know of one clip. Raises `ClipUnknownError`."""
    return load_review_case(user, fetch_review_clip(user, uid))


def count_progress(user: Principal, dataset: Dataset) -> Progress:
    """How far the review of the draft is. Raises `DeniedError`."""
    if not isinstance(user, User):
        raise ClipUnknownError("Sign in to see how far a review is.")
    require_permission(user, Permission.FINDING_VIEW, dataset.organisation)
    found = Clip.objects.filter(
        Exists(Finding.objects.filter(clip=OuterRef("pk"))), dataset=dataset
    )
    total = found.count()
    waits = Exists(_select_waiting_findings("")) | Exists(_select_waiting_findings(SECOND))
    still = found.filter(waits, state=Clip.State.ACTIVE).count()
    times = ReviewTime.objects.filter(clip__dataset=dataset)
    told = times.aggregate(
        seconds=Coalesce(Sum("seconds"), 0.0), clips=Count("clip", distinct=True)
    )
    return Progress(
        total=total,
        decided=total - still,
        open=still,
        seconds=told["seconds"],
        per_clip=told["seconds"] / told["clips"] if told["clips"] else None,
        by_reviewer=tuple(_count_by_reviewer(dataset, times)),
    )


def _count_by_reviewer(dataset: Dataset, times: QuerySet[ReviewTime]) -> list[ByReviewer]:
    decisions = dict(
        Decision.objects.filter(finding__clip__dataset=dataset)
        .order_by()
        .values_list("decided_by__username")
        .annotate(Count("pk"))
    )
    spent = {
        name: (clips, seconds)
        for name, clips, seconds in times.order_by()
        .values_list("reviewer__username")
        .annotate(Count("clip"), Sum("seconds"))
    }
    return [
        ByReviewer(name, decisions.get(name, 0), *spent.get(name, (0, 0.0)))
        for name in sorted(decisions.keys() | spent.keys())
    ]


def fetch_decision(user: Principal, number: int) -> Decision:
    """The decision in force, if the user may see its finding. Raises `DecisionUnknownError`."""
    row = (
        Decision.objects.filter(pk=number, finding__in=list_visible_findings(user).order_by())
        .select_related("decided_by", "finding__clip__dataset__organisation", "confirmation")
        .first()
    )
    if row is None:
        raise DecisionUnknownError(f"There is no decision {number}, or it is not yours to see.")
    return row


def find_own_last_decision(user: User) -> Decision | None:
    """What the user decided last, if it is in force."""
    return (
        Decision.objects.filter(decided_by=user)
        .select_related("finding__clip", "batch")
        .order_by("-decided_at", "-pk")
        .first()
    )


def fetch_change_request(user: Principal, uid: UUID | str) -> ChangeRequest:
    """The request, if the user sees the clip's findings. Raises `ChangeRequestUnknownError`."""
    row = (
        ChangeRequest.objects.filter(uid=uid, clip__in=list_visible_clips(user))
        .select_related("clip__dataset__organisation", "asked_by", "answered_by")
        .first()
    )
    if row is None:
        raise ChangeRequestUnknownError(f"There is no change request {uid}, or it is not yours.")
    return row


def fetch_batch(user: Principal, uid: UUID | str) -> Batch:
    """The batch, if the user sees the dataset's findings. Raises `BatchUnknownError`."""
    row = (
        Batch.objects.filter(
            match_within_reach(user, "dataset"),
            uid=uid,
            dataset__organisation_id__in=list_organisations_where(user, Permission.FINDING_VIEW),
        )
        .select_related("dataset__organisation")
        .first()
    )
    if row is None:
        raise BatchUnknownError(f"There is no batch {uid}, or it is not yours to see.")
    return row


def fetch_original(user: Principal, clip: Clip) -> Blob:
    """The bytes as they came in, for the ears of reviewers alone.

    Raises `DeniedError`, and `ClipUnknownError` where nothing was replaced.
    """
    if not isinstance(user, User):
        raise ClipUnknownError("Sign in as a reviewer.")
    require_permission(user, Permission.FINDING_DECIDE, clip.dataset.organisation)
    if clip.original is None or clip.original.destroyed_at is not None:
        raise ClipUnknownError(f"{clip.path} has no other bytes than these.")
    return clip.original
