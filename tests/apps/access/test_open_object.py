"""Objects leave only by a published release that the asker may have."""

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoAssertNumQueries

from apps.access.access import list_open_releases, open_newest, open_object, open_release
from apps.access.actions import grant_access
from apps.access.authorizations import (
    AccessRefusedError,
    Action,
    ObjectGoneError,
    ObjectUnknownError,
    ReleaseUnknownError,
    SignInNeededError,
)
from apps.datasets.models import Dataset
from apps.storage.blobs import destroy_blob
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.factories.published import keep, make_dataset, make_release, set_access

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()


@pytest.fixture
def birds(cast: Cast) -> Dataset:
    return make_dataset(cast.acme, cast.ada)


def test_one_query_is_enough_for_a_yes(
    birds: Dataset, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    blob = keep(birds, b"wren")
    newest = [make_release(birds, v, holding=[blob]) for v in ("1.0.0", "1.1.0")][-1]
    grant_access(
        actor=cast.ada, dataset=birds, holder=cast.dan, purposes=["research.noncommercial"]
    )
    for person in (cast.dan, cast.olga):
        with django_assert_num_queries(1):
            found = open_object(person, "acme/birds", blob.oid)
        assert (found.blob, found.release) == (blob, newest)


def test_an_outsider_learns_what_to_do_and_not_what_exists(birds: Dataset, cast: Cast) -> None:
    blob = keep(birds, b"wren")
    make_release(birds, holding=[blob])
    for oid in (blob.oid, "0" * 32, "../../etc/passwd"):
        with pytest.raises(AccessRefusedError, match="ask for access"):
            open_object(cast.eve, "acme/birds", oid)
        with pytest.raises(SignInNeededError):
            open_object(NOBODY, "acme/birds", oid)


def test_an_internal_dataset_and_a_missing_one_give_one_answer(birds: Dataset, cast: Cast) -> None:
    set_access("organisation")
    blob = keep(birds, b"wren")
    make_release(birds, holding=[blob])
    told = set()
    for name in ("acme/birds", "acme/nothing"):
        with pytest.raises(ReleaseUnknownError) as refusal:
            open_object(cast.eve, name, blob.oid)
        told.add(refusal.value.message)
    assert len(told) == 1


def test_what_was_never_published_does_not_exist(birds: Dataset, cast: Cast) -> None:
    draft, frozen = keep(birds, b"draft"), keep(birds, b"frozen")
    make_release(birds, holding=[])
    make_release(birds, "2.0.0", state=ReleaseState.FROZEN, holding=[frozen])
    for blob in (draft, frozen):
        with pytest.raises(ObjectUnknownError):
            open_object(cast.ada, "acme/birds", blob.oid)


def test_an_object_of_another_dataset_does_not_exist(birds: Dataset, cast: Cast) -> None:
    make_release(birds)
    bats = make_dataset(cast.acme, cast.ada, name="bats")
    blob = keep(bats, b"bat")
    make_release(bats, holding=[blob])
    with pytest.raises(ObjectUnknownError):
        open_object(cast.ada, "acme/birds", blob.oid)


def test_a_destroyed_object_is_gone_and_the_successor_is_named(birds: Dataset, cast: Cast) -> None:
    blob = keep(birds, b"wren")
    make_release(birds, holding=[blob])
    destroy_blob(blob)
    with pytest.raises(ObjectGoneError, match="nothing replaces it"):
        open_object(cast.ada, "acme/birds", blob.oid)
    make_release(birds, "1.0.1")
    with pytest.raises(ObjectGoneError, match=r"use version 1\.0\.1 of acme/birds"):
        open_object(cast.ada, "acme/birds", blob.oid)
    with pytest.raises(AccessRefusedError):
        open_object(cast.eve, "acme/birds", blob.oid)


def test_an_object_is_given_by_a_standing_release_before_a_withdrawn_one(
    birds: Dataset, cast: Cast
) -> None:
    blob = keep(birds, b"wren")
    first = make_release(birds, "1.0.0", holding=[blob])
    make_release(birds, "1.1.0", holding=[blob], state=ReleaseState.WITHDRAWN)
    assert open_object(cast.ada, "acme/birds", blob.oid).release == first


def test_the_newest_release_is_the_newest_that_still_stands(birds: Dataset, cast: Cast) -> None:
    for version, state in (
        ("1.0.0", ReleaseState.DEPRECATED),
        ("1.9.0", ReleaseState.PUBLISHED),
        ("1.10.0", ReleaseState.PUBLISHED),
        ("1.11.0", ReleaseState.WITHDRAWN),
        ("2.0.0", ReleaseState.FROZEN),
    ):
        make_release(birds, version, state=state)
    assert open_newest(cast.eve, "acme/birds").release.version == "1.10.0"
    listed = list_open_releases(cast.eve, "acme/birds", Action.LIST)
    assert [release.version for release in listed] == ["1.10.0", "1.9.0", "1.0.0"]
    assert open_release(cast.ada, "acme/birds", "2.0.0").release.state == ReleaseState.FROZEN
    for name, version in (("acme/birds", "2.0.0"), ("acme/birds", "3.0.0"), ("x", "1.9.0")):
        with pytest.raises(ReleaseUnknownError):
            open_release(cast.eve, name, version)
