"""One clip with what was found in it: heard, decided, and on to the next."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.access import can
from apps.accounts.models import User
from apps.datasets.models import Clip
from apps.doors.web import review_words
from apps.doors.web.components import Crumb
from apps.doors.web.hearing import LONGEST, windows_of
from apps.doors.web.review_figures import PITCHES, progress_context
from apps.doors.web.review_filters import Filters, beside
from apps.doors.web.review_lines import OPEN, Line, lines_of
from apps.doors.web.review_places import Places
from apps.doors.web.views.frame import asked, dataset_url, signed_in
from apps.doors.web.views.review.deciding import last_of, record, with_finding
from apps.privacy.access import AWAITING, finding_for
from apps.privacy.before import redactions_of
from apps.privacy.queue import Case, case
from apps.releases.foresight import Foresight, foresee, foresee_count
from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.roles import Permission


def page(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    filters = Filters.of(request.GET)
    found = case(user, uid)
    if request.method != "POST":
        return _shown(request, user, found, filters)
    onward = beside(user, filters, found.clip).next
    try:
        record(request, user, found.findings)
    except EarmarkError as problem:
        if problem.kind == Kind.NOT_FOUND:
            raise
        return _shown(request, user, found, filters, problem=problem.message)
    return redirect(_after(user, uid, filters, onward))


def of_finding(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The case of a finding, with the finding chosen: the address other pages name it by."""
    row = finding_for(signed_in(request), str(uid))
    return redirect(with_finding(Filters().url("case", row.clip.uid), row.uid))


def _after(user: User, uid: UUID, filters: Filters, onward: str) -> str:
    """What is open in the same case; else the next case; else the first that was passed over."""
    second = filters.awaiting == "second"
    lines = _lines(user, case(user, uid), asked_for="")
    if any(line.waits and (not second or line.state == AWAITING) for line in lines):
        return filters.url("case", uid)
    return onward or _first(user, filters)


def _first(user: User, filters: Filters) -> str:
    """The first of the cases that were passed over, or the queue, which says that none is left."""
    ids = Places.of(filters.cases(user)).after(None, 1)
    uid = Clip.objects.filter(pk__in=ids).values_list("uid", flat=True).first()
    return filters.url("case", uid) if uid else filters.url("review")


def _shown(
    request: HttpRequest, user: User, found: Case, filters: Filters, *, problem: str = ""
) -> HttpResponse:
    clip = found.clip
    organisation = clip.dataset.organisation
    may_decide = can(user, Permission.FINDING_DECIDE, organisation)
    lines = _lines(user, found, asked_for=request.POST.get("finding") or asked(request, "finding"))
    chosen = next((line for line in lines if line.chosen), None)
    context = {
        "case": found,
        "clip": clip,
        "lines": lines,
        "open_count": sum(line.is_open for line in lines),
        "windows": [window.as_json() for window in windows_of(found.findings, clip.duration)],
        "longest": LONGEST,
        "pitches": PITCHES,
        "mode": _mode(user, chosen) if may_decide and chosen else None,
        "may_decide": may_decide,
        "foresight": _foresight(found, chosen) if may_decide else [],
        "count_closes": Foresight(by_count=foresee_count(clip)).sentences if may_decide else [],
        "may_answer": can(user, Permission.CLIP_INGEST, organisation),
        "decide_url": filters.url("case", clip.uid),
        "filters": filters,
        "links": _links(user, found, filters),
        "last": last_of(user),
        "posted": request.POST,
        "problem": problem,
        "crumbs": [Crumb("Review", filters.url("review")), Crumb(clip.path)],
        **progress_context(user, clip.dataset),
    }
    return render(request, "web/review/case.html", context, status=422 if problem else 200)


def _lines(user: User, found: Case, *, asked_for: str) -> list[Line]:
    clip = found.clip
    may_decide = can(user, Permission.FINDING_DECIDE, clip.dataset.organisation)
    return lines_of(
        found.findings,
        windows_of(found.findings, clip.duration),
        reader=user,
        asked_for=asked_for,
        redactions=redactions_of(clip) if may_decide else {},
    )


def _foresight(found: Case, chosen: Line | None) -> list[str]:
    """What deciding on the chosen finding would close, where it stands open."""
    if chosen is None or chosen.state != OPEN:
        return []
    return foresee([row for row in found.findings if row.uid == chosen.finding.uid]).sentences


def _mode(user: User, chosen: Line) -> review_words.Mode | None:
    if not chosen.waits:
        return None
    if chosen.state == AWAITING and chosen.decision is not None:
        return review_words.confirming(chosen.decision)
    return review_words.deciding(user) if chosen.state == OPEN else None


def _links(user: User, found: Case, filters: Filters) -> dict[str, str]:
    near = beside(user, filters, found.clip)
    return {
        "here": filters.url("case", found.clip.uid),
        "joint": "&" if filters.query else "?",
        "queue": filters.url("review"),
        "alike": _alike_url(found),
        "next": near.next,
        "previous": near.previous,
        "clip": dataset_url(found.clip.dataset, "clip", found.clip.uid),
    }


def _alike_url(found: Case) -> str:
    """Where all findings like one of this clip are decided on; the kind is still to be added."""
    clip = found.clip
    query = {"dataset": clip.dataset.full_name}
    if clip.recording is not None:
        query["recording"] = clip.recording.name
    return f"{Filters().url('review_batch')}?{urlencode(query)}"
