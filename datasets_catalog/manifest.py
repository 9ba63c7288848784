"""The manifest of a release: one leaf per clip, and the Merkle root that names the whole.

docs/verifying.md defines the same for strangers, with a test vector.

**Leaf.** The leaf of an entry is `SHA-256(0x00 || J)`, where `J` is the RFC 8785 (JSON
Canonicalization Scheme) form of one flat JSON object, UTF-8. For a clip the object has exactly
these members:

====================  ==========================================================================
`kind`                the text `clip/1` (the version of this definition)
`clip_id`             lower-case UUID text, stable over all releases
`path`                name of the clip inside the dataset, POSIX, relative to `data/audio/`
`audio_sha256`        SHA-256 of the file's bytes, 64 lower-case hexadecimal digits
`size`                the file's length in bytes
`labels_sha256`       `labels.labels_digest` of the clip's events, hexadecimal
`metadata_sha256`     `digest_metadata` of what else is released about the clip, hexadecimal
`licence`             SPDX expression, as written in the catalog
`consent_digest`      `consent.consent_digest` of who is in the clip, hexadecimal, or null if nobody
`split`               name of the split, or null
`synthetic`           true if the sound was generated or mixed, else false
====================  ==========================================================================

For a tombstone: `kind` (`tombstone/1`), `clip_id`, `original_leaf` (hexadecimal), `reason_class`,
`date` (ISO 8601 day).

**Root.** The tree has the shape of RFC 6962 section 2.1 over the leaves in the code-point order of
`path`; an inner node is `SHA-256(0x01 || left || right)`, a single leaf is its own root, and the
empty tree is `SHA-256("")`. A tombstone stands where its clip stood, so the original root can
still be computed from an amended manifest (`compute_original_root`).
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"
EMPTY_ROOT = hashlib.sha256(b"").digest()


class PathOrderError(InvalidError):
    """Two rows share a path, or rows were added out of code-point order."""

    code = "manifest.path_order"


class UnknownClipError(NotFoundError):
    """The manifest has no such clip."""

    code = "manifest.unknown_clip"


class AlreadyTombstoneError(ConflictError):
    """The clip was removed before; a tombstone is never replaced."""

    code = "manifest.already_tombstone"


class ReasonClass(StrEnum):
    """Why a clip left a published release, as far as the public may know."""

    CONSENT = "consent"
    PRIVACY = "privacy"
    RIGHTS = "rights"
    LEGAL = "legal"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ClipRow:
    """One clip as a release states it; the members of its leaf (see the module's docstring)."""

    clip_id: str
    path: str
    audio_sha256: str
    size: int
    labels_sha256: str
    metadata_sha256: str
    licence: str
    consent_digest: str | None = None
    split: str | None = None
    synthetic: bool = False

    def canonical(self) -> bytes:
        return to_canonical_json(
            {
                "audio_sha256": self.audio_sha256,
                "clip_id": self.clip_id,
                "consent_digest": self.consent_digest,
                "kind": "clip/1",
                "labels_sha256": self.labels_sha256,
                "licence": self.licence,
                "metadata_sha256": self.metadata_sha256,
                "path": self.path,
                "size": self.size,
                "split": self.split,
                "synthetic": self.synthetic,
            }
        )

    def leaf(self) -> bytes:
        return hash_leaf(self.canonical())


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What remains of a removed clip: enough to prove the original root, nothing telling of it."""

    clip_id: str
    original_leaf: bytes
    reason_class: ReasonClass
    date: date

    def canonical(self) -> bytes:
        return to_canonical_json(
            {
                "clip_id": self.clip_id,
                "date": self.date.isoformat(),
                "kind": "tombstone/1",
                "original_leaf": self.original_leaf.hex(),
                "reason_class": self.reason_class.value,
            }
        )

    def leaf(self) -> bytes:
        return hash_leaf(self.canonical())


Entry = ClipRow | Tombstone


def hash_leaf(data: bytes) -> bytes:
    return hashlib.sha256(LEAF_PREFIX + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def digest_metadata(released: Mapping[str, Any]) -> str:
    """Return the hexadecimal SHA-256 of a clip's other released columns as RFC 8785 JSON.

    Pass every column of the released clip table that `ClipRow` does not name (title, author,
    source_url, recording, …; `fields` as the text that its cell is), so that no released word can
    change under a root that people approved. `released_rows.clip_row` knows which.
    """
    return hashlib.sha256(to_canonical_json(dict(released))).hexdigest()


class RootBuilder:
    """Computes a root from leaves added in order; holds only one hash per tree level."""

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    def add(self, leaf: bytes) -> None:
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaves: `hash_node` is written out here, since calling it is half the cost."""
        peaks, size, sha256 = self._peaks, self._size, hashlib.sha256
        for leaf in leaves:
            top, carry = leaf, size
            while carry & 1:
                top = sha256(NODE_PREFIX + peaks.pop() + top).digest()
                carry >>= 1
            peaks.append(top)
            size += 1
        self._size = size

    def root(self) -> bytes:
        """Return the root of what was added so far; adding may go on."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = hash_node(peak, root)
        return root


def compute_merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaves that already stand in path order."""
    builder = RootBuilder()
    builder.extend(leaves)
    return builder.root()


def order_rows(rows: Iterable[ClipRow]) -> tuple[ClipRow, ...]:
    """Return rows in the code-point order of their paths; raise PathOrderError for a twin path."""
    result = tuple(sorted(rows, key=lambda row: row.path))
    for before, after in itertools.pairwise(result):
        if before.path == after.path:
            raise PathOrderError(
                f"Two clips have the path {after.path!r}. Rename one of them.", path=after.path
            )
    return result


def compute_root_of_rows(rows: Iterable[ClipRow]) -> bytes:
    """Return the root of a release that holds exactly these rows, given in any order."""
    return compute_merkle_root(row.leaf() for row in order_rows(rows))


def stream_leaves(rows: Iterable[ClipRow]) -> Iterator[bytes]:
    """Yield the leaf of each row of a stream; raise PathOrderError unless paths strictly rise."""
    last: str | None = None
    for row in rows:
        if last is not None and row.path <= last:
            raise PathOrderError(
                f"The path {row.path!r} comes after {last!r}. Sort rows by path in code-point "
                "order and give each path once.",
                path=row.path,
                after=last,
            )
        last = row.path
        yield row.leaf()


def amend_manifest(entries: Sequence[Entry], tombstones: Iterable[Tombstone]) -> tuple[Entry, ...]:
    """Return the manifest with clips replaced, in place, by their tombstones.

    Raises UnknownClipError, AlreadyTombstoneError, or ConflictError when a tombstone's original
    leaf is not the leaf of the clip it replaces.
    """
    position = {entry.clip_id: index for index, entry in enumerate(entries)}
    amended = list(entries)
    for tombstone in tombstones:
        index = position.get(tombstone.clip_id)
        if index is None:
            raise UnknownClipError(
                f"No clip {tombstone.clip_id} in this release.", clip_id=tombstone.clip_id
            )
        replaced = amended[index]
        if isinstance(replaced, Tombstone):
            raise AlreadyTombstoneError(
                f"Clip {tombstone.clip_id} is already removed.", clip_id=tombstone.clip_id
            )
        if replaced.leaf() != tombstone.original_leaf:
            raise ConflictError(
                f"The tombstone of clip {tombstone.clip_id} names another leaf than the release.",
                clip_id=tombstone.clip_id,
            )
        amended[index] = tombstone
    return tuple(amended)


def bury_clip(row: ClipRow, *, reason_class: ReasonClass, on: date) -> Tombstone:
    """Return the tombstone that takes this row's place."""
    return Tombstone(
        clip_id=row.clip_id, original_leaf=row.leaf(), reason_class=reason_class, date=on
    )


def compute_amended_root(entries: Iterable[Entry]) -> bytes:
    """Return the root of a manifest as it stands, tombstones being leaves of their own."""
    return compute_merkle_root(entry.leaf() for entry in entries)


def compute_original_root(entries: Iterable[Entry]) -> bytes:
    """Return the root the release was published with, whatever was removed since."""
    return compute_merkle_root(
        entry.original_leaf if isinstance(entry, Tombstone) else entry.leaf() for entry in entries
    )


def build_inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path (RFC 6962 section 2.1.1) of one leaf, lowest sibling first."""
    if not 0 <= index < len(leaves):
        raise UnknownClipError(
            f"There is no leaf {index}; the tree has {len(leaves)}.", index=index, size=len(leaves)
        )
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        paired = [hash_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        # An unpaired last node rises unchanged: the same tree as the recursive split at 2^k.
        level = paired + level[len(paired) * 2 :]
        index //= 2
    return tuple(path)


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Say whether `leaf` is leaf number `index` of the tree with `size` leaves and this root."""
    if not 0 <= index < size:
        return False
    result = leaf
    last = size - 1
    siblings = iter(proof)
    while last > 0:
        if index & 1 or index < last:
            sibling = next(siblings, None)
            if sibling is None:
                return False
            result = hash_node(sibling, result) if index & 1 else hash_node(result, sibling)
        index >>= 1
        last >>= 1
    return next(siblings, None) is None and result == root
