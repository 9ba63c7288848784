"""The settings of a dataset that are bars, and whether a change lowers one.

A bar says what has to be looked for, asked or checked before something is released or given.
Raising one is free and holds at once. What was looked at under a higher one must not be let go by
whoever it hinders: lowering asks a privacy reviewer, or a rights reviewer where licences are held
to less (`find_decider`). A dataset without any clip has nothing to let go, and is set freely.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from datasets_catalog.errors import InvalidError
from datasets_catalog.privacy_profiles import STRICTEST
from datasets_catalog.roles import Permission
from datasets_catalog.split_policies import describe_loosening, parse_policy

Lowers = Callable[[Any, Any], bool]


def _is_less_suspicious(before: str, after: str) -> bool:
    return after not in {before, STRICTEST}


def _is_less(before: float, after: float) -> bool:
    return after < before


def _is_more(before: float, after: float) -> bool:
    return after > before


def _is_another(before: str, after: str) -> bool:
    return after != before


def _is_another_than_stated(before: str | None, after: str | None) -> bool:
    return bool(before) and after != before


def _lasts_longer(before: int | None, after: int | None) -> bool:
    """Whether a number of days, of which none and 0 are without end, becomes larger."""
    return bool(before) and (not after or after > (before or 0))


def _has_fewer_columns(before: list[str], after: list[str]) -> bool:
    return not set(before) <= set(after)


def _drops_a_question(before: list[Any], after: list[Any]) -> bool:
    """Whether a required question is gone, optional, or another one; its help may change."""
    kept = [_strip_help(field) for field in after]
    return any(field["required"] and _strip_help(field) not in kept for field in before)


def _strip_help(field: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in field.items() if name != "help"}


def _asks_less_of_splits(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    return bool(describe_loosening(parse_policy(before), parse_policy(after)))


# What takes a bar's value before and after, and says whether that is lower.
BARS: Mapping[str, Lowers] = {
    "privacy_profile": _is_less_suspicious,
    "verified_share": _is_less,
    "quasi_identifiers": _has_fewer_columns,
    "fewest_alike": _is_less,
    "evidence_required": _is_less,
    # The longer, the longer others answer for somebody who is of age.
    "guardian_notice_days": _is_more,
    "request_fields": _drops_a_question,
    "split_policy": _asks_less_of_splits,
    # Licences that conflict in an adaptation stand beside each other in a collection, and what a
    # collection cannot reach an adaptation may: neither asks more.
    "use": _is_another,
    "wanted_licence": _is_another_than_stated,
    # What is no term of the one may be a term of the other.
    "vocabulary": _is_another_than_stated,
    "grant_days": _lasts_longer,
}
# Decided on by who answers for rights; all others by who answers for privacy.
RIGHTS_BARS = frozenset({"use", "wanted_licence"})
REVIEWERS = {
    Permission.FINDING_DECIDE: "privacy reviewer",
    Permission.RIGHTS_REVIEW: "rights reviewer",
}
TITLES = {
    "privacy_profile": "Privacy profile",
    "verified_share": "Verified share",
    "quasi_identifiers": "Columns that together may single out a person",
    "fewest_alike": "People who have to share them",
    "evidence_required": "Evidence of every consent",
    "guardian_notice_days": "Days that a guardian answers after majority",
    "request_fields": "Required questions of a request",
    "split_policy": "What splits mean",
    "use": "Use",
    "wanted_licence": "Wanted licence",
    "vocabulary": "Vocabulary",
    "grant_days": "Days that access lasts",
}


def name_lowered(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the bars that are lower after than before, by name; both hold every bar's value."""
    return [name for name, lowers in BARS.items() if lowers(before[name], after[name])]


def find_decider(bars: Iterable[str]) -> Permission:
    """Return what whoever decides on lowering these must be permitted.

    Raises InvalidError for bars that different reviewers decide on.
    """
    named = set(bars)
    of_rights = sorted(named & RIGHTS_BARS)
    if not of_rights:
        return Permission.FINDING_DECIDE
    if others := sorted(named - RIGHTS_BARS):
        raise InvalidError(
            f"A rights reviewer decides on {', '.join(of_rights)}, a privacy reviewer on"
            f" {', '.join(others)}: ask for one, and for the other when that is decided."
        )
    return Permission.RIGHTS_REVIEW
