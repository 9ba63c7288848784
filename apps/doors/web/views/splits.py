"""What the splits of a dataset mean."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.access.dataset_settings import save_settings
from apps.accounts.access import require_permission
from apps.doors.web.components import Crumb
from apps.doors.web.split_forms import KNOWN_WORDS, SplitPolicyForm, build_form_values
from apps.doors.web.views.page_frame import load_draft_frame, require_sign_in
from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.roles import Permission
from datasets_catalog.split_policies import KNOWN_POLICIES, parse_policy
from datasets_catalog.verticals import Vertical


def edit_split_policy(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    require_permission(user, Permission.DATASET_EDIT, frame.dataset.organisation)
    declared = parse_policy(frame.dataset.split_policy)
    begun = KNOWN_POLICIES.get(request.GET.get("like", ""), declared)
    form = SplitPolicyForm(
        request.POST or None,
        initial=build_form_values(begun),
        vertical=Vertical(frame.dataset.vertical),
    )
    if request.method == "POST" and form.is_valid():
        changes = {"split_policy": form.read_policy()}
        try:
            save_settings(
                actor=user,
                dataset=frame.dataset,
                changes=changes,
                reason=form.cleaned_data["reason"],
            )
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error(None, problem.message)
        else:
            return redirect(frame.url("overview"))
    trail = (Crumb("Settings", frame.url("settings")), Crumb("Splits"))
    context = frame.context(
        "overview", *trail, form=form, declared=declared.sentence, known=KNOWN_WORDS.items()
    )
    return render(request, "web/datasets/splits.html", context, status=422 if form.errors else 200)
