"""Places outside: which there are, and sending a release to one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.doors.web.components import Crumb
from apps.doors.web.page_forms import TargetForm
from apps.doors.web.views.organisations import load_organisation_frame
from apps.doors.web.views.page_frame import load_draft_frame, require_sign_in
from apps.publishing.access import fetch_target, list_visible_targets
from apps.publishing.actions import (
    PublicationPlan,
    TargetSettings,
    check_target,
    plan_publication,
    save_target,
    start_publication,
)
from apps.releases.access import fetch_release
from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.roles import Permission


def list_targets(request: HttpRequest, organisation: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_organisation_frame(request, organisation)
    require_permission(user, Permission.TARGET_MANAGE, frame.organisation)
    form = TargetForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and _save_target(user, frame.organisation, form)
    ):
        messages.success(request, "The target is saved.")
        return redirect(frame.url("targets"))
    rows = list_visible_targets(user, frame.organisation)
    context = frame.context("targets", Crumb("Targets"), targets=rows, form=form)
    return render(
        request, "web/organisations/targets.html", context, status=422 if form.errors else 200
    )


def edit_target(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_organisation_frame(request, organisation)
    require_permission(user, Permission.TARGET_MANAGE, frame.organisation)
    target = fetch_target(user, frame.organisation, name)
    initial = {key: getattr(target, key) for key in ("endpoint", "repository", "gate", "private")}
    form = TargetForm(request.POST or None, initial=initial | {"name": name})
    form.fields["name"].disabled = True
    if (
        request.method == "POST"
        and form.is_valid()
        and _save_target(user, frame.organisation, form)
    ):
        messages.success(request, "The target is saved.")
        return redirect(frame.url("targets"))
    trail = (Crumb("Targets", frame.url("targets")), Crumb(name))
    context = frame.context("targets", *trail, target=target, form=form)
    return render(
        request, "web/organisations/target.html", context, status=422 if form.errors else 200
    )


@require_POST
def check_hub_target(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Asks the hub whose token it is; takes as long as the hub takes."""
    user = require_sign_in(request)
    frame = load_organisation_frame(request, organisation)
    target = fetch_target(user, frame.organisation, name)
    try:
        who = check_target(actor=user, target=target)
    except EarmarkError as problem:
        if problem.kind == Kind.DENIED:
            raise
        messages.error(request, problem.message)
    else:
        messages.success(request, f"The hub knows the token: it belongs to {who}.")
    return redirect(frame.url("targets"))


def show_publication_plan(
    request: HttpRequest, organisation: str, name: str, version: str, target: str
) -> HttpResponse:
    """A dry run of sending a release; posting it sends."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    release = fetch_release(user, frame.dataset, version)
    place = fetch_target(user, frame.dataset.organisation, target)
    if request.method == "POST":
        _, job = start_publication(actor=user, release=release, target=place)
        return redirect("web:job", job.uid)
    found: PublicationPlan | None = None
    problem: EarmarkError | None = None
    try:
        found = plan_publication(actor=user, release=release, target=place)
    except EarmarkError as refused:
        if refused.kind == Kind.NOT_FOUND:
            raise
        problem = refused
    trail = (
        Crumb("Releases", frame.url("releases")),
        Crumb(release.tag, frame.url("release", release.version)),
        Crumb(f"To {place.name}"),
    )
    context = frame.context(
        "releases", *trail, release=release, target=place, plan=found, problem=problem
    )
    return render(request, "web/releases/plan.html", context)


def _save_target(user: User, organisation: Organisation, form: TargetForm) -> bool:
    values = dict(form.cleaned_data)
    name = values.pop("name")
    try:
        save_target(
            actor=user, organisation=organisation, name=name, settings=TargetSettings(**values)
        )
    except EarmarkError as problem:
        if problem.kind == Kind.DENIED:
            raise
        field = problem.detail.get("field")
        form.add_error(field if field in form.fields else None, problem.message)
        return False
    return True
