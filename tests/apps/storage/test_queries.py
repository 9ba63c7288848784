from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from apps.storage.differences import Amount, Change, diff
from apps.storage.errors import RowInvalidError
from apps.storage.queries import (
    LabelTotals,
    Tables,
    Totals,
    facets,
    label_totals,
    open_tables,
    page_of_clips,
    totals,
)
from apps.storage.tables import ClipRow, EventRow, write_clips, write_events
from tests.apps.storage.rows import clip_row, event_row


def tables(folder: Path, clips: Sequence[ClipRow], events: Sequence[EventRow] = ()) -> Tables:
    folder.mkdir()
    write_clips(folder / "it's clips.parquet", sorted(clips, key=lambda row: row["path"]))
    write_events(
        folder / "events.parquet",
        sorted(events, key=lambda row: (row["path"], row["onset"], row["event_id"])),
    )
    return Tables(folder / "it's clips.parquet", folder / "events.parquet")


CLIPS = [
    clip_row("a", duration=2.0, recording="r1"),
    clip_row("b", duration=3.0, recording="r2", split="test", licence="CC-BY-4.0"),
    clip_row("c", duration=4.0, recording=None, split=None, contributors=2),
]
EVENTS = [
    event_row("a", "dog", 0.0, 1.0),
    event_row("a", "dog", 1.5, 2.0),
    event_row("b", "dog", 0.0, 0.25),
    event_row("b", "siren", 1.0, 3.0),
    event_row("c", "siren", 0.0, 1.0, presence="no"),
]


def test_totals_sum_up_a_version(tmp_path: Path) -> None:
    assert totals(tables(tmp_path / "v", CLIPS, EVENTS)) == Totals(3, 9.0, 3 * 32_044, 2, 5)
    assert totals(tables(tmp_path / "empty", [])) == Totals(0, 0.0, 0, 0, 0)


def test_label_totals_count_what_is_present(tmp_path: Path) -> None:
    assert label_totals(tables(tmp_path / "v", CLIPS, EVENTS)) == [
        LabelTotals("dog", 2, 3, 1.75),
        LabelTotals("siren", 1, 1, 2.0),
    ]


def test_facets_count_values_most_frequent_first(tmp_path: Path) -> None:
    clips = tables(tmp_path / "v", CLIPS).clips
    assert facets(clips, ["licence", "split"]) == {
        "licence": [("CC0-1.0", 2), ("CC-BY-4.0", 1)],
        "split": [("test", 1), ("train", 1), (None, 1)],
    }
    assert facets(clips, ["licence"], limit=1) == {"licence": [("CC0-1.0", 2)]}


def test_pages_go_on_after_a_path(tmp_path: Path) -> None:
    clips = tables(tmp_path / "v", CLIPS).clips
    assert page_of_clips(clips, where={}, limit=2) == CLIPS[:2]
    assert page_of_clips(clips, where={}, after="b") == CLIPS[2:]
    assert page_of_clips(clips, where={"licence": "CC0-1.0"}, after="a") == CLIPS[2:]
    assert page_of_clips(clips, where={"split": None}) == CLIPS[2:]


def test_columns_are_names_and_never_sql(tmp_path: Path) -> None:
    clips = tables(tmp_path / "v", CLIPS).clips
    trap = 'licence", (SELECT 1)'
    with pytest.raises(RowInvalidError):
        facets(clips, [trap])
    with pytest.raises(RowInvalidError):
        page_of_clips(clips, where={trap: 1})


def test_a_connection_sees_its_files_only(tmp_path: Path) -> None:
    one, other = tables(tmp_path / "one", CLIPS), tables(tmp_path / "other", CLIPS)
    with open_tables(clips=one.clips) as connection:
        assert connection.execute("SELECT count(*) FROM clips").fetchone() == (3,)
        for query in (
            f"SELECT * FROM read_parquet('{other.events}')",
            f"COPY (SELECT 1) TO '{tmp_path}/stolen'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)


def test_a_version_differs_from_itself_in_nothing(tmp_path: Path) -> None:
    one = tables(tmp_path / "one", CLIPS, EVENTS)
    difference = diff(one, one)
    assert difference.is_empty
    assert (difference.labels, difference.licences, difference.moved.count) == ((), {}, 0)
    assert difference.clips == Amount(3, 3)


def test_each_kind_of_change_is_told_apart(tmp_path: Path) -> None:
    names = [change.value for change in Change if change is not Change.ADDED]
    old = [clip_row(name) for name in names] + [clip_row("same")]
    changes: dict[str, dict[str, object]] = {
        "renamed": {"path": "renamed to"},
        "audio": {"sha256": "0" * 64},
        "labels": {"labels_sha256": "0" * 64},
        "rights": {"source_url": "https://example.org"},
        "split": {"split": None},
        "people": {"contributors": 1},
        "consent": {"consent_digest": "0" * 64},
        "description": {"recorded_at": "2026"},
    }
    new = [clip_row(name, **changes[name]) for name in names if name != "removed"]
    new += [clip_row("added", duration=7.0), clip_row("same")]
    difference = diff(tables(tmp_path / "old", old), tables(tmp_path / "new", new))
    assert set(difference.changes) == set(Change)
    for change, clips in difference.changes.items():
        assert clips.count == 1
        assert clips.examples == ("renamed to" if change is Change.RENAMED else change.value,)
    assert difference.changes[Change.ADDED].seconds == 7.0
    assert difference.seconds.change == 6.0


def test_hours_by_label_and_moved_onsets_are_reported(tmp_path: Path) -> None:
    after = [
        event_row("a", "dog", 0.0, 1.0, onset=0.25),
        event_row("a", "dog", 1.5, 2.0),
        event_row("b", "siren", 1.0, 3.0, offset=3.5),
        event_row("c", "siren", 0.0, 1.0, presence="no"),
        event_row("c", "bird", 0.0, 1.0),
    ]
    difference = diff(
        tables(tmp_path / "old", CLIPS, EVENTS), tables(tmp_path / "new", CLIPS, after)
    )
    assert {row.label: (row.events, row.seconds) for row in difference.labels} == {
        "bird": (Amount(0, 1), Amount(0, 1.0)),
        "dog": (Amount(3, 2), Amount(1.75, 1.25)),
        "siren": (Amount(1, 1), Amount(2.0, 2.5)),
    }
    assert difference.moved.count == 2
    assert difference.moved.longest_shift == 0.5
    assert difference.moved.mean_shift == 0.375
    assert difference.moved.examples == (("b", "siren", 1.0, 1.0), ("a", "dog", 0.0, 0.25))


def test_the_effect_on_licences_and_people_is_summed(tmp_path: Path) -> None:
    new = [CLIPS[0], clip_row("b", licence="CC-BY-NC-4.0")]
    difference = diff(tables(tmp_path / "old", CLIPS), tables(tmp_path / "new", new))
    assert difference.licences == {
        "CC-BY-4.0": Amount(1, 0),
        "CC-BY-NC-4.0": Amount(0, 1),
        "CC0-1.0": Amount(2, 1),
    }
    assert difference.contributions == Amount(2, 0)
