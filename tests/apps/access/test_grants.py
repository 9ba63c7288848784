"""A grant names what it is for, within what the releases are cleared for, and where."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.access.access import open_object, open_release
from apps.access.access_terms import accept_terms, save_terms
from apps.access.actions import grant_access, grant_request, request_access, revoke_access
from apps.access.authorizations import AccessRefusedError, Action, Code
from apps.access.authorize import authorize_action
from apps.access.grants import CountryRefusedError, PurposesNotClearedError
from apps.access.models import Entitlement, Receipt
from apps.access.receipts import record_receipt
from apps.releases.models import Release
from datasets_catalog.errors import InvalidError
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.factories.published import GIVEN_OUT, keep, make_dataset, make_release, set_access, walk

pytestmark = pytest.mark.django_db

NONCOMMERCIAL, GENERATIVE = Purpose.RESEARCH_NONCOMMERCIAL, Purpose.TRAIN_GENERATIVE


@pytest.fixture
def release(cast: Cast) -> Release:
    return make_release(make_dataset(cast.acme, cast.ada))


def give(cast: Cast, release: Release, *purposes: str, **more: Any) -> Entitlement:
    return grant_access(
        actor=cast.ada, dataset=release.dataset, holder=cast.dan, purposes=purposes, **more
    )


@pytest.mark.parametrize(
    "purposes",
    [
        [],
        ["train.voice_synthesis"],
        ["research.noncommercial", "train.voice_synthesis"],
        ["research.commercial"],
        ["redistribute.licensee"],
    ],
)
def test_a_grant_never_exceeds_what_the_releases_are_cleared_for(
    release: Release, cast: Cast, purposes: list[str]
) -> None:
    with pytest.raises(PurposesNotClearedError, match=r"cleared for research\.noncommercial\."):
        give(cast, release, *purposes)
    request = request_access(actor=cast.eve, dataset=release.dataset, purposes=purposes)
    with pytest.raises(PurposesNotClearedError):
        grant_request(actor=cast.ada, request=request)
    assert not Entitlement.objects.exists()


@pytest.mark.parametrize("purpose", ["publish.open", "share.raw_audio", "contact.again"])
def test_how_a_release_is_given_out_is_no_readers_purpose(
    release: Release, cast: Cast, purpose: str
) -> None:
    with pytest.raises(InvalidError, match="not what a reader does"):
        give(cast, release, purpose)


def test_nothing_is_granted_of_what_was_never_published(cast: Cast) -> None:
    dataset = make_dataset(cast.acme, cast.ada)
    with pytest.raises(PurposesNotClearedError, match="cleared for nothing"):
        grant_access(
            actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
        )


def test_commercial_research_contains_the_other_kind(cast: Cast) -> None:
    release = make_release(
        make_dataset(cast.acme, cast.ada), purposes=[Purpose.RESEARCH_COMMERCIAL, *GIVEN_OUT]
    )
    give(cast, release, "research.noncommercial")
    assert authorize_action(cast.dan, release, Action.DOWNLOAD, NONCOMMERCIAL).allowed
    commercial = authorize_action(cast.dan, release, Action.DOWNLOAD, Purpose.RESEARCH_COMMERCIAL)
    assert commercial.code is Code.PURPOSE_OPEN


def test_each_release_limits_a_grant_and_another_grant_may_fit(
    release: Release, cast: Cast
) -> None:
    dataset, blob = release.dataset, keep(release.dataset, b"wren")
    other = make_release(
        dataset, "1.1.0", purposes=[GENERATIVE, *GIVEN_OUT], holding=[blob], commit="d" * 40
    )
    give(cast, release, "research.noncommercial")
    answer = authorize_action(cast.dan, other, Action.DOWNLOAD)
    assert answer.code is Code.PURPOSE_REFUSED
    assert "cleared for train.generative" in answer.reason
    with pytest.raises(AccessRefusedError):
        open_object(cast.dan, dataset.full_name, blob.oid)
    give(cast, release, "train.generative")
    opened = open_release(cast.dan, dataset.full_name, "1.1.0", Action.DOWNLOAD)
    assert opened.authorization.purposes == {GENERATIVE}
    assert open_object(cast.dan, dataset.full_name, blob.oid).release == other


def test_the_database_refuses_what_the_rule_refuses(release: Release, cast: Cast) -> None:
    shared = {"dataset": release.dataset, "user": cast.dan, "granted_by": cast.ada}
    for purposes in ([], ["train.voice_synthesis"], ["publish.open"]):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entitlement.objects.create(**shared, purposes=purposes)
    row = give(cast, release, "research.noncommercial")
    for change in ({"purposes": ["train.generative"]}, {"country": "US"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entitlement.objects.filter(pk=row.pk).update(**change)


def test_a_receipt_keeps_what_it_was_taken_for(release: Release, cast: Cast) -> None:
    cache.clear()
    give(cast, release, "research.noncommercial")
    for person in (cast.dan, cast.olga):
        opened = open_release(person, str(release.dataset), "1.0.0", Action.DOWNLOAD)
        record_receipt(person, release, opened.authorization, door="api")
    set_access("open")
    opened = open_release(cast.eve, str(release.dataset), "1.0.0", Action.DOWNLOAD)
    record_receipt(cast.eve, release, opened.authorization, door="api")
    kept = dict(Receipt.objects.values_list("holder", "purposes"))
    assert kept == {
        "dan": ["research.noncommercial"],
        "eve": ["research.noncommercial"],
        "olga": [],
    }


@pytest.fixture
def within_eea(cast: Cast) -> Release:
    dataset = make_dataset(cast.acme, cast.ada)
    return make_release(dataset, territories=["EEA"])


@pytest.mark.parametrize("country", ["", "US"])
def test_a_release_with_territories_asks_where_its_reader_is(
    within_eea: Release, cast: Cast, country: str
) -> None:
    with pytest.raises(CountryRefusedError, match="EEA"):
        give(cast, within_eea, "research.noncommercial", country=country)
    give(cast, within_eea, "research.noncommercial", country="no")
    assert authorize_action(cast.dan, within_eea, Action.DOWNLOAD).allowed


def test_a_grant_elsewhere_opens_what_may_go_everywhere_alone(
    within_eea: Release, cast: Cast
) -> None:
    everywhere = make_release(within_eea.dataset, "1.1.0", commit="d" * 40)
    give(cast, within_eea, "research.noncommercial", country="US")
    assert authorize_action(cast.dan, everywhere, Action.DOWNLOAD).allowed
    answer = authorize_action(cast.dan, within_eea, Action.DOWNLOAD)
    assert (answer.code, "is in US" in answer.reason) == (Code.TERRITORY, True)
    assert authorize_action(cast.dan, within_eea, Action.VIEW).allowed


def test_an_unknown_country_is_refused(release: Release, cast: Cast) -> None:
    with pytest.raises(CountryRefusedError, match="'ZZ'"):
        give(cast, release, "research.noncommercial", country="ZZ")


def test_who_accepts_terms_says_what_for(release: Release, cast: Cast) -> None:
    save_terms(actor=cast.ada, dataset=release.dataset, text="Only for owls.")
    set_access("terms")
    with pytest.raises(PurposesNotClearedError, match="Say what"):
        accept_terms(actor=cast.eve, dataset=release.dataset, version=1)
    accept_terms(
        actor=cast.eve, dataset=release.dataset, version=1, purposes=["research.noncommercial"]
    )
    assert Entitlement.objects.get(user=cast.eve).purposes == ["research.noncommercial"]


def test_the_database_lets_a_grant_only_end(release: Release, cast: Cast) -> None:
    until = timezone.now() + timedelta(days=30)
    rows = Entitlement.objects.filter(pk=give(cast, release, NONCOMMERCIAL, until=until).pk)
    for change in (
        {"user": cast.eve},
        {"user": None, "organisation": cast.acme},
        {"valid_until": None},
        {"valid_until": until + timedelta(seconds=1)},
        {"valid_from": until - timedelta(days=60)},
        {"granted_by": cast.cleo},
        {"way": "automatic"},
        {"terms": 1},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    rows.update(valid_until=until - timedelta(days=1))
    revoke_access(actor=cast.ada, dataset=release.dataset, holder=cast.dan)
    for moment in (None, until):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(revoked_at=moment)


def test_what_licences_take_from_a_release_is_granted_to_nobody(cast: Cast) -> None:
    commercial = Purpose.RESEARCH_COMMERCIAL
    release = make_release(
        make_dataset(cast.acme, cast.ada),
        purposes=(commercial, *GIVEN_OUT),
        state=ReleaseState.APPROVED,
    )
    release.cleared = [NONCOMMERCIAL, *GIVEN_OUT]
    release.save()
    walk(release, ReleaseState.PUBLISHED)
    with pytest.raises(PurposesNotClearedError, match=r"cleared for research\.noncommercial\."):
        give(cast, release, commercial)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entitlement.objects.create(
            dataset=release.dataset, user=cast.dan, purposes=[commercial], granted_by=cast.ada
        )
    give(cast, release, NONCOMMERCIAL)
    taken = authorize_action(cast.dan, release, Action.DOWNLOAD)
    assert taken.purposes == {NONCOMMERCIAL}
    refused = authorize_action(cast.dan, release, Action.DOWNLOAD, commercial)
    assert refused.code is Code.PURPOSE_REFUSED
    for column in ("cleared", "purposes"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Release.objects.filter(pk=release.pk).update(**{column: [commercial]})
