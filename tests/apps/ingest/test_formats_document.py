"""docs/formats.md says what the code does: every column, code, format and rule."""

import re
from collections.abc import Sequence
from pathlib import Path

from apps.ingest import folders, members
from apps.ingest.clip_table import CLIP_TABLE
from apps.ingest.consent_table import CONSENT_COLUMNS
from apps.ingest.consent_table import REQUIRED_COLUMNS as CONSENT_REQUIRED
from apps.ingest.event_table import EVENT_COLUMNS
from apps.ingest.event_table import REQUIRED_COLUMNS as EVENT_REQUIRED
from apps.ingest.importers.registry import FORMATS
from apps.ingest.paths import PATH_BYTES, SEGMENT_BYTES, PathRule
from apps.ingest.row_readers import Problem
from apps.ingest.table_files import SUFFIXES
from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.columns import Column
from datasets_catalog.event_columns import EVENT_COLUMNS as RELEASED_EVENT_COLUMNS
from datasets_catalog.purposes import TERMS, Purpose

DOCUMENT = (Path(__file__).parents[3] / "docs" / "formats.md").read_text("utf-8")


def rows(heading: str, number: int = 0) -> list[list[str]]:
    """Return the cells of the `number`th table below a heading, without its two head rows."""
    section = re.split(r"^## ", DOCUMENT.split(f"\n## {heading}\n")[1], flags=re.MULTILINE)[0]
    tables = re.findall(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    lines = tables[number].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def documented(columns: dict[str, str], required: tuple[str, ...]) -> list[list[str]]:
    return [
        [f"`{name}`", "required" if name in required else "", meaning]
        for name, meaning in columns.items()
    ]


def test_the_documented_columns_are_the_codes() -> None:
    assert rows("The clip table") == documented(CLIP_TABLE, ("path",))
    assert rows("The consent table") == documented(CONSENT_COLUMNS, CONSENT_REQUIRED)
    assert rows("The event table") == documented(EVENT_COLUMNS, EVENT_REQUIRED)


def released(columns: Sequence[Column]) -> list[list[str]]:
    def looked_at(column: Column) -> str:
        if not column.is_text:
            return ""
        return "yes" if column.is_scanned else f"no: {column.unscanned}"

    return [
        [
            f"`{column.name}`",
            f"{column.kind}, {column.unit}" if column.unit else column.kind,
            "yes" if column.nullable else "",
            column.description,
            looked_at(column),
        ]
        for column in columns
    ]


def test_the_documented_columns_of_a_release_are_the_codes() -> None:
    assert rows("The tables of a release") == released(CLIP_COLUMNS)
    assert rows("The tables of a release", 1) == released(RELEASED_EVENT_COLUMNS)


def test_the_documented_columns_to_ask_for_are_the_codes() -> None:
    said = re.search(r"Clips can be asked for by (.*?):", DOCUMENT, re.DOTALL)
    assert said
    named = re.findall(r"`(\w+)`", said[1])
    assert named == [column.name for column in CLIP_COLUMNS if column.filterable]


def test_the_documented_purposes_are_the_codes() -> None:
    assert rows("The consent table", 1) == [[f"`{p.value}`", TERMS[p].title] for p in Purpose]


def test_every_row_error_code_is_documented() -> None:
    assert [row[0] for row in rows("Any table")] == [f"`{problem.value}`" for problem in Problem]


def test_every_label_format_is_documented() -> None:
    assert {row[0] for row in rows("Label formats")} == {f"`{name}`" for name in FORMATS}


def test_every_path_rule_is_documented() -> None:
    assert [row[0] for row in rows("Paths")] == [f"`{rule.value}`" for rule in PathRule]
    assert f"{SEGMENT_BYTES} bytes" in DOCUMENT
    assert f"{PATH_BYTES:,} bytes" in DOCUMENT


def test_every_archive_error_is_documented() -> None:
    errors = [
        value
        for module in (members, folders)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, members.ArchiveError)
    ]
    codes = {f"`{error.code}`" for error in errors if error is not members.MemberError}

    assert {row[0] for row in rows("Folders and archives")} == codes


def test_every_file_ending_is_documented() -> None:
    assert all(f"`{suffix}`" in DOCUMENT for suffix in SUFFIXES)
