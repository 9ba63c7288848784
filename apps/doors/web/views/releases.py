"""Releases: the list, the page of one, and every step on its way."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.access.authorizations import Action
from apps.access.authorize import authorize_action, explain_lapse
from apps.accounts.models import User
from apps.doors.croissant_description import render_head_description
from apps.doors.download_commands import list_commands
from apps.doors.web.components import Crumb
from apps.doors.web.components import Step as Station
from apps.doors.web.gate_checklist import list_checks, list_pending_checks
from apps.doors.web.page_figures import build_time_bars
from apps.doors.web.page_forms import ReleaseForm, SignOffForm
from apps.doors.web.release_comparison import group_changes
from apps.doors.web.views.jobs import build_job_context, find_job_title
from apps.doors.web.views.page_frame import (
    DatasetFrame,
    flash_outcome,
    load_dataset_frame,
    load_draft_frame,
    read_field,
    require_sign_in,
)
from apps.jobs.access import list_visible_jobs
from apps.jobs.models import Job
from apps.packaging.statements import is_kept, load_statement
from apps.publishing.access import list_visible_publications, list_visible_targets
from apps.publishing.release_publication import RELEASE, start_publishing
from apps.releases.access import fetch_release, list_visible_releases
from apps.releases.actions import (
    PART_PERMISSIONS,
    create_release,
    deprecate_release,
    recheck_release,
    reopen_release,
    sign_off_release,
)
from apps.releases.checklist_answers import find_part
from apps.releases.diff import diff_releases
from apps.releases.gate_results import is_stale
from apps.releases.lapses import find_lapse_start, list_visible_lapses
from apps.releases.models import Release, SignOff
from apps.releases.release_jobs import FREEZE, SUBMIT, start_freeze, start_submission
from apps.releases.release_usage import compute_usage
from apps.releases.stops import describe_closing, read_stopped_since
from apps.releases.version_proposals import find_newest_out, propose_version
from datasets_catalog.card_review import render_consent, render_privacy, render_verified
from datasets_catalog.errors import ConflictError, EarmarkError, Kind, NotFoundError
from datasets_catalog.purposes import TERMS
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState
from datasets_catalog.roles import Permission
from datasets_catalog.versions import FIRST, Step, parse_version

WAY = (
    (ReleaseState.DRAFT, "Draft"),
    (ReleaseState.FROZEN, "Frozen"),
    (ReleaseState.IN_REVIEW, "In review"),
    (ReleaseState.APPROVED, "Approved"),
    (ReleaseState.PUBLISHED, "Published"),
)
# Steps that are jobs, and the state from which each leads on.
STEPS_AS_JOBS = {
    FREEZE: ReleaseState.DRAFT,
    SUBMIT: ReleaseState.FROZEN,
    RELEASE: ReleaseState.APPROVED,
}
TOP_LABELS = 12
LAPSES = 100


class PhraseError(ConflictError):
    """The version typed to confirm is another one."""

    code = "page.phrase_differs"


def list_releases(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_dataset_frame(request, organisation, name)
    rows = list_visible_releases(request.user, frame.dataset).defer("statistics")
    context = frame.context("releases", Crumb("Releases"), releases=rows)
    return render(request, "web/releases/list.html", context)


def add_release(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    proposal = None
    if "propose" in request.GET:
        proposal = propose_version(actor=user, dataset=frame.dataset)
    version = proposal.version if proposal else _propose_next_version(frame)
    form = ReleaseForm(request.POST or None, initial={"version": version})
    if request.method == "POST" and form.is_valid():
        try:
            row = create_release(actor=user, dataset=frame.dataset, **form.cleaned_data)
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error(None, problem.message)
        else:
            return redirect(frame.url("release", row.version))
    trail = (Crumb("Releases", frame.url("releases")), Crumb("New release"))
    context = frame.context("releases", *trail, form=form, proposal=proposal)
    return render(request, "web/releases/create.html", context, status=422 if form.errors else 200)


def show_release(request: HttpRequest, organisation: str, name: str, version: str) -> HttpResponse:
    frame = load_dataset_frame(request, organisation, name)
    release = fetch_release(request.user, frame.dataset, version)
    results = list(release.gate_results.filter(root=release.root)) if release.root else []
    signed = list(release.sign_offs.filter(root=release.root).select_related("signed_by"))
    taking = (
        authorize_action(request.user, release, Action.DOWNLOAD)
        if release.state in PUBLIC_STATES
        else None
    )
    usage = compute_usage(release, on=timezone.now().date())
    context = frame.context(
        "releases",
        Crumb("Releases", frame.url("releases")),
        Crumb(release.tag),
        release=release,
        closed=describe_closing(release, since) if (since := read_stopped_since(release)) else "",
        **_describe_lapse(request, frame, release),
        steps=_list_stations(release),
        checks=list_checks(
            results,
            with_rows=frame.sees_draft,
            with_advice=release.state not in PUBLIC_STATES,
        )
        if results
        else list_pending_checks(),
        asked=results[0].checked_at if results else None,
        failing=sum(result.blocking and not result.passed for result in results),
        usage=usage,
        purposes=[TERMS[purpose].title for purpose in usage.permitted],
        sign_offs=signed,
        commands=list_commands(request.user, release) if release.state in PUBLIC_STATES else [],
        croissant=render_head_description(release, taking),
        taking=taking,
        others=list_visible_releases(request.user, frame.dataset)
        .exclude(pk=release.pk)
        .exclude(root=""),
        may_take=release.state in PUBLIC_STATES
        and authorize_action(request.user, release, Action.DOWNLOAD).allowed,
        statement=list_statement_sentences(release) if is_kept(release) else (),
        **_describe_contents(release),
        **_describe_next_steps(request, frame, release, signed),
    )
    return render(request, "web/releases/page.html", context)


def _describe_lapse(request: HttpRequest, frame: DatasetFrame, release: Release) -> dict[str, Any]:
    """Since when somebody does not allow it any more; which clips, for members."""
    since = find_lapse_start(release)
    context: dict[str, Any] = {"lapsed": explain_lapse(release, since) if since else ""}
    if frame.sees_draft:
        rows = list(list_visible_lapses(request.user, release)[:LAPSES])
        context |= {
            "lapses": rows,
            "sees_people": Permission.CONSENT_VIEW in frame.may,
        }
    return context


def compare_releases(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Two releases side by side: `?before=1.0.0&after=1.1.0`."""
    frame = load_dataset_frame(request, organisation, name)
    frozen = list(list_visible_releases(request.user, frame.dataset).exclude(root=""))
    before, after = _choose_pair(request, frozen)
    found = diff_releases(before, after) if before and after else None
    named = _may_list(request, before, after)
    context = frame.context(
        "releases",
        Crumb("Releases", frame.url("releases")),
        Crumb("Comparison"),
        frozen=frozen,
        before=before,
        after=after,
        found=found,
        groups=group_changes(found, with_names=named) if found else [],
    )
    return render(request, "web/releases/compare.html", context)


@require_POST
def take_step(
    request: HttpRequest, organisation: str, name: str, version: str, verb: str
) -> HttpResponse:
    """One step on the way of a release; the actions say who may and when."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    release = fetch_release(user, frame.dataset, version)
    if verb not in STEPS:
        raise NotFoundError(f"A release knows no step {verb!r}.")
    act, done = STEPS[verb]
    with flash_outcome(request, done):
        act(request, user, release)
    return redirect(frame.url("release", release.version))


def _freeze_release(request: HttpRequest, user: User, release: Release) -> None:
    start_freeze(actor=user, release=release)


def _check_release(request: HttpRequest, user: User, release: Release) -> None:
    recheck_release(actor=user, release=release)


def _submit_release(request: HttpRequest, user: User, release: Release) -> None:
    start_submission(actor=user, release=release)


def _sign_release(request: HttpRequest, user: User, release: Release) -> None:
    sign_off_release(
        actor=user,
        release=release,
        part=read_field(request, "part"),
        note=read_field(request, "note"),
    )


def _publish_release(request: HttpRequest, user: User, release: Release) -> None:
    if read_field(request, "phrase") != release.version:
        raise PhraseError(f"Nothing was published: type {release.version} to confirm.")
    start_publishing(actor=user, release=release)


def _reopen_release(request: HttpRequest, user: User, release: Release) -> None:
    reopen_release(actor=user, release=release, reason=read_field(request, "reason"))


def _deprecate_release(request: HttpRequest, user: User, release: Release) -> None:
    deprecate_release(actor=user, release=release, reason=read_field(request, "reason"))


Act = Callable[[HttpRequest, User, Release], None]
STEPS: dict[str, tuple[Act, str]] = {
    "freeze": (_freeze_release, "The draft is being frozen."),
    "check": (_check_release, "Every gate was asked again."),
    "submit": (_submit_release, "The gates are being asked; its reviewers get it if they pass."),
    "sign": (_sign_release, "Signed for this root."),
    "publish": (_publish_release, "The release is being published."),
    "reopen": (_reopen_release, "The release is a draft again; what was signed is void."),
    "deprecate": (_deprecate_release, "Marked as deprecated; it stays readable."),
}


def _propose_next_version(frame: DatasetFrame) -> str:
    """A number that can be taken: nothing was compared yet."""
    newest = find_newest_out(frame.dataset)
    return str(parse_version(newest.version).after(Step.MINOR) if newest else FIRST)


def _list_stations(release: Release) -> list[Station]:
    states = [state for state, _ in WAY]
    at = states.index(ReleaseState(release.state)) if release.state in states else len(states)
    return [
        Station(words, done=number < at, current=number == at)
        for number, (_, words) in enumerate(WAY)
    ]


def _describe_contents(release: Release) -> dict[str, Any]:
    """What the frozen tables hold, as it was counted when they were written."""
    counted = release.statistics
    labels = sorted(counted.get("labels", []), key=lambda row: -row["seconds"])
    splits = counted.get("splits", [])
    return {
        "label_bars": build_time_bars(
            (row["label"], row["seconds"]) for row in labels[:TOP_LABELS]
        ),
        "labels_total": len(labels),
        "split_bars": build_time_bars(
            (row["split"] or "no split", row["seconds"]) for row in splits
        ),
        "licences": counted.get("licences", []),
        "counted": counted,
    }


def list_statement_sentences(release: Release) -> list[str]:
    """The sentences on consent, review and labels that the card holds too."""
    facts = load_statement(release)
    labels = render_verified(facts.verified, facts.events) if facts.events else ""
    texts = [render_consent(facts), *render_privacy(facts).split("\n\n"), labels]
    return [text for text in texts if text]


def _describe_next_steps(
    request: HttpRequest, frame: DatasetFrame, release: Release, signed: list[SignOff]
) -> dict[str, Any]:
    """What this reader can do with the release now, and what is under way."""
    if not frame.sees_draft:
        return {}
    user = require_sign_in(request)
    present = {sign.part for sign in signed}
    jobs = list_visible_jobs(user).filter(kind__in=STEPS_AS_JOBS, subject=str(release))
    running = jobs.filter(finished_at=None).first()
    last = jobs.first()
    return {
        "stale": is_stale(release),
        "running": build_job_context(running, user, reload_when_over=True) if running else None,
        "failed": last if last and _is_blocking(last, release) else None,
        "failed_title": find_job_title(last) if last else "",
        "forms": [
            SignOffForm(prefix=part.value, initial={"part": part.value})
            for part in SignOff.Part
            if part not in present and PART_PERMISSIONS[part] in frame.may
        ],
        "publications": list_visible_publications(user, frame.dataset).filter(release=release),
        "targets": list_visible_targets(user, frame.dataset.organisation)
        if release.state == ReleaseState.PUBLISHED and Permission.RELEASE_PUBLISH in frame.may
        else [],
        "missing": [part.label for part in SignOff.Part if part not in present],
        "part": find_part(user, release) if release.state == ReleaseState.APPROVED else "",
    }


def _is_blocking(job: Job, release: Release) -> bool:
    """Whether the job failed and nobody has taken its step since."""
    return job.state == job.State.FAILED and STEPS_AS_JOBS[job.kind] == release.state


def _may_list(request: HttpRequest, *releases: Release | None) -> bool:
    """Whether this reader may know the names of the files in all of these."""
    return all(row and authorize_action(request.user, row, Action.LIST).allowed for row in releases)


def _choose_pair(
    request: HttpRequest, frozen: list[Release]
) -> tuple[Release | None, Release | None]:
    by_version = {row.version: row for row in frozen}
    newest = frozen[0] if frozen else None
    second = frozen[1] if len(frozen) > 1 else None
    before = by_version.get(request.GET.get("before", ""), second)
    after = by_version.get(request.GET.get("after", ""), newest)
    return before, after
