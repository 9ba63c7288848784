"""The only place that says who may have what of a release, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from apps.access.authorizations import (
    UNKNOWN,
    Action,
    Authorization,
    Binding,
    Code,
    allow_access,
    refuse_access,
)
from apps.access.embargoes import find_embargo
from apps.access.refusal_reasons import explain_refusal
from apps.access.standing import Grant, Standing, load_standing
from apps.accounts.access import Principal
from apps.datasets.models import Dataset
from apps.releases.lapses import describe_lapse, find_lapse_start, match_covered
from apps.releases.models import LapseGround, Release
from apps.releases.stops import build_stop_columns, describe_closing, read_stopped_since
from datasets_catalog.door_purposes import Clearance, Entrance, name_purposes
from datasets_catalog.purposes import TERMS, Purpose, include_implied
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState


class Fit(StrEnum):
    """Whether a purpose fits, as far as rules can tell."""

    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
    NEEDS_PERSON = "needs_person"


def authorize_action(
    principal: Principal, release: Release, action: Action, purpose: Purpose | None = None
) -> Authorization:
    """Whether the principal may do this with the release, for the purpose if one is asked."""
    answer = decide_on_standing(load_standing(principal, release.dataset), release, action, purpose)
    return explain_refusal(answer, principal, release.dataset)


def decide_on_standing(
    standing: Standing, release: Release, action: Action, purpose: Purpose | None = None
) -> Authorization:
    """The same from what is known already.

    No query beyond the release's dataset for a release fetched with `build_stop_columns`.
    """
    if standing.beyond_reach:
        return UNKNOWN
    state = ReleaseState(release.state)
    if state not in PUBLIC_STATES:
        return _refuse_if_stopped(_answer_unpublished(standing, action), release, action)
    answer = _answer_by_policy(standing, release, action, purpose)
    return _apply_release_state(answer, standing, release, action) if answer.allowed else answer


def build_clearance(release: Release) -> Clearance:
    """What the people in the release and the licences of its clips allow of it. No query."""
    return Clearance.of(release.cleared, release.territories)


def find_access_policy(release: Release) -> str:
    """Who may take this release: as its dataset says, but for one that is not for everyone.

    A release that people allowed behind a gate alone stays behind one, however open its dataset is.
    """
    access = str(release.dataset.access)
    if access == Dataset.Access.OPEN and not _stands_open(release):
        return Dataset.Access.REQUEST
    return access


def _stands_open(release: Release) -> bool:
    clearance = build_clearance(release)
    behind_gate = clearance.allows(Action.DOWNLOAD, Entrance.GATE)
    return clearance.allows(Action.DOWNLOAD, Entrance.OPEN) or not behind_gate


def judge_fit(
    purpose: Purpose, cleared: frozenset[Purpose], granted: frozenset[Purpose] | None
) -> Fit:
    """Whether a use fits what a release is cleared for and what a grant names (None: no grant).

    A release that declares nothing, and a grant that names other purposes, need a person's answer.
    """
    if cleared and purpose not in include_implied(cleared):
        return Fit.INCOMPATIBLE
    if not cleared or (granted is not None and purpose not in include_implied(granted)):
        return Fit.NEEDS_PERSON
    return Fit.COMPATIBLE


def _apply_release_state(
    answer: Authorization, standing: Standing, release: Release, action: Action
) -> Authorization:
    """What became of a release that may be had: withdrawn, stopped, kept back, deprecated."""
    state = ReleaseState(release.state)
    answer = _refuse_if_stopped(answer, release, action)
    if answer.allowed and not standing.member:
        answer = _refuse_if_embargoed(answer, release, action)
    if answer.allowed and not standing.member:
        answer = _refuse_if_lapsed(answer, release, action)
    if answer.allowed and state is ReleaseState.WITHDRAWN and action is not Action.VIEW:
        # Last: whoever hears of this would have been given the release.
        return _refuse_withdrawn(release)
    if state is ReleaseState.DEPRECATED and answer.allowed and answer.code is not Code.EMBARGOED:
        return _add_warning(answer, release)
    return answer


def _refuse_if_stopped(answer: Authorization, release: Release, action: Action) -> Authorization:
    """An emergency stop leaves the page and closes everything else, to members too."""
    if not answer.allowed or action is Action.VIEW:
        return answer
    since = read_stopped_since(release)
    return (
        answer if since is None else refuse_access(Code.STOPPED, describe_closing(release, since))
    )


def _answer_unpublished(standing: Standing, action: Action) -> Authorization:
    if not standing.member or not standing.drafts:
        return UNKNOWN
    if action is Action.DOWNLOAD:
        return refuse_access(
            Code.UNPUBLISHED, "This release is not published yet: publish it, then download it."
        )
    return allow_access(Code.MEMBER, Binding.MEMBERSHIP, "You work on this dataset.")


def _answer_by_policy(
    standing: Standing, release: Release, action: Action, purpose: Purpose | None
) -> Authorization:
    if standing.member:
        answer = allow_access(Code.MEMBER, Binding.MEMBERSHIP, "You work on this dataset.")
        return _answer_for_purpose(answer, release, purpose, None)
    dataset, access = release.dataset, find_access_policy(release)
    if access == Dataset.Access.OPEN:
        answer = allow_access(Code.OPEN, Binding.OPEN, "This dataset is open to everyone.")
        answer = _refuse_unless_cleared(answer, release, action, Entrance.OPEN)
        answer = replace(answer, purposes=build_clearance(release).grantable)
        return _answer_for_purpose(answer, release, purpose, None)
    bound = [grant for grant in standing.grants if grant.terms >= dataset.terms_required]
    if bound:
        answer = _answer_by_grants(bound, release, action, purpose)
        return _refuse_unless_cleared(answer, release, action, Entrance.GATE)
    if standing.grants:
        return _answer_by_other_terms(standing, release, action)
    if access == Dataset.Access.ORGANISATION:
        return UNKNOWN
    return _answer_without_grant(standing, release, action)


def _refuse_unless_cleared(
    answer: Authorization, release: Release, action: Action, entrance: Entrance
) -> Authorization:
    """The answer, unless people in the release did not allow that it is given so."""
    missing = build_clearance(release).lacks(action, entrance) if answer.allowed else None
    return _refuse_uncleared(release, missing) if missing else answer


def _refuse_uncleared(release: Release, missing: frozenset[Purpose]) -> Authorization:
    clearance = build_clearance(release)
    area = f" in {', '.join(sorted(clearance.territories))}" if clearance.territories else ""
    return refuse_access(
        Code.NOT_CLEARED,
        f"{release} was released for {name_purposes(clearance.purposes)}{area}, and this"
        f" needs {name_purposes(missing)} as well: ask {release.dataset.organisation} for a version"
        " that is released for it.",
    )


def _answer_by_grants(
    grants: Sequence[Grant], release: Release, action: Action, purpose: Purpose | None
) -> Authorization:
    answers = [_answer_by_grant(grant, release, action, purpose) for grant in grants]
    return next((answer for answer in answers if answer.allowed), answers[0])


def _answer_by_grant(
    grant: Grant, release: Release, action: Action, purpose: Purpose | None
) -> Authorization:
    """A grant reaches as far as the release: its purposes, and where its people let it go."""
    clearance = build_clearance(release)
    fitting = include_implied(grant.purposes) & clearance.grantable
    answer = allow_access(
        Code.ENTITLED,
        Binding.ENTITLEMENT,
        "You were granted access.",
        until=grant.until,
        entitlement_id=grant.entitlement_id,
        terms=grant.terms,
        purposes=fitting,
    )
    if action is Action.VIEW:
        return answer
    if not clearance.reaches(grant.country):
        return _refuse_territory(release, grant)
    if not fitting:
        return refuse_access(
            Code.PURPOSE_REFUSED,
            f"Your access is for {name_purposes(grant.purposes)}, and {release} is cleared for"
            f" {name_purposes(clearance.grantable)}: ask for one of these on the page"
            f" /datasets/{release.dataset}",
        )
    return _answer_for_purpose(answer, release, purpose, grant.purposes)


def _refuse_territory(release: Release, grant: Grant) -> Authorization:
    area = ", ".join(release.territories)
    where = f"is in {grant.country}" if grant.country else "names no country"
    return refuse_access(
        Code.TERRITORY,
        f"{release} may go to {area} alone, and your access {where}: ask for access there on the"
        f" page /datasets/{release.dataset}",
    )


def _answer_by_other_terms(standing: Standing, release: Release, action: Action) -> Authorization:
    """Let in, but not under the terms that bind now."""
    dataset, grant = release.dataset, standing.grants[0]
    if action is Action.VIEW or _is_public(standing, release, action):
        return allow_access(Code.OPEN, Binding.OPEN, "This part of the dataset is for everyone.")
    page = f"accept them on its page /datasets/{dataset}/access/"
    if grant.terms:
        answer = refuse_access(Code.TERMS_CHANGED, f"The terms of {dataset} changed: {page}")
    else:
        answer = refuse_access(Code.TERMS_NEEDED, f"{dataset} is taken under terms: {page}")
    return replace(answer, entitlement_id=grant.entitlement_id)


def _answer_without_grant(standing: Standing, release: Release, action: Action) -> Authorization:
    dataset = release.dataset
    if _is_public(standing, release, action):
        return allow_access(Code.OPEN, Binding.OPEN, "This part of the dataset is for everyone.")
    if missing := build_clearance(release).lacks(action, Entrance.GATE):
        # Nobody is sent to a gate behind which there is nothing for them.
        return _refuse_uncleared(release, missing)
    by_terms = dataset.access == Dataset.Access.TERMS
    subject = release if dataset.access == Dataset.Access.OPEN else dataset
    if not standing.signed_in:
        how = "to those who accept its terms" if by_terms else "on request"
        return refuse_access(
            Code.SIGN_IN, f"{subject} is given {how}: sign in with a token of your account."
        )
    if by_terms:
        return refuse_access(
            Code.TERMS_NEEDED,
            f"{dataset} is given to those who accept its terms: do so on its page"
            f" /datasets/{dataset}/access/",
        )
    return refuse_access(
        Code.REQUEST_NEEDED,
        f"{subject} is given on request: ask for access on its page /datasets/{dataset}",
    )


def _is_public(standing: Standing, release: Release, action: Action) -> bool:
    """What a dataset given on request or on terms shows to people without a grant."""
    if release.dataset.access == Dataset.Access.ORGANISATION:
        return False
    clearance = build_clearance(release)
    match action:
        case Action.VIEW:
            return True
        case Action.LIST:
            return standing.signed_in and clearance.allows(action, Entrance.GATE)
        case Action.PREVIEW:
            return Purpose.PREVIEW_PUBLIC_CLIP in clearance.given_purposes
        case Action.DOWNLOAD:
            return False


def _answer_for_purpose(
    answer: Authorization,
    release: Release,
    purpose: Purpose | None,
    granted: frozenset[Purpose] | None,
) -> Authorization:
    if purpose is None or not answer.allowed:
        return answer
    cleared = build_clearance(release).purposes
    title = TERMS[purpose].title
    match judge_fit(purpose, cleared, granted):
        case Fit.COMPATIBLE:
            return replace(answer, purposes=frozenset({purpose}), stated=purpose)
        case Fit.INCOMPATIBLE:
            return refuse_access(
                Code.PURPOSE_REFUSED,
                f"{release} is not cleared for this purpose ({title}):"
                f" its consents allow {name_purposes(cleared)}.",
            )
        case Fit.NEEDS_PERSON:
            return refuse_access(
                Code.PURPOSE_OPEN,
                f"Whether {release} may be used for this purpose ({title}) needs a person's"
                f" answer: ask for it on the page /datasets/{release.dataset}",
            )


def _refuse_if_embargoed(answer: Authorization, release: Release, action: Action) -> Authorization:
    """Before its date a release shows its page, which says so, and nothing else."""
    end = find_embargo(release)
    if end is None:
        return answer
    reason = f"{release} can be taken from {end:%Y-%m-%d %H:%M} UTC on."
    if action is Action.VIEW:
        return replace(answer, code=Code.EMBARGOED, reason=reason)
    return refuse_access(Code.EMBARGOED, reason)


def _refuse_if_lapsed(answer: Authorization, release: Release, action: Action) -> Authorization:
    """Once people, terms or review do not let it out, it shows its page and gives nothing out."""
    since = find_lapse_start(release)
    if since is None or action is Action.VIEW:
        return answer
    by_review = release.lapses_by in {LapseGround.REVIEW, LapseGround.PEOPLE}
    code = Code.HELD_BACK if by_review else Code.CONSENT_ENDED
    return refuse_access(code, explain_lapse(release, since))


def explain_lapse(release: Release, since: datetime) -> str:
    """What everybody is told: since when, by what, and what to use; never who or in which clip."""
    newer = find_successor(release)
    advice = f"use version {newer.version}" if newer else "no later version replaces it yet"
    return f"{describe_lapse(release, since)}; {advice}."


def _refuse_withdrawn(release: Release) -> Authorization:
    newer = find_successor(release)
    advice = f"use version {newer.version}" if newer else "no later version replaces it"
    return refuse_access(Code.WITHDRAWN, f"{release} was withdrawn; {advice}.")


def _add_warning(answer: Authorization, release: Release) -> Authorization:
    newer = find_successor(release)
    advice = f" Version {newer.version} replaces it." if newer else ""
    why = f" {release.deprecation.rstrip('.')}." if release.deprecation else ""
    reason = f"{release} is deprecated.{why}{advice}"
    return replace(answer, code=Code.DEPRECATED, reason=reason)


def find_successor(release: Release) -> Release | None:
    """The newest published release after this one that is not closed itself.

    Neither stopped nor kept back, and everybody in it is covered: whoever is sent there finds it.
    """
    rows = Release.objects.filter(
        match_covered(),
        dataset=release.dataset_id,
        state=ReleaseState.PUBLISHED,
        order__gt=release.order,
    ).select_related("dataset")
    newest = rows.annotate(**build_stop_columns()).order_by("-order")
    is_open = (
        row for row in newest if read_stopped_since(row) is None and find_embargo(row) is None
    )
    return next(is_open, None)
