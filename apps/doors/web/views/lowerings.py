"""Requests to lower what a dataset is held to, decided on its page."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.datasets.bar_lowerings import (
    cancel_lowering,
    confirm_lowering,
    fetch_lowering,
    list_visible_lowerings,
    may_decide_on_lowering,
    refuse_lowering,
)
from apps.datasets.models import Lowering
from apps.doors.web.page_forms import LoweringAnswerForm
from apps.doors.web.views.page_frame import (
    DatasetFrame,
    flash_outcome,
    load_draft_frame,
    read_field,
    require_sign_in,
)
from datasets_catalog.bars import REVIEWERS, TITLES, find_decider
from datasets_catalog.split_policies import parse_policy


def describe_waiting_lowering(request: HttpRequest, frame: DatasetFrame) -> dict[str, Any]:
    """The request that waits for a reviewer, for those who work on the dataset."""
    if not frame.sees_draft:
        return {}
    rows = list_visible_lowerings(request.user, frame.dataset)
    waiting = rows.filter(state=Lowering.State.PROPOSED).first()
    if waiting is None:
        return {}
    return {
        "lowering": waiting,
        "lowered": [
            (
                TITLES[name],
                _format_bar_value(name, waiting.before[name]),
                _format_bar_value(name, value),
            )
            for name, value in waiting.becomes.items()
        ],
        "lowering_form": LoweringAnswerForm(auto_id="lowering_%s"),
        "decides_lowering": may_decide_on_lowering(request.user, waiting),
        "lowering_reviewer": REVIEWERS[find_decider(waiting.becomes)],
        "proposed_lowering": waiting.proposed_by_id == request.user.pk,
    }


@require_POST
def answer_lowering(request: HttpRequest, organisation: str, name: str, uid: UUID) -> HttpResponse:
    """Confirm, refuse or take back a request to lower a bar."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    row = fetch_lowering(user, frame.dataset, uid)
    reason = read_field(request, "answer")
    if "confirm" in request.POST:
        with flash_outcome(request, "Confirmed: the dataset is held to less from now on."):
            confirm_lowering(actor=user, lowering=row, reason=reason)
    elif "refuse" in request.POST:
        with flash_outcome(request, "Refused: everything stays as it is."):
            refuse_lowering(actor=user, lowering=row, reason=reason)
    else:
        with flash_outcome(request, "The request is taken back."):
            cancel_lowering(actor=user, lowering=row)
    return redirect(frame.url("overview"))


def _format_bar_value(name: str, value: Any) -> str:
    if name == "split_policy":
        return parse_policy(value).sentence
    if isinstance(value, list):
        words = [each["label"] if isinstance(each, dict) else str(each) for each in value]
        return ", ".join(words) or "none"
    return "none" if value in (None, "") else str(value)
