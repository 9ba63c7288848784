"""What a release may be used for: its purposes, less what the licences of its clips take away."""

from collections.abc import Iterable
from datetime import date

from apps.accounts.models import Organisation
from apps.licensing.licences import licences_of
from apps.releases.models import Release
from datasets_catalog.errors import InvalidError
from datasets_catalog.licences import Licences
from datasets_catalog.purposes import Purpose
from datasets_catalog.usage import Taking, Usage, meet_usage


def usage_of(release: Release, *, on: date) -> Usage:
    """Hold the declared purposes against the licences that the freeze counted, on a day.

    Before a freeze no licence is counted, so that none takes anything away.
    """
    counted = {row["licence"] or "": row["clips"] for row in release.statistics.get("licences", ())}
    return meet_usage(
        map(Purpose, release.purposes),
        counted,
        _licences(counted, release.dataset.organisation),
        Taking(on, frozenset(release.territories)),
    )


def _licences(expressions: Iterable[str], organisation: Organisation) -> Licences:
    """Read own terms only where a licence is not packaged: pages ask this of every release."""
    packaged = Licences()
    try:
        options = [option for text in expressions for option in packaged.options(text)]
    except InvalidError:
        return licences_of(organisation)
    settled = not any(terms.needs_human for option in options for terms in option)
    return packaged if settled else licences_of(organisation)
