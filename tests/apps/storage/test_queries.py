from pathlib import Path

import duckdb
import pytest

from apps.storage.errors import RowInvalidError
from apps.storage.parquet_tables import write_clips
from apps.storage.table_queries import count_facets, open_tables, read_page_of_clips
from tests.apps.storage.rows import clip_row


def table(folder: Path, name: str = "it's clips.parquet") -> Path:
    write_clips(folder / name, CLIPS)
    return folder / name


CLIPS = [
    clip_row("a", duration=2.0, recording="r1"),
    clip_row("b", duration=3.0, recording="r2", split="test", licence="CC-BY-4.0"),
    clip_row("c", duration=4.0, recording=None, split=None, contributors=2),
]


def test_facets_count_values_most_frequent_first(tmp_path: Path) -> None:
    clips = table(tmp_path)
    assert count_facets(clips, ["licence", "split"]) == {
        "licence": [("CC0-1.0", 2), ("CC-BY-4.0", 1)],
        "split": [("test", 1), ("train", 1), (None, 1)],
    }
    assert count_facets(clips, ["licence"], limit=1) == {"licence": [("CC0-1.0", 2)]}


def test_pages_go_on_after_a_path(tmp_path: Path) -> None:
    clips = table(tmp_path)
    assert read_page_of_clips(clips, where={}, limit=2) == CLIPS[:2]
    assert read_page_of_clips(clips, where={}, after="b") == CLIPS[2:]
    assert read_page_of_clips(clips, where={"licence": "CC0-1.0"}, after="a") == CLIPS[2:]
    assert read_page_of_clips(clips, where={"split": None}) == CLIPS[2:]


def test_columns_are_names_and_never_sql(tmp_path: Path) -> None:
    clips = table(tmp_path)
    trap = 'licence", (SELECT 1)'
    with pytest.raises(RowInvalidError):
        count_facets(clips, [trap])
    with pytest.raises(RowInvalidError):
        read_page_of_clips(clips, where={trap: 1})


def test_a_connection_sees_its_files_only(tmp_path: Path) -> None:
    one, other = table(tmp_path), table(tmp_path, "other.parquet")
    with open_tables(clips=one) as connection:
        assert connection.execute("SELECT count(*) FROM clips").fetchone() == (3,)
        for query in (
            f"SELECT * FROM read_parquet('{other}')",
            f"COPY (SELECT 1) TO '{tmp_path}/stolen'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)
