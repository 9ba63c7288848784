"""Which findings a user may see, and which still stand open."""

from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.accounts.access import Principal, list_organisations_where, match_within_reach
from apps.datasets.models import Clip, Dataset
from apps.detection.kinds import require_known_kind
from apps.detection.models import Finding
from apps.review.models import Decision
from datasets_catalog.errors import NotFoundError
from datasets_catalog.roles import Permission

RELATED_PATHS = (
    "clip__dataset__organisation",
    "clip__recording",
    "clip__blob",
    "scan",
    "decision",
    "decision__confirmation",
)
# One reviewer cleared it although a person can be recognised; another has to agree.
AWAITING_SECOND = "awaiting_second"


class FindingUnknownError(NotFoundError):
    """There is no such finding, or it is not the user's to see."""

    code = "finding.unknown"


def filter_current_content(findings: QuerySet[Finding]) -> QuerySet[Finding]:
    """Findings on the bytes and texts that the clip has now, of clips that are in the draft."""
    return findings.filter(
        Q(content_sha256=F("clip__blob__sha256")) | Q(content_sha256=F("clip__cells_sha256")),
        clip__state=Clip.State.ACTIVE,
    )


def match_awaiting_second(prefix: str = "") -> Q:
    """Findings (at the end of `prefix`) cleared by one reviewer where two are needed."""
    return Q(
        **{
            f"{prefix}decision__verdict": Decision.Verdict.CLEAR,
            f"{prefix}decision__identifiable": True,
            f"{prefix}decision__confirmation": None,
        }
    )


def filter_open_findings(findings: QuerySet[Finding]) -> QuerySet[Finding]:
    """What waits for a reviewer: findings on current content that no person decided on."""
    return filter_current_content(findings.filter(decision=None))


def filter_unsettled_findings(findings: QuerySet[Finding]) -> QuerySet[Finding]:
    """What blocks a release: open findings, and those that wait for a second reviewer."""
    return filter_current_content(findings.filter(Q(decision=None) | match_awaiting_second()))


def name_finding_state(finding: Finding) -> str:
    """The verdict of the decision in force, `match_awaiting_second`, `open`, or `superseded`.

    The last is where the clip has changed since, or is out.
    """
    decision: Decision | None = getattr(finding, "decision", None)
    clip = finding.clip
    current = finding.content_sha256 in {clip.blob.sha256, clip.cells_sha256}
    if decision is not None:
        waits = decision.awaits_second and current and clip.state == Clip.State.ACTIVE
        return AWAITING_SECOND if waits else str(decision.verdict)
    return "open" if current and clip.state == Clip.State.ACTIVE else "superseded"


def filter_findings_of_kind(findings: QuerySet[Finding], kind: str) -> QuerySet[Finding]:
    """Those of one kind. Raises `FindingKindUnknownError`: no list of nothing looks clean."""
    require_known_kind(kind)
    return findings.filter(kind=kind)


def list_dataset_findings(dataset: Dataset) -> QuerySet[Finding]:
    """Every finding of a dataset, oldest first, whoever asks."""
    return (
        Finding.objects.filter(clip__dataset=dataset).select_related(*RELATED_PATHS).order_by("id")
    )


def list_visible_findings(user: Principal, dataset: Dataset | None = None) -> QuerySet[Finding]:
    """Findings of the organisations in which the user may see them, oldest first."""
    rows = Finding.objects.filter(
        match_within_reach(user, "clip__dataset"),
        clip__dataset__organisation_id__in=list_organisations_where(user, Permission.FINDING_VIEW),
    ).select_related(*RELATED_PATHS)
    if dataset is not None:
        rows = rows.filter(clip__dataset=dataset)
    return rows.order_by("id")


def fetch_finding(user: Principal, uid: str) -> Finding:
    """The finding, if the user may see it."""
    try:
        wanted = UUID(uid)
    except ValueError:
        wanted = None
    row = list_visible_findings(user).filter(uid=wanted).first() if wanted else None
    if row is None:
        raise FindingUnknownError(f"There is no finding {uid}, or it is not yours to see.")
    return row
