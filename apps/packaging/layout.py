"""Where a snapshot is cut: splits, shards and row groups, and the names of the files.

Cuts depend on the clips beside them and not on how many came before: a shard (and within it a row
group) begins before a clip when a hash of the clip's id, read as a number from 0 to 1, is smaller
than the clip's share of the wanted size. Dropping, adding or changing a clip therefore moves at
most the two cuts around it; every other shard keeps its bytes, and every other row group of the
changed shard too, which is what lets a later version send only what changed. Sizes scatter around
the wanted one and are cut off at a maximum.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

MIB = 1 << 20
SHARD_MIN = 16 * MIB
SHARD_MEAN_MAX = 256 * MIB
# Audio bytes; with all other columns a file stays below the 500 MB that the Hub recommends.
SHARD_MAX = 440 * MIB
SHARDS_WANTED = 64
GROUP_MEAN = 8 * MIB
GROUP_MAX = 32 * MIB
GROUP_ROWS_MEAN = 64
GROUP_ROWS_MAX = 100
# A cell is held three times while it is written (read, encoded, as a page); workers have 400 MB,
# of which they use half before they begin.
CLIP_MAX = 48 * MIB
DEFAULT_SPLIT = "train"
_HASH_RANGE = float(1 << 64)


@dataclass(slots=True)
class Cutter:
    """Says, clip by clip, where the next piece begins; sizes in bytes."""

    salt: bytes
    mean: int
    limit: int
    rows_mean: float = float("inf")
    rows_limit: float = float("inf")
    _size: int = 0
    _rows: int = 0

    def begins_at(self, clip_id: str, size: int) -> bool:
        """Whether a new piece begins with this clip; never true of the very first one."""
        share = max(size / self.mean, 1 / self.rows_mean)
        full = self._size + size > self.limit or self._rows >= self.rows_limit
        begins = self._rows > 0 and (full or _compute_position(clip_id, self.salt) < share)
        self._size = size if begins else self._size + size
        self._rows = 1 if begins else self._rows + 1
        return begins


def build_shard_cutter(total: int) -> Cutter:
    """Return the cutter for a release of `total` audio bytes.

    The wanted size follows the total in powers of two, so that it rarely changes between versions
    (and when it doubles, the cuts that remain are a part of those before).
    """
    wanted = SHARD_MIN
    while wanted < SHARD_MEAN_MAX and wanted * SHARDS_WANTED < total:
        wanted *= 2
    return Cutter(b"shard", wanted, SHARD_MAX)


def build_group_cutter() -> Cutter:
    return Cutter(b"group", GROUP_MEAN, GROUP_MAX, GROUP_ROWS_MEAN, GROUP_ROWS_MAX)


def _compute_position(clip_id: str, salt: bytes) -> float:
    digest = hashlib.blake2b(clip_id.encode(), digest_size=8, person=salt).digest()
    return int.from_bytes(digest) / _HASH_RANGE


def name_hub_splits(names: Iterable[str | None]) -> dict[str | None, str]:
    r"""Give each split of the release a name that the Hub takes: word characters only.

    Clips without a split go to `train`, `all` (which means every split there) and names that fall
    together get a piece of their own hash.
    """
    given: dict[str | None, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names), key=lambda name: (name is None, name or "")):
        if name is None:
            given[name] = DEFAULT_SPLIT
            continue
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        if plain in taken or plain == "all" or not plain.strip("_"):
            plain = f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        taken.add(plain)
        given[name] = plain
    return given


def build_shard_path(split: str, index: int, count: int) -> str:
    return f"data/{split}-{index:05}-of-{count:05}.parquet"
