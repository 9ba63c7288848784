"""After the answer changes: what was given out is given to nobody new, and says so."""

from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import Error, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.access.access import open_newest
from apps.access.actions import grant_access
from apps.access.authorizations import AccessRefusedError, Action, Code
from apps.access.authorize import authorize_action
from apps.access.models import Notice
from apps.accounts.models import User
from apps.consent.ages import record_minor
from apps.consent.models import Contributor, Participation
from apps.consent.participations import set_participations
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Clip
from apps.detection.models import Finding, Scan
from apps.doors.signed_addresses import open_signed_text, sign_object
from apps.ingest.actions import import_consents
from apps.publishing.models import Target
from apps.publishing.permission import require_sendable
from apps.releases.actions import deprecate_release
from apps.releases.errors import ReleaseLapsedError
from apps.releases.foresight import foresee_closures, foresee_count
from apps.releases.lapses import list_visible_lapses, note_changed_answers, note_passing_time
from apps.releases.models import Lapse, Release, ReleasePerson
from apps.review.decisions import decide_finding
from apps.review.headcounts import count_people
from apps.review.models import Decision
from apps.review.undo import undo_decision
from apps.storage.blobs import open_local_copy, put_blob
from datasets_catalog.errors import DeniedError
from tests.cast import Cast
from tests.factories.drafts import OPEN_PURPOSES, make_published, write_table
from tests.factories.published import make_dataset as made_up_dataset
from tests.factories.published import make_release as made_up_release
from tests.factories.published import set_access
from tests.factories.reviews import hold_to_less, play

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    """Four clips, ben in the first two; dan may take it."""
    row = make_published(cast, tmp_path, purposes=OPEN_PURPOSES)
    grant(cast, row)
    return row


def grant(cast: Cast, release: Release) -> None:
    grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        purposes=["research.noncommercial"],
    )


def answer(cast: Cast, table: Path, given_at: str, **columns: str) -> None:
    """Ben answers a later version of the form."""
    row = {
        "contributor": "ben",
        "form": "voices",
        "form_version": given_at,
        "given_at": given_at,
        "evidence_sha256": "cd" * 32,
        **dict.fromkeys(OPEN_PURPOSES, "allowed"),
        **columns,
    }
    import_consents(actor=cast.ada, organisation=cast.acme, table=write_table(table, [row]))


def again(release: Release) -> Release:
    return Release.objects.select_related("dataset__organisation").get(pk=release.pk)


def codes(cast: Cast, release: Release, action: Action) -> list[str]:
    people = (cast.olga, cast.dan, cast.eve, AnonymousUser())
    return [str(authorize_action(person, again(release), action).code) for person in people]


def test_a_release_keeps_who_is_in_it_whatever_the_draft_says_later(
    release: Release, cast: Cast
) -> None:
    assert release.people.count() == 2
    Participation.objects.all().delete()
    assert set(ReleasePerson.objects.values_list("path", flat=True)) == {
        "field/000.wav",
        "field/001.wav",
    }
    for act in (
        lambda: ReleasePerson.objects.all().delete(),
        lambda: ReleasePerson.objects.update(path="other.wav"),
        lambda: ReleasePerson.objects.create(
            release=release, contributor=Contributor.objects.get(), clip_uid=release.uid, path="x"
        ),
    ):
        with pytest.raises(Error), transaction.atomic():
            act()


def test_a_guardian_who_turns_out_to_be_a_minor_closes_what_rests_on_their_word(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    answer(cast, tmp_path / "mum.csv", "2026-03-01", guardian="Mum")
    assert authorize_action(cast.dan, again(release), Action.DOWNLOAD).allowed
    record_minor(actor=cast.ada, organisation=cast.acme, code="mum", reason="She is 15.")
    assert codes(cast, release, Action.DOWNLOAD)[1] == "access.consent_ended"
    assert {row.contributor and row.contributor.code for row in again(release).lapses.all()} == {
        "ben"
    }


@pytest.mark.parametrize("access", ["request", "open"])
def test_a_denial_after_publication_closes_every_door_in_the_same_moment(
    release: Release, cast: Cast, tmp_path: Path, access: str
) -> None:
    set_access(access, dataset=release.dataset)
    assert authorize_action(cast.dan, again(release), Action.DOWNLOAD).allowed
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    for action in (Action.DOWNLOAD, Action.LIST):
        member, dan, *_ = codes(cast, release, action)
        assert (member, dan) == ("access.member", "access.consent_ended")
    if access == "open":
        assert codes(cast, release, Action.DOWNLOAD)[2:] == ["access.consent_ended"] * 2
    assert authorize_action(cast.dan, again(release), Action.VIEW).allowed
    with pytest.raises(AccessRefusedError, match="no later version replaces it yet"):
        open_newest(cast.dan, "acme/tones", Action.DOWNLOAD)


def test_nobody_new_is_let_in_and_it_is_sent_nowhere(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"research.noncommercial": "denied"})
    with pytest.raises(ReleaseLapsedError, match="no longer allows"):
        grant(cast, release)
    with pytest.raises(ReleaseLapsedError):
        require_sendable(again(release), Target(name="hub", gate="manual"))


def test_those_who_answer_for_it_are_told_which_clips_and_never_who(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    told = Notice.objects.filter(kind="lapsed")
    assert {notice.user for notice in told} == {cast.ada, cast.cleo}
    text = told[0].text
    assert "acme/tones 1.0.0" in text
    assert "field/000.wav, field/001.wav" in text
    assert "ben" not in text
    rows = list_visible_lapses(cast.cleo, release)
    assert {(row.path, row.cause, str(row.contributor)) for row in rows} == {
        ("field/000.wav", "denied", "ben"),
        ("field/001.wav", "denied", "ben"),
    }
    with pytest.raises(DeniedError):
        list_visible_lapses(cast.dan, release)


def test_a_new_answer_opens_it_again(release: Release, cast: Cast, tmp_path: Path) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    answer(cast, tmp_path / "yes.csv", "2026-03-02")
    assert authorize_action(cast.dan, again(release), Action.DOWNLOAD).allowed
    assert again(release).lapses_at is None
    assert not list_visible_lapses(cast.cleo, release).exists()
    assert Lapse.objects.exclude(over_at=None).count() == 2


def test_a_shorter_notice_ends_what_guardians_allowed_at_once(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    dataset = release.dataset
    birthday = timezone.now().date() - timedelta(days=30)
    hold_to_less(cast, dataset, guardian_notice_days=60)
    answer(cast, tmp_path / "mum.csv", "2026-03-01", guardian="mum")
    record_minor(
        actor=cast.ada,
        organisation=cast.acme,
        code="ben",
        reason="A school.",
        of_age_on=birthday,
        evidence_sha256="ab" * 32,
    )
    ends = datetime.combine(birthday + timedelta(days=60), time(), UTC)
    assert (code(cast.dan, release), again(release).lapses_at) == ("access.entitled", ends)
    update_dataset(actor=cast.ada, dataset=dataset, changes={"guardian_notice_days": 10})
    assert code(cast.dan, release) == "access.consent_ended"
    assert causes(release) == {("field/000.wav", "of_age"), ("field/001.wav", "of_age")}
    assert Notice.objects.filter(kind="lapsed", user=cast.cleo).exists()
    # Longer again takes two, and is as good as at once.
    hold_to_less(cast, dataset, guardian_notice_days=90)
    assert (code(cast.dan, release), causes(release)) == ("access.entitled", set())


def test_a_release_that_lapsed_is_not_opened_by_hand(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    rows = Release.objects.filter(pk=release.pk)
    for opened in (
        {"lapses_at": None, "lapses_by": ""},
        {"lapses_at": timezone.now() + timedelta(days=1)},
    ):
        with pytest.raises(Error, match="stays closed"), transaction.atomic():
            rows.update(**opened)
    rows.update(lapses_at=timezone.now() - timedelta(days=1))
    assert code(cast.dan, release) == "access.consent_ended"


def test_what_was_not_declared_may_be_denied(release: Release, cast: Cast, tmp_path: Path) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"train.generative": "denied"})
    assert again(release).lapses_at is None


def test_a_consent_that_runs_out_closes_it_without_anybody_looking(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        answer(cast, tmp_path / "short.csv", "2027-05-01", valid_until="2027-07-01")
        assert again(release).lapses_at == datetime(2027, 7, 1, tzinfo=UTC)
        assert authorize_action(cast.dan, again(release), Action.DOWNLOAD).allowed
        assert note_passing_time() == 0
        clock.shift(timedelta(days=40))
        refused = authorize_action(cast.dan, again(release), Action.DOWNLOAD)
        assert (refused.code, "Since 2027-07-01" in refused.reason) == (Code.CONSENT_ENDED, True)
        assert (note_passing_time(), note_passing_time()) == (2, 0)
        assert again(release).lapses_at == datetime(2027, 7, 1, tzinfo=UTC)
    assert set(Lapse.objects.values_list("cause", flat=True)) == {"expired"}
    assert Notice.objects.filter(kind="lapsed", user=cast.ada).count() == 1


def test_somebody_found_in_a_published_clip_later_has_to_allow_it_too(
    release: Release, cast: Cast
) -> None:
    clip = Clip.objects.get(path="field/003.wav")
    zoe = Contributor.objects.create(organisation=cast.acme, code="zoe")
    Participation.objects.create(contributor=zoe, clip=clip)
    note_changed_answers({zoe.pk})
    assert authorize_action(cast.dan, again(release), Action.DOWNLOAD).code is Code.CONSENT_ENDED
    assert [(row.path, row.cause) for row in Lapse.objects.all()] == [
        ("field/003.wav", "people_changed")
    ]


def test_taking_somebody_out_of_a_row_takes_nobody_out_of_a_published_sound(
    release: Release, cast: Cast
) -> None:
    clip = Clip.objects.get(path="field/003.wav")
    for people in (["zoe"], []):
        set_participations(actor=cast.ada, organisation=cast.acme, people={clip.pk: people})
        assert code(cast.dan, release) == "access.consent_ended"
    note_passing_time()
    assert code(cast.dan, release) == "access.consent_ended"


def add_finding(clip: Clip, *, onset: float | None = 0.1, position: int = 99) -> Finding:
    scan = Scan.objects.filter(content_sha256=clip.blob.sha256)[0]
    return Finding.objects.create(
        clip=clip,
        scan=scan,
        position=position,
        content_sha256=clip.blob.sha256,
        kind="speech",
        onset=onset,
        offset=None if onset is None else 0.3,
    )


def exclude(cast: Cast, clip: Clip) -> Decision:
    why = "A neighbour talks."
    return decide_finding(actor=cast.cleo, finding=add_finding(clip), verdict="exclude", reason=why)


def code(reader: Any, release: Release) -> str:
    return str(authorize_action(reader, again(release), Action.DOWNLOAD).code)


def causes(release: Release) -> set[tuple[str, str]]:
    return set(Lapse.objects.filter(release=release, over_at=None).values_list("path", "cause"))


def test_an_exclusion_closes_what_was_given_out_with_these_bytes_at_once(
    release: Release, cast: Cast
) -> None:
    exclude(cast, Clip.objects.get(path="field/003.wav"))
    assert codes(cast, release, Action.DOWNLOAD)[:2] == ["access.member", "access.held_back"]
    refused = authorize_action(cast.dan, again(release), Action.LIST)
    assert "a decision of a reviewer holds back a clip that acme/tones 1.0.0 has" in refused.reason
    with pytest.raises(ReleaseLapsedError, match="decision of a reviewer"):
        grant(cast, release)
    with pytest.raises(ReleaseLapsedError):
        require_sendable(again(release), Target(name="hub", gate="manual"))
    notices = Notice.objects.filter(kind="lapsed")
    assert {notice.user for notice in notices} == {cast.ada, cast.cleo}
    assert "decided to exclude what acme/tones 1.0.0 holds (field/003.wav)" in notices[0].text
    assert note_passing_time() == 0


def test_taking_an_exclusion_back_opens_it_again(release: Release, cast: Cast) -> None:
    undo_decision(actor=cast.cleo, decision=exclude(cast, Clip.objects.get(path="field/003.wav")))
    assert (code(cast.dan, release), again(release).lapses_by) == ("access.entitled", "")
    assert Lapse.objects.get().over_at is not None


def test_a_redaction_closes_what_holds_the_bytes_from_before(release: Release, cast: Cast) -> None:
    clip = Clip.objects.get(path="field/003.wav")
    made = decide_finding(
        actor=cast.cleo, finding=add_finding(clip), verdict="redact", reason="A name is said."
    )
    assert code(cast.dan, release) == "access.held_back"
    assert causes(release) == {("field/003.wav", "redacted")}
    undo_decision(actor=cast.cleo, decision=made)
    assert code(cast.dan, release) == "access.entitled"


def test_a_clearance_closes_nothing(release: Release, cast: Cast) -> None:
    finding = add_finding(Clip.objects.get(path="field/003.wav"), onset=None)
    decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="A bird.")
    assert code(cast.dan, release) == "access.entitled"


def test_an_exclusion_follows_the_bytes_through_removal_and_another_name(
    release: Release, cast: Cast
) -> None:
    clip = Clip.objects.get(path="field/003.wav")
    remove_clips(actor=cast.ada, dataset=clip.dataset, paths=[clip.path])
    clip.pk, clip.uid, clip.path = None, uuid4(), "field/other.wav"
    clip.save(force_insert=True)
    exclude(cast, Clip.objects.get(path="field/other.wav"))
    assert code(cast.dan, release) == "access.held_back"
    assert causes(release) == {("field/003.wav", "excluded")}


def same_bytes_elsewhere(cast: Cast, clip: Clip) -> Clip:
    """A clip with these bytes in another dataset of the organisation, scanned."""
    other = made_up_dataset(cast.acme, cast.ada, name="other")
    with open_local_copy(clip.blob) as held:
        blob = put_blob(other.uid, BytesIO(held.read_bytes()))
    scan = Scan.objects.filter(content_sha256=clip.blob.sha256)[0]
    scan.pk, scan.dataset = None, other
    scan.save(force_insert=True)
    clip.pk, clip.uid, clip.dataset, clip.blob, clip.recording = None, uuid4(), other, blob, None
    clip.save(force_insert=True)
    return clip


def test_an_exclusion_in_another_dataset_of_the_organisation_closes_it_too(
    release: Release, cast: Cast
) -> None:
    there = same_bytes_elsewhere(cast, Clip.objects.get(path="field/003.wav"))
    exclude(cast, there)
    assert code(cast.dan, release) == "access.held_back"
    assert causes(release) == {("field/003.wav", "excluded")}


def test_a_count_of_somebody_unknown_closes_it_until_they_are_recorded_and_counted_again(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    clip = Clip.objects.get(path="field/000.wav")
    count_people(
        actor=cast.cleo, clip=clip, people_heard=2, somebody_unknown=True, reason="Two talk."
    )
    assert code(cast.dan, release) == "access.held_back"
    assert causes(release) == {("field/000.wav", "people_unknown")}
    sentence = authorize_action(cast.dan, again(release), Action.DOWNLOAD).reason
    assert "more people are heard in a clip of acme/tones 1.0.0 than are recorded" in sentence
    notice = Notice.objects.filter(kind="lapsed", user=cast.ada).get()
    assert "More people are heard in clips of acme/tones 1.0.0 than are recorded" in notice.text
    answer(cast, tmp_path / "zoe.csv", "2026-02-01", contributor="zoe")
    zoe = Contributor.objects.get(code="zoe")
    Participation.objects.create(contributor=zoe, clip=clip)
    note_changed_answers({zoe.pk})
    assert code(cast.dan, release) == "access.held_back"
    count_heard(cast.cleo, clip, 2)
    assert code(cast.dan, release) == "access.entitled"


def count_heard(reviewer: User, clip: Clip, people: int) -> None:
    play(reviewer, clip)
    count_people(
        actor=reviewer, clip=clip, people_heard=people, somebody_unknown=False, reason="Heard all."
    )


def test_more_people_than_are_recorded_close_it_until_they_are(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    clip = Clip.objects.get(path="field/000.wav")
    count_heard(cast.cleo, clip, 2)
    assert code(cast.dan, release) == "access.held_back"
    answer(cast, tmp_path / "zoe.csv", "2026-02-01", contributor="zoe")
    zoe = Contributor.objects.get(code="zoe")
    Participation.objects.create(contributor=zoe, clip=clip)
    note_changed_answers({zoe.pk})
    assert code(cast.dan, release) == "access.entitled"


def test_a_count_in_another_dataset_closes_it_and_only_one_here_opens_it(
    release: Release, cast: Cast
) -> None:
    clip = Clip.objects.get(path="field/003.wav")
    there = same_bytes_elsewhere(cast, Clip.objects.get(pk=clip.pk))
    count_people(
        actor=cast.cleo, clip=there, people_heard=1, somebody_unknown=True, reason="A man talks."
    )
    assert code(cast.dan, release) == "access.held_back"
    count_heard(cast.cleo, there, 0)
    assert code(cast.dan, release) == "access.held_back"
    count_heard(cast.cleo, clip, 0)
    assert code(cast.dan, release) == "access.entitled"


def test_the_reviewer_is_told_beforehand_what_would_close(release: Release, cast: Cast) -> None:
    clip = Clip.objects.get(path="field/003.wav")
    finding = add_finding(clip)
    foreseen = foresee_closures([finding])
    assert foreseen.sentences == ["Excluding or redacting this closes acme/tones 1.0.0 to readers."]
    assert foresee_count(clip) == (release,)
    client = Client()
    client.force_login(cast.cleo)
    page = client.get(reverse("web:case", args=[clip.uid])).content.decode()
    assert "Excluding or redacting this closes acme/tones 1.0.0 to readers." in page
    assert "A count of more people than are recorded closes acme/tones 1.0.0" in page
    closes = client.get(f"/api/v1/cases/{clip.uid}/").json()["closes"]
    assert closes == {name: ["acme/tones 1.0.0"] for name in closes}
    decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason="A neighbour talks.")
    assert foresee_closures([add_finding(clip, position=98)]).sentences == []


def test_a_later_version_in_which_everybody_is_covered_is_named(cast: Cast) -> None:
    dataset = made_up_dataset(cast.acme, cast.ada, access="open")
    versions = ("1.0.0", "1.1.0", "1.2.0")
    rows = [made_up_release(dataset, version, commit=version[2] * 40) for version in versions]
    past = datetime(2026, 1, 1, tzinfo=UTC)
    lapsed = Release.objects.filter(pk__in=[rows[0].pk, rows[2].pk])
    lapsed.update(lapses_at=past, lapses_by="consent")
    for row in (rows[0], rows[2]):
        assert authorize_action(cast.eve, again(row), Action.DOWNLOAD).code is Code.CONSENT_ENDED
    assert "use version 1.1.0" in authorize_action(cast.eve, again(rows[0]), Action.DOWNLOAD).reason
    assert open_newest(cast.eve, "acme/birds", Action.DOWNLOAD).release == rows[1]


def test_the_database_lets_a_lapse_only_end(release: Release, cast: Cast, tmp_path: Path) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    changes: tuple[dict[str, Any], ...] = ({"cause": "expired"}, {"since": NOW})
    for columns in changes:
        with pytest.raises(Error), transaction.atomic():
            Lapse.objects.update(**columns)
    with pytest.raises(Error), transaction.atomic():
        Lapse.objects.all().delete()


def test_readers_of_a_deprecated_release_read_why(release: Release, cast: Cast) -> None:
    deprecate_release(actor=cast.rita, release=release, reason="Two onsets are wrong.")
    answered = authorize_action(cast.dan, again(release), Action.DOWNLOAD)
    assert answered.code is Code.DEPRECATED
    assert "is deprecated. Two onsets are wrong." in answered.reason


def test_pages_and_rest_say_which_clips_to_members_and_who_to_those_who_see_consents(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    page = "/datasets/acme/tones/releases/1.0.0/"
    rest = f"/api/v1{page}"
    shown = {}
    for name in ("cleo", "rita", "dan"):
        client = Client()
        client.force_login(getattr(cast, name))
        shown[name] = client.get(page).content.decode()
        answered = client.get(f"{rest}lapses/")
        if name == "dan":
            assert answered.status_code == 403
            continue
        codes = {row["contributor"] for row in answered.json()["results"]}
        assert codes == ({"ben"} if name == "cleo" else {None})
    for text in shown.values():
        assert "no longer allows what it was released for" in text
    assert "Why it is closed" not in shown["dan"]
    assert ("ben" in shown["cleo"], "<td>ben</td>" in shown["rita"]) == (True, False)
    assert Client().get(rest).json()["lapsed_since"] is not None


def test_an_address_that_was_signed_before_the_answer_changed_opens_nothing(
    release: Release, cast: Cast, tmp_path: Path
) -> None:
    assert release.clips_table is not None
    text = sign_object(cast.dan, release, release.clips_table)
    assert open_signed_text(text).found.blob == release.clips_table
    answer(cast, tmp_path / "no.csv", "2026-03-01", **{"share.raw_audio": "denied"})
    with pytest.raises(AccessRefusedError):
        open_signed_text(text)
