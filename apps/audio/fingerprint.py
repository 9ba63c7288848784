"""What a sound sounds like, as words that survive coding, level, noise and cutting.

The signs of band-energy differences over frequency and time, 32 to a word (after Haitsma and
Kalker, "A Highly Robust Audio Fingerprinting System", ISMIR 2002), on wider frames, so that clips
of half a second have words too.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.audio.decoding import Samples, read_mono_blocks

VERSION = "1"
SAMPLE_RATE = 8000
FRAME = 2048
HOP = 256
BANDS = 33
FULL_SCALE = np.float32(1 << 23)
LOWEST, HIGHEST = 200.0, 3400.0
# A frame whose power is below this share of full scale says nothing of what is heard.
SILENT = 1e-9
# A difference below this share of the bands' energy is rounding, not sound.
FLAT = 1e-7

# Two sounds are alike where, laid over each other, at most this share of the bits differs; less
# for a short overlap, where chance and a family of drums come close. Unrelated sounds differ in .5
# on average; copies by MP3, Vorbis, level, noise or cutting in .02 to .10.
ALIKE = 0.20
ALIKE_BRIEFLY = 0.14
BRIEF_WORDS = 48
# Words (32 ms each) that have to overlap, and their share of the shorter sound.
OVERLAP_WORDS = 10
OVERLAP_SHARE = 0.5
# A word that very many sounds share (a hum, a held note) does not lead from one to another.
COMMON = 64
# Bits of a word that are tried both ways when looking for the same word elsewhere.
DOUBTS = 3
# Words looked through at once, with their variants: bounds the memory (about 250 MB).
AT_ONCE = 5_000_000

Words = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class ComparableSound:
    """What can be compared.

    `words`: one for every 32 ms; 0 where there is silence or nothing to tell apart. `doubtful`: of
    each word a mask of the bits that would turn first, `DOUBTS` of them.
    """

    words: Words
    doubtful: Words


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`pcm_sha256`: of the decoded samples of all channels, interleaved, rounded to 24 bits."""

    pcm_sha256: str
    sound: ComparableSound


def compute_fingerprint(path: Path) -> Fingerprint:
    """Of a file's mean of channels. Memory grows with an hour of sound by 680 KB.

    Raises `UndecodableError`.
    """
    digest = hashlib.sha256()
    energies = [_measure_energies(part) for part in _read_parts(path, digest)]
    bands = np.concatenate(energies) if energies else np.empty((0, BANDS))
    return Fingerprint(digest.hexdigest(), _build_sound(bands))


def _read_parts(path: Path, digest: "hashlib._Hash") -> Iterator[Samples]:
    """Stretches of many whole frames; each begins where the one before has its next frame."""
    kept = np.empty(0, np.float32)

    def listen(block: Samples, _: Samples) -> None:
        digest.update(np.round(block * FULL_SCALE).astype("<i4").tobytes())

    for block in read_mono_blocks(path, SAMPLE_RATE, listen=listen):
        kept = np.concatenate([kept, block])
        frames = (len(kept) - FRAME) // HOP + 1
        if frames >= 64:  # noqa: PLR2004 - four seconds at a time
            yield kept
            kept = kept[frames * HOP :]
    if len(kept):
        yield np.pad(kept, (0, max(0, FRAME - len(kept))))


EDGES = np.round(np.geomspace(LOWEST, HIGHEST, BANDS + 1) * FRAME / SAMPLE_RATE).astype(np.int64)
BITS = np.array(1 << np.arange(BANDS - 1), np.uint32)
WINDOW = np.hanning(FRAME).astype(np.float32)


def _measure_energies(samples: Samples) -> NDArray[np.float64]:
    """(frames, bands)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * WINDOW, axis=1)) ** 2 / FRAME**2
    sums = np.add.reduceat(power[:, : EDGES[-1]], EDGES[:-1], axis=1)
    return np.asarray(sums, np.float64)


def _build_sound(bands: NDArray[np.float64]) -> ComparableSound:
    if len(bands) < 2:  # noqa: PLR2004 - a word speaks of two frames
        return ComparableSound(np.empty(0, np.uint32), np.empty(0, np.uint32))
    change = np.diff(np.diff(bands, axis=1), axis=0)
    words = ((change > 0) * BITS).sum(axis=1, dtype=np.uint32)
    total = bands.sum(axis=1)
    loud = np.maximum(total[1:], total[:-1])
    size = np.abs(change)
    told = (loud > SILENT) & (size.max(axis=1) > FLAT * loud)
    weakest = np.argpartition(size, DOUBTS, axis=1)[:, :DOUBTS]
    doubtful = BITS[weakest].sum(axis=1, dtype=np.uint32)
    return ComparableSound(np.where(told, words, np.uint32(0)), doubtful)


def measure_distance(left: Words, right: Words, shift: int) -> tuple[float, int]:
    """The share of differing bits, and how many words were compared.

    `right` is laid `shift` words after the start of `left`.
    """
    begin, end = max(0, shift), min(len(left), len(right) + shift)
    if end <= begin:
        return 1.0, 0
    ours, theirs = left[begin:end], right[begin - shift : end - shift]
    told = (ours != 0) & (theirs != 0)
    count = int(told.sum())
    if not count:
        return 1.0, 0
    differing = np.bitwise_count(ours[told] ^ theirs[told]).sum()
    return float(differing) / (32 * count), count


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two of the sounds given, by position, and how far apart they are (0 is the same)."""

    left: int
    right: int
    distance: float


def find_copies(sounds: Sequence[ComparableSound], *, old: int | None = None) -> list[Likeness]:
    """Every pair that is a copy of one another, whole or in good part, however it was coded.

    With `old` only pairs of one of the first `old` sounds and one of the rest. Besides the sounds
    it takes their size once more, and about 250 MB.
    """
    first = len(sounds) if old is None else old
    best: dict[tuple[int, int], float] = {}
    told = [int(np.count_nonzero(sound.words)) for sound in sounds]
    for left, right, shift in _find_candidates(sounds):
        if old is not None and (left < first) == (right < first):
            continue
        apart, count = measure_distance(sounds[left].words, sounds[right].words, shift)
        enough = max(OVERLAP_WORDS, OVERLAP_SHARE * min(told[left], told[right]))
        limit = ALIKE if count >= BRIEF_WORDS else ALIKE_BRIEFLY
        if apart <= limit and count >= enough:
            best[left, right] = min(apart, best.get((left, right), 1.0))
    return [Likeness(left, right, apart) for (left, right), apart in sorted(best.items())]


def _find_candidates(sounds: Sequence[ComparableSound]) -> Iterator[tuple[int, int, int]]:
    """Pairs of sounds, and the shift, wherever both may have the same word."""
    if not sounds:
        return
    words = np.concatenate([sound.words for sound in sounds])
    doubtful = np.concatenate([sound.doubtful for sound in sounds])
    starts = np.concatenate([[0], np.cumsum([len(sound.words) for sound in sounds])])
    rounds = -(-len(words) * (1 << DOUBTS) // AT_ONCE)
    for turn in range(rounds):
        seen: set[tuple[int, int, int]] = set()
        keys, rows = _list_variants(words, doubtful, turn, rounds)
        for group in _group_equal_keys(keys, rows):
            owner = np.searchsorted(starts, group, side="right") - 1
            for candidate in _pair_hits(owner.tolist(), (group - starts[owner]).tolist()):
                if candidate not in seen:
                    seen.add(candidate)
                    yield candidate


def _list_variants(
    words: Words, doubtful: Words, turn: int, rounds: int
) -> tuple[Words, NDArray[np.int64]]:
    """Every word with its doubtful bits in every state, of those keys whose turn it is."""
    keys, rows = [], []
    for state in range(1 << DOUBTS):
        variant = words & ~doubtful
        left = doubtful.copy()
        for doubt in range(DOUBTS):
            lowest = left & (~left + np.uint32(1))
            if state >> doubt & 1:
                variant |= lowest
            left ^= lowest
        # A multiplicative hash (Knuth), so that keys that share low bits spread over the turns.
        share = (variant * np.uint32(2654435761) >> np.uint32(8)) % np.uint32(rounds)
        mine = np.flatnonzero((share == turn) & (words != 0))
        keys.append(variant[mine])
        rows.append(mine)
    return np.concatenate(keys), np.concatenate(rows)


def _group_equal_keys(keys: Words, rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    ends = np.r_[starts[1:], len(keys)]
    several = (ends - starts > 1) & (ends - starts <= COMMON)
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield rows[start:end]


def _pair_hits(owners: list[int], places: list[int]) -> Iterator[tuple[int, int, int]]:
    hits = sorted(zip(owners, places, strict=True))
    for index, (left, at) in enumerate(hits):
        for right, there in hits[index + 1 :]:
            if left != right:
                yield left, right, at - there
