"""docs/verifying.md defines the root: its words, the code and a program written from it agree."""

import json
import math
import re
import struct
from datetime import date
from pathlib import Path
from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.columns import HashPlace
from datasets_catalog.event_columns import IN_LABELS
from datasets_catalog.labels import digest_label_rows
from datasets_catalog.manifest import (
    Entry,
    ReasonClass,
    Tombstone,
    bury_clip,
    compute_amended_root,
    compute_merkle_root,
    compute_original_root,
    hash_leaf,
)
from datasets_catalog.released_rows import build_clip_row
from tests import verifier

PAGE = (Path(__file__).parents[2] / "docs" / "verifying.md").read_text("utf-8")
VECTOR = dict(re.findall(r"^\| (.*?) \| `([0-9a-f]+)` \|$", PAGE, flags=re.MULTILINE))
EVENT, CLIP = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL))
SECOND, THIRD = hash_leaf(b"b"), hash_leaf(b"c")


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def named(heading: str) -> list[str]:
    """The columns of the one list that a section has as a paragraph of its own."""
    listed = re.findall(r"\n\n((?:`\w+`,?\s)*`\w+`)\.\n\n", section(heading))
    assert len(listed) == 1
    return re.findall(r"\w+", listed[0])


def test_the_page_names_the_columns_that_each_digest_has() -> None:
    metadata = [c.name for c in CLIP_COLUMNS if c.hashed is HashPlace.METADATA and not c.is_later]
    assert named("Metadata") == metadata == verifier.METADATA.split()
    first = [name for name in IN_LABELS if name in EVENT]
    assert named("Labels") == first == verifier.LABELS.split()


def test_the_vector_is_what_the_code_computes() -> None:
    row = build_clip_row(CLIP)
    leaf = row.leaf()
    stone = bury_clip(row, reason_class=ReasonClass.CONSENT, on=date(2026, 11, 25))
    assert VECTOR["labels digest"] == digest_label_rows([EVENT]) == CLIP["labels_sha256"]
    assert VECTOR["labels digest of a clip without events"] == digest_label_rows([])
    assert VECTOR["metadata digest"] == row.metadata_sha256
    assert VECTOR["leaf"] == leaf.hex() == CLIP["leaf"]
    assert VECTOR["a second leaf: SHA-256 of `00` and `b`"] == SECOND.hex()
    assert VECTOR["a third leaf: SHA-256 of `00` and `c`"] == THIRD.hex()
    assert VECTOR["root of the first two"] == compute_merkle_root([leaf, SECOND]).hex()
    assert VECTOR["root of all three"] == compute_merkle_root([leaf, SECOND, THIRD]).hex()
    stone_leaf = VECTOR["leaf of the first clip's tombstone (`consent`, 2026-11-25)"]
    assert stone_leaf == stone.leaf().hex()
    assert (
        VECTOR["amended root of all three"]
        == compute_merkle_root([stone.leaf(), SECOND, THIRD]).hex()
    )
    assert VECTOR["root of no leaf"] == compute_merkle_root([]).hex()


def test_the_vector_is_what_the_verifier_computes() -> None:
    event = verifier.members(EVENT, verifier.LABELS, "clip_id path")
    own = verifier.CELLS + " sha256 labels_sha256 md5 leaf"
    metadata = verifier.members(CLIP, verifier.METADATA, own)
    written = {
        "the JSON of the labels, as bytes": [event],
        "the JSON of the metadata, as bytes": metadata,
    }
    for name, value in written.items():
        assert VECTOR[name] == verifier.canonical(value).encode().hex()
    assert VECTOR["labels digest"] == verifier.labels_digest([EVENT])
    assert VECTOR["leaf"] == verifier.leaf_of(verifier.clip_entry(CLIP))
    leaves = [VECTOR["leaf"], SECOND.hex(), THIRD.hex()]
    assert VECTOR["root of the first two"] == verifier.root_of(leaves[:2])
    assert VECTOR["root of all three"] == verifier.root_of(leaves)
    assert VECTOR["root of no leaf"] == verifier.root_of([])


def test_a_tombstone_stands_in_its_clips_place() -> None:
    rows = [build_clip_row({**CLIP, "clip_id": str(n), "path": f"{n}.wav"}) for n in range(5)]
    stone = bury_clip(rows[2], reason_class=ReasonClass.PRIVACY, on=date(2026, 11, 25))
    entries: list[Entry] = [*rows[:2], stone, *rows[3:]]
    told: list[Any] = [json.loads(entry.canonical()) for entry in entries]
    assert set(told[2]) == {"kind", "clip_id", "original_leaf", "reason_class", "date"}
    original = [entry.get("original_leaf") or verifier.leaf_of(entry) for entry in told]
    assert (
        verifier.root_of(original)
        == compute_original_root(entries).hex()
        == compute_original_root(rows).hex()
    )
    amended = [verifier.leaf_of(entry) for entry in told]
    assert verifier.root_of(amended) == compute_amended_root(entries).hex()
    assert compute_amended_root(entries) != compute_original_root(entries)
    assert isinstance(stone, Tombstone)


def test_any_number_of_leaves_gives_the_same_tree() -> None:
    for count in range(40):
        leaves = [hash_leaf(bytes([number])) for number in range(count)]
        assert (
            verifier.root_of([leaf.hex() for leaf in leaves]) == compute_merkle_root(leaves).hex()
        )


doubles = st.integers(0, 2**64 - 1).map(lambda n: struct.unpack("<d", struct.pack("<Q", n))[0])
numbers = st.one_of(doubles, st.floats(), st.floats(0, 1e-3), st.floats(1e14, 1e22)).filter(
    math.isfinite
)


@given(st.lists(numbers | st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.none()))
def test_the_verifier_writes_json_as_rfc_8785_does(values: list[Any]) -> None:
    told = {str(value): value for value in values}
    assert verifier.canonical([told, values]).encode() == rfc8785.dumps([told, values])
