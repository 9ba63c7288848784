"""The workbench by its forms: the queue, a case, many alike, and what others said."""

import base64
import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership
from apps.audit.models import AuditEvent
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.doors.web.review_windows import find_windows
from apps.doors.web.views.review import queue
from apps.ingest.actions import import_clips
from apps.review.access import list_dataset_findings
from apps.review.models import Assignment, Batch, ChangeRequest, Decision, Headcount, ReviewTime
from tests.cast import Cast
from tests.doors.web.conftest import As
from tests.factories.drafts import make_dataset, write_table
from tests.factories.reviews import make_case_draft
from tests.sounds import write_any

pytestmark = pytest.mark.django_db
QUEUE = "/review/?dataset=acme/street"


@pytest.fixture
def street(cast: Cast, tmp_path: Path) -> Dataset:
    return make_case_draft(cast, tmp_path)


def first_of(dataset: Dataset) -> Finding:
    return list_dataset_findings(dataset).filter(kind="speech").order_by("clip__path", "onset")[0]


def case_of(finding: Finding) -> str:
    return f"/review/clips/{finding.clip.uid}/"


def clear(finding: Finding, **more: str) -> dict[str, str]:
    return {
        "finding": str(finding.uid),
        "verdict": "clear",
        "offered_clear": "An animal, not a person.",
        **more,
    }


def hear(client: Client, *findings: Finding) -> None:
    """Fetch the windows in which the findings lie, as a page does."""
    for finding in findings:
        for window in find_windows([finding], finding.clip.duration):
            page = f"/review/clips/{finding.clip.uid}/sound.wav"
            answer = client.get(page, {"start": f"{window.start}", "end": f"{window.end}"})
            assert answer.status_code == 200


def text_of(client: Client, page: str) -> str:
    return client.get(page, follow=True).content.decode()


def test_a_decision_leads_to_what_is_open_next(cast: Cast, street: Dataset, as_user: As) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    page = case_of(finding)
    hear(client, *list_dataset_findings(street).filter(clip=finding.clip))
    assert client.post(f"{page}?kind=speech", clear(finding))["Location"] == f"{page}?kind=speech"
    rest = list_dataset_findings(street).filter(clip=finding.clip, decision=None)[0]
    following = client.post(f"{page}?kind=speech", clear(rest))["Location"]
    assert following.startswith("/review/clips/")
    assert not following.startswith(page)
    assert following.endswith("?kind=speech")


def test_nobody_clears_a_voice_that_was_not_played_to_them(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    assert finding.onset is not None
    assert finding.offset is not None
    sound = f"/review/clips/{finding.clip.uid}/sound.wav"
    whole = {"start": "0", "end": f"{finding.clip.duration}"}

    def refused() -> bool:
        answer = client.post(case_of(finding), clear(finding))
        told = "is cleared by who was sent it" in answer.content.decode()
        assert told == (answer.status_code == 422)
        return told

    assert refused()
    client.head(sound, whole)
    client.get(sound, {"start": "0", "end": f"{finding.offset - 0.3}"})
    client.get(sound, whole, headers={"range": "bytes=0-99"})
    client.get(sound, {**whole, "shown": "1"})
    client.get(f"/review/clips/{finding.clip.uid}/spectrogram.webp", whole)
    as_user(cast.olga).get(sound, whole)
    assert refused()
    # Fetched ahead of time it was not played yet.
    client.get(sound, {**whole, "ahead": "1"})
    assert refused()
    assert client.get(sound, {**whole, "shown": "1"}).status_code == 204
    assert not refused()
    assert Decision.objects.get().finding == finding


def test_a_batch_is_cleared_when_a_random_part_of_it_was_played(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client = as_user(cast.cleo)
    page = "/review/alike/?dataset=acme/street&kind=speech"
    shown = client.get(page)
    assert len(shown.context["sample"]) == 4
    assert "4 were not sent to you to be played yet" in shown.content.decode()
    newest = list_dataset_findings(street).filter(kind="speech").order_by("-pk")[0].pk
    form = {"verdict": "clear", "reason": "Shutters.", "newest": newest, "phrase": "4"}
    refused = client.post(page, form)
    assert refused.status_code == 422
    assert "4 of them, chosen at random" in refused.content.decode()
    for one in shown.context["sample"]:
        hear(client, one["finding"])
    assert "The sound of all of them was sent to you" in text_of(client, page)
    client.post(page, form)
    batch = Batch.objects.get()
    assert (batch.count, batch.heard, batch.bound) == (4, 4, 0.0)


def test_to_exclude_or_redact_nothing_has_to_be_heard(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    finding = first_of(street)
    out = clear(finding, verdict="exclude", reason="Somebody talks.")
    as_user(cast.cleo).post(case_of(finding), out)
    assert Decision.objects.get().verdict == "exclude"


def test_without_a_reason_or_a_choice_nothing_is_decided(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    for form in (
        {"finding": str(finding.uid), "verdict": "clear"},
        {"finding": str(finding.uid), "verdict": "perhaps", "reason": "x"},
        {"verdict": "clear", "reason": "x"},
        clear(finding, verdict="agree", offered_agree="I agree."),
    ):
        assert client.post(case_of(finding), form).status_code == 422
    assert not Decision.objects.exists()


def test_who_brought_a_clip_in_does_not_decide_on_it(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role="privacy_reviewer")
    finding = first_of(street)
    own = as_user(cast.ada).post(case_of(finding), clear(finding))
    assert own.status_code == 422
    assert "somebody else has to decide" in own.content.decode()
    assert as_user(cast.olga).post(case_of(finding), clear(finding)).status_code == 422
    assert as_user(cast.eve).post(case_of(finding), clear(finding)).status_code == 404


def test_the_last_decision_can_be_taken_back_for_a_while(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    hear(client, finding)
    client.post(case_of(finding), clear(finding))
    undo = f"/review/decisions/{Decision.objects.get().pk}/undo/"
    assert undo in text_of(client, case_of(finding))
    assert as_user(cast.ada).post(undo).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert undo not in text_of(client, case_of(finding))
    assert client.post(undo)["Location"] == f"{case_of(finding)}?finding={finding.uid}"
    assert not Decision.objects.exists()


def test_a_batch_is_confirmed_by_its_number_and_not_by_an_old_one(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    hear(client, *list_dataset_findings(street).filter(kind="speech"))
    page = "/review/alike/?dataset=acme/street&kind=speech"
    asked = client.post(page, {"verdict": "clear", "reason": "Shutters in the wind."})
    assert "Type <code>4</code>" in asked.content.decode()
    newest = asked.context["confirming"]["fields"][2][1]
    form = {"verdict": "clear", "reason": "Shutters in the wind.", "newest": newest}
    client.post(case_of(finding), clear(finding))
    late = client.post(page, {**form, "phrase": "4"})
    assert late.status_code == 422
    assert "there are 3 now" in late.content.decode()
    assert Decision.objects.count() == 1
    client.post(page, {**form, "phrase": "3"})
    assert Decision.objects.count() == 4
    assert client.post(page, {"verdict": "redact", "reason": "x"}).status_code == 422
    assert as_user(cast.olga).get(page).status_code == 403


def test_no_more_than_a_window_leaves_and_only_to_reviewers(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    page = case_of(first_of(street))
    client = as_user(cast.cleo)
    heard = client.get(f"{page}sound.wav?start=1&end=2", headers={"Range": "bytes=0-43"})
    assert (heard.status_code, heard.content[:4]) == (206, b"RIFF")
    assert heard["Cache-Control"] == "private, no-store"
    assert len(client.get(f"{page}sound.wav?start=1&end=2").content) < 50_000
    seen = client.get(f"{page}spectrogram.webp?start=1&end=2")
    assert seen.content[8:12] == b"WEBP"
    assert seen["Cache-Control"] == "private, max-age=3600"
    for nonsense in ("", "?start=2&end=1", "?start=nan&end=nan", "?start=90&end=91", "?start=x"):
        assert client.get(f"{page}sound.wav{nonsense}").status_code == 404
    assert as_user(cast.eve).get(f"{page}sound.wav?start=1&end=2").status_code == 404


def test_the_sound_from_before_a_redaction_is_recorded_when_it_is_heard(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    form = clear(finding, verdict="redact", reason="Somebody talks.", method="mute")
    client.post(case_of(finding), form)
    redaction = finding.redactions.get()
    window = f"{case_of(finding)}sound.wav?start=0.5&end=2.5"
    before = client.get(f"{window}&take={redaction.pk}").content
    assert before != client.get(window).content
    assert AuditEvent.objects.filter(kind="clip.original_heard", actor="cleo").count() == 1
    assert as_user(cast.olga).get(f"{window}&take={redaction.pk}").status_code == 403
    for take in ("999999", "x", "9" * 40):
        assert client.get(f"{window}&take={take}").status_code == 404


def test_cases_are_taken_commented_timed_and_asked_about(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, page = as_user(cast.cleo), case_of(first_of(street))
    clip = Clip.objects.get(path="000.wav")
    client.post("/review/assign/", {"clip": [str(clip.uid), "nonsense"], "to": "me"})
    assert Assignment.objects.get().reviewer == cast.cleo
    assert "000.wav" in text_of(client, f"{QUEUE}&whose=mine")
    assert "000.wav" not in text_of(client, f"{QUEUE}&whose=nobody")
    client.post(f"{page}assign/", {"to": ""})
    assert not Assignment.objects.exists()
    client.post(f"{page}comment/", {"text": "Listen to the end."})
    client.post(f"{page}changes/", {"text": "The place is too precise."})
    asked = ChangeRequest.objects.get()
    assert "000.wav" in text_of(client, f"{QUEUE}&awaiting=changes")
    shown = text_of(as_user(cast.ada), page)
    assert "Listen to the end." in shown
    as_user(cast.ada).post(f"/review/changes/{asked.uid}/answer/", {"text": "Made coarser."})
    assert "Made coarser." in text_of(client, page)
    assert client.post(f"{page}time/", {"seconds": "12.5"}).status_code == 204
    assert client.post(f"{page}time/", {"seconds": "long"}).status_code == 400
    assert ReviewTime.objects.get().seconds == 12.5


def test_the_address_of_a_finding_leads_to_its_case(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    finding = first_of(street)
    answer = as_user(cast.cleo).get(f"/review/{finding.uid}/")
    assert answer["Location"] == f"{case_of(finding)}?finding={finding.uid}"


def test_nonsense_in_the_addresses_of_the_workbench_is_never_our_fault(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client = as_user(cast.cleo)
    for page in (
        "/review/?after=WzEsIDFd",
        "/review/?after=bm90IGpzb24=",
        "/review/?dataset=acme",
        "/review/?dataset=nobody/nothing",
        "/review/?whose=everybody&awaiting=godot&kind=%C3%A4",
        "/review/alike/",
        "/review/alike/?dataset=acme/street",
        "/review/alike/?dataset=acme/street&kind=speech&recording=none",
        f"{case_of(first_of(street))}?finding=none",
    ):
        assert client.get(page).status_code in {200, 400, 404}, page


def test_the_queue_goes_on_where_its_page_ended_though_cases_went(
    cast: Cast, street: Dataset, as_user: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "CASES", 2)
    client = as_user(cast.cleo)
    first = client.get(QUEUE)
    seen = [row.clip.path for row in first.context["page"].rows]
    for finding in Finding.objects.filter(clip__path=seen[-1], clip__dataset=street):
        client.post(case_of(finding), clear(finding))
    second = client.get("/review/" + first.context["page"].next_url)
    assert seen + [row.clip.path for row in second.context["page"].rows] == [
        "000.wav",
        "001.wav",
        "002.wav",
    ]
    assert not second.context["page"].next_url


def test_a_video_is_shown_as_a_strip_of_its_frames(cast: Cast, tmp_path: Path, as_user: As) -> None:
    (tmp_path / "sounds").mkdir()
    film = write_any(tmp_path / "sounds", "mp4")
    dataset = make_dataset(cast, "films")
    table = write_table(tmp_path / "clips.csv", [{"path": film.name, "licence": "CC0-1.0"}])
    import_clips(actor=cast.ada, dataset=dataset, source=film.parent, metadata=table)
    scan_dataset(actor=cast.ada, dataset=dataset)
    finding = list_dataset_findings(dataset).get(kind="video")
    page = text_of(as_user(cast.cleo), case_of(finding))
    shown = re.search('src="data:image/webp;base64,([^"]+)"', page)
    assert shown is not None
    strip = base64.b64decode(shown[1])
    assert hashlib.sha256(strip).hexdigest() == finding.evidence["strip_sha256"]
    assert "Frames at" in page
    assert "A picture cannot be redacted: exclude the clip" in page


def test_people_are_counted_and_pointed_out_by_plain_forms(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    page, content = case_of(finding), finding.clip.blob.sha256
    said = {"people_heard": "2", "somebody_unknown": "yes", "reason": "a woman answers"}
    client.post(f"{page}people/", {**said, "content": content}, follow=True)
    shown = text_of(client, page)
    assert "2 people are heard, none is recorded; somebody is not recorded" in shown
    assert Headcount.objects.get().counted_by == cast.cleo
    assert finding.clip.path in text_of(client, "/review/?awaiting=people")
    pointed = {"onset": "0.5", "offset": "0.7", "reason": "a whisper", "content": content}
    landed = client.post(f"{page}point/", pointed)["Location"]
    made = Finding.objects.get(scan__detector="listener", clip=finding.clip)
    assert str(made.uid) in landed
    assert (made.onset, made.offset, made.detail) == (0.5, 0.7, "a whisper")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"people_heard": "two"}, "in digits"),
        ({"people_heard": "0", "somebody_unknown": "yes"}, "at least 1"),
        ({"people_heard": "1", "content": "0" * 64}, "other bytes"),
        ({"people_heard": "99999"}, "from 0 to 1000"),
    ],
)
def test_a_count_that_cannot_be_says_why_and_counts_nothing(
    cast: Cast, street: Dataset, as_user: As, form: dict[str, str], words: str
) -> None:
    client, finding = as_user(cast.cleo), first_of(street)
    answer = client.post(f"{case_of(finding)}people/", {"reason": "x", **form}, follow=True)
    assert words in answer.content.decode()
    assert not Headcount.objects.exists()


def test_who_sees_findings_and_does_not_review_is_offered_no_count(
    cast: Cast, street: Dataset, as_user: As
) -> None:
    page = case_of(first_of(street))
    assert "Record the count" not in text_of(as_user(cast.olga), page)
    answer = as_user(cast.olga).post(f"{page}people/", {"people_heard": "0", "reason": "x"})
    assert answer.status_code in {302, 403}
    assert not Headcount.objects.exists()
