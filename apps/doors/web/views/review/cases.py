"""One clip with what was found in it: heard, decided, and on to the next."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.access import has_permission
from apps.accounts.models import User
from apps.datasets.models import Clip
from apps.doors.web import review_choices
from apps.doors.web.components import Crumb
from apps.doors.web.finding_lines import OPEN, Line, build_lines
from apps.doors.web.queue_places import Places
from apps.doors.web.review_figures import PITCHES, build_progress_context
from apps.doors.web.review_filters import Filters, find_adjacent_cases
from apps.doors.web.review_windows import LONGEST, find_windows
from apps.doors.web.views.page_frame import build_dataset_url, read_query, require_sign_in
from apps.doors.web.views.review.decisions import (
    build_finding_url,
    find_last_decision,
    record_decision,
)
from apps.releases.foresight import Foresight, foresee_closures, foresee_count
from apps.review.access import AWAITING_SECOND, fetch_finding
from apps.review.original_sounds import find_redactions
from apps.review.queue import Case, fetch_review_case
from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.roles import Permission


def show_case(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    filters = Filters.of(request.GET)
    found = fetch_review_case(user, uid)
    if request.method != "POST":
        return _render_case(request, user, found, filters)
    onward = find_adjacent_cases(user, filters, found.clip).next
    try:
        record_decision(request, user, found.findings)
    except EarmarkError as problem:
        if problem.kind == Kind.NOT_FOUND:
            raise
        return _render_case(request, user, found, filters, problem=problem.message)
    return redirect(_find_next_url(user, uid, filters, onward))


def show_finding_case(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The case of a finding, with the finding chosen: the address other pages name it by."""
    row = fetch_finding(require_sign_in(request), str(uid))
    return redirect(build_finding_url(Filters().url("case", row.clip.uid), row.uid))


def _find_next_url(user: User, uid: UUID, filters: Filters, onward: str) -> str:
    """What is open in the same case; else the next case; else the first that was passed over."""
    second = filters.awaiting == "second"
    lines = _build_lines(user, fetch_review_case(user, uid), asked_for="")
    if any(line.waits and (not second or line.state == AWAITING_SECOND) for line in lines):
        return filters.url("case", uid)
    return onward or _find_first_url(user, filters)


def _find_first_url(user: User, filters: Filters) -> str:
    """The first of the cases that were passed over, or the queue, which says that none is left."""
    ids = Places.of(filters.cases(user)).after(None, 1)
    uid = Clip.objects.filter(pk__in=ids).values_list("uid", flat=True).first()
    return filters.url("case", uid) if uid else filters.url("review")


def _render_case(
    request: HttpRequest, user: User, found: Case, filters: Filters, *, problem: str = ""
) -> HttpResponse:
    clip = found.clip
    organisation = clip.dataset.organisation
    may_decide = has_permission(user, Permission.FINDING_DECIDE, organisation)
    lines = _build_lines(
        user, found, asked_for=request.POST.get("finding") or read_query(request, "finding")
    )
    chosen = next((line for line in lines if line.chosen), None)
    context = {
        "case": found,
        "clip": clip,
        "lines": lines,
        "open_count": sum(line.is_open for line in lines),
        "windows": [window.as_json() for window in find_windows(found.findings, clip.duration)],
        "longest": LONGEST,
        "pitches": PITCHES,
        "mode": _choose_mode(user, chosen) if may_decide and chosen else None,
        "may_decide": may_decide,
        "foresight": _foresee_verdicts(found, chosen) if may_decide else [],
        "count_closes": Foresight(by_count=foresee_count(clip)).sentences if may_decide else [],
        "may_answer": has_permission(user, Permission.CLIP_INGEST, organisation),
        "decide_url": filters.url("case", clip.uid),
        "filters": filters,
        "links": _build_links(user, found, filters),
        "last": find_last_decision(user),
        "posted": request.POST,
        "problem": problem,
        "crumbs": [Crumb("Review", filters.url("review")), Crumb(clip.path)],
        **build_progress_context(user, clip.dataset),
    }
    return render(request, "web/review/case.html", context, status=422 if problem else 200)


def _build_lines(user: User, found: Case, *, asked_for: str) -> list[Line]:
    clip = found.clip
    may_decide = has_permission(user, Permission.FINDING_DECIDE, clip.dataset.organisation)
    return build_lines(
        found.findings,
        find_windows(found.findings, clip.duration),
        reader=user,
        asked_for=asked_for,
        redactions=find_redactions(clip) if may_decide else {},
    )


def _foresee_verdicts(found: Case, chosen: Line | None) -> list[str]:
    """What deciding on the chosen finding would close, where it stands open."""
    if chosen is None or chosen.state != OPEN:
        return []
    return foresee_closures(
        [row for row in found.findings if row.uid == chosen.finding.uid]
    ).sentences


def _choose_mode(user: User, chosen: Line) -> review_choices.Mode | None:
    if not chosen.waits:
        return None
    if chosen.state == AWAITING_SECOND and chosen.decision is not None:
        return review_choices.build_confirmation_mode(chosen.decision)
    return review_choices.build_decision_mode(user) if chosen.state == OPEN else None


def _build_links(user: User, found: Case, filters: Filters) -> dict[str, str]:
    near = find_adjacent_cases(user, filters, found.clip)
    return {
        "here": filters.url("case", found.clip.uid),
        "joint": "&" if filters.query else "?",
        "queue": filters.url("review"),
        "alike": _build_alike_url(found),
        "next": near.next,
        "previous": near.previous,
        "clip": build_dataset_url(found.clip.dataset, "clip", found.clip.uid),
    }


def _build_alike_url(found: Case) -> str:
    """Where all findings like one of this clip are decided on; the kind is still to be added."""
    clip = found.clip
    query = {"dataset": clip.dataset.full_name}
    if clip.recording is not None:
        query["recording"] = clip.recording.name
    return f"{Filters().url('review_batch')}?{urlencode(query)}"
