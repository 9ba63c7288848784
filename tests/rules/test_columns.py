"""What is said of the columns of released tables holds together."""

from dataclasses import fields

from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.columns import HashPlace, Kind
from datasets_catalog.event_columns import EVENT_COLUMNS, IN_LABELS
from datasets_catalog.labels import Event
from datasets_catalog.manifest import ClipRow

ALL = (*CLIP_COLUMNS, *EVENT_COLUMNS)


def test_every_column_has_a_name_of_its_own_and_words_for_it() -> None:
    for columns in (CLIP_COLUMNS, EVENT_COLUMNS):
        names = [column.name for column in columns]
        assert len(set(names)) == len(names)
    assert all(column.title and column.description for column in ALL)


def test_what_came_later_may_be_null() -> None:
    assert [column.name for column in ALL if column.is_later and not column.nullable] == []


def test_only_texts_are_excused_from_being_looked_at() -> None:
    excused = {column.name for column in ALL if column.unscanned}
    assert excused <= {column.name for column in ALL if column.is_text}
    assert {c.name for c in CLIP_COLUMNS if c.is_scanned} == {
        "path",
        "recording",
        "split",
        "title",
        "author",
        "source_url",
        "environment",
        "device",
        "place",
        "recorded_at",
        "fields",
    }


def test_what_can_be_said_can_be_read() -> None:
    for column in CLIP_COLUMNS:
        assert bool(column.said) == (column.form is not None), column.name


def test_numbers_that_measure_have_a_unit() -> None:
    measured = {column.name: column.unit for column in ALL if column.kind is Kind.FLOAT64}
    assert [name for name, unit in measured.items() if not unit] == ["confidence"]


def test_the_leaf_and_the_digest_of_labels_hold_what_the_columns_say() -> None:
    in_leaf = {column.name for column in CLIP_COLUMNS if column.hashed is HashPlace.LEAF}
    named = {"audio_sha256": "sha256"}
    members = {named.get(field.name, field.name) for field in fields(ClipRow)}
    assert members - {"metadata_sha256"} == in_leaf
    assert {field.name for field in fields(Event)} == set(IN_LABELS)
