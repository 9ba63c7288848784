"""What is heard in the draft, by label, and how much of it a second person verified."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.datasets.models import Clip, EmptyAnnotation, Event, WeakLabel
from apps.doors.web.components import Crumb
from apps.doors.web.figures import label_bars, weak_label_bars
from apps.doors.web.views.frame import draft_frame
from datasets_catalog.labels import Status, share_of


def overview(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = draft_frame(request, organisation, name)
    events = Event.objects.filter(clip__dataset=frame.dataset, clip__state=Clip.State.ACTIVE)
    counts = events.aggregate(
        total=Count("pk", filter=~Q(status=Status.REJECTED)),
        verified=Count("pk", filter=Q(status=Status.VERIFIED)),
        suggested=Count("pk", filter=Q(status=Status.SUGGESTED)),
        unmatched=Count("pk", filter=Q(term=None)),
    )
    of_draft = {"clip__dataset": frame.dataset, "clip__state": Clip.State.ACTIVE}
    weak = WeakLabel.objects.filter(**of_draft).exclude(status=Status.REJECTED)
    empty = EmptyAnnotation.objects.filter(**of_draft)
    context = frame.context(
        "labels",
        Crumb("Labels"),
        counts=counts,
        weak=weak.count(),
        weak_bars=weak_label_bars(frame.dataset),
        empty=empty.values("clip").distinct().count(),
        verified_share=share_of(counts["verified"], counts["total"]),
        bars=label_bars(frame.dataset),
    )
    return render(request, "web/datasets/labels.html", context)
