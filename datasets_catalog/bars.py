"""The settings of a dataset that are bars, and whether a change lowers one.

A bar says what has to be looked for, asked or checked before something is released or given.
Raising one is free and holds at once. What was looked at under a higher one must not be let go by
whoever it hinders: lowering asks a privacy reviewer. A dataset without any clip has nothing to let
go, and is set freely.
"""

from collections.abc import Callable, Mapping
from typing import Any

from datasets_catalog.privacy_profiles import STRICTEST
from datasets_catalog.split_policies import describe_loosening, parse_policy

Lowers = Callable[[Any, Any], bool]


def _is_less_suspicious(before: str, after: str) -> bool:
    return after not in {before, STRICTEST}


def _is_less(before: float, after: float) -> bool:
    return after < before


def _is_more(before: float, after: float) -> bool:
    return after > before


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
}


def name_lowered(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the bars that are lower after than before, by name; both hold every bar's value."""
    return [name for name, lowers in BARS.items() if lowers(before[name], after[name])]
