"""Whoever is heard is somebody: in every profile and under every name."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.datasets.models import Clip, Dataset, Event
from apps.detection.models import Finding, Scan
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import create_release
from apps.releases.errors import GatesFailedError
from apps.releases.facts import load_facts
from apps.releases.forecasts import forecast_consent
from apps.releases.models import Release
from apps.review.access import filter_open_findings
from apps.review.actions import (
    ClipGoneError,
    OwnWorkError,
    count_people,
    decide_finding,
    point_out_voice,
)
from apps.review.models import Headcount
from apps.review.queue import list_visible_cases
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.gates.consent import ConsentCoverage
from datasets_catalog.purposes import Purpose
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import (
    PURPOSES,
    approve,
    make_dataset,
    make_draft,
    make_release,
    write_table,
)
from tests.factories.reviews import play
from tests.recordings import VOICES, sounds_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    """Two tones with ben in them, two without anybody."""
    return make_draft(cast, tmp_path)


@pytest.fixture
def dan(cast: Cast) -> User:
    return second_reviewer(cast)


def uncovered(dataset: Dataset) -> dict[str, list[str]]:
    """Why clips are not covered, in the gate's words; the page's outlook has to say the same."""
    release = Release.objects.filter(dataset=dataset).first() or create_release(
        actor=dataset.created_by, dataset=dataset, version="0.1.0", purposes=PURPOSES
    )
    facts = load_facts(release, at=timezone.now())
    found: dict[str, list[str]] = {}
    for row in ConsentCoverage().check(facts).rows:
        found.setdefault(row.path or "", []).append(row.message)
    seen = forecast_consent(
        dataset, purposes=[Purpose(name) for name in release.purposes], at=timezone.now()
    )
    assert {row.path for row in seen.uncovered} == found.keys()
    reviewer = User.objects.get(username="cleo")
    assert set(waiting(reviewer)) == found.keys()
    return found


def waiting(reviewer: User) -> list[str]:
    return [clip.path for clip in list_visible_cases(reviewer, awaiting="people")]


def hear_voice(clip: Clip, score: float = 0.9) -> None:
    """Let the speech detector hear somebody and report nothing, as in the profile for speech."""
    Scan.objects.create(
        dataset=clip.dataset,
        content_sha256=clip.blob.sha256,
        detector="speech",
        detector_version="elsewhere",
        parameters_sha256="0" * 64,
        evidence={"stretches": [[0.1, 0.3]], "highest": score},
        heard=score,
    )


def count(actor: User, clip: Clip, people: int, **more: Any) -> Headcount:
    values = {"somebody_unknown": False, "reason": "heard it twice", **more}
    play(actor, Clip.objects.select_related("blob", "dataset").get(pk=clip.pk))
    return count_people(actor=actor, clip=clip, people_heard=people, **values)


@pytest.mark.parametrize("profile", ["speech", "standard", "sensitive"])
def test_real_voices_of_nobody_leave_in_no_profile(
    cast: Cast, tmp_path: Path, profile: str
) -> None:
    dataset = make_dataset(cast, "voices", privacy_profile=profile)
    folder = tmp_path / "in"
    folder.mkdir()
    for number, voice in enumerate(sounds_of(VOICES)[3:5]):
        (folder / f"{number}.wav").write_bytes(voice.read_bytes())
    rows = [{"path": f"{number}.wav", "licence": "CC0-1.0"} for number in range(2)]
    table = write_table(tmp_path / "clips.csv", rows)
    import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()
    assert Scan.objects.filter(dataset=dataset, detector="speech", heard__gt=0.5).count() == 2
    assert uncovered(dataset) == {
        f"{number}.wav": ["speech was heard here, and no contributor is recorded"]
        for number in range(2)
    }
    if profile == "speech":
        assert not Finding.objects.filter(clip__dataset=dataset, kind="speech").exists()


def test_the_gate_the_page_and_the_database_refuse_speech_of_nobody(
    cast: Cast, draft: Dataset
) -> None:
    release = approve(cast, make_release(cast, draft))
    hear_voice(clip_at(draft, 2))
    assert uncovered(draft) == {
        "field/002.wav": ["speech was heard here, and no contributor is recorded"]
    }
    with pytest.raises(DatabaseError, match="nobody is recorded"), transaction.atomic():
        out(cast, release)
    with pytest.raises(GatesFailedError, match=r"consent\.coverage"):
        publish_release_here(actor=cast.rita, release=release)


def out(cast: Cast, release: Release) -> None:
    Release.objects.filter(pk=release.pk).update(
        state="published",
        dvc_commit="a" * 40,
        published_by_id=cast.rita.pk,
        published_at=timezone.now(),
    )


def test_a_recorded_contributor_is_asked_for_consent_instead(cast: Cast, draft: Dataset) -> None:
    release = approve(cast, make_release(cast, draft))
    hear_voice(clip_at(draft, 0))
    assert uncovered(draft) == {}
    publish_release_here(actor=cast.rita, release=release)


def test_a_reviewer_sets_a_doubtful_voice_aside_and_who_brought_it_in_does_not(
    cast: Cast, draft: Dataset
) -> None:
    release = approve(cast, make_release(cast, draft))
    clip = clip_at(draft, 2)
    hear_voice(clip, 0.6)
    with pytest.raises(DeniedError):
        count(cast.ada, clip, 0)
    with pytest.raises(DatabaseError, match=r"uploader|does not judge"), transaction.atomic():
        headcount(clip, cast.ada)
    count(cast.cleo, clip, 0, reason="a chair that creaks")
    assert uncovered(draft) == {}
    publish_release_here(actor=cast.rita, release=release)


def headcount(clip: Clip, by: User, **more: Any) -> Headcount:
    play(by, clip)
    values = {
        "dataset": clip.dataset,
        "content_sha256": clip.blob.sha256,
        "people_heard": 0,
        "somebody_unknown": False,
        "people_recorded": 0,
        "reason": "x",
        "uploaded_by": clip.added_by,
        **more,
    }
    return Headcount.objects.create(clip=clip, counted_by=by, **values)


def test_against_a_sure_detector_two_reviewers_have_to_say_so(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    release = approve(cast, make_release(cast, draft))
    clip = clip_at(draft, 2)
    hear_voice(clip, 0.99)
    count(cast.cleo, clip, 0)
    count(cast.cleo, clip, 0)
    assert "one reviewer alone" in uncovered(draft)["field/002.wav"][0]
    with pytest.raises(DatabaseError, match="nobody is recorded"), transaction.atomic():
        out(cast, release)
    count(dan, clip, 1)
    assert uncovered(draft) == {"field/002.wav": [
        "speech was heard here, and no contributor is recorded",
        "1 person is heard, none is recorded",
    ]}  # fmt: skip
    count(dan, clip, 0)
    assert "one reviewer alone" in uncovered(draft)["field/002.wav"][0]
    count(cast.cleo, clip, 0)
    assert uncovered(draft) == {}
    publish_release_here(actor=cast.rita, release=release)


def test_a_clearance_of_a_sure_voice_needs_another_to_agree(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    clip = clip_at(draft, 2)
    hear_voice(clip, 0.99)
    finding = found_in(clip, score=0.99)
    heard = Scan.objects.get(detector_version="elsewhere")
    assert heard.detector == finding.scan.detector
    decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a radio far away")
    assert "one reviewer alone" in uncovered(draft)["field/002.wav"][0]
    count(cast.cleo, clip, 0)
    assert "one reviewer alone" in uncovered(draft)["field/002.wav"][0]
    count(dan, clip, 0, reason="a murmur, nobody to recognise")
    assert uncovered(draft) == {}


def test_more_people_than_are_recorded_hold_the_clip_back_until_all_are(
    cast: Cast, draft: Dataset
) -> None:
    release = approve(cast, make_release(cast, draft))
    clip = clip_at(draft, 0)
    count(cast.cleo, clip, 2, somebody_unknown=True, reason="a woman answers")
    assert uncovered(draft) == {
        "field/000.wav": [
            "2 people are heard, 1 is recorded",
            "somebody is heard who is not recorded",
        ]
    }
    with pytest.raises(DatabaseError, match="more people are heard"), transaction.atomic():
        out(cast, release)
    with pytest.raises(GatesFailedError, match=r"consent\.coverage"):
        publish_release_here(actor=cast.rita, release=release)
    count(cast.cleo, clip, 1, reason="it was ben himself, on the telephone")
    assert uncovered(draft) == {}
    publish_release_here(actor=cast.rita, release=release)
    assert Headcount.objects.count() == 2
    event = AuditEvent.objects.filter(kind="people.counted").first()
    assert event is not None
    assert event.detail["people_heard"] == 2
    assert event.detail["somebody_unknown"] is True


def test_a_count_is_of_the_bytes_under_whatever_name(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft, 2)
    count(cast.cleo, clip, 1, somebody_unknown=True)
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.REMOVED)
    other = clip_at(draft, 3)
    Clip.objects.filter(pk=other.pk).update(blob=clip.blob)
    assert uncovered(draft) == {
        "field/003.wav": [
            "1 person is heard, none is recorded",
            "somebody is heard who is not recorded",
        ]
    }


def test_what_is_left_after_a_redaction_is_counted_anew(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft, 0)
    count(cast.cleo, clip, 2, somebody_unknown=True)
    finding = point_out_voice(
        actor=cast.cleo, clip=clip, onset=0.1, offset=0.2, reason="a woman says hello"
    )
    assert finding in filter_open_findings(Finding.objects.all())
    decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="nobody knows her")
    assert uncovered(draft) == {
        "field/000.wav": [
            "somebody who is not recorded was heard before the redaction; "
            "say how many are heard in what is left"
        ]
    }
    clip.refresh_from_db()
    count(cast.cleo, clip, 1)
    assert uncovered(draft) == {}


def test_a_voice_that_no_detector_heard_is_pointed_out_and_decided_on(
    cast: Cast, draft: Dataset
) -> None:
    release = approve(cast, make_release(cast, draft))
    clip = clip_at(draft, 2)
    first = point_out_voice(actor=cast.cleo, clip=clip, onset=0.1, offset=9.0, reason="a whisper")
    assert (first.onset, first.offset) == (0.1, round(clip.duration, 4))
    again = point_out_voice(actor=cast.cleo, clip=clip, onset=0.1, offset=9.0, reason="a whisper")
    assert again == first
    with pytest.raises(GatesFailedError, match=r"privacy\.decided"):
        publish_release_here(actor=cast.rita, release=release)
    with pytest.raises(InvalidError, match="begins after it"):
        point_out_voice(actor=cast.cleo, clip=clip, onset=50, offset=51, reason="x")
    with pytest.raises(InvalidError, match="ends after it begins"):
        point_out_voice(actor=cast.cleo, clip=clip, onset=float("nan"), offset=51, reason="x")


def test_counts_that_contradict_themselves_or_come_too_late_are_refused(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    clip = clip_at(draft, 2)
    with pytest.raises(InvalidError, match="at least 1"):
        count(cast.cleo, clip, 0, somebody_unknown=True)
    with pytest.raises(InvalidError, match="from 0"):
        count(cast.cleo, clip, -1)
    with pytest.raises(InvalidError, match="what you heard"):
        count(cast.cleo, clip, 1, reason=" ")
    with pytest.raises(ClipGoneError, match="other bytes"):
        count(cast.cleo, clip, 1, content="0" * 64)
    with pytest.raises(DeniedError):
        count(cast.olga, clip, 1)
    Event.objects.filter(clip=clip).update(created_by=dan)
    with pytest.raises(OwnWorkError):
        count(dan, clip, 1)
    with pytest.raises(DatabaseError, match="does not judge"), transaction.atomic():
        headcount(clip, dan)
    with pytest.raises(DatabaseError, match="somebody_unknown_is_somebody"), transaction.atomic():
        headcount(clip, cast.cleo, somebody_unknown=True)
    row = headcount(clip, cast.cleo)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Headcount.objects.filter(pk=row.pk).update(people_heard=5)
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.EXCLUDED)
    with pytest.raises(ClipGoneError, match="not in the draft"):
        count(cast.cleo, clip, 1)


def test_what_earlier_scans_heard_is_read_from_what_they_kept(cast: Cast, draft: Dataset) -> None:
    """Reported or not; and the guard of scans stands again afterwards."""
    stretch = {"stretches": [[0.1, 0.3]], "highest": 0.93}
    silent = {"stretches": [], "highest": 0.2}
    seen = [{"kind": "speech", "onset": 0.1, "offset": 0.2, "score": 0.7, "detail": "x"}]
    tag = [{"kind": "metadata", "onset": None, "offset": None, "score": 1.0, "detail": "x"}]
    wanted = [
        ("speech", [], stretch, 0.93),
        ("speech", [], silent, None),
        ("second_opinion", [], stretch, None),
        ("second_opinion", seen, stretch, 0.7),
        ("metadata", tag, {}, None),
    ]
    rows = [
        Scan.objects.create(
            dataset=draft,
            content_sha256=f"{number:064x}",
            detector=detector,
            detector_version="0",
            parameters_sha256="0" * 64,
            seen=found,
            evidence=evidence,
        )
        for number, (detector, found, evidence, _) in enumerate(wanted)
    ]
    migration = import_module("apps.review.migrations.0007_people_guards")
    of_then = MigrationLoader(connection).project_state(("privacy", "0007_people_guards")).apps
    migration.note_what_was_heard(of_then, connection.SchemaEditorClass(connection))
    heard = {row.pk: row.heard for row in Scan.objects.filter(pk__in=[row.pk for row in rows])}
    assert [heard[row.pk] for row in rows] == [score for *_, score in wanted]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Scan.objects.filter(pk=rows[0].pk).update(heard=None)
