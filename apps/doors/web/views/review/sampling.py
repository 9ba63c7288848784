"""Hearing a random sample of what no detector flagged, and what that proves."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import can, require
from apps.accounts.models import User
from apps.datasets.access import dataset_for
from apps.datasets.models import Clip, Dataset
from apps.doors.web import review_words
from apps.doors.web.components import Crumb
from apps.doors.web.hearing import LONGEST, stretches_of
from apps.doors.web.review_figures import PITCHES, bound_figures
from apps.doors.web.review_filters import Filters
from apps.doors.web.views.frame import signed_in, told, typed
from apps.doors.web.views.review.deciding import said
from apps.privacy.queue import clip_for
from apps.privacy.sampling import draw, hear, heard_of, sample_clip_for
from datasets_catalog.errors import EarmarkError, InvalidError, Kind
from datasets_catalog.roles import Permission

BOUNDS = (("0.05", "5 %"), ("0.02", "2 %"), ("0.01", "1 %"), ("0.005", "0.5 %"), ("0.001", "0.1 %"))


def page(request: HttpRequest, organisation: str, name: str, *, problem: str = "") -> HttpResponse:
    user = signed_in(request)
    dataset = dataset_for(user, f"{organisation}/{name}")
    require(user, Permission.FINDING_VIEW, dataset.organisation)
    context = {
        **_sample(user, dataset),
        "dataset": dataset,
        "may_decide": can(user, Permission.FINDING_DECIDE, dataset.organisation),
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


def _sample(user: User, dataset: Dataset) -> dict[str, Any]:
    heard = heard_of(dataset)
    if heard is None:
        return {"sample": None, "windows": []}
    figures = bound_figures(heard)
    drawn = heard.due[0] if heard.due else None
    shared = {"sample": heard.sample, "figures": figures}
    if drawn is None:
        return {**shared, "windows": []}
    clip: Clip = clip_for(user, drawn.clip.uid)
    number = figures["heard"] + 1
    return {
        **shared,
        "drawn": drawn,
        "clip": clip,
        "windows": [window.as_json() for window in stretches_of(clip.duration)],
        "mode": review_words.hearing(),
        "decide_url": reverse("web:sample_hear", args=[drawn.uid]),
        "said": f"Clip {number} of {figures['size']}. {_so_far(figures)}",
    }


def _so_far(figures: dict[str, Any]) -> str:
    return f"At most {figures['stated']} so far." if figures["stated"] else "Nothing is proved yet."


@require_POST
def draw_one(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = signed_in(request)
    dataset = dataset_for(user, f"{organisation}/{name}")
    if typed(request, "bound") not in dict(BOUNDS):
        raise InvalidError("Choose one of the bounds on the page.")
    with told(request, "A sample is drawn. Hear it in its order."):
        draw(actor=user, dataset=dataset, bound=float(typed(request, "bound")))
    return redirect("web:review_sample", organisation, name)


@require_POST
def hear_one(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    row = sample_clip_for(user, uid)
    dataset = row.sample.dataset
    value, note = said(request)
    try:
        if value not in {"nothing", "something"}:
            raise InvalidError("Say whether you heard somebody.")
        hear(actor=user, sample_clip=row, missed=value == "something", note=note)
    except EarmarkError as problem:
        if problem.kind == Kind.NOT_FOUND:
            raise
        return page(request, dataset.organisation.name, dataset.name, problem=problem.message)
    return redirect("web:review_sample", dataset.organisation.name, dataset.name)
