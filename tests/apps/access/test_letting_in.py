"""Rules that say yes, ends and their reminders, mails, and what is counted."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import cache
from django.db import Error, transaction
from pytest_django import DjangoAssertNumQueries

from apps.access.access import open_newest, open_object
from apps.access.access_terms import TermsOutdatedError, accept_terms, save_terms
from apps.access.actions import grant_access, refuse_request, request_access, revoke_access
from apps.access.authorizations import AccessRefusedError, Action, Code, SignInNeededError
from apps.access.authorize import authorize_action
from apps.access.models import Acceptance, AccessTerms, Entitlement, Notice, Receipt, RefusalCount
from apps.access.notices import TRY_AGAIN, send_mails
from apps.access.receipts import (
    list_visible_receipts,
    list_visible_refusals,
    record_receipt,
    settle_counts,
)
from apps.access.reminders import remind_holders
from apps.accounts.tokens import create_token, fetch_token
from apps.datasets.actions import update_dataset
from apps.datasets.models import Dataset
from apps.jobs.schedule import run_due_work, run_regularly
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.request_forms import AnswersInvalidError
from tests.cast import Cast
from tests.factories.published import keep, make_dataset, make_release, set_access

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def release(cast: Cast) -> Release:
    return make_release(make_dataset(cast.acme, cast.ada))


def change(cast: Cast, release: Release, **changes: object) -> Dataset:
    row = update_dataset(actor=cast.ada, dataset=release.dataset, changes=changes)
    release.dataset = row
    return row


def test_a_complete_request_is_granted_by_rule(release: Release, cast: Cast) -> None:
    form = [{"name": "lab", "label": "Lab", "type": "text", "required": True}]
    set_access(auto_grant=True)
    dataset = change(cast, release, grant_days=30, request_fields=form)
    fits = ["research.noncommercial"]
    with pytest.raises(AnswersInvalidError):
        request_access(actor=cast.eve, dataset=dataset, purposes=fits)
    with time_machine.travel(NOW, tick=False):
        row = request_access(
            actor=cast.eve, dataset=dataset, purposes=fits, answers={"lab": "Owls"}
        )
        answer = authorize_action(cast.eve, release, Action.DOWNLOAD)
    assert (row.state, row.answers[0]["value"]) == ("granted", "Owls")
    assert (answer.allowed, answer.until) == (True, NOW + timedelta(days=30))
    assert Entitlement.objects.get().way == "automatic"


@pytest.mark.parametrize("purposes", [[], ["train.voice_synthesis"]])
def test_what_rules_cannot_settle_waits_for_a_person(
    release: Release, cast: Cast, purposes: list[str]
) -> None:
    set_access(auto_grant=True)
    dataset = change(cast, release)
    row = request_access(actor=cast.eve, dataset=dataset, purposes=purposes)
    assert row.state == "pending"
    assert Notice.objects.get().user == cast.ada


def test_rules_do_not_let_in_whom_a_person_put_out(release: Release, cast: Cast) -> None:
    set_access(auto_grant=True)
    dataset = change(cast, release)
    fits = ["research.noncommercial"]
    request_access(actor=cast.eve, dataset=dataset, purposes=fits)
    revoke_access(actor=cast.ada, dataset=dataset, holder=cast.eve)
    again = request_access(actor=cast.eve, dataset=dataset, purposes=fits)
    assert again.state == "pending"


def test_asking_accepts_the_terms_that_are_current(release: Release, cast: Cast) -> None:
    save_terms(actor=cast.ada, dataset=release.dataset, text="Only for owls.")
    with pytest.raises(TermsOutdatedError):
        request_access(actor=cast.eve, dataset=release.dataset)
    row = request_access(actor=cast.eve, dataset=release.dataset, terms=1)
    grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.eve,
        purposes=["research.noncommercial"],
    )
    row.refresh_from_db()
    assert (row.state, row.terms) == ("granted", 1)


def test_terms_and_acceptances_are_never_changed(release: Release, cast: Cast) -> None:
    terms = save_terms(actor=cast.ada, dataset=release.dataset, text="Only for owls.")
    assert save_terms(actor=cast.ada, dataset=release.dataset, text=" Only for owls.\n") == terms
    accept_terms(actor=cast.eve, dataset=release.dataset, version=1)
    for rows in (AccessTerms.objects.all(), Acceptance.objects.all()):
        with pytest.raises(Error), transaction.atomic():
            rows.delete()
    with pytest.raises(Error), transaction.atomic():
        AccessTerms.objects.update(text="For everybody.")
    with pytest.raises(DeniedError):
        save_terms(actor=cast.rita, dataset=release.dataset, text="Mine.")


def test_a_dataset_by_terms_has_terms(release: Release, cast: Cast) -> None:
    with pytest.raises(InvalidError, match="write them first"):
        change(cast, release, access="terms")


@pytest.mark.parametrize(
    "embargoes", [{"1.0": "2027-01-01T00:00Z"}, {"1.0.0": "2027-01-01"}, {"1.0.0": "2027-13-01T0"}]
)
def test_embargoes_need_versions_and_moments(
    release: Release, cast: Cast, embargoes: dict[str, str]
) -> None:
    with pytest.raises(InvalidError, match="write three numbers"):
        change(cast, release, embargoes=embargoes)


def test_a_version_that_is_kept_back_does_not_keep_back_the_older(
    cast: Cast, release: Release
) -> None:
    shared = keep(release.dataset, b"wren")
    dataset = release.dataset
    make_release(dataset, "1.1.0", holding=[shared], commit="d" * 40)
    make_release(dataset, "1.2.0", holding=[shared], commit="e" * 40)
    set_access("open")
    change(cast, release, embargoes={"1.2.0": "2099-01-01T00:00Z"})
    nobody = AnonymousUser()
    assert open_newest(nobody, "acme/birds", Action.DOWNLOAD).release.version == "1.1.0"
    assert open_object(nobody, "acme/birds", shared.oid).release.version == "1.1.0"
    assert open_newest(cast.olga, "acme/birds", Action.DOWNLOAD).release.version == "1.2.0"


def test_an_end_is_reminded_of_once(release: Release, cast: Cast) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        grant_access(
            actor=cast.ada,
            dataset=release.dataset,
            holder=cast.dan,
            until=NOW + timedelta(days=20),
            purposes=["research.noncommercial"],
        )
        assert remind_holders() == 0
        clock.shift(timedelta(days=7))
        assert (remind_holders(), remind_holders()) == (1, 0)
    row = Notice.objects.get(kind="ending")
    assert (row.user, "2026-03-21" in row.text) == (cast.dan, True)


def test_a_mail_that_fails_is_tried_again(
    release: Release, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        row = request_access(actor=cast.eve, dataset=release.dataset)
        refuse_request(actor=cast.ada, request=row, answer="Say more.")
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.EmailMessage.send", _no_server)
            assert send_mails() == 0
        assert send_mails() == 0
        clock.shift(TRY_AGAIN)
        assert (send_mails(), send_mails()) == (2, 0)
    assert "Say more." in mail.outbox[-1].body
    assert "/datasets/acme/birds/access/" in mail.outbox[-1].body


def _no_server(*_: object, **__: object) -> int:
    raise ConnectionRefusedError


def test_regular_work_goes_on_when_some_of_it_fails() -> None:
    done = []
    cache.clear()

    @run_regularly("test.fails", seconds=60)
    def fails() -> None:
        raise RuntimeError

    @run_regularly("test.works", seconds=60)
    def works() -> None:
        done.append(1)

    run_due_work()
    run_due_work()
    assert done == [1]


def test_objects_are_counted_once_for_each_token(
    release: Release, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    cache.clear()
    grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        purposes=["research.noncommercial"],
    )
    token = fetch_token(create_token(actor=cast.dan, name="lab").text)
    assert token is not None
    dan = token.user
    answer = open_newest(dan, "acme/birds", Action.DOWNLOAD).authorization
    with django_assert_max_num_queries(8):
        for number in range(100):
            for _ in range(2):
                record_receipt(dan, release, answer, door="dvc", taken=f"{number:032x}")
    settle_counts()
    row = Receipt.objects.get()
    assert (row.objects_given, row.token, row.code) == (100, token.prefix, "access.entitled")
    assert list(list_visible_receipts(cast.ada, release.dataset)) == [row]


def test_refusals_are_counted_by_day_and_reason(release: Release, cast: Cast) -> None:
    cache.clear()
    for _ in range(3):
        with pytest.raises(AccessRefusedError):
            open_newest(cast.eve, "acme/birds", Action.DOWNLOAD)
    with pytest.raises(SignInNeededError):
        open_newest(AnonymousUser(), "acme/birds", Action.DOWNLOAD)
    found = {(row.holder, row.code) for row in list_visible_refusals(cast.ada, release.dataset)}
    assert found == {("eve", Code.REQUEST_NEEDED), ("", Code.SIGN_IN)}
    assert RefusalCount.objects.get(holder="eve").count >= 1
    with pytest.raises(DeniedError):
        list_visible_refusals(cast.eve, release.dataset)
