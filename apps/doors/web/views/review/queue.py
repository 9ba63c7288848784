"""The queue: what waits for a reviewer, the likeliest first, recording by recording."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.access import list_organisations_where
from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.doors.web.components import Crumb
from apps.doors.web.paging import Page
from apps.doors.web.queue_places import load_case_page
from apps.doors.web.review_figures import build_progress_context
from apps.doors.web.review_filters import AWAITING, WHOSE, Filters
from apps.doors.web.views.page_frame import flash_outcome, read_field, require_sign_in
from apps.review.access import filter_open_findings, list_visible_findings
from apps.review.actions import assign_clips
from apps.review.queue import list_visible_clips
from datasets_catalog.errors import DeniedError
from datasets_catalog.roles import Permission

CASES = 50


def list_cases(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    if not list_organisations_where(user, Permission.FINDING_VIEW).exists():
        raise DeniedError(
            "You review in no organisation. Its owner can make you a privacy reviewer."
        )
    filters = Filters.of(request.GET)
    dataset = filters.dataset_for(user)
    cases = filters.cases(user).select_related("assignment__reviewer")
    page = load_case_page(request, cases, limit=CASES)
    context = {
        "page": Page(
            [_build_row(clip, filters) for clip in page.rows],
            page.next_url,
            page.first_url,
            page.total,
        ),
        "filters": filters,
        "dataset": dataset,
        "whose": WHOSE,
        "awaiting": AWAITING,
        "datasets": _list_datasets(user),
        "kinds": _count_kinds(user, dataset),
        "may_decide": list_organisations_where(user, Permission.FINDING_DECIDE).exists(),
        "crumbs": [Crumb("Review")],
        **build_progress_context(user, dataset),
    }
    return render(request, "web/review/queue.html", context)


@require_POST
def assign_chosen(request: HttpRequest) -> HttpResponse:
    """Take the chosen cases, or give them back."""
    user = require_sign_in(request)
    clips = list(list_visible_clips(user).filter(uid__in=_read_uuids(request)))
    mine = read_field(request, "to") == "me"
    words = (
        f"{len(clips)} case{'' if len(clips) == 1 else 's'} {'taken' if mine else 'given back'}."
    )
    with flash_outcome(request, words):
        assign_clips(actor=user, clips=clips, reviewer=user if mine else None)
    return redirect(Filters.of(request.GET).url("review"))


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list."""

    clip: Clip
    url: str
    assignee: str


def _build_row(clip: Clip, filters: Filters) -> Row:
    assignment = getattr(clip, "assignment", None)
    return Row(clip, filters.url("case", clip.uid), str(assignment.reviewer) if assignment else "")


def _read_uuids(request: HttpRequest) -> list[UUID]:
    found = []
    for value in request.POST.getlist("clip")[:CASES]:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


def _list_datasets(user: User) -> list[str]:
    rows = Dataset.objects.filter(
        organisation_id__in=list_organisations_where(user, Permission.FINDING_VIEW)
    ).select_related("organisation")
    return [row.full_name for row in rows.order_by("organisation__name", "name")[:200]]


def _count_kinds(user: User, dataset: Dataset | None) -> list[tuple[str, int]]:
    rows = filter_open_findings(list_visible_findings(user, dataset)).order_by()
    return list(rows.values_list("kind").annotate(count=Count("pk")).order_by("kind"))
