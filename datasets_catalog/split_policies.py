"""What the splits of a dataset mean: what may not be in two of them, and what has to be.

The same clips are well divided for one task and badly for another. Sound event detection wants no
recording and no voice on both sides; recognising speakers wants every speaker on both sides, but no
recording; cross-validation has numbered folds; a long recording may be cut in time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from datasets_catalog.errors import InvalidError

FIELD_PREFIX = "fields."
MOST_FOLDS = 1000
LONGEST_GAP = 10.0**9
MOST_NAMED = 20
FOLD = "fold"
# Names of splits that a model learns from; those of folds are learnt from in turn.
TRAINING_SPLITS = frozenset({"train", "training"})


class SplitPolicyError(InvalidError):
    """The declared policy of splits cannot be applied."""

    code = "splits.policy_invalid"


class Trait(StrEnum):
    """What two clips can have in common besides their bytes."""

    RECORDING = "recording"
    CONTRIBUTOR = "contributor"
    SOUND = "sound"
    PLACE = "place"
    DEVICE = "device"
    ENVIRONMENT = "environment"
    DAY = "day"


# What a clip may well lack without anything being wrong: then it shares it with nobody.
OPTIONAL = frozenset({Trait.RECORDING, Trait.CONTRIBUTOR, Trait.SOUND})
NOUNS = {Trait.SOUND: "group of alike sounds", Trait.DAY: "day of recording"}


def name_trait(trait: str) -> str:
    """Name a trait, or a field of the vertical, in a sentence."""
    if trait.startswith(FIELD_PREFIX):
        return trait.removeprefix(FIELD_PREFIX).replace("_", " ")
    return NOUNS.get(Trait(trait), trait)


@dataclass(frozen=True, slots=True)
class SplitPolicy:
    """What the splits of a dataset mean.

    No file is ever in two splits, whatever the policy says. `apart` are traits, or `fields.<name>`
    of the vertical, of which no value may be in two splits. `shared` are those of which every
    value has to be in what is learnt from: a split named train or training, or two folds. `folds`
    is how many folds there are, named fold1 to foldK (0: none). With `gap` (seconds) clips of one
    recording may be in several splits if at least that much of it lies between them; `order` are
    names of splits that have to follow each other in the time of each recording.
    """

    apart: tuple[str, ...] = (Trait.RECORDING, Trait.CONTRIBUTOR, Trait.SOUND)
    shared: tuple[str, ...] = ()
    folds: int = 0
    gap: float | None = None
    order: tuple[str, ...] = ()

    @property
    def traits(self) -> tuple[str, ...]:
        """Everything of a clip that the policy looks at."""
        return (*self.apart, *self.shared)

    @property
    def is_cut_in_time(self) -> bool:
        return self.gap is not None

    def fold_names(self) -> tuple[str, ...]:
        return tuple(f"{FOLD}{number}" for number in range(1, self.folds + 1))

    def is_misnamed(self, split: str) -> bool:
        """Whether the name looks like a fold's and is none of them."""
        if not self.folds or not split.casefold().startswith(FOLD):
            return False
        return split not in self.fold_names()

    def is_evaluation(self, split: str, evaluation: frozenset[str]) -> bool:
        """Whether a model is judged on the split: one of `evaluation`, or a fold in its turn."""
        named = {name.casefold() for name in evaluation}
        return split.casefold() in named or split in self.fold_names()

    def as_json(self) -> dict[str, Any]:
        """Return what it says, without what it leaves at its default."""
        said: dict[str, Any] = {"apart": [str(trait) for trait in self.apart]}
        if self.shared:
            said["shared"] = list(map(str, self.shared))
        if self.folds:
            said["folds"] = self.folds
        if self.gap is not None:
            said["gap"] = self.gap
        if self.order:
            said["order"] = list(self.order)
        return said

    @property
    def sentence(self) -> str:
        """Say what it asks, in one sentence."""
        nouns = ["file", *map(name_trait, self.apart)]
        parts = [f"No {_join_with_or(nouns)} may be in two splits"]
        if self.shared:
            everyone = _join_with_or([name_trait(trait) for trait in self.shared])
            parts.append(f"every {everyone} has to be in what is learnt from")
        if self.folds:
            parts.append(f"there are {self.folds} folds, {FOLD}1 to {FOLD}{self.folds}")
        if self.gap is not None:
            parts.append(
                f"clips of one recording may be in two if {self.gap:g} s of it lie between them"
            )
        if self.order:
            parts.append(f"in each recording {' comes before '.join(self.order)}")
        return "; ".join(parts) + "."


DEFAULT = SplitPolicy()
# Where to begin from: what people mean by a split most often.
KNOWN_POLICIES: Mapping[str, SplitPolicy] = {
    "events": DEFAULT,
    "speakers": SplitPolicy(apart=(Trait.RECORDING, Trait.SOUND), shared=(Trait.CONTRIBUTOR,)),
    "places": SplitPolicy(apart=(Trait.RECORDING, Trait.CONTRIBUTOR, Trait.SOUND, Trait.PLACE)),
    "time": SplitPolicy(apart=(Trait.SOUND,), gap=60.0),
}


def _join_with_or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def parse_policy(value: Any) -> SplitPolicy:
    """Read a policy as it is sent or kept; None is the usual one. Raises SplitPolicyError."""
    if value is None:
        return DEFAULT
    if not isinstance(value, Mapping):
        raise SplitPolicyError('A policy of splits is an object such as {"apart": ["recording"]}.')
    unknown = sorted(value.keys() - {"apart", "shared", "folds", "gap", "order"})
    if unknown:
        raise SplitPolicyError(
            f"A policy of splits has no {unknown[0]!r}: it has apart, shared, folds, gap, order."
        )
    policy = SplitPolicy(
        apart=_parse_traits(value.get("apart", DEFAULT.apart), "apart"),
        shared=_parse_traits(value.get("shared", ()), "shared"),
        folds=_parse_folds(value.get("folds", 0)),
        gap=_parse_gap(value.get("gap")),
        order=_parse_names(value.get("order", ()), "order"),
    )
    _refuse_contradictions(policy)
    return policy


def _parse_traits(value: Any, member: str) -> tuple[str, ...]:
    found = []
    for name in _parse_names(value, member):
        if not name.startswith(FIELD_PREFIX) and name not in set(Trait):
            raise SplitPolicyError(
                f"{member}: {name!r} is none of {', '.join(Trait)}, and no {FIELD_PREFIX}NAME of"
                " the vertical.",
                member=member,
            )
        found.append(name)
    return tuple(found)


def _parse_names(value: Any, member: str) -> tuple[str, ...]:
    is_list = isinstance(value, list | tuple) and len(value) <= MOST_NAMED
    if not is_list or not all(isinstance(name, str) and name for name in value):
        raise SplitPolicyError(
            f"{member} is a list of at most {MOST_NAMED} names, not {value!r}.", member=member
        )
    return tuple(dict.fromkeys(map(str, value)))


def _parse_folds(value: Any) -> int:
    if type(value) is not int or value == 1 or not 0 <= value <= MOST_FOLDS:
        raise SplitPolicyError(
            f"folds is how many folds there are, 2 to {MOST_FOLDS}, or 0 for none; not {value!r}.",
            member="folds",
        )
    return value


def _parse_gap(value: Any) -> float | None:
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value <= LONGEST_GAP
    ):
        raise SplitPolicyError(f"gap is a number of seconds from 0, not {value!r}.", member="gap")
    return float(value)


def _refuse_contradictions(policy: SplitPolicy) -> None:
    both = sorted(set(policy.apart) & set(policy.shared))
    if both:
        raise SplitPolicyError(
            f"{both[0]} can't be in one split alone and in what is learnt from too: name it in"
            " apart or in shared.",
            member="shared",
        )
    if policy.is_cut_in_time and Trait.RECORDING in policy.apart:
        raise SplitPolicyError(
            "With a gap, recordings are in several splits: take recording out of apart.",
            member="gap",
        )
    if policy.order and not policy.is_cut_in_time:
        raise SplitPolicyError(
            "An order is of the splits within a recording: say the gap between them too.",
            member="order",
        )


def describe_loosening(before: SplitPolicy, after: SplitPolicy) -> tuple[str, ...]:
    """Say what the policy after no longer asks that the one before did; nothing where it asks all.

    Cutting recordings in time is looser than keeping them apart, a shorter gap than a longer one.
    """
    found = [
        f"{name_trait(trait)} may be in two splits"
        for trait in before.apart
        if trait not in after.apart
    ]
    found += [
        f"{name_trait(trait)} need not be in what is learnt from"
        for trait in before.shared
        if trait not in after.shared
    ]
    if before.gap is not None and after.gap is not None and after.gap < before.gap:
        found.append(f"{after.gap:g} s between clips of one recording will do")
    dropped_gap = before.gap is not None and after.gap is None
    if dropped_gap and Trait.RECORDING not in after.apart:
        found.append("clips of one recording may be in two splits at any distance")
    if before.order and after.order != before.order and Trait.RECORDING not in after.apart:
        found.append("splits need not follow each other in a recording")
    if before.folds and after.folds != before.folds:
        found.append("folds may have other numbers")
    return tuple(found)
