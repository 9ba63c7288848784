"""Pages of labels: kinds, what a clip is found to hold, what splits mean, choosing by term."""

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.datasets.actions import import_vocabulary, touch_draft, update_dataset
from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, Lowering, WeakLabel
from apps.ingest.label_imports import import_labels
from apps.publishing.release_publication import publish_release_here
from datasets_catalog.split_policies import KNOWN_POLICIES, parse_policy
from tests.cast import Cast
from tests.doors.web.conftest import As
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db
BASE = "/datasets/acme/tones/"
TERMS = "code,name,parents,abstract\n/p,Pets,,true\n/d,Dog,/p,\n/b,Bark,/d,\n/c,Cat,/p,\n"


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    dataset = make_draft(cast, tmp_path, clips=3)
    vocabulary = import_vocabulary(actor=cast.ada, name="animals", version="3", text=TERMS)
    dataset = update_dataset(actor=cast.ada, dataset=dataset, changes={"vocabulary": vocabulary})
    one, two, three = Clip.objects.filter(dataset=dataset).order_by("path")
    table = tmp_path / "labels.csv"
    table.write_text(
        f"path,onset,offset,label,presence\n{one.path},0,0.1,Bark,\n{two.path},,,Cat,\n"
        f"{two.path},,,Dog,no\n{three.path},,,,\n"
    )
    report = import_labels(
        actor=cast.ada, dataset=dataset, source=table, format_name="native", replace=True
    )
    assert report.is_clean, report.sentences()
    Event.objects.filter(clip=two).delete()
    dataset.refresh_from_db()
    touch_draft(dataset)
    return dataset


def test_pages_tell_events_weak_labels_and_clips_found_empty_apart(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    client = as_user(cast.ada)
    page = client.get(f"{BASE}labels/").content.decode()
    assert "Clips by weak label" in page
    assert "clips found empty" in page
    _, two, three = Clip.objects.filter(dataset=draft).order_by("path")
    weak = client.get(f"{BASE}clips/{two.uid}/").content.decode()
    assert "In the whole clip:" in weak
    assert "Dog (absent)" in weak
    empty = client.get(f"{BASE}clips/{three.uid}/").content.decode()
    assert "found none of the labels" in empty
    assert "In the whole clip:" not in empty


def test_a_release_names_its_vocabulary_and_offers_the_terms_above_its_labels(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    publish_release_here(actor=cast.rita, release=approve(cast, make_release(cast, draft)))
    client = as_user(cast.ada)
    page = client.get(f"{BASE}releases/1.0.0/").content.decode()
    assert "animals 3" in page
    assert "Clips found empty" in page
    part = client.get(f"{BASE}releases/1.0.0/part/").content.decode()
    for label in ("Bark", "Cat", "Dog", "Pets"):
        assert f'value="{label}"' in part
    chosen = client.get(f"{BASE}releases/1.0.0/part/", {"labels": "Pets"}).content.decode()
    assert "2 clips" in chosen


def test_a_steward_says_what_splits_mean(cast: Cast, draft: Dataset, as_user: As) -> None:
    client = as_user(cast.ada)
    begun = client.get(f"{BASE}settings/splits/?like=speakers").content.decode()
    assert "No file, recording, contributor or group of alike sounds" in begun
    more = {"apart": ["recording", "contributor", "sound", "place"]}
    assert client.post(f"{BASE}settings/splits/", more).status_code == 302
    draft.refresh_from_db()
    assert parse_policy(draft.split_policy) == KNOWN_POLICIES["places"]

    wrong = client.post(f"{BASE}settings/splits/", {"apart": ["recording"], "gap": "5"})
    assert wrong.status_code == 422
    assert "take recording out of apart" in wrong.content.decode()


def test_splits_mean_less_when_a_privacy_reviewer_agreed(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    ada, cleo = as_user(cast.ada), as_user(cast.cleo)
    less = {"apart": ["sound"], "gap": "2.5", "folds": "0", "order": "train, test"}
    silent = ada.post(f"{BASE}settings/splits/", less)
    assert silent.status_code == 422
    assert "reason" in silent.content.decode()
    ada.post(f"{BASE}settings/splits/", {**less, "reason": "One long recording."})
    draft.refresh_from_db()
    assert draft.split_policy is None
    page = cleo.get(BASE).content.decode()
    assert "clips of one recording may be in two if 2.5 s of it lie between them" in page
    asked = Lowering.objects.get()
    answer = {"confirm": "", "answer": "There is no other."}
    cleo.post(f"{BASE}lowerings/{asked.uid}/", answer)
    draft.refresh_from_db()
    assert draft.split_policy == {"apart": ["sound"], "gap": 2.5, "order": ["train", "test"]}


@pytest.mark.parametrize("who", ["cleo", "eve"])
def test_who_does_not_keep_the_dataset_does_not_say_what_splits_mean(
    cast: Cast, draft: Dataset, as_user: As, who: str
) -> None:
    client = as_user(getattr(cast, who))
    for answer in (
        client.get(f"{BASE}settings/splits/"),
        client.post(f"{BASE}settings/splits/", {"apart": []}),
    ):
        assert answer.status_code in {403, 404}
    draft.refresh_from_db()
    assert draft.split_policy is None


def test_a_label_track_that_is_sent_finds_its_clip_by_its_own_name(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    clip = Clip.objects.filter(dataset=draft).order_by("path").last()
    assert clip is not None
    track = SimpleUploadedFile(f"{Path(clip.path).name}.txt", b"0.05\t0.1\tBark\n")
    client = as_user(cast.ada)
    client.post(f"{BASE}labels/import/", {"table": track, "format": "audacity"})
    work_off()

    assert Event.objects.filter(clip=clip, label="Bark", onset=0.05).exists()
    assert not EmptyAnnotation.objects.filter(clip=clip).exists()
    assert WeakLabel.objects.count() == 2


def test_nothing_is_found_by_a_label_that_is_absent_or_rejected(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    one, two, three = Clip.objects.filter(dataset=draft).order_by("path")
    event = {"onset": 0.2, "offset": 0.25, "annotator": "otto"}
    Event.objects.create(clip=one, label="Cat", presence="no", **event)
    Event.objects.create(clip=two, label="Bark", status="rejected", **event)
    Event.objects.create(clip=three, label="Cat", status="rejected", **event)
    client = as_user(cast.ada)

    def found(**wanted: str) -> list[str]:
        answer = client.get("/api/v1/datasets/acme/tones/clips/", wanted)
        return [row["path"] for row in answer.json()["results"]]

    assert found(label="Dog") == found(label="Bark") == [one.path]
    assert found(label="Cat") == [two.path]
    assert found(label="Pets") == [one.path, two.path]
    assert found(found_empty="true") == [three.path]

    page = client.get(f"{BASE}labels/").content.decode()
    bars = page.split("Labelled time, by label")[1].split("Clips by weak label")
    assert "Bark" in bars[0]
    assert "Cat" not in bars[0]
    assert "Cat" in bars[1]
    assert "Dog" not in bars[1]
    listed = client.get(f"{BASE}clips/").content.decode()
    assert [int(number) for number in re.findall(r'<td class="number">(\d+)</td>', listed)] == [
        2,
        0,
        0,
    ]


def test_a_clip_that_somebody_hears_something_in_is_not_found_empty(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    _, _, three = Clip.objects.filter(dataset=draft).order_by("path")
    client = as_user(cast.ada)
    assert "found empty" in client.get(f"{BASE}labels/").content.decode()
    WeakLabel.objects.create(clip=three, label="Dog", annotator="otto", presence="unsure")
    wanted = {"found_empty": "true"}
    answer = client.get("/api/v1/datasets/acme/tones/clips/", wanted).json()
    assert answer["results"] == []
    frozen = make_release(cast, draft)
    assert frozen.statistics["found_empty"] == 0


def test_an_import_that_says_verified_is_no_second_person(
    cast: Cast, draft: Dataset, as_user: As
) -> None:
    Event.objects.filter(clip__dataset=draft).update(status="verified", verifier="nina")
    page = as_user(cast.ada).get(f"{BASE}labels/").content.decode()
    said = page.split("verified here by a second person")[1].split("</dd>")[0]
    assert re.search(r">\s*0(\.0+)?\s*%", said), said
