"""Organisations, their members, their log."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import load_roles, require_permission
from apps.accounts.actions import add_member, create_organisation, remove_member
from apps.accounts.models import Organisation
from apps.audit.models import AuditEvent
from apps.datasets.access import list_visible_datasets
from apps.doors.web.components import Crumb, Tab
from apps.doors.web.page_figures import find_newest_releases
from apps.doors.web.page_forms import MemberForm, OrganisationForm
from apps.doors.web.paging import load_page
from apps.doors.web.views.page_frame import flash_outcome, read_field, read_query, require_sign_in
from datasets_catalog.errors import EarmarkError, Kind, NotFoundError
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission, Role, any_role_permits

TABS = (
    ("organisation", "Datasets", None),
    ("members", "Members", Permission.DATASET_VIEW),
    ("contributors", "Contributors", Permission.CONSENT_VIEW),
    ("consent_forms", "Consent forms", Permission.CONSENT_VIEW),
    ("own_terms", "Terms", Permission.DATASET_VIEW),
    ("agreements", "Agreements", None),
    ("targets", "Targets", Permission.TARGET_MANAGE),
    ("audit", "Log", Permission.AUDIT_READ),
)


class OrganisationUnknownError(NotFoundError):
    """There is no such organisation, or the reader may not know of it."""

    code = "organisation.unknown"


@dataclass(frozen=True)
class OrganisationFrame:
    """An organisation as this reader may have it, and what they may do in it."""

    organisation: Organisation
    may: frozenset[Permission]
    belongs: bool = False

    def url(self, name: str, *rest: object) -> str:
        return reverse(f"web:{name}", args=[self.organisation.name, *rest])

    def context(self, tab: str, *crumbs: Crumb, **more: Any) -> dict[str, Any]:
        items = [
            Tab(words, self.url(name), current=name == tab)
            for name, words, needed in TABS
            if needed in self.may or (needed is None and (self.belongs or name == "organisation"))
        ]
        trail = [
            Crumb("Organisations", reverse("web:organisations")),
            Crumb(self.organisation.name, self.url("organisation") if crumbs else ""),
            *crumbs,
        ]
        return {
            "organisation": self.organisation,
            "may": {permission.name.lower(): permission in self.may for permission in Permission},
            "tab_items": items if len(items) > 1 else [],
            "crumbs": trail,
            **more,
        }


def load_organisation_frame(request: HttpRequest, name: str) -> OrganisationFrame:
    """Members know their organisation; others know those with a dataset they may see."""
    row = Organisation.objects.filter(name=name).first()
    if row is not None:
        roles = load_roles(request.user, row)
        may = frozenset(one for one in Permission if any_role_permits(roles, one))
        if roles or list_visible_datasets(request.user).filter(organisation=row).exists():
            return OrganisationFrame(row, may, belongs=bool(roles))
    raise OrganisationUnknownError(f"There is no organisation {name}, or it is not yours to see.")


def list_my_organisations(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    rows = Organisation.objects.filter(memberships__user=user).distinct()
    roles: dict[int, list[str]] = {}
    for organisation_id, role in user.memberships.values_list("organisation_id", "role"):
        roles.setdefault(organisation_id, []).append(role.replace("_", " "))
    listed = [(row, sorted(roles[row.pk])) for row in rows]
    context = {"listed": listed, "crumbs": [Crumb("Organisations")]}
    return render(request, "web/organisations/list.html", context)


def add_organisation(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = create_organisation(actor=user, **form.cleaned_data)
        except EarmarkError as problem:
            form.add_error(None, problem.message)
        else:
            return redirect("web:organisation", row.name)
    crumbs = [Crumb("Organisations", reverse("web:organisations")), Crumb("New organisation")]
    return render(
        request,
        "web/organisations/create.html",
        {"form": form, "crumbs": crumbs},
        status=422 if form.errors else 200,
    )


def show_organisation(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    rows = list_visible_datasets(request.user).filter(organisation=frame.organisation)
    datasets = load_page(request, rows, by="name", limit=24)
    context = frame.context(
        "organisation", page=datasets, cards=find_newest_releases(datasets.rows)
    )
    return render(request, "web/organisations/page.html", context)


def list_members(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    require_permission(request.user, Permission.DATASET_VIEW, frame.organisation)
    may_manage = Permission.ORGANISATION_MANAGE in frame.may
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add_member(
                actor=require_sign_in(request), organisation=frame.organisation, **form.cleaned_data
            )
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error("username", problem.message)
        else:
            return redirect(frame.url("members"))
    rows = frame.organisation.memberships.select_related("user").order_by("user__username", "role")
    roles = [
        (role.value.replace("_", " "), sorted(granted))
        for role, granted in ROLE_PERMISSIONS.items()
    ]
    context = frame.context(
        "members", Crumb("Members"), rows=rows, form=form, may_manage=may_manage, roles=roles
    )
    return render(
        request, "web/organisations/members.html", context, status=422 if form.errors else 200
    )


@require_POST
def drop_member(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    username, role = read_field(request, "username"), read_field(request, "role")
    with flash_outcome(request, f"{username} is no longer {role.replace('_', ' ')}."):
        remove_member(
            actor=require_sign_in(request),
            organisation=frame.organisation,
            username=username,
            role=role if role in set(Role) else "",
        )
    return redirect(frame.url("members"))


def show_log(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    require_permission(request.user, Permission.AUDIT_READ, frame.organisation)
    rows = AuditEvent.objects.filter(organisation=frame.organisation.name)
    subject = read_query(request, "subject")
    if subject:
        rows = rows.filter(subject=subject)
    context = frame.context(
        "audit", Crumb("Log"), page=load_page(request, rows, by="-sequence"), subject=subject
    )
    return render(request, "web/organisations/audit.html", context)
