"""The emergency stop: who may, what it closes, who opens again, what the database holds to."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.access.access import open_newest, open_object, open_release
from apps.access.authorizations import Action, Code, ReleaseStoppedError
from apps.access.authorize import authorize_action
from apps.audit.models import AuditEvent
from apps.datasets.actions import remove_clips
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import publish_release
from apps.releases.errors import (
    OwnStopError,
    StopConfirmedError,
    StopLiftedError,
    StoppedAlreadyError,
    StoppedError,
)
from apps.releases.models import Release, Stop
from apps.releases.stops import (
    confirm_stop,
    lift_stop,
    map_stopped_releases,
    place_stop,
    require_hearable,
)
from datasets_catalog.errors import DeniedError, InvalidError
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_published, make_release
from tests.factories.published import keep
from tests.factories.sounds import sound_bytes

pytestmark = pytest.mark.django_db
CLOSED = (Action.LIST, Action.PREVIEW, Action.DOWNLOAD)


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    return make_published(cast, tmp_path)


def code(person: object, release: Release, action: Action = Action.DOWNLOAD) -> str:
    answer = authorize_action(person, Release.objects.get(pk=release.pk), action)  # type: ignore[arg-type]
    return str(answer.code)


@pytest.mark.parametrize("scope", ["dataset", "release", "clip"])
def test_a_stop_closes_everything_but_the_page_for_members_too(
    cast: Cast, release: Release, scope: str
) -> None:
    dataset = release.dataset
    clip = dataset.clips.get(path="field/000.wav")
    subject = {"dataset": {}, "release": {"release": release}, "clip": {"clip": clip}}[scope]
    assert code(cast.ada, release) == Code.MEMBER
    place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", **subject)  # type: ignore[arg-type]
    for person in (cast.ada, cast.cleo, cast.olga):
        assert [code(person, release, action) for action in CLOSED] == [Code.STOPPED] * 3
        assert code(person, release, Action.VIEW) == Code.MEMBER
    assert code(AnonymousUser(), release) == Code.SIGN_IN
    with pytest.raises(ReleaseStoppedError, match=r"closed by a privacy officer of acme on 20"):
        open_release(cast.ada, dataset.full_name, "1.0.0", Action.LIST)
    table = release.clips_table
    assert table is not None
    with pytest.raises(ReleaseStoppedError):
        open_object(cast.ada, dataset.full_name, table.oid)
    assert set(map_stopped_releases(dataset)) == {release.pk}


def test_a_stop_says_nothing_of_its_reason(cast: Cast, release: Release) -> None:
    place_stop(actor=cast.cleo, dataset=release.dataset, reason="Mrs Brown can be heard")
    answer = authorize_action(cast.ada, release, Action.DOWNLOAD)
    assert "Brown" not in answer.reason
    assert "Ask the privacy reviewers of acme" in answer.reason


def test_one_release_stopped_leaves_the_others_open(
    cast: Cast, release: Release, tmp_path: Path
) -> None:
    dataset = release.dataset
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/003.wav"])
    dataset.refresh_from_db()
    second = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, dataset, "1.1.0"))
    )
    place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", release=second)
    assert code(cast.ada, second) == Code.STOPPED
    assert code(cast.ada, release) == Code.MEMBER
    assert open_newest(cast.ada, dataset.full_name, Action.LIST).release == release
    shared = dataset.clips.get(path="field/000.wav").blob
    assert open_object(cast.ada, dataset.full_name, shared.oid).release == release
    assert second.clips_table is not None
    with pytest.raises(ReleaseStoppedError):
        open_object(cast.ada, dataset.full_name, second.clips_table.oid)


def test_the_stop_of_a_clip_closes_the_releases_that_hold_it_in_whatever_bytes(
    cast: Cast, release: Release
) -> None:
    dataset = release.dataset
    clip = dataset.clips.get(path="field/003.wav")
    new = keep(dataset, sound_bytes(hertz=777))
    dataset.clips.filter(pk=clip.pk).update(blob=new)
    clip.refresh_from_db()
    row = place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", clip=clip)
    assert [closed.release.version for closed in row.closes.all()] == ["1.0.0"]


def test_a_clip_that_left_closes_only_the_releases_that_hold_it(
    cast: Cast, release: Release
) -> None:
    dataset = release.dataset
    dropped = dataset.clips.get(path="field/003.wav")
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/003.wav"])
    dataset.refresh_from_db()
    second = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, dataset, "1.1.0"))
    )
    place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", clip=dropped)
    assert set(map_stopped_releases(dataset)) == {release.pk}
    assert code(cast.ada, second) == Code.MEMBER


@pytest.mark.parametrize("scope", ["dataset", "release", "clip"])
def test_what_is_stopped_is_not_published(cast: Cast, tmp_path: Path, scope: str) -> None:
    dataset = make_draft(cast, tmp_path)
    release = approve(cast, make_release(cast, dataset))
    clip = dataset.clips.get(path="field/000.wav")
    subject = {"dataset": {}, "release": {"release": release}, "clip": {"clip": clip}}[scope]
    row = place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", **subject)  # type: ignore[arg-type]
    with pytest.raises(StoppedError):
        publish_release(actor=cast.rita, release=release, documents=lambda _: {})
    with pytest.raises(DatabaseError, match="emergency stop"), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(
            state="published",
            dvc_commit="a" * 40,
            published_by=cast.rita,
            published_at=timezone.now(),
        )
    lift_stop(actor=cast.ada, stop=row, reason="It is a tone.")
    assert publish_release_here(actor=cast.rita, release=release).state == "published"


def test_a_release_frozen_with_a_stopped_clip_is_closed_too(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    clip = dataset.clips.get(path="field/000.wav")
    place_stop(actor=cast.cleo, dataset=dataset, reason="a voice", clip=clip)
    release = make_release(cast, dataset)
    assert code(cast.ada, release, Action.PREVIEW) == Code.STOPPED
    assert set(map_stopped_releases(dataset)) == {release.pk}


def test_a_second_person_confirms_or_lifts(cast: Cast, release: Release) -> None:
    row = place_stop(actor=cast.cleo, dataset=release.dataset, reason="a voice")
    with pytest.raises(OwnStopError):
        confirm_stop(actor=cast.cleo, stop=row)
    with pytest.raises(OwnStopError):
        lift_stop(actor=cast.cleo, stop=row, reason="wrong")
    for person in (cast.rita, cast.olga, cast.eve):
        with pytest.raises(DeniedError):
            confirm_stop(actor=person, stop=row)
    confirm_stop(actor=cast.ada, stop=row)
    with pytest.raises(StopConfirmedError):
        confirm_stop(actor=cast.ada, stop=row)
    with pytest.raises(InvalidError, match="Give a reason"):
        lift_stop(actor=cast.ada, stop=row, reason=" ")
    lift_stop(actor=cast.ada, stop=row, reason="It is a bird.")
    assert code(cast.olga, release) == Code.MEMBER
    with pytest.raises(StopLiftedError):
        lift_stop(actor=cast.ada, stop=row, reason="again")
    kinds = AuditEvent.objects.filter(kind__startswith="stop.").order_by("sequence")
    assert [event.kind for event in kinds] == ["stop.placed", "stop.confirmed", "stop.lifted"]
    assert [event.actor for event in kinds] == ["cleo", "ada", "ada"]


def test_only_privacy_reviewers_and_owners_stop(cast: Cast, release: Release) -> None:
    for person in (cast.rita, cast.olga, cast.dan, cast.eve):
        with pytest.raises(DeniedError):
            place_stop(actor=person, dataset=release.dataset, reason="because")
    with pytest.raises(InvalidError, match="Give a reason"):
        place_stop(actor=cast.cleo, dataset=release.dataset, reason="  ")
    first = place_stop(actor=cast.cleo, dataset=release.dataset, reason="a voice")
    with pytest.raises(StoppedAlreadyError, match="by cleo: confirm that stop") as refused:
        place_stop(actor=cast.ada, dataset=release.dataset, reason="a voice")
    assert refused.value.detail == {"stop": str(first.uid)}


def test_what_nobody_confirmed_stays_closed_and_shows_as_overdue(
    cast: Cast, release: Release
) -> None:
    row = place_stop(actor=cast.cleo, dataset=release.dataset, reason="a voice")
    assert not row.is_overdue
    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        assert Stop.objects.get(pk=row.pk).is_overdue
        assert code(cast.ada, release) == Code.STOPPED


def test_the_sound_of_a_stopped_clip_is_for_those_who_review_it(
    cast: Cast, release: Release
) -> None:
    clip = release.dataset.clips.get(path="field/000.wav")
    other = release.dataset.clips.get(path="field/001.wav")
    place_stop(actor=cast.cleo, dataset=release.dataset, reason="a voice", clip=clip)
    require_hearable(cast.cleo, clip)
    require_hearable(cast.rita, other)
    with pytest.raises(StoppedError, match=r"field/000\.wav was closed"):
        require_hearable(cast.rita, clip)


def test_the_database_keeps_stops_as_they_are(cast: Cast, release: Release) -> None:
    clip = release.dataset.clips.get(path="field/000.wav")
    row = place_stop(actor=cast.cleo, dataset=release.dataset, reason="a voice", clip=clip)
    mine = Stop.objects.filter(pk=row.pk)
    now = timezone.now()

    def refused(match: str, **columns: object) -> None:
        with pytest.raises(DatabaseError, match=match), transaction.atomic():
            mine.update(**columns)

    refused("never changed", reason="nothing")
    refused("never changed", clip=None)
    refused("never changed", stopped_by=cast.ada)
    refused("never changed", confirm_by=now + timedelta(days=900))
    refused("stop_confirmed_by_another", confirmed_by=cast.cleo, confirmed_at=now)
    refused("stop_lifted_by_another", lifted_by=cast.cleo, lifted_at=now, lift_reason="x")
    refused("stop_lifted_by_another", lifted_at=now)
    for rows in (mine, row.closes.all()):
        with pytest.raises(DatabaseError, match=r"append-only|goes on"), transaction.atomic():
            rows._raw_delete(using="default")
    lift_stop(actor=cast.ada, stop=row, reason="a tone")
    refused("never changed", lifted_at=None, lifted_by=None, lift_reason="")


def test_asking_who_is_stopped_costs_one_query(
    cast: Cast, release: Release, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert map_stopped_releases(release.dataset) == {}
    table = release.clips_table
    assert table is not None
    with django_assert_num_queries(1):
        open_object(cast.ada, "acme/tones", table.oid)
    with django_assert_num_queries(1):
        open_release(cast.ada, "acme/tones", "1.0.0", Action.DOWNLOAD)
