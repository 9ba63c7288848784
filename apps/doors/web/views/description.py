"""What the keepers of a dataset say of it: provenance, limitations, languages, creators."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.datasets.actions import update_dataset
from apps.doors.web.components import Crumb
from apps.doors.web.description_forms import DescriptionForm
from apps.doors.web.views.page_frame import load_draft_frame, require_sign_in
from datasets_catalog.description_sheets import parse_sheet
from datasets_catalog.errors import EarmarkError, Kind


def edit_description(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    form = DescriptionForm(request.POST or None, initial=_build_initial_values(frame.dataset.sheet))
    if request.method == "POST" and form.is_valid():
        try:
            update_dataset(actor=user, dataset=frame.dataset, changes={"sheet": form.sheet()})
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error(None, problem.message)
        else:
            return redirect(frame.url("overview"))
    context = frame.context("overview", Crumb("Description"), form=form)
    return render(
        request, "web/datasets/description.html", context, status=422 if form.errors else 200
    )


def _build_initial_values(kept: dict[str, Any]) -> dict[str, str]:
    sheet = parse_sheet(kept)
    lines = (f"{one.name} | {one.orcid} | {one.affiliation}".rstrip(" |") for one in sheet.creators)
    return {
        "provenance": sheet.provenance,
        "limitations": sheet.limitations,
        "funding": sheet.funding,
        "languages": ", ".join(sheet.languages),
        "creators": "\n".join(lines),
    }
