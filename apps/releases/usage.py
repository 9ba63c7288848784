"""What a release may be used for: its purposes, less what the licences of its clips take away."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from apps.accounts.models import Organisation
from apps.licensing.licences import licences_of
from apps.licensing.models import Terms
from apps.releases.models import Release
from datasets_catalog.errors import InvalidError
from datasets_catalog.licence_expressions import parse_expression
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


def licences_end(release: Release, *, at: datetime) -> datetime | None:
    """Return the first moment from which a licence takes away what it allows at `at`.

    That is when own terms end: the day after their last one begins, in UTC. None if that never
    comes, or if nothing is allowed now.
    """
    now = usage_of(release, on=at.date()).permitted
    named = _named(release)
    rows = Terms.objects.filter(organisation=release.dataset.organisation, licence__in=named)
    ends = rows.filter(expires_on__gte=at.date()).values_list("expires_on", flat=True)
    for day in sorted({end + timedelta(days=1) for end in ends if end is not None}):
        if set(usage_of(release, on=day).permitted) < set(now):
            return datetime.combine(day, time.min, UTC)
    return None


def _named(release: Release) -> set[str]:
    expressions = (row["licence"] for row in release.statistics.get("licences", ()))
    return {licence for text in expressions if text for licence in parse_expression(text).licences}
