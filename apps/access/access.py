"""Which releases and objects a principal may have: fetching is the permission check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, F, OrderBy, QuerySet, Value, When
from django.utils import timezone

from apps.access.authorizations import (
    UNKNOWN,
    Action,
    Authorization,
    Code,
    ObjectGoneError,
    ObjectUnknownError,
    ReleaseUnknownError,
)
from apps.access.authorize import authorize_action, decide_on_standing, find_successor
from apps.access.models import AccessRequest, Entitlement, EntitlementQuerySet
from apps.access.receipts import record_refusal
from apps.access.refusal_reasons import explain_refusal
from apps.access.standing import (
    build_standing_columns,
    find_account,
    load_standing,
    read_standing,
    select_entitlements,
)
from apps.accounts.access import (
    Principal,
    has_permission,
    list_organisations_where,
    match_within_reach,
    may_reach_dataset,
    require_permission,
    sees_releases_only,
)
from apps.accounts.models import User
from apps.database.prepared_queries import PreparedQuery
from apps.datasets.models import Dataset
from apps.releases.models import Release, ReleaseBlob
from apps.releases.stops import COLUMN, build_stop_columns, carry_stop
from apps.storage.models import Blob
from datasets_catalog.errors import NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState
from datasets_catalog.roles import Permission

OID = re.compile(r"[0-9a-f]{32}(?:\.dir)?")


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """A release, and what it was opened on."""

    release: Release
    authorization: Authorization

    def holding(self, blob: Blob) -> OpenObject:
        """One object that the release holds, opened with it."""
        return OpenObject(blob, self.release, self.authorization)


@dataclass(frozen=True, slots=True)
class OpenObject:
    """A blob, a release that holds it, and what it was opened on."""

    blob: Blob
    release: Release
    authorization: Authorization


def open_release(
    principal: Principal,
    full_name: str,
    version: str,
    action: Action = Action.VIEW,
    purpose: Purpose | None = None,
) -> OpenRelease:
    """The release `version` (`1.2.0`) of `organisation/name`, for one action.

    Raises ReleaseUnknownError where there is none or the principal may not know of it, and the
    other errors of `Authorization.require`.
    """
    row = _fetch_release(principal, full_name, _BY_VERSION, version=version)
    return _open_row(principal, row, action, purpose)


def open_commit(
    principal: Principal, full_name: str, commit: str, action: Action = Action.VIEW
) -> OpenRelease:
    """The release that was given out as this commit; raises as `open_release` does."""
    return _open_row(
        principal, _fetch_release(principal, full_name, _BY_COMMIT, commit=commit), action
    )


def open_again(
    principal: Principal, release: int, action: Action, purpose: Purpose | None = None
) -> OpenRelease:
    """The release of this key, for what was signed earlier; raises as `open_release` does."""
    user = find_account(principal)
    at = timezone.now()
    rows = _BY_KEY.rows(user=user.pk if user else None, release=release, at=at)
    row = next((row for row in rows if _is_within_token(user, row)), None)
    return _open_row(principal, row, action, purpose)


def open_newest(principal: Principal, full_name: str, action: Action = Action.VIEW) -> OpenRelease:
    """The newest release that was given out, deprecated only where there is no other.

    Raises as `open_release` does.
    """
    rows = _select_releases(principal, full_name).filter(state__in=PUBLIC_STATES)
    rows = rows.order_by(*_order_readable_first(), "-order")
    newest = rows.first()
    if newest is not None:
        answer = _decide_on_row(principal, newest, newest, action)
        if _is_of_release(answer, newest.dataset):
            # What keeps back a newer version does not keep back the older ones.
            rows = rows.exclude(pk=newest.pk)
            free = (row for row in rows if _decide_on_row(principal, row, row, action).allowed)
            newest = next(free, newest)
    return _open_row(principal, newest, action)


def list_shown_releases(principal: Principal, full_name: str) -> list[Release]:
    """The releases whose versions stand in what the principal may list, oldest first.

    Withdrawn ones are among them: a version never goes away, only what it holds.
    """
    rows = _select_releases(principal, full_name).filter(state__in=PUBLIC_STATES).order_by("order")
    answers = ((row, _decide_on_row(principal, row, row, Action.LIST)) for row in rows)
    return [row for row, answer in answers if answer.allowed or answer.code is Code.WITHDRAWN]


def list_open_releases(principal: Principal, full_name: str, action: Action) -> list[Release]:
    """Every release given out for which the principal may do this, newest first."""
    rows = _select_releases(principal, full_name).filter(state__in=PUBLIC_STATES).order_by("-order")
    return [row for row in rows if _decide_on_row(principal, row, row, action).allowed]


def open_object(principal: Principal, full_name: str, oid: str) -> OpenObject:
    """The object of a dataset that a release holds which the principal may download.

    One query when the answer is yes. Raises ObjectUnknownError for objects nobody published,
    ObjectGoneError for destroyed ones, ReleaseUnknownError where the dataset is not the
    principal's to know of, and the other errors of `Authorization.require`.
    """
    user = find_account(principal)
    asked = _build_query_values(user, full_name) if OID.fullmatch(oid) else None
    row = next(iter(_BEST_HOLDING.rows(**asked, oid=oid)), None) if asked else None
    if asked is None or row is None:
        raise _build_unknown_object_error(principal, full_name, oid)
    answer = _authorize_object(principal, row)
    if _is_of_release(answer, row.release.dataset):
        # An object of a version that is kept back may be in one that is not.
        answers = (
            (each, _authorize_object(principal, each))
            for each in _select_holdings(**asked, oid=oid)
        )
        row, answer = next(((each, a) for each, a in answers if a.allowed), (row, answer))
    _require_allowed(answer, principal, row.release.dataset, Action.DOWNLOAD)
    if row.blob.destroyed_at is not None:
        raise build_destroyed_error(row.release)
    return OpenObject(row.blob, row.release, answer)


def build_destroyed_error(release: Release) -> ObjectGoneError:
    """The error for a destroyed object that the release held; it names what to use instead."""
    newer = find_successor(release)
    advice = f"use version {newer.version} of {release.dataset}" if newer else "nothing replaces it"
    return ObjectGoneError(f"Withdrawn and destroyed; {advice}")


def list_visible_requests(user: Principal, dataset: Dataset) -> QuerySet[AccessRequest]:
    """All requests for those who may answer them, one's own for everybody else."""
    rows = AccessRequest.objects.filter(dataset=dataset).select_related("user", "answered_by")
    if has_permission(user, Permission.ACCESS_GRANT, dataset.organisation):
        return rows
    return rows.filter(user=find_account(user))


def fetch_request(user: Principal, uid: UUID) -> AccessRequest:
    """A request that the user made or may answer; `NotFoundError` otherwise."""
    rows = AccessRequest.objects.select_related("user", "dataset__organisation")
    row = rows.filter(match_within_reach(user, "dataset"), uid=uid).first()
    if row is not None and find_account(user) is not None:
        mine = row.user_id == user.pk
        if mine or has_permission(user, Permission.ACCESS_GRANT, row.dataset.organisation):
            return row
    raise NotFoundError("There is no such request, or it is not yours to see.")


def list_requests_to_answer(user: Principal) -> QuerySet[AccessRequest]:
    """What waits for the user's answer, oldest first."""
    organisations = list_organisations_where(user, Permission.ACCESS_GRANT)
    rows = AccessRequest.objects.pending().filter(match_within_reach(user, "dataset"))
    rows = rows.filter(dataset__organisation_id__in=organisations)
    return rows.select_related("user", "dataset__organisation").order_by("asked_at")


def list_own_requests(user: User) -> QuerySet[AccessRequest]:
    """The user's own requests for all datasets, newest first."""
    rows = AccessRequest.objects.filter(match_within_reach(user, "dataset"), user=user)
    return rows.select_related("dataset__organisation", "user", "answered_by").order_by("-id")


def list_held_entitlements(user: User) -> QuerySet[Entitlement]:
    """What the user may take or once could, also through organisations; newest first."""
    rows = select_entitlements(user).filter(match_within_reach(user, "dataset"))
    related = ("dataset__organisation", "user", "organisation", "granted_by")
    return rows.select_related(*related).order_by("-id")


def list_visible_entitlements(user: User, dataset: Dataset) -> EntitlementQuerySet:
    """Everybody who was let in, past and present; `DeniedError` unless the user may grant."""
    require_permission(user, Permission.ACCESS_GRANT, dataset.organisation)
    rows = Entitlement.objects.filter(dataset=dataset)
    related = ("dataset__organisation", "user", "organisation", "granted_by")
    return rows.select_related(*related).order_by("-granted_at")


def _select_releases(principal: Principal, full_name: str) -> QuerySet[Release]:
    user = find_account(principal)
    asked = _build_query_values(user, full_name)
    if asked is None:
        return Release.objects.annotate(**build_stop_columns()).none()
    rows = _select_release_rows(**asked)
    return (
        rows.filter(state__in=PUBLIC_STATES)
        if user is not None and sees_releases_only(user)
        else rows
    )


def _fetch_release(
    principal: Principal, full_name: str, prepared: PreparedQuery[Release], **which: str
) -> Release | None:
    user = find_account(principal)
    asked = _build_query_values(user, full_name)
    if asked is None:
        return None
    row = next(iter(prepared.rows(**asked, **which)), None)
    return row if row is not None and _is_within_token(user, row) else None


def _is_within_token(user: User | None, row: Release) -> bool:
    """Whether the token that the user came with, if any, is for this release."""
    if user is None:
        return True
    in_sight = row.state in PUBLIC_STATES or not sees_releases_only(user)
    return in_sight and may_reach_dataset(user, row.dataset.full_name)


def _build_query_values(user: User | None, full_name: str) -> dict[str, Any] | None:
    """The values of the prepared queries; None for a dataset that the token does not reach."""
    if user is not None and not may_reach_dataset(user, full_name):
        return None
    organisation, _, name = full_name.partition("/")
    at = timezone.now()
    return {"user": user.pk if user else None, "organisation": organisation, "name": name, "at": at}


def _select_release_rows(
    *, user: int | None, organisation: str, name: str, at: datetime
) -> QuerySet[Release]:
    rows = Release.objects.filter(dataset__organisation__name=organisation, dataset__name=name)
    return _annotate_standing(rows, user, at)


def _annotate_standing(
    rows: QuerySet[Release], user: int | None, at: datetime
) -> QuerySet[Release]:
    rows = rows.select_related("dataset__organisation").annotate(**build_stop_columns())
    if user is None:
        return rows
    columns = build_standing_columns(
        user, dataset="dataset", organisation="dataset__organisation", at=at
    )
    return rows.annotate(**columns)


# What every listing and page of a version asks.
_BY_VERSION = PreparedQuery(
    lambda *, version, **who: _select_release_rows(**who).filter(version=version)
)
_BY_KEY = PreparedQuery(
    lambda *, release, user, at: _annotate_standing(Release.objects.filter(pk=release), user, at)
)
_BY_COMMIT = PreparedQuery(
    lambda *, commit, **who: _select_release_rows(**who).filter(
        state__in=PUBLIC_STATES, dvc_commit=commit
    )
)


def _open_row(
    principal: Principal, row: Release | None, action: Action, purpose: Purpose | None = None
) -> OpenRelease:
    if row is None:
        raise ReleaseUnknownError(UNKNOWN.reason)
    if purpose is not None:
        answer = authorize_action(principal, row, action, purpose)
    else:
        answer = _decide_on_row(principal, row, row, action)
    return OpenRelease(row, _require_allowed(answer, principal, row.dataset, action))


def _authorize_object(principal: Principal, row: ReleaseBlob) -> Authorization:
    carry_stop(row, row.release)
    return _decide_on_row(principal, row, row.release, Action.DOWNLOAD)


# Refusals on the first grant that another one of the same person may not meet with.
_OF_GRANT = {Code.PURPOSE_REFUSED, Code.TERRITORY}


def _decide_on_row(
    principal: Principal, row: object, release: Release, action: Action
) -> Authorization:
    """The answer on the standing that was fetched with the row; two more queries on some noes."""
    answer = decide_on_standing(read_standing(row), release, action)
    if not answer.allowed and answer.code in _OF_GRANT:
        return decide_on_standing(load_standing(principal, release.dataset), release, action)
    return answer


def _require_allowed(
    answer: Authorization, principal: Principal, dataset: Dataset, action: Action
) -> Authorization:
    """The answer if it is a yes; a no is explained, counted and raised."""
    if answer.allowed:
        return answer
    answer = explain_refusal(answer, principal, dataset)
    record_refusal(principal, dataset, action, answer)
    return answer.require()


# Refusals that another release of the same dataset may not meet with.
_OF_RELEASE = {
    Code.EMBARGOED,
    Code.NOT_CLEARED,
    Code.TERRITORY,
    Code.CONSENT_ENDED,
    Code.HELD_BACK,
    Code.PURPOSE_REFUSED,
}
# These too where the dataset is open: a release that is not for everyone stands behind a gate.
_OF_GATE = {Code.REQUEST_NEEDED, Code.SIGN_IN}


def _is_of_release(answer: Authorization, dataset: Dataset) -> bool:
    if answer.allowed:
        return False
    at_gate = dataset.access == Dataset.Access.OPEN and answer.code in _OF_GATE
    return at_gate or answer.code in _OF_RELEASE


def _order_readable_first(prefix: str = "") -> tuple[OrderBy, Case]:
    """Sort keys: what is not stopped; then published, deprecated, withdrawn."""
    order = (ReleaseState.PUBLISHED, ReleaseState.DEPRECATED, ReleaseState.WITHDRAWN)
    ranks = (When(**{f"{prefix}state": state}, then=Value(at)) for at, state in enumerate(order))
    return F(COLUMN).desc(nulls_first=True), Case(*ranks)


def _select_holdings(
    *, user: int | None, organisation: str, name: str, oid: str, at: datetime
) -> QuerySet[ReleaseBlob]:
    rows = ReleaseBlob.objects.filter(
        blob__oid=oid,
        release__state__in=PUBLIC_STATES,
        release__dataset__organisation__name=organisation,
        release__dataset__name=name,
    ).select_related("blob", "release__dataset__organisation")
    rows = rows.annotate(**build_stop_columns(release="release", dataset="release__dataset"))
    if user is not None:
        columns = build_standing_columns(
            user, dataset="release__dataset", organisation="release__dataset__organisation", at=at
        )
        rows = rows.annotate(**columns)
    return rows.order_by(*_order_readable_first("release__"), "-release__order")


# What every byte that is downloaded asks.
_BEST_HOLDING = PreparedQuery(lambda **values: _select_holdings(**values)[:1])


def _build_unknown_object_error(principal: Principal, full_name: str, oid: str) -> NotFoundError:
    open_newest(principal, full_name, Action.DOWNLOAD)
    return ObjectUnknownError(f"No published version of {full_name} holds {oid}.")
