"""Splits that do not leak: nothing a model trained on may come back when it is evaluated."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class SplitClip(Protocol):
    """What is asked of a clip here; `sound_group` joins near-duplicates."""

    @property
    def clip_id(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def split(self) -> str | None: ...
    @property
    def recording(self) -> str | None: ...
    @property
    def contributors(self) -> tuple[str, ...]: ...
    @property
    def sha256(self) -> str: ...
    @property
    def sound_group(self) -> str | None: ...
    @property
    def synthetic(self) -> bool: ...


class LeakKind(StrEnum):
    """What two splits have in common."""

    RECORDING = "recording"
    CONTRIBUTOR = "contributor"
    CONTENT = "content"
    SOUND = "sound"

    @property
    def noun(self) -> str:
        return NOUNS[self]


NOUNS = {
    LeakKind.RECORDING: "recording",
    LeakKind.CONTRIBUTOR: "contributor",
    LeakKind.CONTENT: "identical file",
    LeakKind.SOUND: "group of alike sounds",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing found in several splits.

    `splits` counts the clips per split, most first; `stray` are the clip ids outside the split
    that holds most of them: moving those is the least work.
    """

    kind: LeakKind
    key: str
    splits: tuple[tuple[str, int], ...]
    stray: tuple[str, ...]

    @property
    def sentence(self) -> str:
        places = ", ".join(f"{split} ({count})" for split, count in self.splits)
        return f"{self.kind.noun} {self.key} is in {places}"


def leaks(clips: Collection[SplitClip]) -> tuple[Leak, ...]:
    """Return everything that straddles splits. Clips without a split are in none and leak nothing.

    A contributor is followed through all clips, a recording and a sound group likewise, and the
    same bytes under two paths count as one thing.
    """
    splits: dict[tuple[LeakKind, str], set[str]] = defaultdict(set)
    for clip in clips:
        if clip.split is not None:
            for key in _keys(clip):
                splits[key].add(clip.split)
    straddling = {key for key, names in splits.items() if len(names) > 1}
    if not straddling:
        return ()
    members: dict[tuple[LeakKind, str], list[tuple[str, str]]] = defaultdict(list)
    for clip in clips:
        if clip.split is not None:
            for key in straddling.intersection(_keys(clip)):
                members[key].append((clip.clip_id, clip.split))
    return tuple(_leak(key, members[key]) for key in sorted(straddling))


def synthetic_in_evaluation(
    clips: Iterable[SplitClip], evaluation_splits: frozenset[str]
) -> Iterator[SplitClip]:
    """Yield synthetic clips of evaluation splits, whose names are compared ignoring case."""
    names = {split.casefold() for split in evaluation_splits}
    for clip in clips:
        if clip.synthetic and clip.split is not None and clip.split.casefold() in names:
            yield clip


def _keys(clip: SplitClip) -> Iterator[tuple[LeakKind, str]]:
    yield LeakKind.CONTENT, clip.sha256
    if clip.recording is not None:
        yield LeakKind.RECORDING, clip.recording
    if clip.sound_group is not None:
        yield LeakKind.SOUND, clip.sound_group
    for contributor in clip.contributors:
        yield LeakKind.CONTRIBUTOR, contributor


def _leak(key: tuple[LeakKind, str], members: list[tuple[str, str]]) -> Leak:
    counts = Counter(split for _, split in members)
    splits = tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    home = splits[0][0]
    stray = tuple(clip_id for clip_id, split in members if split != home)
    return Leak(key[0], key[1], splits, stray)
