"""What a release may be used for: the purposes it declares, less what its licences take away.

A licence is held against a purpose by what it says itself and nothing more. It takes a purpose
away where it forbids commercial use, forbids training, forbids passing on, names a field of use
that does not hold the purpose, has ended, or does not reach everywhere the release goes. Where an
expression offers a choice, whoever takes the clip may choose anew for each purpose. Whether
training makes an adaptation is not settled, so that no-derivatives takes no purpose away.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from datasets_catalog.card_text import format_clip_count
from datasets_catalog.compatibility import Option
from datasets_catalog.errors import InvalidError
from datasets_catalog.licence_terms import AiTerms, Terms
from datasets_catalog.licences import Licences
from datasets_catalog.purposes import TERMS, Purpose, PurposeGroup, include_implied
from datasets_catalog.territories import EVERYWHERE, is_within

COMMERCIAL = frozenset({Purpose.RESEARCH_COMMERCIAL})
TRAINING_PURPOSES = frozenset(
    {Purpose.TRAIN_DISCRIMINATIVE, Purpose.TRAIN_GENERATIVE, Purpose.TRAIN_VOICE_SYNTHESIS}
)
PASSING_ON_PURPOSES = frozenset(
    {
        Purpose.PUBLISH_OPEN,
        Purpose.PUBLISH_GATED,
        Purpose.SHARE_RAW_AUDIO,
        Purpose.PREVIEW_PUBLIC_CLIP,
        Purpose.REDISTRIBUTE_LICENSEE,
    }
)


@dataclass(frozen=True, slots=True)
class Taking:
    """When and where a release is taken; no territory means everywhere."""

    on: date
    territories: frozenset[str] = EVERYWHERE


@dataclass(frozen=True, slots=True)
class RefusedPurpose:
    """A declared purpose that the clips under one expression do not allow, and why."""

    purpose: Purpose
    expression: str
    clips: int
    why: str

    @property
    def sentence(self) -> str:
        title = TERMS[self.purpose].title
        return f"{title}: {self.expression} ({format_clip_count(self.clips)}) {self.why}."


@dataclass(frozen=True, slots=True)
class Usage:
    """The purposes a release declares, those of them that its licences allow, and what they took.

    Purposes stand in the order in which `Purpose` names them.
    """

    declared: tuple[Purpose, ...]
    permitted: tuple[Purpose, ...]
    taken: tuple[RefusedPurpose, ...] = ()


def meet_usage(
    declared: Iterable[Purpose],
    clips: Mapping[str, int],
    licences: Licences,
    taking: Taking,
) -> Usage:
    """Return what consent and licences allow together.

    `declared` are the purposes to which consent was held; `clips` counts them by licence
    expression. A licence that cannot be read allows nothing.
    """
    wanted = frozenset(declared)
    purposes = tuple(purpose for purpose in Purpose if purpose in wanted)
    taken = tuple(
        RefusedPurpose(purpose, expression, count, why)
        for purpose in purposes
        for expression, count in sorted(clips.items(), key=lambda each: (-each[1], each[0]))
        if (why := _find_expression_refusal(expression, purpose, licences, taking)) is not None
    )
    lost = {each.purpose for each in taken}
    return Usage(purposes, tuple(p for p in purposes if p not in lost), taken)


def _find_expression_refusal(
    expression: str, purpose: Purpose, licences: Licences, taking: Taking
) -> str | None:
    if TERMS[purpose].group is PurposeGroup.CONTACT:
        return None
    try:
        options = licences.options(expression)
    except InvalidError:
        return "is no licence with terms on record"
    return find_refusal(options, purpose, taking)


def find_refusal(options: Sequence[Option], purpose: Purpose, taking: Taking) -> str | None:
    """Say why no alternative of an expression allows a purpose; None if one does.

    The reason is that of the first alternative, as words that follow `the licence`.
    """
    reasons = [_find_option_refusal(option, purpose, taking) for option in options]
    return None if None in reasons else reasons[0]


def _find_option_refusal(option: Option, purpose: Purpose, taking: Taking) -> str | None:
    reasons = (_find_terms_refusal(terms, purpose, taking) for terms in option)
    return next((reason for reason in reasons if reason is not None), None)


def _find_terms_refusal(terms: Terms, purpose: Purpose, taking: Taking) -> str | None:
    if TERMS[purpose].group is PurposeGroup.CONTACT:
        return None
    return next((why for applies, why in _list_grounds(terms, purpose, taking) if applies), None)


def _list_grounds(terms: Terms, purpose: Purpose, taking: Taking) -> Iterator[tuple[bool, str]]:
    """Yield each ground on which a licence may refuse, and whether it does."""
    yield terms.needs_human, "waits for a person to record what it allows"
    ended = terms.expires_on is not None and terms.expires_on < taking.on
    yield ended, f"ended on {terms.expires_on}"
    reaches = is_within(taking.territories, terms.territories)
    yield not reaches, f"reaches {', '.join(sorted(terms.territories))} only"
    yield purpose in COMMERCIAL and terms.noncommercial, "forbids commercial use"
    forbids_training = terms.ai_terms is AiTerms.FORBIDDEN
    yield purpose in TRAINING_PURPOSES and forbids_training, "forbids training models"
    yield purpose in PASSING_ON_PURPOSES and not terms.redistribution, "forbids passing it on"
    field = _expand_field(terms.field_of_use, TERMS[purpose].group)
    yield purpose not in field, "names a field of use without it"


@cache
def _expand_field(named: tuple[Purpose, ...], group: PurposeGroup) -> frozenset[Purpose]:
    """Return the purposes of a group that a field of use holds; one that names none holds all."""
    of_group = {purpose for purpose in named if TERMS[purpose].group is group}
    return include_implied(of_group) if of_group else frozenset(Purpose)
