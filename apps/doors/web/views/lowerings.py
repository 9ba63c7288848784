"""Requests to lower what a dataset is held to: made with its settings, decided on its page."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.datasets.actions import lowered_bars, update_dataset
from apps.datasets.lowering import (
    cancel_lowering,
    confirm_lowering,
    lowering_for,
    lowerings_for,
    may_decide_on_lowering,
    propose_lowering,
    refuse_lowering,
)
from apps.datasets.models import Dataset, Lowering
from apps.doors.web.forms import LoweringAnswerForm
from apps.doors.web.views.frame import DatasetFrame, draft_frame, signed_in, told, typed
from datasets_catalog.bars import TITLES
from datasets_catalog.split_policies import parse_policy


@transaction.atomic
def save_settings(
    user: User, dataset: Dataset, changes: dict[str, Any], reason: str
) -> Lowering | None:
    """Save what may be saved at once, and propose what lowers a bar; returns the proposal."""
    lower = {name: changes.pop(name) for name in lowered_bars(dataset, changes)}
    made = None
    if lower:
        made = propose_lowering(actor=user, dataset=dataset, changes=lower, reason=reason)
    update_dataset(actor=user, dataset=dataset, changes=changes)
    return made


def waiting_lowering(request: HttpRequest, frame: DatasetFrame) -> dict[str, Any]:
    """The request that waits for a privacy reviewer, for those who work on the dataset."""
    if not frame.sees_draft:
        return {}
    rows = lowerings_for(request.user, frame.dataset)
    waiting = rows.filter(state=Lowering.State.PROPOSED).first()
    if waiting is None:
        return {}
    return {
        "lowering": waiting,
        "lowered": [
            (TITLES[name], _said(name, waiting.before[name]), _said(name, value))
            for name, value in waiting.becomes.items()
        ],
        "lowering_form": LoweringAnswerForm(auto_id="lowering_%s"),
        "decides_lowering": may_decide_on_lowering(request.user, waiting),
        "proposed_lowering": waiting.proposed_by_id == request.user.pk,
    }


@require_POST
def answer(request: HttpRequest, organisation: str, name: str, uid: UUID) -> HttpResponse:
    """Confirm, refuse or take back a request to lower a bar."""
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    row = lowering_for(user, frame.dataset, uid)
    reason = typed(request, "answer")
    if "confirm" in request.POST:
        with told(request, "Confirmed: the dataset is held to less from now on."):
            confirm_lowering(actor=user, lowering=row, reason=reason)
    elif "refuse" in request.POST:
        with told(request, "Refused: everything stays as it is."):
            refuse_lowering(actor=user, lowering=row, reason=reason)
    else:
        with told(request, "The request is taken back."):
            cancel_lowering(actor=user, lowering=row)
    return redirect(frame.url("overview"))


def _said(name: str, value: Any) -> str:
    if name == "split_policy":
        return parse_policy(value).sentence
    if isinstance(value, list):
        words = [each["label"] if isinstance(each, dict) else str(each) for each in value]
        return ", ".join(words) or "none"
    return str(value)
