"""What one dataset of an organisation holds back, another does not let go unseen."""

from pathlib import Path

import pytest
from django.utils import timezone

from apps.accounts.actions import create_organisation
from apps.datasets.actions import create_dataset
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from apps.review.access import filter_open_findings
from apps.review.actions import decide_finding
from apps.review.playback_records import NotHeardError
from datasets_catalog.gates.privacy import PrivacyDecided, PrivacyScanned
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, make_dataset, make_draft
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    return make_draft(cast, tmp_path)


def make_again(cast: Cast, base: Path, dataset: Dataset) -> Dataset:
    """The same sounds in another dataset."""
    sounds, table = base / "sounds", base / "clips.csv"
    report = import_clips(actor=cast.ada, dataset=dataset, source=sounds, metadata=table)
    assert report.is_clean, report.sentences()
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()
    return dataset


def returned(dataset: Dataset) -> dict[str, str]:
    rows = filter_open_findings(Finding.objects.filter(clip__dataset=dataset, kind="returned"))
    return {row.clip.path: row.detail for row in rows.select_related("clip")}


def test_what_stands_open_or_was_taken_out_there_is_asked_here(
    cast: Cast, tmp_path: Path, draft: Dataset
) -> None:
    found_in(clip_at(draft, 0))
    out = found_in(clip_at(draft, 1), position=8)
    decide_finding(actor=cast.cleo, finding=out, verdict="exclude", reason="a voice")
    again = make_again(cast, tmp_path, make_dataset(cast, "again"))
    found = returned(again)
    assert found.keys() == {"field/000.wav", "field/001.wav"}
    assert "in acme/tones, in which speech was found and not decided on" in found["field/000.wav"]
    assert "in acme/tones, excluded by review" in found["field/001.wav"]
    release = create_release(actor=cast.ada, dataset=again, version="1.0.0", purposes=PURPOSES)
    facts = load_facts(release, at=timezone.now())
    assert PrivacyScanned().check(facts).passed
    assert not PrivacyDecided().check(facts).passed


def test_what_is_found_there_later_is_asked_before_a_release_here(
    cast: Cast, tmp_path: Path, draft: Dataset
) -> None:
    again = make_again(cast, tmp_path, make_dataset(cast, "again"))
    assert returned(again) == {}
    release = create_release(actor=cast.ada, dataset=again, version="1.0.0", purposes=PURPOSES)
    finding = found_in(clip_at(draft, 2))
    second_reviewer(cast)
    facts = load_facts(release, at=timezone.now())
    assert [row.path for row in PrivacyScanned().check(facts).rows] == ["field/002.wav"]
    scan_dataset(actor=cast.ada, dataset=again)
    assert returned(again).keys() == {"field/002.wav"}
    # Decided here by ears, and the whole of it, it is done with here.
    mine = filter_open_findings(Finding.objects.filter(clip__dataset=again)).get()
    assert mine.onset is None
    with pytest.raises(NotHeardError, match=r"play 0\.00 to 0\.52 s"):
        decide_finding(actor=cast.dan, finding=mine, verdict="clear", reason="a tone")
    play(cast.dan, Clip.objects.select_related("blob", "dataset").get(pk=mine.clip_id))
    decide_finding(actor=cast.dan, finding=mine, verdict="clear", reason="a tone")
    assert PrivacyDecided().check(load_facts(release, at=timezone.now())).passed
    assert filter_open_findings(Finding.objects.filter(pk=finding.pk)).exists()


def test_what_was_found_here_as_well_is_asked_once(
    cast: Cast, tmp_path: Path, draft: Dataset
) -> None:
    again = make_again(cast, tmp_path, make_dataset(cast, "again"))
    found_in(clip_at(draft, 0))
    found_in(clip_at(again, 0))
    scan_dataset(actor=cast.ada, dataset=again)
    assert returned(again) == {}


def test_another_organisation_learns_nothing(cast: Cast, tmp_path: Path, draft: Dataset) -> None:
    found_in(clip_at(draft, 0))
    lab = create_organisation(actor=cast.ada, name="lab")
    dataset = create_dataset(actor=cast.ada, organisation=lab, name="tones", vertical="sfx")
    assert returned(make_again(cast, tmp_path, dataset)) == {}
