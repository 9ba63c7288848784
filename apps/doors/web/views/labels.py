"""What is heard in the draft, by label, and how much of it a second person verified."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.datasets.label_queries import (
    match_found_empty,
    select_standing_events,
    select_standing_weak_labels,
)
from apps.datasets.label_verification import SECOND_PERSON
from apps.datasets.models import Clip
from apps.doors.web.components import Crumb
from apps.doors.web.page_figures import build_label_bars, build_weak_label_bars
from apps.doors.web.views.page_frame import load_draft_frame
from datasets_catalog.labels import Status, compute_share


def show_labels(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_draft_frame(request, organisation, name)
    events, weak = select_standing_events(frame.dataset), select_standing_weak_labels(frame.dataset)
    counts = events.aggregate(
        total=Count("pk"),
        verified=Count("pk", filter=SECOND_PERSON),
        suggested=Count("pk", filter=Q(status=Status.SUGGESTED)),
        unmatched=Count("pk", filter=Q(term=None)),
    )
    counts["unmatched"] += weak.filter(term=None).count()
    active = Clip.objects.filter(dataset=frame.dataset, state=Clip.State.ACTIVE)
    context = frame.context(
        "labels",
        Crumb("Labels"),
        counts=counts,
        weak=weak.count(),
        weak_bars=build_weak_label_bars(frame.dataset),
        empty=active.filter(match_found_empty(frame.dataset)).count(),
        verified_share=compute_share(counts["verified"], counts["total"]),
        bars=build_label_bars(frame.dataset),
    )
    return render(request, "web/datasets/labels.html", context)
