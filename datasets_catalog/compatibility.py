"""Which licences go together, one pair at a time."""

from enum import StrEnum

from datasets_catalog.licence_terms import Terms

Option = tuple[Terms, ...]


class Refusal(StrEnum):
    """Why an adaptation of something under one licence may not go out under another."""

    CLOSED = "closed"
    CARRIES_NOTHING = "carries_nothing"
    SHARE_ALIKE = "share_alike"
    NAMED_ONLY = "named_only"
    NONCOMMERCIAL = "noncommercial"
    ATTRIBUTION = "attribution"
    NO_FURTHER_TERMS = "no_further_terms"
    OLDER = "older"


def permits_adaptation(source: Terms, target: Terms) -> bool:
    """Say whether an adaptation of something under `source` may go out under `target`."""
    return find_refusal(source, target) is None


def find_refusal(source: Terms, target: Terms) -> Refusal | None:
    """Say why an adaptation of something under `source` may not go out under `target`; or None."""
    if is_closed(source):
        return Refusal.CLOSED
    if not can_carry(target):
        return Refusal.CARRIES_NOTHING
    if source.licence == target.licence or target.licence in source.compatible:
        return None
    if source.share_alike:
        return Refusal.SHARE_ALIKE
    if source.named_only:
        return Refusal.NAMED_ONLY
    return _find_lost_condition(source, target)


def is_closed(terms: Terms) -> bool:
    """Say whether nothing may be made from the sound: it says so, or nobody can tell."""
    return terms.no_derivatives or terms.database_only or is_withheld(terms)


def is_withheld(terms: Terms) -> bool:
    return terms.needs_human or not terms.redistribution


def can_carry(terms: Terms) -> bool:
    """Say whether new work can be put under it: it is a licence, of sound, and known."""
    return not (terms.mark or terms.database_only or is_withheld(terms))


def _find_lost_condition(source: Terms, target: Terms) -> Refusal | None:
    """Say which condition of `source` would not hold under `target`; None where all would."""
    if source.noncommercial and not target.noncommercial:
        return Refusal.NONCOMMERCIAL
    if source.attribution and not target.attribution:
        return Refusal.ATTRIBUTION
    if target.no_further_terms and (source.attribution or source.noncommercial):
        return Refusal.NO_FURTHER_TERMS
    return Refusal.OLDER if _is_older(target, source) else None


def _is_older(terms: Terms, than: Terms) -> bool:
    same_suite = terms.suite is not None and terms.suite == than.suite
    return same_suite and _parse_number(terms.version) < _parse_number(than.version)


def _parse_number(version: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (version or "0").split("."))


def may_stand(option: Option, *, modified: bool) -> bool:
    """Say whether a clip under this option may be part of a collection."""
    if all(terms.database_only for terms in option):
        return False
    return not any(is_withheld(t) or (modified and t.no_derivatives) for t in option)


def rank_strictness(option: Option) -> tuple[bool, bool, bool, bool, bool]:
    """Order options by how much they take away; the smallest is the most permissive."""
    return (
        any(is_withheld(t) for t in option) or all(t.database_only for t in option),
        any(t.noncommercial for t in option),
        any(t.no_derivatives for t in option),
        any(t.share_alike for t in option),
        any(t.attribution for t in option),
    )


def option_permits(option: Option, target: Terms) -> bool:
    return all(permits_adaptation(terms, target) for terms in option)
