"""The leaf and the labels of released rows, as any reader computes them."""

from typing import Any

import pytest

from datasets_catalog.labels import Event, Source, Status, digest_labels
from datasets_catalog.manifest import digest_metadata
from datasets_catalog.released_rows import build_clip_row, digest_labels_by_clip

CLIP: dict[str, Any] = {
    "clip_id": "5b0e4f5c-0000-4000-8000-000000000001",
    "path": "a/wren.wav",
    "md5": "d" * 32,
    "sha256": "a" * 64,
    "size": 4,
    "labels_sha256": "b" * 64,
    "licence": "CC0-1.0",
    "consent_digest": None,
    "split": "train",
    "synthetic": False,
    "title": "Wren",
    "duration": 0.25,
    "leaf": "c" * 64,
}
EVENT: dict[str, Any] = {
    "event_id": "e1",
    "clip_id": CLIP["clip_id"],
    "path": CLIP["path"],
    "label": "song",
    "onset": 0.1,
    "offset": 0.2,
    "term": None,
    "f_low": None,
    "f_high": None,
    "channel": None,
    "confidence": None,
    "source": "human",
    "status": "verified",
    "presence": "yes",
    "annotator": "ada",
    "verifier": None,
}


@pytest.mark.parametrize("column", ["md5", "leaf"])
def test_what_is_derived_is_not_hashed(column: str) -> None:
    assert build_clip_row({**CLIP, column: "0"}) == build_clip_row(CLIP)


@pytest.mark.parametrize("column", sorted(CLIP.keys() - {"md5", "leaf"}))
def test_every_other_column_changes_the_leaf(column: str) -> None:
    changed = {**CLIP, column: "another" if column != "size" else 5}
    assert build_clip_row(changed).leaf() != build_clip_row(CLIP).leaf()


def test_further_columns_are_in_the_metadata() -> None:
    expected = digest_metadata({"title": "Wren", "duration": 0.25})
    assert build_clip_row(CLIP).metadata_sha256 == expected


def test_labels_are_digested_by_clip() -> None:
    other = {**EVENT, "clip_id": "another", "event_id": "e2"}
    digests = dict(digest_labels_by_clip([EVENT, {**EVENT, "event_id": "e0"}, other]))
    song = {"label": "song", "onset": 0.1, "offset": 0.2, "annotator": "ada"}
    kinds = {"source": Source.HUMAN, "status": Status.VERIFIED}
    both = [Event(event_id=name, **song, **kinds) for name in ("e0", "e1")]  # type: ignore[arg-type]
    assert digests == {
        CLIP["clip_id"]: digest_labels(both),
        "another": digest_labels([Event(event_id="e2", **song, **kinds)]),  # type: ignore[arg-type]
    }


def test_a_column_that_came_later_counts_only_where_it_says_something() -> None:
    assert build_clip_row({**CLIP, "mood": None}) == build_clip_row(CLIP)
    assert build_clip_row({**CLIP, "mood": "calm"}) != build_clip_row(CLIP)
    assert build_clip_row({**CLIP, "place": None}) != build_clip_row(CLIP)


def test_the_same_holds_for_what_is_said_of_events() -> None:
    plain = dict(digest_labels_by_clip([EVENT]))
    assert dict(digest_labels_by_clip([{**EVENT, "band": None}])) == plain
    assert dict(digest_labels_by_clip([{**EVENT, "band": "low"}])) != plain
