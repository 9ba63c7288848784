"""Asking for access, and answering."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.access.access import (
    fetch_request,
    list_requests_to_answer,
    list_visible_entitlements,
    list_visible_requests,
)
from apps.access.actions import (
    AccessAnsweredError,
    AccessAskedError,
    AccessHeldError,
    cancel_request,
    grant_access,
    grant_request,
    refuse_request,
    request_access,
    revoke_access,
)
from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.access.models import AccessRequest
from apps.audit.models import AuditEvent
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from tests.cast import Cast
from tests.factories.published import make_dataset, make_release, set_access

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(cast: Cast) -> Release:
    release = make_release(make_dataset(cast.acme, cast.ada))
    Dataset.objects.update(released_at=timezone.now())
    return release


def test_a_request_that_is_granted_lets_the_asker_in(release: Release, cast: Cast) -> None:
    request = request_access(
        actor=cast.eve,
        dataset=release.dataset,
        purposes=["research.noncommercial"],
        message="For my thesis.",
    )
    assert list(list_requests_to_answer(cast.ada)) == [request]
    until = timezone.now() + timedelta(days=90)
    granted = grant_request(actor=cast.ada, request=request, until=until)
    assert granted.state == AccessRequest.State.GRANTED
    answer = authorize_action(cast.eve, release, Action.DOWNLOAD)
    assert (answer.allowed, answer.until) == (True, until)
    assert list(list_requests_to_answer(cast.ada)) == []
    kinds = AuditEvent.objects.values_list("kind", flat=True)
    assert list(kinds) == ["access.requested", "access.granted", "access.answered"]


def test_a_refusal_needs_a_reason_and_is_read_by_the_asker(release: Release, cast: Cast) -> None:
    request = request_access(actor=cast.eve, dataset=release.dataset)
    with pytest.raises(InvalidError):
        refuse_request(actor=cast.ada, request=request, answer=" ")
    refuse_request(actor=cast.ada, request=request, answer="Tell us which lab you work in.")
    mine = fetch_request(cast.eve, request.uid)
    assert (mine.state, mine.answer) == ("refused", "Tell us which lab you work in.")
    assert not authorize_action(cast.eve, release, Action.DOWNLOAD).allowed
    request_access(actor=cast.eve, dataset=release.dataset, message="The owl lab.")


def test_one_request_waits_at_a_time(release: Release, cast: Cast) -> None:
    first = request_access(actor=cast.eve, dataset=release.dataset)
    with pytest.raises(AccessAskedError):
        request_access(actor=cast.eve, dataset=release.dataset)
    with pytest.raises(IntegrityError), transaction.atomic():
        AccessRequest.objects.create(dataset=release.dataset, user=cast.eve)
    cancel_request(actor=cast.eve, request=first)
    request_access(actor=cast.eve, dataset=release.dataset)


def test_a_request_is_answered_once(release: Release, cast: Cast) -> None:
    purposes = ["research.noncommercial"]
    request = request_access(actor=cast.eve, dataset=release.dataset, purposes=purposes)
    grant_request(actor=cast.ada, request=request)
    with pytest.raises(AccessAnsweredError):
        refuse_request(actor=cast.ada, request=request, answer="No.")
    with pytest.raises(AccessAnsweredError):
        cancel_request(actor=cast.eve, request=request)


def test_a_grant_answers_the_request_that_waits(release: Release, cast: Cast) -> None:
    request = request_access(actor=cast.eve, dataset=release.dataset)
    entitlement = grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.eve,
        purposes=["research.noncommercial"],
    )
    request.refresh_from_db()
    assert (request.state, request.entitlement) == ("granted", entitlement)


def test_only_those_who_may_grant_do(release: Release, cast: Cast) -> None:
    request = request_access(actor=cast.eve, dataset=release.dataset)
    for person in (cast.cleo, cast.olga, cast.dan, cast.eve):
        with pytest.raises(DeniedError):
            grant_access(
                actor=person,
                dataset=release.dataset,
                holder=cast.dan,
                purposes=["research.noncommercial"],
            )
        with pytest.raises(DeniedError):
            revoke_access(actor=person, dataset=release.dataset, holder=cast.dan)
        with pytest.raises(DeniedError):
            grant_request(actor=person, request=request)
        with pytest.raises(DeniedError):
            list_visible_entitlements(person, release.dataset)
        assert list(list_requests_to_answer(person)) == []


def test_requests_are_seen_by_their_asker_and_those_who_answer(
    release: Release, cast: Cast
) -> None:
    request = request_access(actor=cast.eve, dataset=release.dataset)
    for person in (cast.eve, cast.ada):
        assert list(list_visible_requests(person, release.dataset)) == [request]
        assert fetch_request(person, request.uid) == request
    for person in (cast.dan, cast.olga):
        assert list(list_visible_requests(person, release.dataset)) == []
        with pytest.raises(NotFoundError):
            fetch_request(person, request.uid)
    with pytest.raises(NotFoundError):
        fetch_request(cast.ada, uuid4())


def test_who_has_access_needs_no_request(release: Release, cast: Cast) -> None:
    with pytest.raises(AccessHeldError):
        request_access(actor=cast.olga, dataset=release.dataset)
    set_access("open")
    with pytest.raises(AccessHeldError):
        request_access(actor=cast.eve, dataset=release.dataset)


def test_nobody_asks_for_what_they_may_not_know_of(release: Release, cast: Cast) -> None:
    set_access("organisation")
    with pytest.raises(NotFoundError):
        request_access(actor=cast.eve, dataset=release.dataset)


@pytest.mark.parametrize("purposes", [["research"], ["research.noncommercial", "fun"]])
def test_unknown_purposes_are_named(release: Release, cast: Cast, purposes: list[str]) -> None:
    with pytest.raises(InvalidError, match="is no purpose"):
        request_access(actor=cast.eve, dataset=release.dataset, purposes=purposes)
    with pytest.raises(InvalidError, match="is no purpose"):
        grant_access(actor=cast.ada, dataset=release.dataset, holder=cast.eve, purposes=purposes)


def test_a_grant_in_the_past_is_refused(release: Release, cast: Cast) -> None:
    with pytest.raises(InvalidError, match="ended already"):
        grant_access(
            actor=cast.ada,
            dataset=release.dataset,
            holder=cast.dan,
            until=timezone.now(),
            purposes=["research.noncommercial"],
        )


def test_taking_back_what_was_never_given_is_an_error(release: Release, cast: Cast) -> None:
    with pytest.raises(NotFoundError):
        revoke_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan)
