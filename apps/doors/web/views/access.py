"""May I have this dataset, who asked for it, and who is let in how."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.access.access import fetch_request, list_visible_entitlements, list_visible_requests
from apps.access.access_changes import (
    cancel_access_change,
    confirm_access_change,
    fetch_access_change,
    list_visible_access_changes,
    may_decide_on_change,
    refuse_access_change,
)
from apps.access.access_terms import (
    accept_terms,
    find_current_terms,
    list_terms,
    save_terms,
    was_taken_back,
)
from apps.access.actions import (
    cancel_request,
    grant_request,
    refuse_request,
    request_access,
    revoke_access,
)
from apps.access.authorizations import Action, Authorization, Code
from apps.access.authorize import authorize_action
from apps.access.dataset_settings import save_settings
from apps.access.models import AccessChange, AccessRequest, AccessTerms
from apps.accounts.access import find_holder, require_permission
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.datasets.models import Dataset
from apps.doors.download_commands import list_commands
from apps.doors.web.access_forms import (
    AcceptForm,
    AccessRequestForm,
    AccessSettingsForm,
    AnswerForm,
    ChangeAnswerForm,
    EnterForm,
    TermsForm,
)
from apps.doors.web.components import Crumb
from apps.doors.web.page_figures import find_newest_releases
from apps.doors.web.paging import load_page
from apps.doors.web.views.page_frame import (
    DatasetFrame,
    build_dataset_url,
    flash_outcome,
    load_dataset_frame,
    load_draft_frame,
    read_field,
    require_sign_in,
)
from datasets_catalog.errors import EarmarkError, InvalidError, Kind
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.roles import Permission

SHOWN = 50
LESS_IS_ASKED = (
    "Required questions go, and access lasts longer, only once a privacy reviewer agreed: asked."
)
ASKABLE = {Code.REQUEST_NEEDED, Code.EXPIRED, Code.REVOKED, Code.TERMS_NEEDED, Code.SEAT_NEEDED}
ACCEPTABLE = {Code.TERMS_NEEDED, Code.TERMS_CHANGED, Code.EXPIRED}


def show_dataset_access(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_dataset_frame(request, organisation, name)
    form = AccessRequestForm(request.POST or None, dataset=frame.dataset)
    if request.method == "POST" and form.is_valid():
        try:
            request_access(actor=require_sign_in(request), dataset=frame.dataset, **form.values())
        except EarmarkError as problem:
            if problem.kind in {Kind.DENIED, Kind.NOT_FOUND}:
                raise
            form.add_problem(problem)
        else:
            return redirect(frame.url("access"))
    context = frame.context(
        "access",
        Crumb("Access"),
        form=form,
        **_describe_standing(request, frame),
        **_describe_proposal(request, frame),
    )
    return render(request, "web/datasets/access.html", context, status=422 if form.errors else 200)


def _describe_standing(request: HttpRequest, frame: DatasetFrame) -> dict[str, Any]:
    """What the reader may take, what they can do about it, and for granters the others."""
    newest = find_newest_releases([frame.dataset])[0].release
    answer = authorize_action(request.user, newest, Action.DOWNLOAD) if newest else None
    may_grant = Permission.ACCESS_GRANT in frame.may
    takes = _may_accept(request, frame.dataset, answer)
    terms = find_current_terms(frame.dataset) if takes or _may_ask(frame.dataset, answer) else None
    return {
        "newest": newest,
        "answer": answer,
        "pending": answer is not None and answer.code == Code.REQUEST_PENDING,
        "terms": terms,
        "accept": _build_accept_form(frame.dataset, answer, terms) if takes and terms else None,
        "may_ask": _may_ask(frame.dataset, answer),
        "commands": list_commands(request.user, newest)
        if newest and answer and answer.allowed
        else [],
        "requests": [
            (
                row,
                AnswerForm(initial={"purposes": row.purposes}, prefix=str(row.uid)),
                _list_purpose_titles(row),
            )
            for row in list_visible_requests(request.user, frame.dataset)[:SHOWN]
        ]
        if may_grant
        else [],
        "entitlements": list_visible_entitlements(require_sign_in(request), frame.dataset).valid()[
            :SHOWN
        ]
        if may_grant
        else [],
    }


def _build_accept_form(
    dataset: Dataset, answer: Authorization | None, terms: AccessTerms
) -> AcceptForm:
    initial = {"version": terms.version}
    if answer is not None and answer.entitlement_id is not None:
        return AcceptForm(initial=initial)
    return EnterForm(initial=initial, dataset=dataset)


def _may_accept(request: HttpRequest, dataset: Dataset, answer: Authorization | None) -> bool:
    """Whether accepting the terms lets the reader in."""
    if answer is None or answer.code not in ACCEPTABLE or not request.user.is_authenticated:
        return False
    if answer.entitlement_id is not None:
        return True
    by_terms = dataset.access == Dataset.Access.TERMS
    return by_terms and not was_taken_back(require_sign_in(request), dataset)


def _may_ask(dataset: Dataset, answer: Authorization | None) -> bool:
    """Whether asking a person is the way in."""
    if answer is None or answer.code not in ASKABLE or answer.entitlement_id is not None:
        return False
    return dataset.access != Dataset.Access.TERMS or answer.code == Code.REVOKED


def _list_purpose_titles(row: AccessRequest) -> list[str]:
    return [TERMS[Purpose(each)].title for each in row.purposes]


@require_POST
def cancel_access_request(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_dataset_frame(request, organisation, name)
    row = AccessRequest.objects.pending().filter(user=user, dataset=frame.dataset).first()
    if row is not None:
        with flash_outcome(request, "The request is taken back."):
            cancel_request(actor=user, request=row)
    return redirect(frame.url("access"))


@require_POST
def accept_dataset_terms(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_dataset_frame(request, organisation, name)
    form = AcceptForm(request.POST)
    with flash_outcome(request, "You accepted the terms."):
        if not form.is_valid():
            raise InvalidError("Tick the box to accept the terms.")
        accept_terms(
            actor=user,
            dataset=frame.dataset,
            version=form.cleaned_data["version"],
            purposes=request.POST.getlist("purposes"),
            country=read_field(request, "country"),
        )
    return redirect(frame.url("access"))


@require_POST
def revoke_dataset_access(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_dataset_frame(request, organisation, name)
    require_permission(user, Permission.ACCESS_GRANT, frame.dataset.organisation)
    person, company = read_field(request, "username"), read_field(request, "organisation")
    holder = find_holder(username=person or None, organisation=company or None)
    with flash_outcome(request, f"{holder} can take nothing of it any more."):
        revoke_access(actor=user, dataset=frame.dataset, holder=holder)
    return redirect(frame.url("access"))


@require_POST
def answer_access_request(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    row = fetch_request(user, uid)
    form = AnswerForm(request.POST, prefix=str(row.uid))
    with flash_outcome(
        request, f"{row.user} was {'let in' if 'yes' in request.POST else 'refused'}."
    ):
        if not form.is_valid():
            raise InvalidError("; ".join(str(each[0]) for each in form.errors.values()))
        if "yes" in request.POST:
            grant_request(actor=user, request=row, **form.read_grant())
        else:
            refuse_request(actor=user, request=row, answer=form.cleaned_data["answer"])
    back = "web:my_access" if "queue" in request.POST else None
    return redirect(back or build_dataset_url(row.dataset, "access"))


def edit_access_settings(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Who is let in, how and from when; the terms and their versions."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    require_permission(user, Permission.ACCESS_GRANT, frame.dataset.organisation)
    mine = request.POST or None if "save" in request.POST else None
    form = AccessSettingsForm(mine, initial=AccessSettingsForm.of(frame.dataset))
    text = request.POST or None if "terms" in request.POST else None
    terms = TermsForm(text, initial=TermsForm.of(find_current_terms(frame.dataset)))
    if form.is_bound and form.is_valid():
        return _save_settings(request, user, frame, form)
    if terms.is_bound and terms.is_valid():
        with flash_outcome(request, "The terms are saved."):
            save_terms(actor=user, dataset=frame.dataset, **terms.cleaned_data)
        return redirect(frame.url("access_settings"))
    context = frame.context(
        "access",
        Crumb("Access", frame.url("access")),
        Crumb("Settings"),
        form=form,
        terms_form=terms,
        versions=list_terms(frame.dataset),
    )
    status = 422 if form.errors or terms.errors else 200
    return render(request, "web/datasets/access_settings.html", context, status=status)


def _save_settings(
    request: HttpRequest, user: User, frame: DatasetFrame, form: AccessSettingsForm
) -> HttpResponse:
    try:
        saved = save_settings(
            actor=user,
            dataset=frame.dataset,
            changes=form.changes(),
            reason=form.cleaned_data["reason"],
        )
    except EarmarkError as problem:
        if problem.kind in {Kind.DENIED, Kind.NOT_FOUND}:
            raise
        messages.error(request, problem.message)
        return redirect(frame.url("access_settings"))
    if saved.lowering is not None:
        messages.success(request, LESS_IS_ASKED)
    if saved.access_change is not None:
        messages.success(request, "It is proposed; the other settings are saved.")
        return redirect(frame.url("access"))
    messages.success(request, "The settings are saved.")
    return redirect(frame.url("access_settings"))


@require_POST
def decide_access_change(
    request: HttpRequest, organisation: str, name: str, uid: UUID
) -> HttpResponse:
    """Confirm, refuse or take back a proposal to let more people in."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    row = fetch_access_change(user, frame.dataset, uid)
    if "confirm" in request.POST:
        with flash_outcome(request, f"{frame.dataset} is given to more people now."):
            confirm_access_change(actor=user, change=row)
    elif "refuse" in request.POST:
        with flash_outcome(request, "The proposal is refused."):
            refuse_access_change(actor=user, change=row, answer=read_field(request, "answer"))
    else:
        with flash_outcome(request, "The proposal is taken back."):
            cancel_access_change(actor=user, change=row)
    return redirect(frame.url("access"))


def _describe_proposal(request: HttpRequest, frame: DatasetFrame) -> dict[str, Any]:
    """The change that waits for a decision, for those who work on the dataset."""
    if not frame.sees_draft:
        return {}
    rows = list_visible_access_changes(request.user, frame.dataset)
    waiting = rows.filter(state=AccessChange.State.PROPOSED).first()
    return {
        "proposal": waiting,
        "proposal_form": ChangeAnswerForm(auto_id="change_%s"),
        "decides": waiting is not None and may_decide_on_change(request.user, waiting),
        "proposed": waiting is not None and waiting.proposed_by_id == request.user.pk,
    }


def show_activity(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """What the log says about a dataset, newest first, for those who work on it."""
    frame = load_draft_frame(request, organisation, name)
    name = frame.dataset.full_name
    # Releases are written down as the dataset's name and the version.
    rows = AuditEvent.objects.filter(
        Q(subject=name) | Q(subject__startswith=f"{name} "),
        organisation=frame.dataset.organisation.name,
    )
    page = load_page(request, rows, by="-sequence")
    context = frame.context("activity", Crumb("Activity"), page=page)
    return render(request, "web/datasets/activity.html", context)
