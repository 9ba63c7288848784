"""The licence of a whole release: what its clips' licences allow together, and what to drop.

Two rules, after what the licences themselves say:

*Collection* — clips stand unmodified side by side and each keeps its own licence: nobody can put
somebody else's copies under another one, be it narrower or newer. The whole allows what every clip
allows. A clip cannot be in it if it may not be passed on, if nobody has said what its terms mean,
if only a database is licensed, or if it was modified (passages muted) and forbids that.

*Adaptation* — clips become part of something new, which needs one licence. A licence can serve
if every clip permits an adaptation under it: no-derivatives clips permit none, nor do those of
which only a database is licensed; share-alike clips and own terms permit themselves and what they
name as compatible (which is how version upgrades go one way); the others permit what keeps their
attribution and non-commercial conditions and, within Creative Commons, is no older version. A
licence that lets nobody add terms, such as the GPL, serves only what names it.

So a set of clips is compatible exactly when one licence serves them all, and the smallest set to
drop is found by trying each licence: what it does not serve must go. That is exact, and linear in
the number of clips and of licences. Where an expression offers a choice (OR), the most permissive
one that serves is taken; the clip itself keeps every choice.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from datasets_catalog.card_text import format_clip_count
from datasets_catalog.compatibility import (
    Option,
    can_carry,
    is_withheld,
    may_stand,
    option_permits,
    rank_strictness,
)
from datasets_catalog.licence_conflicts import (
    ClipLicence,
    Conflict,
    Group,
    LicenceShare,
    build_blocked_conflict,
    can_serve_group,
    find_conflicts,
    may_group_stand,
)
from datasets_catalog.licence_terms import AiTerms, Terms
from datasets_catalog.licences import HubLicence, Licences, Use, name_hub_licence

MINUTE = 60
HOUR = 3600
AI_ORDER = (AiTerms.FORBIDDEN, AiTerms.UNSTATED, AiTerms.ALLOWED)


class WantedOutcome(StrEnum):
    """What somebody would like to do with the whole."""

    COMMERCIAL = "commercial"
    NO_SHARE_ALIKE = "no_share_alike"
    DERIVATIVES = "derivatives"

    @property
    def outcome(self) -> str:
        return OUTCOMES[self]


OUTCOMES = {
    WantedOutcome.COMMERCIAL: "becomes commercially usable",
    WantedOutcome.NO_SHARE_ALIKE: "carries no share-alike duty",
    WantedOutcome.DERIVATIVES: "may be adapted",
}


@dataclass(frozen=True, slots=True)
class Rights:
    """What may be done with the whole, and what whoever does it owes."""

    commercial: bool
    derivatives: bool
    redistribution: bool
    share_alike: bool
    attribution: bool
    ai_terms: AiTerms

    def is_within(self, other: Self) -> bool:
        """Say whether these rights are nowhere wider than the other ones."""
        return (
            self.commercial <= other.commercial
            and self.derivatives <= other.derivatives
            and self.redistribution <= other.redistribution
            and self.share_alike >= other.share_alike
            and self.attribution >= other.attribution
            and AI_ORDER.index(self.ai_terms) <= AI_ORDER.index(other.ai_terms)
        )


@dataclass(frozen=True, slots=True)
class DropPlan:
    """The fewest clips (then the fewest seconds) whose removal reaches the goal.

    `shares` counts them by expression, `remaining` is how many clips stay; zero means that only
    an empty release would do.
    """

    clip_ids: tuple[str, ...]
    paths: tuple[str, ...]
    seconds: float
    shares: tuple[LicenceShare, ...]
    remaining: int
    sentence: str

    @property
    def clips(self) -> int:
        return len(self.clip_ids)


@dataclass(frozen=True, slots=True)
class Outbound:
    """The licence of the whole.

    `licence` is the SPDX expression that describes it, None while there are conflicts. `drop`
    is the way out of the conflicts and, where an outcome is wanted, to that outcome; it is empty
    when nothing need go (`reached`).
    """

    use: Use
    licence: str | None
    hub: HubLicence
    rights: Rights
    mix: tuple[LicenceShare, ...]
    conflicts: tuple[Conflict, ...]
    drop: DropPlan
    wanted: str | None = field(default=None)

    @property
    def reached(self) -> bool:
        return not self.drop.clip_ids


def find_outbound_licence(
    clips: Iterable[ClipLicence],
    use: Use,
    wanted: WantedOutcome | str | None = None,
    *,
    licences: Licences | None = None,
) -> Outbound:
    """Say under which licence clips can go out together, and what to drop where they cannot.

    `wanted` is an outcome or the id of a licence. `licences` brings an organisation's own terms.
    Raises LicenceExpressionError or UnknownLicenceError for an expression or wanted id that has
    no known terms.
    """
    known = Licences() if licences is None else licences
    groups = _group_clips(clips, known)
    goal = _build_goal(wanted, known, use)
    if use is Use.COLLECTION:
        return _judge_collection(groups, goal)
    return _judge_adaptation(groups, goal, known)


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted: by name, as a test of an adaptation's licence, as a test of a clip's."""

    name: str | None
    sentence: str
    of_whole: Callable[[Terms], bool]
    of_clip: Callable[[Terms], bool]


def _build_goal(wanted: WantedOutcome | str | None, known: Licences, use: Use) -> Goal:
    if wanted is None:
        return Goal(None, "can be released", _allow_any, _allow_any)
    if wanted in WantedOutcome.__members__.values():
        outcome = WantedOutcome(wanted)
        test = OUTCOME_TESTS[outcome]
        return Goal(outcome.value, outcome.outcome, test, test)
    target = known.terms(wanted).licence

    def is_wanted(terms: Terms) -> bool:
        return terms.licence == target

    whole = "stands under" if use is Use.COLLECTION else "can be released under"
    return Goal(target, f"{whole} {target}", is_wanted, is_wanted)


def _allow_any(terms: Terms) -> bool:
    return True


OUTCOME_TESTS: dict[WantedOutcome, Callable[[Terms], bool]] = {
    WantedOutcome.COMMERCIAL: lambda terms: not terms.noncommercial,
    WantedOutcome.NO_SHARE_ALIKE: lambda terms: not terms.share_alike,
    WantedOutcome.DERIVATIVES: lambda terms: not terms.no_derivatives,
}


def _group_clips(clips: Iterable[ClipLicence], known: Licences) -> list[Group]:
    groups: dict[tuple[str, bool], Group] = {}
    for clip in clips:
        key = (clip.expression, clip.modified)
        group = groups.get(key)
        if group is None:
            expression = known.expression(clip.expression)
            options = known.options(clip.expression)
            group = groups[key] = Group(expression.text, options, clip.modified)
        group.clips.append(clip)
        group.seconds += clip.duration
    return sorted(groups.values(), key=lambda g: (-g.count, g.expression, g.modified))


def _judge_collection(groups: Sequence[Group], goal: Goal) -> Outbound:
    kept: list[Group] = []
    dropped: list[Group] = []
    chosen: list[Option] = []
    for group in groups:
        standing = [o for o in group.options if may_stand(o, modified=group.modified)]
        fitting = [option for option in standing if all(goal.of_clip(terms) for terms in option)]
        (kept if fitting else dropped).append(group)
        chosen.append(min(fitting or standing or group.options, key=rank_strictness))
    conflicts = tuple(
        build_blocked_conflict(group, Use.COLLECTION)
        for group in groups
        if not may_group_stand(group)
    )
    binding = [terms for option in chosen for terms in option]
    return Outbound(
        use=Use.COLLECTION,
        licence=None if conflicts else _join_expressions(groups),
        hub=name_hub_licence(binding),
        rights=_meet_rights(binding, possible=not conflicts),
        mix=_compute_mix(groups),
        conflicts=conflicts,
        drop=_plan_drop(kept, dropped, goal),
        wanted=goal.name,
    )


def _judge_adaptation(groups: Sequence[Group], goal: Goal, known: Licences) -> Outbound:
    ranked = _rank_candidates(groups, known)
    serving = [
        target for target in ranked if all(can_serve_group(target, group) for group in groups)
    ]
    reaching = [target for target in serving if goal.of_whole(target)]
    whole = next(iter(reaching or serving), None) if groups else None
    under = () if whole is None else (whole,)
    binding = [terms for group in groups for terms in _choose_option(group, whole)]
    kept, dropped = _find_fewest_dropped(groups, [t for t in ranked if goal.of_whole(t)])
    return Outbound(
        use=Use.ADAPTATION,
        licence=None if whole is None else whole.licence,
        hub=name_hub_licence(under),
        rights=_meet_rights(binding, whole=under, possible=bool(serving)),
        mix=_compute_mix(groups),
        conflicts=() if serving else find_conflicts(groups, ranked),
        drop=_plan_drop(kept, dropped, goal),
        wanted=goal.name,
    )


def _rank_candidates(groups: Sequence[Group], known: Licences) -> list[Terms]:
    """Return every licence an adaptation could have, the most permissive first.

    Among equally permissive ones those the clips already carry come first, then the table's order.
    A port to a jurisdiction is a candidate where clips carry it: whatever permits another port
    permits a later version, too.
    """
    carried = {t.licence for group in groups for option in group.options for t in option}
    candidates = [
        terms
        for terms in known.all()
        if can_carry(terms) and (not terms.jurisdiction or terms.licence in carried)
    ]
    return sorted(candidates, key=lambda t: (rank_strictness((t,)), t.licence not in carried))


def _choose_option(group: Group, whole: Terms | None) -> Option:
    serving = [o for o in group.options if whole is not None and option_permits(o, whole)]
    return min(serving or group.options, key=rank_strictness)


def _find_fewest_dropped(
    groups: Sequence[Group], targets: Sequence[Terms]
) -> tuple[list[Group], list[Group]]:
    best: tuple[tuple[int, float], list[Group], list[Group]] | None = None
    for target in targets:
        kept: list[Group] = []
        dropped: list[Group] = []
        for group in groups:
            (kept if can_serve_group(target, group) else dropped).append(group)
        loss = (sum(g.count for g in dropped), sum(g.seconds for g in dropped))
        # Strictly less: among equal losses the first, most permissive target stays.
        if best is None or loss < best[0]:
            best = (loss, kept, dropped)
    return ([], list(groups)) if best is None else (best[1], best[2])


def _meet_rights(
    binding: Sequence[Terms], *, whole: Sequence[Terms] = (), possible: bool
) -> Rights:
    every = (*binding, *whole)
    return Rights(
        commercial=possible and not any(t.noncommercial for t in every),
        derivatives=possible and not any(t.no_derivatives for t in every),
        redistribution=possible and not any(is_withheld(t) for t in every),
        share_alike=any(t.share_alike for t in every),
        attribution=any(t.attribution for t in every),
        ai_terms=min((t.ai_terms for t in binding), key=AI_ORDER.index, default=AiTerms.ALLOWED),
    )


def _compute_mix(groups: Iterable[Group]) -> tuple[LicenceShare, ...]:
    shares: dict[str, LicenceShare] = {}
    for group in groups:
        known = shares.get(group.expression, LicenceShare(group.expression, 0, 0.0))
        shares[group.expression] = LicenceShare(
            group.expression, known.clips + group.count, known.seconds + group.seconds
        )
    return tuple(sorted(shares.values(), key=lambda share: (-share.clips, share.expression)))


def _join_expressions(groups: Iterable[Group]) -> str | None:
    expressions = sorted({group.expression for group in groups})
    if not expressions:
        return None
    if len(expressions) == 1:
        return expressions[0]
    return " AND ".join(f"({text})" if " OR " in text else text for text in expressions)


def _plan_drop(kept: Sequence[Group], dropped: Sequence[Group], goal: Goal) -> DropPlan:
    clips = sorted((clip for group in dropped for clip in group.clips), key=lambda c: c.path)
    seconds = sum(group.seconds for group in dropped)
    remaining = sum(group.count for group in kept)
    if not clips:
        sentence = f"Nothing needs to be removed: this release {goal.sentence}."
    elif not remaining:
        sentence = f"No clip could stay in a release that {goal.sentence}."
    else:
        removed = f"{format_clip_count(len(clips))} ({_format_duration(seconds)})"
        sentence = f"Remove {removed} and this release {goal.sentence}."
    return DropPlan(
        clip_ids=tuple(clip.clip_id for clip in clips),
        paths=tuple(clip.path for clip in clips),
        seconds=seconds,
        shares=_compute_mix(dropped),
        remaining=remaining,
        sentence=sentence,
    )


def _format_duration(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / MINUTE:.1f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"
