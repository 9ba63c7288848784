"""The texts of a clip, under the names by which detectors speak of them."""

import hashlib
from typing import Any

import pytest

from apps.datasets.models import Clip, Dataset
from apps.datasets.text_cells import build_cells, collect_cells, digest_cells
from datasets_catalog.clip_columns import CLIP_COLUMNS
from tests.apps.datasets.rows import add_clip

TEXTS = {
    "title": "Dawn",
    "author": "Ada",
    "source_url": "https://example.org/1",
    "environment": "wood",
    "device": "recorder",
    "place": "52.5, 13.4",
}


@pytest.mark.django_db
def test_every_text_that_leaves_with_a_clip_is_a_cell(tones: Dataset) -> None:
    clip = add_clip(tones, "dir/a.wav", recording="monday", fields={"weather": "rain"}, **TEXTS)
    found = collect_cells(Clip.objects.get(pk=clip.pk))
    assert (
        found.items()
        >= {
            **TEXTS,
            "path": "dir/a.wav",
            "recording": "monday",
            "fields.weather": "rain",
        }.items()
    )
    scanned = {column.name for column in CLIP_COLUMNS if column.is_scanned and column.source}
    assert {name for name in found if not name.startswith("fields.")} <= scanned


@pytest.mark.django_db
def test_what_is_empty_is_no_cell(tones: Dataset) -> None:
    clip = add_clip(tones, fields={"weather": "", "wind": 0, "rain": False, "level": None})
    found = collect_cells(Clip.objects.get(pk=clip.pk))
    assert "title" not in found
    assert "recording" not in found
    assert "fields.weather" not in found
    assert (found["fields.wind"], found["fields.rain"]) == ("0", "False")


def test_values_of_other_kinds_are_cells_as_text() -> None:
    found = build_cells({"title": None, "path": "a.wav"}, {"level": 1.5, "tags": ["a", "b"]})
    assert found == {"path": "a.wav", "fields.level": "1.5", "fields.tags": "['a', 'b']"}


def test_what_is_no_released_text_is_left_out() -> None:
    assert build_cells({"path": "a.wav", "password": "secret"}, {}) == {"path": "a.wav"}


def test_the_digest_is_of_the_content_in_whatever_order() -> None:
    cells = {"path": "a.wav", "title": "Vögel"}
    expected = hashlib.sha256('{"path":"a.wav","title":"Vögel"}'.encode()).hexdigest()
    assert digest_cells(cells) == expected
    assert digest_cells(dict(reversed(cells.items()))) == expected


@pytest.mark.parametrize(
    "changes",
    [{"title": "Vogel"}, {"path": "b.wav"}, {"author": "Ada"}, {"fields.title": "Vögel"}],
)
def test_the_digest_sees_every_change(changes: dict[str, Any]) -> None:
    cells = {"path": "a.wav", "title": "Vögel"}
    assert digest_cells({**cells, **changes}) != digest_cells(cells)
