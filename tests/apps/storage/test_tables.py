from pathlib import Path

import pyarrow.parquet as pq
import pytest

from apps.storage import parquet_tables
from apps.storage.errors import RowInvalidError, UnsortedError
from apps.storage.parquet_tables import read_clips, read_events, write_clips, write_events
from tests.apps.storage.rows import clip_row, event_row

NAMES = sorted(["a", "a-b", "a/b", "\uffee", "\U0001d11e", "é", "e\u0301"])


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    clips = [clip_row(name) for name in NAMES]
    clips[0] = clip_row(
        NAMES[0], split=None, recording=None, source_url="https://x", recorded_at="2026-05"
    )
    events = [
        event_row("a", "dog", 0.0, 0.1 + 0.2),
        event_row("a", "cat", 0.5, 0.75, f_low=20.5, f_high=8000.0, channel=1, confidence=0.1),
    ]
    assert write_clips(tmp_path / "clips", clips) == len(clips)
    assert write_events(tmp_path / "events", events) == 2
    assert list(read_clips(tmp_path / "clips")) == clips
    assert list(read_events(tmp_path / "events")) == events
    assert [row["path"] for row in read_clips(tmp_path / "clips", ["path"])] == NAMES


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [clip_row(f"{number:05}") for number in range(parquet_tables.ROWS_PER_GROUP + 10)]
    write_clips(tmp_path / "list", rows)
    write_clips(tmp_path / "stream", (dict(row) for row in rows))
    assert (tmp_path / "list").read_bytes() == (tmp_path / "stream").read_bytes()
    write_clips(tmp_path / "other", [*rows[:-1], clip_row("99999")])
    assert (tmp_path / "list").read_bytes() != (tmp_path / "other").read_bytes()


def test_files_are_made_for_readers_that_skip(tmp_path: Path) -> None:
    rows = [clip_row(f"{number:05}") for number in range(parquet_tables.ROWS_PER_GROUP + 10)]
    write_clips(tmp_path / "clips", rows)
    meta = pq.read_metadata(tmp_path / "clips")
    assert meta.num_row_groups == 2
    group = meta.row_group(0)
    assert group.sorting_columns == (pq.SortingColumn(1),)
    path = group.column(1)
    assert (path.path_in_schema, path.compression) == ("path", "ZSTD")
    assert path.has_column_index
    assert path.has_offset_index


def test_empty_tables_have_all_columns(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", [])
    write_events(tmp_path / "events", [])
    assert list(read_clips(tmp_path / "clips")) == []
    assert pq.read_schema(tmp_path / "clips").names == parquet_tables.CLIPS.names
    assert pq.read_schema(tmp_path / "events").names == parquet_tables.EVENTS.names


def test_types_survive_without_the_arrow_schema(tmp_path: Path) -> None:
    write_clips(tmp_path / "clips", [clip_row("a")])
    assert pq.read_schema(tmp_path / "clips").equals(parquet_tables.CLIPS)


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"], ["\U0001d11e", "\uffee"]])
def test_rows_out_of_order_leave_no_file(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(UnsortedError):
        write_clips(tmp_path / "clips", [clip_row(name) for name in names])
    assert not (tmp_path / "clips").exists()


def test_order_is_checked_across_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_tables, "ROWS_PER_GROUP", 2)
    with pytest.raises(UnsortedError):
        write_clips(tmp_path / "clips", [clip_row(name) for name in ("a", "c", "b")])


def test_events_are_ordered_by_path_then_onset_then_id(tmp_path: Path) -> None:
    good = [event_row("a", "dog", 0.0, 1.0), event_row("a", "cat", 0.5, 1.0)]
    write_events(tmp_path / "events", [*good, event_row("b", "dog", 0.0, 1.0)])
    with pytest.raises(UnsortedError):
        write_events(tmp_path / "events", reversed(good))


@pytest.mark.parametrize(
    "change",
    [
        {"size": "many"},
        {"sample_rate": 2**31},
        {"contributors": 2**15},
        {"licence": None},
        {"title": 5},
    ],
)
def test_values_that_do_not_fit_are_named(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(RowInvalidError, match=next(iter(change))):
        write_clips(tmp_path / "clips", [clip_row("a", **change)])
    assert not (tmp_path / "clips").exists()


def test_missing_and_unknown_columns_are_named(tmp_path: Path) -> None:
    row = dict(clip_row("a"))
    del row["licence"]
    row["speaker"] = "Ada Lovelace"
    with pytest.raises(RowInvalidError, match="licence, speaker"):
        write_clips(tmp_path / "clips", [row])
