"""What was released is opened to more people by two, never by one."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, transaction

from apps.access.access_changes import (
    AccessChangeDecidedError,
    AccessChangeWaitsError,
    AccessNotClearedError,
    OwnAccessChangeError,
    cancel_access_change,
    confirm_access_change,
    list_visible_access_changes,
    propose_access_change,
    refuse_access_change,
)
from apps.access.access_terms import save_terms
from apps.access.models import AccessChange, Notice
from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.datasets.actions import AccessWidensError, update_dataset
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.purposes import Purpose
from tests.cast import Cast
from tests.factories.published import make_dataset, make_release

pytestmark = pytest.mark.django_db
LATER = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture
def release(cast: Cast) -> Release:
    return make_release(make_dataset(cast.acme, cast.ada))


def again(dataset: Dataset) -> Dataset:
    return Dataset.objects.select_related("organisation").get(pk=dataset.pk)


def propose(cast: Cast, release: Release, **changes: Any) -> AccessChange:
    return propose_access_change(
        actor=cast.ada, dataset=release.dataset, changes=changes, reason="A challenge begins."
    )


@pytest.mark.parametrize(
    "changes",
    [{"access": "open"}, {"auto_grant": True}, {"access": "open", "title": "For everybody"}],
)
def test_nobody_lets_more_people_in_alone(
    release: Release, cast: Cast, changes: dict[str, Any]
) -> None:
    with pytest.raises(AccessWidensError, match="propose it with a reason"):
        update_dataset(actor=cast.ada, dataset=release.dataset, changes=changes)
    assert again(release.dataset).access == "request"


def test_before_the_first_release_access_is_set_freely(cast: Cast) -> None:
    dataset = make_dataset(cast.acme, cast.ada, access="organisation")
    update_dataset(actor=cast.ada, dataset=dataset, changes={"access": "open"})
    assert again(dataset).access == "open"


def test_fewer_people_are_let_in_at_once(release: Release, cast: Cast) -> None:
    changes = {"access": "organisation", "embargo_until": LATER}
    update_dataset(actor=cast.ada, dataset=release.dataset, changes=changes)
    assert again(release.dataset).access == "organisation"
    with pytest.raises(AccessWidensError, match="embargo_until"):
        update_dataset(actor=cast.ada, dataset=release.dataset, changes={"embargo_until": None})


def test_another_person_confirms_and_it_is_carried_out(release: Release, cast: Cast) -> None:
    change = propose(cast, release, access="open")
    assert {notice.user for notice in Notice.objects.filter(kind="wider")} == {cast.cleo}
    with pytest.raises(OwnAccessChangeError):
        confirm_access_change(actor=cast.ada, change=change)
    for person in (cast.rita, cast.olga, cast.eve):
        with pytest.raises(DeniedError):
            confirm_access_change(actor=person, change=change)
    assert confirm_access_change(actor=cast.cleo, change=change).state == "applied"
    assert again(release.dataset).access == "open"
    with pytest.raises(AccessChangeDecidedError):
        confirm_access_change(actor=cast.cleo, change=change)
    kinds = set(AuditEvent.objects.values_list("kind", flat=True))
    assert kinds >= {"access.change_proposed", "access.change_applied", "dataset.changed"}


def test_what_was_agreed_once_does_not_serve_again(release: Release, cast: Cast) -> None:
    confirm_access_change(actor=cast.cleo, change=propose(cast, release, access="open"))
    update_dataset(actor=cast.ada, dataset=release.dataset, changes={"access": "request"})
    with pytest.raises(AccessWidensError):
        update_dataset(actor=cast.ada, dataset=release.dataset, changes={"access": "open"})
    with pytest.raises(Error), transaction.atomic():
        Dataset.objects.update(access="open")


def test_a_refused_or_cancelled_proposal_changes_nothing(release: Release, cast: Cast) -> None:
    change = propose(cast, release, access="open")
    with pytest.raises(AccessChangeWaitsError):
        propose(cast, release, auto_grant=True)
    with pytest.raises(InvalidError, match="Say why"):
        refuse_access_change(actor=cast.cleo, change=change, answer=" ")
    refuse_access_change(actor=cast.cleo, change=change, answer="Not these voices.")
    other = propose(cast, release, access="open")
    with pytest.raises(DeniedError):
        cancel_access_change(actor=cast.cleo, change=other)
    cancel_access_change(actor=cast.ada, change=other)
    for row in (change, other):
        with pytest.raises(AccessChangeDecidedError):
            confirm_access_change(actor=cast.cleo, change=row)
    assert again(release.dataset).access == "request"


def test_nothing_is_opened_that_was_released_for_a_gate(cast: Cast) -> None:
    gated = [Purpose.RESEARCH_NONCOMMERCIAL, Purpose.PUBLISH_GATED, Purpose.SHARE_RAW_AUDIO]
    release = make_release(make_dataset(cast.acme, cast.ada), purposes=gated)
    with pytest.raises(AccessNotClearedError, match=r"lacks publish\.open"):
        propose(cast, release, access="open")
    propose(cast, release, auto_grant=True)


def test_what_narrows_or_needs_terms_is_told(release: Release, cast: Cast) -> None:
    with pytest.raises(InvalidError, match="change the settings directly"):
        propose(cast, release, access="organisation")
    with pytest.raises(InvalidError, match="write them first"):
        propose(cast, release, access="terms")
    with pytest.raises(InvalidError, match="needs no proposal"):
        propose(cast, release, title="For everybody")
    save_terms(actor=cast.ada, dataset=release.dataset, text="Only for owls.")
    propose(cast, release, access="terms")


@pytest.mark.parametrize(
    "columns",
    [{"access": "terms"}, {"access": "open"}, {"auto_grant": True}, {"embargo_until": None}],
)
def test_the_database_refuses_what_two_did_not_agree_on(
    release: Release, cast: Cast, columns: dict[str, Any]
) -> None:
    Dataset.objects.update(embargo_until=LATER)
    propose(cast, release, access="open", auto_grant=True, embargo_until=None)
    with pytest.raises(Error), transaction.atomic():
        Dataset.objects.update(**columns)


def test_the_database_keeps_proposals_as_they_were_made(release: Release, cast: Cast) -> None:
    change = propose(cast, release, access="open")
    rows = AccessChange.objects.filter(pk=change.pk)
    for columns in (
        {"access": "terms"},
        {"proposed_by": cast.cleo},
        {"state": "confirmed", "decided_by": cast.ada, "decided_at": LATER},
    ):
        with pytest.raises(Error), transaction.atomic():
            rows.update(**columns)
    with pytest.raises(Error), transaction.atomic():
        rows.delete()


def test_only_those_who_work_on_it_see_proposals(release: Release, cast: Cast) -> None:
    change = propose(cast, release, access="open")
    assert list(list_visible_access_changes(cast.olga, release.dataset)) == [change]
    with pytest.raises(DeniedError):
        list_visible_access_changes(cast.eve, release.dataset)


def test_the_command_proposes_and_confirms(
    release: Release, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "acme/birds"
    call_command("access_change", "propose", name, "--access=open", "--reason=A day.", "--as=ada")
    call_command("access_change", "confirm", name, "--as=cleo")
    call_command("access_change", "list", name, "--as=olga")
    assert "open: applied, proposed by ada" in capsys.readouterr().out
    assert again(release.dataset).access == "open"


def texts(user: User, kind: str) -> list[str]:
    return list(Notice.objects.filter(user=user, kind=kind).values_list("text", flat=True))


def test_those_who_decide_hear_that_a_proposal_waits_and_who_made_it_what_became_of_it(
    release: Release, cast: Cast
) -> None:
    change = propose(cast, release, access="open")
    assert texts(cast.ada, "wider") == []
    assert texts(cast.cleo, "wider") == [
        "ada wants to let more people take acme/birds: A challenge begins."
    ]
    confirm_access_change(actor=cast.cleo, change=change)
    assert texts(cast.ada, "wider") == [
        "cleo confirmed your proposal to let more people take acme/birds."
    ]


def test_the_database_lets_no_version_out_before_its_date_alone(
    release: Release, cast: Cast
) -> None:
    dates = {"1.0.0": "2099-01-01T00:00Z", "1.1.0": "2099-06-01T00:00Z"}
    update_dataset(actor=cast.ada, dataset=release.dataset, changes={"embargoes": dates})
    rows = Dataset.objects.filter(pk=release.dataset_id)
    whole = again(release.dataset).embargoes
    sooner: tuple[dict[str, str], ...] = (
        {},
        {"1.0.0": whole["1.0.0"]},
        whole | {"1.1.0": "2099-05-31T23:00:00+00:00"},
        whole | {"1.1.0": "2099-06-01T01:00:00+02:00"},
    )
    for fewer in sooner:
        with pytest.raises(Error), transaction.atomic():
            rows.update(embargoes=fewer)
    rows.update(embargoes=whole | {"1.1.0": "2100-01-01T00:00:00+00:00", "1.2.0": whole["1.0.0"]})
    change = propose(cast, release, embargoes={"1.0.0": "2098-01-01T00:00Z"})
    otherwise: tuple[dict[str, Any], ...] = (
        {"embargoes": {}},
        {"embargo_until": LATER},
        {"reason": "Another."},
    )
    for column in otherwise:
        with pytest.raises(Error), transaction.atomic():
            AccessChange.objects.filter(pk=change.pk).update(**column)
    confirm_access_change(actor=cast.cleo, change=change)
    assert again(release.dataset).embargoes == {"1.0.0": "2098-01-01T00:00:00+00:00"}
