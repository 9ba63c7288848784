"""Splits that do not leak: nothing a model trained on may come back when it is evaluated."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from datasets_catalog.split_policies import (
    DEFAULT,
    OPTIONAL,
    TRAINING_SPLITS,
    SplitPolicy,
    Trait,
    name_trait,
)

CONTENT = "content"
TWO_FOLDS = 2


class SplitClip(Protocol):
    """What is asked of a clip here; `sound_group` joins near-duplicates.

    `duration` and `recording_offset` are in seconds, the latter from the recording's start.
    `traits` has what else the policy names: places, devices, days, fields of the vertical.
    """

    @property
    def clip_id(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def split(self) -> str | None: ...
    @property
    def recording(self) -> str | None: ...
    @property
    def recording_offset(self) -> float | None: ...
    @property
    def duration(self) -> float: ...
    @property
    def contributors(self) -> tuple[str, ...]: ...
    @property
    def sha256(self) -> str: ...
    @property
    def sound_group(self) -> str | None: ...
    @property
    def synthetic(self) -> bool: ...
    @property
    def traits(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing found in several splits.

    `kind` is `content` or a trait of the policy. `splits` counts the clips per split, most first;
    `stray` are the clip ids outside the split that holds most of them: moving those is the least
    work.
    """

    kind: str
    key: str
    splits: tuple[tuple[str, int], ...]
    stray: tuple[str, ...]

    @property
    def sentence(self) -> str:
        places = ", ".join(f"{split} ({count})" for split, count in self.splits)
        noun = "identical file" if self.kind == CONTENT else name_trait(self.kind)
        return f"{noun} {self.key} is in {places}"


@dataclass(frozen=True, slots=True)
class MisplacedClip:
    """A clip that is in the wrong split, or of which nobody can say so, and why."""

    clip_id: str
    message: str


_Key = tuple[str, str]


def find_leaks(clips: Collection[SplitClip], policy: SplitPolicy = DEFAULT) -> tuple[Leak, ...]:
    """Return everything that straddles splits. Clips without a split are in none and leak nothing.

    A contributor is followed through all clips, a recording and a sound group likewise, and the
    same bytes under two paths count as one thing. Recordings that are cut in time are judged by
    `find_misplaced`.
    """
    splits: dict[_Key, set[str]] = defaultdict(set)
    for clip in clips:
        if clip.split is not None:
            for key in _list_keys(clip, policy):
                splits[key].add(clip.split)
    straddling = {key for key, names in splits.items() if len(names) > 1}
    if not straddling:
        return ()
    members: dict[_Key, list[tuple[str, str]]] = defaultdict(list)
    for clip in clips:
        if clip.split is not None:
            for key in straddling.intersection(_list_keys(clip, policy)):
                members[key].append((clip.clip_id, clip.split))
    return tuple(_build_leak(key, members[key]) for key in sorted(straddling))


def find_misplaced(
    clips: Collection[SplitClip], policy: SplitPolicy = DEFAULT
) -> Iterator[MisplacedClip]:
    """Yield what else the policy asks of single clips and does not get."""
    for clip in clips:
        if clip.split is None:
            continue
        if policy.is_misnamed(clip.split):
            yield MisplacedClip(
                clip.clip_id, f"is in {clip.split}; the folds are fold1 to fold{policy.folds}"
            )
        for trait in policy.traits:
            if trait not in OPTIONAL and not clip.traits.get(trait):
                yield MisplacedClip(
                    clip.clip_id,
                    f"has no {name_trait(trait)}, so nobody can say which splits share it",
                )
    yield from _find_unshared(clips, policy)
    if policy.gap is not None:
        yield from _find_too_close(clips, policy.gap, policy.order)


def find_missing_folds(clips: Iterable[SplitClip], policy: SplitPolicy) -> tuple[str, ...]:
    """Return the folds in which there is no clip."""
    there = {clip.split for clip in clips}
    return tuple(name for name in policy.fold_names() if name not in there)


def find_synthetic_in_evaluation(
    clips: Iterable[SplitClip], evaluation_splits: frozenset[str], policy: SplitPolicy = DEFAULT
) -> Iterator[SplitClip]:
    """Yield synthetic clips on which models are judged; names are compared ignoring case."""
    for clip in clips:
        if (
            clip.synthetic
            and clip.split is not None
            and policy.is_evaluation(clip.split, evaluation_splits)
        ):
            yield clip


def _list_values(clip: SplitClip, trait: str) -> tuple[str, ...]:
    if trait == Trait.CONTRIBUTOR:
        return clip.contributors
    if trait == Trait.RECORDING:
        value = clip.recording
    elif trait == Trait.SOUND:
        value = clip.sound_group
    else:
        value = clip.traits.get(trait)
    return (value,) if value else ()


def _list_keys(clip: SplitClip, policy: SplitPolicy) -> Iterator[_Key]:
    yield CONTENT, clip.sha256
    for trait in policy.apart:
        for value in _list_values(clip, trait):
            yield str(trait), value


def _build_leak(key: _Key, members: list[tuple[str, str]]) -> Leak:
    counts = Counter(split for _, split in members)
    splits = tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    home = splits[0][0]
    stray = tuple(clip_id for clip_id, split in members if split != home)
    return Leak(key[0], key[1], splits, stray)


def _find_unshared(clips: Collection[SplitClip], policy: SplitPolicy) -> Iterator[MisplacedClip]:
    """Yield clips with a value that nothing one learns from has."""
    folds = frozenset(policy.fold_names())
    where = "two folds" if folds else "a training split"
    for trait in policy.shared:
        learnt = _collect_learnt_values(clips, trait, folds)
        for clip in clips:
            if clip.split is None:
                continue
            values = _list_values(clip, trait)
            if not values and trait in OPTIONAL:
                yield MisplacedClip(
                    clip.clip_id, f"has no {name_trait(trait)}, which has to be shared"
                )
            for value in values:
                if value not in learnt:
                    yield MisplacedClip(
                        clip.clip_id, f"{name_trait(trait)} {value} is not in {where}"
                    )


def _collect_learnt_values(
    clips: Iterable[SplitClip], trait: str, folds: Collection[str]
) -> frozenset[str]:
    """Return the values in a training split, or in two folds: one is learnt from, one judged."""
    learnt: set[str] = set()
    in_folds: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        if clip.split is None:
            continue
        if clip.split.casefold() in TRAINING_SPLITS:
            learnt.update(_list_values(clip, trait))
        elif clip.split in folds:
            for value in _list_values(clip, trait):
                in_folds[value].add(clip.split)
    in_two = (value for value, names in in_folds.items() if len(names) >= TWO_FOLDS)
    return frozenset(learnt.union(in_two))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where a clip lies in its recording, in seconds."""

    start: float
    end: float
    split: str
    clip_id: str


def _find_too_close(
    clips: Iterable[SplitClip], gap: float, order: tuple[str, ...]
) -> Iterator[MisplacedClip]:
    by_recording: dict[str, list[SplitClip]] = defaultdict(list)
    for clip in clips:
        if clip.split is not None and clip.recording is not None:
            by_recording[clip.recording].append(clip)
    for recording, members in by_recording.items():
        if len({clip.split for clip in members}) > 1:
            yield from _judge_recording(recording, members, gap, order)


def _judge_recording(
    recording: str, members: Iterable[SplitClip], gap: float, order: tuple[str, ...]
) -> Iterator[MisplacedClip]:
    stretches = []
    for clip in members:
        assert clip.split is not None, "only clips of splits are judged"
        if clip.recording_offset is None:
            yield MisplacedClip(
                clip.clip_id,
                f"recording {recording} is in several splits, and nobody says where in it this"
                " clip begins (column recording_offset)",
            )
        else:
            start = clip.recording_offset
            stretches.append(_Stretch(start, start + clip.duration, clip.split, clip.clip_id))
    stretches.sort(key=lambda stretch: (stretch.start, stretch.end, stretch.clip_id))
    rank = {name: place for place, name in enumerate(order)}
    # The latest end so far in each split; there are few splits, and many clips.
    ends: dict[str, _Stretch] = {}
    for this in stretches:
        for other in ends.values():
            if other.split == this.split:
                continue
            if this.start - other.end < gap:
                between = max(this.start - other.end, 0.0)
                yield MisplacedClip(
                    this.clip_id,
                    f"only {between:g} s of recording {recording} lie between it and clips of"
                    f" {other.split}; {gap:g} s have to",
                )
            if rank.get(this.split, len(rank)) < rank.get(other.split, -1):
                yield MisplacedClip(
                    this.clip_id,
                    f"comes after {other.split} in recording {recording}; {this.split} has to"
                    " come before",
                )
        if this.split not in ends or this.end > ends[this.split].end:
            ends[this.split] = this
