"""What an import writes, and what it leaves as it is."""

from pathlib import Path

import pytest

from apps.consent.models import Contributor
from apps.datasets.models import Clip, Dataset
from apps.ingest.actions import import_clips
from apps.ingest.clip_table import ClipLine
from apps.ingest.import_report import Report
from apps.ingest.intake import Arrival, examine_arrivals
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table
from tests.sounds import tone, write_sound

pytestmark = pytest.mark.django_db


def write_sounds(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_sound(folder / name, tone(seconds=0.1, hertz=300.0 + number))
    return folder


def bring_in(cast: Cast, dataset: Dataset, folder: Path, table: Path | None = None) -> Report:
    return import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)


def person(path: str, code: str) -> dict[str, str]:
    return {"path": path, "contributors": code}


def test_every_column_of_a_row_reaches_its_clip(cast: Cast, tmp_path: Path) -> None:
    row = {
        "path": "ü/a.wav",
        "licence": "CC-BY-4.0",
        "title": "A “title”",
        "author": "Ada",
        "source_url": "https://example.org/a",
        "contributors": "ben;carla",
        "recording": "r1",
        "environment": "street",
        "device": "recorder",
        "place": "Delft",
        "recorded_at": "2026-05",
        "split": "train",
        "synthetic": "true",
    }
    folder = write_sounds(tmp_path / "in", "ü/a.wav")
    dataset = make_dataset(cast)
    assert bring_in(cast, dataset, folder, write_table(tmp_path / "t.csv", [row])).is_clean
    clip = Clip.objects.select_related("recording", "blob").get(dataset=dataset)
    for name in row.keys() - {"contributors", "recording", "synthetic"}:
        assert getattr(clip, name) == row[name]
    assert clip.recording is not None
    assert (clip.recording.name, clip.synthetic, clip.state) == ("r1", True, "active")
    assert (clip.media_type, clip.sample_rate, clip.frames) == ("audio/wav", 16_000, 1600)
    assert clip.blob.size == (folder / "ü/a.wav").stat().st_size
    assert clip.added_by == cast.ada
    people = clip.participations.values_list("contributor__code", flat=True)
    assert sorted(people) == ["ben", "carla"]


def test_an_import_that_changes_nothing_leaves_the_draft_alone(cast: Cast, tmp_path: Path) -> None:
    folder = write_sounds(tmp_path / "in", "a.wav", "b.wav")
    rows = [{"path": name, "title": name, "contributors": "ben"} for name in ("a.wav", "b.wav")]
    table = write_table(tmp_path / "t.csv", rows)
    dataset = make_dataset(cast)
    assert bring_in(cast, dataset, folder, table).added == 2
    dataset.refresh_from_db()
    before = dataset.draft_serial
    assert bring_in(cast, dataset, folder, table).unchanged == 2
    dataset.refresh_from_db()
    assert dataset.draft_serial == before


@pytest.mark.parametrize(
    "change", [{"title": "Other"}, {"contributors": "carla"}, {"recording": "r2"}]
)
def test_only_what_changed_is_written_and_touched(
    cast: Cast, tmp_path: Path, change: dict[str, str]
) -> None:
    folder = write_sounds(tmp_path / "in", "a.wav", "b.wav")
    first, second = ({"path": name, "contributors": "ben"} for name in ("a.wav", "b.wav"))
    dataset = make_dataset(cast)
    bring_in(cast, dataset, folder, write_table(tmp_path / "t.csv", [first, second]))
    bring_in(cast, dataset, folder, write_table(tmp_path / "t.csv", [first, second | change]))
    dataset.refresh_from_db()
    touched = dict(Clip.objects.filter(dataset=dataset).values_list("path", "touched"))
    assert touched == {"a.wav": dataset.draft_serial - 1, "b.wav": dataset.draft_serial}


def test_a_person_is_not_written_in_two_ways(cast: Cast, tmp_path: Path) -> None:
    folder = write_sounds(tmp_path / "in", "a.wav", "b.wav", "c.wav", "d.wav")
    dataset = make_dataset(cast)
    bring_in(cast, dataset, folder, write_table(tmp_path / "t.csv", [person("a.wav", "ben")]))
    rows = [person("b.wav", "Ben"), person("c.wav", "\uff42en"), person("d.wav", "carla")]
    table = write_table(tmp_path / "t.csv", rows)
    for dry_run in (True, False):
        report = import_clips(
            actor=cast.ada, dataset=dataset, source=folder, metadata=table, dry_run=dry_run
        )
        assert report.added == 1
        refused = {error.path: error for error in report.file_errors}
        assert refused.keys() == {"b.wav", "c.wav"}
        assert "Contributor Ben would be somebody else than ben" in refused["b.wav"].message
    assert set(Contributor.objects.values_list("code", flat=True)) == {"ben", "carla"}


def test_twins_are_named_whether_or_not_anything_is_kept(cast: Cast, tmp_path: Path) -> None:
    folder = write_sounds(tmp_path / "in", "a.wav")
    (folder / "b.wav").write_bytes((folder / "a.wav").read_bytes())
    dataset = make_dataset(cast)
    for dry_run in (True, False):
        report = import_clips(actor=cast.ada, dataset=dataset, source=folder, dry_run=dry_run)
        assert report.notes == ["The same bytes under several names: a.wav, b.wav"]
    assert Clip.objects.filter(dataset=dataset).values("blob").distinct().count() == 1


def test_a_file_that_went_away_is_named_and_the_others_come_in(cast: Cast, tmp_path: Path) -> None:
    folder = write_sounds(tmp_path / "in", "a.wav", "b.wav")
    arrivals = [
        Arrival(ClipLine(row=0, path=name), file=folder / name) for name in ("a.wav", "b.wav")
    ]
    (folder / "a.wav").unlink()
    report = Report()
    accepted = examine_arrivals(arrivals, report, dataset=make_dataset(cast))
    assert [item.line.path for item in accepted] == ["b.wav"]
    assert [error.path for error in report.file_errors] == ["a.wav"]
