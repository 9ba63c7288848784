"""Hearing a random sample of what no detector flagged, and what that proves."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import has_permission, require_permission
from apps.accounts.models import User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Clip, Dataset
from apps.doors.web import review_choices
from apps.doors.web.components import Crumb
from apps.doors.web.review_figures import PITCHES, build_bound_figures
from apps.doors.web.review_filters import Filters
from apps.doors.web.review_windows import LONGEST, split_into_windows
from apps.doors.web.views.page_frame import flash_outcome, read_field, require_sign_in
from apps.doors.web.views.review.decisions import read_decision
from apps.review.queue import fetch_review_clip
from apps.review.sampling import (
    draw_sample,
    fetch_sample_clip,
    load_sample_progress,
    record_hearing,
)
from datasets_catalog.errors import EarmarkError, InvalidError, Kind
from datasets_catalog.roles import Permission

BOUNDS = (("0.05", "5 %"), ("0.02", "2 %"), ("0.01", "1 %"), ("0.005", "0.5 %"), ("0.001", "0.1 %"))


def show_sample(
    request: HttpRequest, organisation: str, name: str, *, problem: str = ""
) -> HttpResponse:
    user = require_sign_in(request)
    dataset = fetch_dataset(user, f"{organisation}/{name}")
    require_permission(user, Permission.FINDING_VIEW, dataset.organisation)
    context = {
        **_describe_sample(user, dataset),
        "dataset": dataset,
        "may_decide": has_permission(user, Permission.FINDING_DECIDE, dataset.organisation),
        "bounds": BOUNDS,
        "longest": LONGEST,
        "pitches": PITCHES,
        "posted": request.POST,
        "problem": problem,
        "filters": Filters(dataset=dataset.full_name),
        "queue_url": Filters(dataset=dataset.full_name).url("review"),
        "crumbs": [Crumb("Review", reverse("web:review")), Crumb(f"Sample of {dataset}")],
    }
    return render(request, "web/review/sample.html", context, status=422 if problem else 200)


def _describe_sample(user: User, dataset: Dataset) -> dict[str, Any]:
    heard = load_sample_progress(dataset)
    if heard is None:
        return {"sample": None, "windows": []}
    figures = build_bound_figures(heard)
    drawn = heard.due[0] if heard.due else None
    shared = {"sample": heard.sample, "figures": figures}
    if drawn is None:
        return {**shared, "windows": []}
    clip: Clip = fetch_review_clip(user, drawn.clip.uid)
    number = figures["heard"] + 1
    return {
        **shared,
        "drawn": drawn,
        "clip": clip,
        "windows": [window.as_json() for window in split_into_windows(clip.duration)],
        "mode": review_choices.build_hearing_mode(),
        "decide_url": reverse("web:sample_hear", args=[drawn.uid]),
        "said": f"Clip {number} of {figures['size']}. {_describe_bound(figures)}",
    }


def _describe_bound(figures: dict[str, Any]) -> str:
    return f"At most {figures['stated']} so far." if figures["stated"] else "Nothing is proved yet."


@require_POST
def draw_dataset_sample(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    dataset = fetch_dataset(user, f"{organisation}/{name}")
    if read_field(request, "bound") not in dict(BOUNDS):
        raise InvalidError("Choose one of the bounds on the page.")
    with flash_outcome(request, "A sample is drawn. Hear it in its order."):
        draw_sample(actor=user, dataset=dataset, bound=float(read_field(request, "bound")))
    return redirect("web:review_sample", organisation, name)


@require_POST
def hear_sample_clip(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    row = fetch_sample_clip(user, uid)
    dataset = row.sample.dataset
    value, note = read_decision(request)
    try:
        if value not in {"nothing", "something"}:
            raise InvalidError("Say whether you heard somebody.")
        record_hearing(actor=user, sample_clip=row, missed=value == "something", note=note)
    except EarmarkError as problem:
        if problem.kind == Kind.NOT_FOUND:
            raise
        return show_sample(
            request, dataset.organisation.name, dataset.name, problem=problem.message
        )
    return redirect("web:review_sample", dataset.organisation.name, dataset.name)
