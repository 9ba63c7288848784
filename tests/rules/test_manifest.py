"""Leaves and roots: what the docstring defines, and the proofs it promises."""

import hashlib
import json
import random
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.errors import ConflictError
from datasets_catalog.manifest import (
    EMPTY_ROOT,
    AlreadyTombstoneError,
    ClipRow,
    PathOrderError,
    ReasonClass,
    RootBuilder,
    Tombstone,
    UnknownClipError,
    amend_manifest,
    build_inclusion_proof,
    bury_clip,
    compute_amended_root,
    compute_merkle_root,
    compute_original_root,
    compute_root_of_rows,
    digest_metadata,
    hash_leaf,
    order_rows,
    stream_leaves,
    verify_inclusion,
)

# Inputs and roots of the reference tests of RFC 6962 (Certificate Transparency).
REFERENCE_DATA = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    bytes(range(0x60, 0x70)),
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


def row(number: int, path: str | None = None, licence: str = "CC0-1.0") -> ClipRow:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return ClipRow(
        clip_id=str(UUID(int=number)),
        path=f"street/{number:04}.wav" if path is None else path,
        audio_sha256=digest,
        size=number,
        labels_sha256=digest,
        metadata_sha256=digest,
        licence=licence,
    )


def split_root(parts: list[bytes]) -> bytes:
    """Follow RFC 6962 section 2.1 word by word, as the oracle."""
    if not parts:
        return hashlib.sha256(b"").digest()
    if len(parts) == 1:
        return parts[0]
    k = 1 << ((len(parts) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + split_root(parts[:k]) + split_root(parts[k:])).digest()


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_equal_the_published_reference_roots(count: int) -> None:
    root = compute_merkle_root(hash_leaf(data) for data in REFERENCE_DATA[:count])
    assert root.hex() == REFERENCE_ROOTS[count - 1]


def test_an_empty_manifest_has_the_empty_root() -> None:
    assert compute_merkle_root([]) == EMPTY_ROOT == RootBuilder().root()


@given(leaves)
def test_the_streamed_root_is_the_recursive_root(parts: list[bytes]) -> None:
    assert compute_merkle_root(parts) == split_root(parts)


@given(leaves, st.data())
def test_every_leaf_has_a_proof_that_verifies(parts: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(parts) - 1))
    proof = build_inclusion_proof(parts, index)
    root = compute_merkle_root(parts)
    size = len(parts)
    assert verify_inclusion(leaf=parts[index], index=index, size=size, proof=proof, root=root)


@given(leaves, st.data())
def test_a_proof_of_anything_else_fails(parts: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(parts) - 1))
    proof = build_inclusion_proof(parts, index)
    root = compute_merkle_root(parts)
    size = len(parts)
    other = hashlib.sha256(parts[index]).digest()
    assert not verify_inclusion(leaf=other, index=index, size=size, proof=proof, root=root)
    longer = (*proof, other)
    assert not verify_inclusion(leaf=parts[index], index=index, size=size, proof=longer, root=root)
    if proof:
        shorter = proof[:-1]
        assert not verify_inclusion(
            leaf=parts[index], index=index, size=size, proof=shorter, root=root
        )
    assert not verify_inclusion(leaf=parts[index], index=size, size=size, proof=proof, root=root)


def test_a_proof_beyond_the_tree_is_refused() -> None:
    with pytest.raises(UnknownClipError):
        build_inclusion_proof([hash_leaf(b"a")], 1)


def test_a_leaf_is_the_hash_the_docstring_defines() -> None:
    clip = ClipRow(
        clip_id="0b9e8f0a-0000-4000-8000-000000000001",
        path="möwe/1.wav",
        audio_sha256="aa",
        size=3,
        labels_sha256="bb",
        metadata_sha256="cc",
        licence="CC-BY-4.0",
        consent_digest=None,
        split="train",
        synthetic=False,
    )
    document = json.dumps(
        {
            "kind": "clip/1",
            "clip_id": clip.clip_id,
            "path": "möwe/1.wav",
            "audio_sha256": "aa",
            "size": 3,
            "labels_sha256": "bb",
            "metadata_sha256": "cc",
            "licence": "CC-BY-4.0",
            "consent_digest": None,
            "split": "train",
            "synthetic": False,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()
    assert clip.leaf() == hashlib.sha256(b"\x00" + document).digest()


@given(st.permutations(range(12)))
def test_the_root_does_not_depend_on_the_order_rows_arrive_in(order: list[int]) -> None:
    assert compute_root_of_rows(row(n) for n in order) == compute_root_of_rows(
        row(n) for n in range(12)
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), unique=True, min_size=2))
def test_path_order_is_the_order_of_the_utf8_bytes(paths: list[str]) -> None:
    rows = order_rows(row(n, path) for n, path in enumerate(paths))
    assert [r.path for r in rows] == sorted(paths, key=lambda path: path.encode())


def test_any_change_of_a_row_changes_the_root() -> None:
    rows = [row(n) for n in range(7)]
    changed = [*rows[:3], row(3, licence="CC-BY-4.0"), *rows[4:]]
    assert compute_root_of_rows(changed) != compute_root_of_rows(rows)


def test_two_clips_with_one_path_are_refused() -> None:
    with pytest.raises(PathOrderError, match=r"a\.wav"):
        order_rows([row(1, "a.wav"), row(2, "a.wav")])


def test_a_stream_out_of_order_is_refused() -> None:
    rows = order_rows(row(n) for n in range(5))
    assert compute_merkle_root(stream_leaves(rows)) == compute_root_of_rows(rows)
    with pytest.raises(PathOrderError):
        compute_merkle_root(stream_leaves(reversed(rows)))


def test_an_amended_manifest_still_proves_the_original_root() -> None:
    rows = order_rows(row(n) for n in range(20))
    published = compute_root_of_rows(rows)
    gone = random.Random(5).sample(rows, 6)
    tombstones = [
        bury_clip(clip, reason_class=ReasonClass.CONSENT, on=date(2026, 3, 1)) for clip in gone
    ]
    amended = amend_manifest(rows, tombstones[:3])
    amended = amend_manifest(amended, tombstones[3:])
    assert compute_original_root(amended) == published
    assert compute_amended_root(amended) != published
    removed = [entry for entry in amended if isinstance(entry, Tombstone)]
    assert {entry.clip_id for entry in removed} == {clip.clip_id for clip in gone}


def test_an_untouched_manifest_has_one_root() -> None:
    rows = order_rows(row(n) for n in range(9))
    assert compute_original_root(rows) == compute_amended_root(rows) == compute_root_of_rows(rows)


def test_a_tombstone_that_lies_about_its_clip_is_refused() -> None:
    rows = order_rows(row(n) for n in range(4))
    lie = Tombstone(rows[1].clip_id, rows[2].leaf(), ReasonClass.RIGHTS, date(2026, 1, 1))
    with pytest.raises(ConflictError):
        amend_manifest(rows, [lie])


def test_a_clip_is_buried_once_and_only_if_it_was_there() -> None:
    rows = order_rows(row(n) for n in range(4))
    tombstone = bury_clip(rows[0], reason_class=ReasonClass.PRIVACY, on=date(2026, 1, 1))
    amended = amend_manifest(rows, [tombstone])
    with pytest.raises(AlreadyTombstoneError):
        amend_manifest(amended, [tombstone])
    stranger = bury_clip(row(99), reason_class=ReasonClass.PRIVACY, on=date(2026, 1, 1))
    with pytest.raises(UnknownClipError):
        amend_manifest(amended, [stranger])


def test_the_metadata_digest_ignores_key_order_and_sees_every_value() -> None:
    first = digest_metadata({"title": "Bell", "fields": {"machine": "pump", "load": 0.5}})
    assert first == digest_metadata({"fields": {"load": 0.5, "machine": "pump"}, "title": "Bell"})
    assert first != digest_metadata({"title": "Bell", "fields": {"machine": "pump", "load": 0.25}})
