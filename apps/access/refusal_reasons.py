"""Making a refusal exact: asked already, no seat, ended, taken back."""

from __future__ import annotations

from apps.access.authorizations import Authorization, Code, refuse_access
from apps.access.models import AccessRequest
from apps.access.standing import find_account, select_entitlements, select_seatless_agreements
from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.models import Dataset


def explain_refusal(answer: Authorization, principal: Principal, dataset: Dataset) -> Authorization:
    """A refusal made exact: asked already, no seat, expired, taken back.

    Three queries, on refusals only.
    """
    user = find_account(principal)
    if user is None or answer.code not in {Code.REQUEST_NEEDED, Code.TERMS_NEEDED}:
        return answer
    if answer.entitlement_id is not None:
        return answer
    if AccessRequest.objects.pending().filter(user=user, dataset=dataset).exists():
        return refuse_access(
            Code.REQUEST_PENDING,
            f"Your request for {dataset} has not been answered yet;"
            f" {dataset.organisation} has to decide.",
        )
    return _explain_missing_seat(user, dataset) or _explain_past_access(user, dataset) or answer


def _explain_missing_seat(user: User, dataset: Dataset) -> Authorization | None:
    agreement = (
        select_seatless_agreements(user)
        .filter(dataset=dataset)
        .select_related("organisation")
        .first()
    )
    if agreement is None:
        return None
    return refuse_access(
        Code.SEAT_NEEDED,
        f"{agreement.organisation} may take {dataset} with {agreement.seats} seats, and you have"
        f" none: ask an owner of {agreement.organisation} for one.",
    )


def _explain_past_access(user: User, dataset: Dataset) -> Authorization | None:
    last = select_entitlements(user).filter(dataset=dataset).order_by("-granted_at").first()
    if last is None:
        return None
    page = f"ask again on its page /datasets/{dataset}"
    if last.revoked_at is not None:
        return refuse_access(Code.REVOKED, f"Your access to {dataset} was taken back; {page}")
    if last.valid_until is not None:
        return refuse_access(
            Code.EXPIRED, f"Your access to {dataset} ended on {last.valid_until:%Y-%m-%d}; {page}"
        )
    return None
