"""Whether a change of who may take a dataset lets more people in, or lets them in earlier.

Before the first release nobody can take anything, and access is set freely. After it, what people
allowed was reviewed for the door that stood then: a wider one asks again, by two people. A narrower
one never has to wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# The narrowest first. Accepting terms lets everybody in who accepts; a request is answered.
WIDTHS = ("organisation", "request", "terms", "open")


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Who may take the releases of a dataset, and from when.

    `access` is one of `WIDTHS`. `auto_grant`: a rule answers complete requests. Before
    `embargo_until`, and before the moment that `embargoes` give a version (as ISO 8601 text), only
    members see into a release.
    """

    access: str
    auto_grant: bool = False
    embargo_until: datetime | None = None
    embargoes: Mapping[str, str] = field(default_factory=dict)


def name_widenings(before: AccessPolicy, after: AccessPolicy) -> list[str]:
    """Return which settings let more people in, or let them in earlier, by name."""
    found = []
    if WIDTHS.index(after.access) > WIDTHS.index(before.access):
        found.append("access")
    if after.auto_grant and not before.auto_grant:
        found.append("auto_grant")
    if _ends_earlier(before.embargo_until, after.embargo_until):
        found.append("embargo_until")
    ends = {version: datetime.fromisoformat(text) for version, text in after.embargoes.items()}
    if any(
        _ends_earlier(datetime.fromisoformat(text), ends.get(version))
        for version, text in before.embargoes.items()
    ):
        found.append("embargoes")
    return found


def _ends_earlier(before: datetime | None, after: datetime | None) -> bool:
    return before is not None and (after is None or after < before)
