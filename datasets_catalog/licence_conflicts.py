"""Clips grouped by licence expression, and why some groups cannot go out together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from datasets_catalog.card_text import format_clip_count
from datasets_catalog.compatibility import (
    Option,
    Refusal,
    find_refusal,
    may_stand,
    option_permits,
)
from datasets_catalog.licence_terms import CUSTOM_PREFIX, Terms
from datasets_catalog.licences import Use

# Sentences name so many of the licences that would do; share-alike ports name dozens.
MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class ClipLicence:
    """A clip with its licence expression; `duration` in seconds.

    `modified` says that the sound is not the one the licence was given for (passages were muted or
    replaced), which makes the clip itself an adaptation. Bytes that merely lost their tags, or
    their format (CC 4.0, section 2(a)(4)), are no modification.
    """

    clip_id: str
    path: str
    expression: str
    duration: float
    modified: bool = False


@dataclass(frozen=True, slots=True)
class LicenceShare:
    """How much of the whole stands under one expression; `seconds` of sound."""

    expression: str
    clips: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Conflict:
    """Licence families that cannot be together, how many clips each has, and why."""

    families: tuple[str, ...]
    clips: tuple[int, ...]
    sentence: str


@dataclass(slots=True, eq=False)
class Group:
    """All clips under one expression, in one state."""

    expression: str
    options: tuple[Option, ...]
    modified: bool
    clips: list[ClipLicence] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        return len(self.clips)

    @property
    def family(self) -> str:
        joined = [" AND ".join(dict.fromkeys(t.label for t in option)) for option in self.options]
        return " OR ".join(dict.fromkeys(joined))

    def share(self) -> LicenceShare:
        return LicenceShare(self.expression, self.count, self.seconds)


def can_serve_group(target: Terms, group: Group) -> bool:
    return any(option_permits(option, target) for option in group.options)


def may_group_stand(group: Group) -> bool:
    return any(may_stand(option, modified=group.modified) for option in group.options)


def find_conflicts(groups: Sequence[Group], targets: Sequence[Terms]) -> tuple[Conflict, ...]:
    """Explain why no target serves all groups: alone, in pairs, or only all together."""
    unserved: list[Group] = []
    served: list[tuple[Group, frozenset[str]]] = []
    for group in groups:
        licences = frozenset(t.licence for t in targets if can_serve_group(t, group))
        if licences:
            served.append((group, licences))
        else:
            unserved.append(group)
    clashing = [
        (left, right)
        for (left, of_left), (right, of_right) in combinations(served, 2)
        if not of_left & of_right
    ]
    found = [
        *(build_blocked_conflict(group, Use.ADAPTATION) for group in unserved),
        *_build_pair_conflicts(clashing),
    ]
    return tuple(found) or (_build_joint_conflict(groups),)


def _build_pair_conflicts(pairs: Sequence[tuple[Group, Group]]) -> list[Conflict]:
    sides: dict[tuple[str, str], tuple[list[Group], list[Group]]] = {}
    for left, right in pairs:
        names = _name_sides(left, right)
        first, second = (left, right) if names[0] <= names[1] else (right, left)
        lists = sides.setdefault((min(names), max(names)), ([], []))
        for group, side in ((first, lists[0]), (second, lists[1])):
            if group not in side:
                side.append(group)
    return [_build_clash(names, *lists) for names, lists in sides.items()]


def _name_sides(left: Group, right: Group) -> tuple[str, str]:
    if left.family == right.family:
        return left.expression, right.expression
    return left.family, right.family


def _build_clash(
    names: tuple[str, str], first: Sequence[Group], second: Sequence[Group]
) -> Conflict:
    counts = (sum(g.count for g in first), sum(g.count for g in second))
    left = f"{format_clip_count(counts[0])} under {names[0]}"
    right = f"{format_clip_count(counts[1])} under {names[1]}"
    sentence = (
        f"{left} and {right} cannot be worked into one: {names[0]}"
        f" {_describe_demand(first[0], second[0])},"
        f" {names[1]} {_describe_demand(second[0], first[0])}."
    )
    return Conflict(names, counts, sentence)


def _describe_demand(group: Group, other: Group) -> str:
    """What the group asks of the result that no licence grants which the other group permits."""
    option = group.options[0]
    for terms in option:
        if terms.share_alike:
            return f"asks that the result be under {_name_choices(terms)}"
        if terms.named_only:
            return f"permits a result only under {_name_choices(terms)}"
    return _explain_refusal(option, [terms for each in other.options for terms in each])


def _explain_refusal(option: Option, others: Sequence[Terms]) -> str:
    """Why what goes out under licences of these others cannot hold something under the option."""
    found = [
        (terms, refusal, other.licence)
        for other in others
        for terms in option
        if (refusal := find_refusal(terms, other)) is not None
    ]
    if not found:
        return "goes with other licences than that one permits"
    terms, refusal, name = found[0]
    match refusal:
        case Refusal.NONCOMMERCIAL:
            return "forbids commercial use of the result"
        case Refusal.ATTRIBUTION:
            return f"asks that its authors be named with the result, which {name} does not ask for"
        case Refusal.NO_FURTHER_TERMS:
            asked = terms.own_terms or "the names or notices it asks to pass on"
            return f"has terms of its own ({asked}), and nobody may add terms to {name}"
        case Refusal.OLDER:
            return f"permits no result under an older version, such as {name}"
    return f"cannot be under {name}"


def _name_choices(terms: Terms) -> str:
    named = [licence for licence in terms.compatible if not licence.startswith(CUSTOM_PREFIX)]
    more = ["one of its other choices"] if len(named) > MAX_NAMED else []
    return " or ".join((terms.licence, *named[:MAX_NAMED], *more))


def build_blocked_conflict(group: Group, use: Use) -> Conflict:
    why = _explain_block([t for option in group.options for t in option], use, group.count)
    sentence = f"{format_clip_count(group.count)} under {group.expression} {why}."
    return Conflict((group.family,), (group.count,), sentence)


def _explain_block(terms: Sequence[Terms], use: Use, clips: int) -> str:
    """What stands in the way, said of so many clips."""
    one = clips == 1
    if any(t.needs_human for t in terms):
        return f"{'waits' if one else 'wait'} for a person to record what the terms allow"
    if any(not t.redistribution for t in terms):
        return "may not be passed on"
    if all(t.database_only for t in terms):
        they = "it comes" if one else "they come"
        return (
            f"cannot go out: the licence {they} under is for a database and not for the sound in"
            " it. Add the licence of the sound"
        )
    if use is Use.COLLECTION:
        return f"{'was' if one else 'were'} modified, which the licence forbids"
    if any(t.no_derivatives for t in terms):
        return "may not be adapted"
    return "cannot be adapted under any one licence"


def _build_joint_conflict(groups: Sequence[Group]) -> Conflict:
    families = tuple(group.family for group in groups)
    sentence = f"No one licence satisfies {', '.join(families)} at once."
    return Conflict(families, tuple(group.count for group in groups), sentence)
