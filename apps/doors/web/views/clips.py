"""The draft's clips: the table, and the page of one."""

from pathlib import PurePosixPath
from uuid import UUID

from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.audit.models import AuditEvent
from apps.datasets.actions import remove_clips
from apps.datasets.label_verification import verify_events
from apps.datasets.models import Clip, Dataset, Event
from apps.detection.models import Finding
from apps.doors.blob_responses import Offer
from apps.doors.object_handouts import hand_out_draft_clip
from apps.doors.web.components import Column, Crumb, Region, Tone
from apps.doors.web.page_sounds import load_peaks
from apps.doors.web.paging import choose_sort, load_page
from apps.doors.web.templatetags.web_components import kind_words
from apps.doors.web.views.page_frame import (
    DatasetFrame,
    flash_outcome,
    load_draft_frame,
    read_field,
    read_query,
    require_sign_in,
)
from apps.releases.stops import require_hearable
from apps.review.access import list_visible_findings
from datasets_catalog.clip_columns import SAID_OF_CLIP
from datasets_catalog.labels import Status
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical, load_profile

COLUMNS = [
    Column("Path", "path"),
    Column("Split", "split"),
    Column("Licence", "licence"),
    Column("Length", "duration", numeric=True),
    Column("Rate", "sample_rate", numeric=True),
    Column("Events", numeric=True),
    Column("Notes"),
]
SORTABLE = [column.key for column in COLUMNS if column.key]
EVENT_TONES = {
    Status.VERIFIED: Tone.GOOD,
    Status.SUGGESTED: Tone.WARN,
    Status.REJECTED: Tone.PLAIN,
}
MOMENTS = 30
# What the page of a clip shows apart from what else is said of it.
ELSEWHERE = {"licence", "title", "author", "source_url", "synthetic"}


def list_clips(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_draft_frame(request, organisation, name)
    rows = _filter_clips(request, Clip.objects.filter(dataset=frame.dataset))
    sort = choose_sort(request, SORTABLE, "path")
    page = load_page(request, rows, by=sort, total=rows.count())
    events = dict(
        Event.objects.filter(clip__in=[clip.pk for clip in page.rows])
        .exclude(status=Status.REJECTED)
        .order_by()
        .values_list("clip_id")
        .annotate(Count("pk"))
    )
    context = frame.context(
        "clips",
        Crumb("Clips"),
        page=page,
        sort=sort,
        columns=COLUMNS,
        rows=[(clip, events.get(clip.pk, 0)) for clip in page.rows],
        states=Clip.State.choices,
        chosen=request.GET,
        any_filter=any(request.GET.get(key) for key in ("q", "licence", "split", "state")),
    )
    return render(request, "web/clips/list.html", context)


def _filter_clips(request: HttpRequest, rows: QuerySet[Clip]) -> QuerySet[Clip]:
    if words := read_query(request, "q"):
        rows = rows.filter(path__icontains=words)
    for field in ("licence", "split"):
        if value := read_query(request, field):
            rows = rows.filter(**{field: "" if value == "none" else value})
    state = read_query(request, "state")
    if state in Clip.State.values:
        return rows.filter(state=state)
    return rows.exclude(state=Clip.State.REMOVED)


def find_clip(frame: DatasetFrame, uid: UUID) -> Clip:
    rows = Clip.objects.select_related("recording", "blob", "original", "added_by")
    return get_object_or_404(rows, dataset=frame.dataset, uid=uid)


def show_clip(request: HttpRequest, organisation: str, name: str, uid: UUID) -> HttpResponse:
    frame = load_draft_frame(request, organisation, name)
    clip = find_clip(frame, uid)
    events = list(clip.events.order_by("onset").select_related("term"))
    findings = (
        list(list_visible_findings(request.user, frame.dataset).filter(clip=clip))
        if Permission.FINDING_VIEW in frame.may
        else []
    )
    people = (
        list(clip.participations.values_list("contributor__code", flat=True))
        if Permission.CONSENT_VIEW in frame.may
        else None
    )
    context = frame.context(
        "clips",
        Crumb("Clips", frame.url("clips")),
        Crumb(clip.path),
        clip=clip,
        events=events,
        weak_labels=clip.weak_labels.order_by("label", "annotator"),
        empty_annotations=clip.empty_annotations.order_by("annotator"),
        findings=findings,
        people=people,
        regions=list_regions(events, findings),
        said=_list_stated_fields(clip),
        profile_fields=_list_profile_fields(frame.dataset, clip),
        neighbours=_list_neighbours(clip),
        history=_list_history(frame.dataset, clip),
    )
    return render(request, "web/clips/page.html", context)


def serve_clip_audio(
    request: HttpRequest, organisation: str, name: str, uid: UUID
) -> HttpResponseBase:
    clip = find_clip(load_draft_frame(request, organisation, name), uid)
    offer = Offer(
        name=PurePosixPath(clip.path).name,
        media_type=clip.media_type,
        inline=True,
        may_redirect=False,
    )
    return hand_out_draft_clip(request, require_sign_in(request), clip, offer)


def serve_clip_outline(
    request: HttpRequest, organisation: str, name: str, uid: UUID
) -> HttpResponse:
    clip = find_clip(load_draft_frame(request, organisation, name), uid)
    require_hearable(request.user, clip)
    return JsonResponse(load_peaks(clip.blob), safe=False)


def list_regions(events: list[Event], findings: list[Finding]) -> list[Region]:
    spans = [
        Region(
            label=event.label,
            onset=event.onset,
            offset=event.offset,
            kind=event.get_status_display(),
            tone=EVENT_TONES[Status(event.status)],
            note=_describe_event(event),
        )
        for event in events
    ]
    spans += [build_finding_region(finding) for finding in findings if finding.onset is not None]
    return sorted(spans, key=lambda span: span.onset)


def build_finding_region(finding: Finding) -> Region:
    assert finding.onset is not None
    assert finding.offset is not None, "a finding has both ends or none"
    decided = getattr(finding, "decision", None)
    verdict = decided.get_verdict_display() if decided else "Open"
    score = "" if finding.score is None else f"score {finding.score:.2f}"
    return Region(
        label=kind_words(finding.kind),
        onset=finding.onset,
        offset=finding.offset,
        kind=f"Finding: {verdict}",
        tone=Tone.INFO if decided else Tone.BAD,
        note=score,
    )


def _describe_event(event: Event) -> str:
    parts = [str(event.source)]
    if event.confidence is not None:
        parts.append(f"confidence {event.confidence:.2f}")
    if event.f_low is not None and event.f_high is not None:
        parts.append(f"{event.f_low:g} to {event.f_high:g} Hz")
    if event.annotator:
        parts.append(f"by {event.annotator}")
    if event.verifier:
        parts.append(f"verified by {event.verifier}")
    return ", ".join(parts)


def _list_stated_fields(clip: Clip) -> list[tuple[str, object]]:
    """What a table can say of the clip, but what its page shows elsewhere."""
    values = [(c.title, getattr(clip, c.name)) for c in SAID_OF_CLIP if c.name not in ELSEWHERE]
    return [(title, "–" if value in {"", None} else value) for title, value in values]  # noqa: RUF001 - a dash


def _list_profile_fields(dataset: Dataset, clip: Clip) -> list[tuple[str, object]]:
    """The vertical's own fields of the clip, with the words its profile gives them."""
    properties = load_profile(Vertical(dataset.vertical)).get("properties", {})
    return [
        (properties.get(key, {}).get("title", key.replace("_", " ").capitalize()), value)
        for key, value in clip.fields.items()
    ]


def _list_neighbours(clip: Clip) -> list[Clip]:
    """Other clips cut from the same recording."""
    if clip.recording is None:
        return []
    rows = Clip.objects.filter(recording=clip.recording).exclude(pk=clip.pk)
    return list(rows.order_by("path")[:20])


def _list_history(dataset: Dataset, clip: Clip) -> list[AuditEvent]:
    """What the log says about this clip, newest first."""
    rows = AuditEvent.objects.filter(organisation=dataset.organisation.name, detail__clip=clip.path)
    return list(rows.order_by("-sequence")[:MOMENTS])


@require_POST
def verify_clip_events(
    request: HttpRequest, organisation: str, name: str, uid: UUID
) -> HttpResponse:
    """Events of the clip that were ticked, confirmed or rejected by a second person."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    clip = find_clip(frame, uid)
    ticked = request.POST.getlist("event")
    chosen = [event.uid for event in clip.events.all() if str(event.uid) in ticked]
    with flash_outcome(request, "Noted what you said of these events."):
        verify_events(
            actor=user, dataset=frame.dataset, events=chosen, verdict=read_field(request, "verdict")
        )
    return redirect(frame.url("clip", clip.uid))


@require_POST
def remove_clip(request: HttpRequest, organisation: str, name: str, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    clip = find_clip(frame, uid)
    with flash_outcome(request, f"{clip.path} is out of the draft; releases that hold it keep it."):
        remove_clips(actor=user, dataset=frame.dataset, paths=[clip.path])
    return redirect(frame.url("clips"))
