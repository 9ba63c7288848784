"""What a release may be used for: its purposes, less what the licences of its clips take away."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from apps.accounts.models import Organisation
from apps.licensing.licences import load_licences
from apps.licensing.models import Terms
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.parquet_tables import read_columns
from datasets_catalog.errors import InvalidError
from datasets_catalog.licence_expressions import parse_expression
from datasets_catalog.licences import Licences, Use
from datasets_catalog.purposes import Purpose, include_implied
from datasets_catalog.usage import Taking, Usage, meet_usage


def compute_usage(release: Release, *, on: date) -> Usage:
    """Hold the declared purposes against the licences that the freeze counted, on a day.

    Those of the clips, and of an adaptation the one of the whole.

    Before a freeze no licence is counted, so that none takes anything away.
    """
    return _meet_purposes(release, map(Purpose, release.purposes), on=on)


def list_cleared_purposes(release: Release, *, on: date) -> list[str]:
    """What a release being frozen is cleared for: what its purposes contain and its licences allow.

    Kept in `Release.cleared`, so that whoever asks who may have it needs no licence.
    """
    return sorted(
        _meet_purposes(release, include_implied(map(Purpose, release.purposes)), on=on).permitted
    )


def _meet_purposes(release: Release, purposes: Iterable[Purpose], *, on: date) -> Usage:
    counted = {row["licence"] or "": row["clips"] for row in release.statistics.get("licences", ())}
    if whole := find_licence_of_adaptation(release):
        counted[whole] = release.clips
    return meet_usage(
        purposes,
        counted,
        _load_licences(counted, release.dataset.organisation),
        Taking(on, frozenset(release.territories)),
    )


def find_licence_of_adaptation(release: Release) -> str | None:
    """Return the one licence under which all clips go out; None where each keeps its own."""
    return release.licence or None if release.use == Use.ADAPTATION else None


def _load_licences(expressions: Iterable[str], organisation: Organisation) -> Licences:
    """Read own terms only where a licence is not packaged: pages ask this of every release."""
    packaged = Licences()
    try:
        options = [option for text in expressions for option in packaged.options(text)]
    except InvalidError:
        return load_licences(organisation)
    settled = not any(terms.needs_human for option in options for terms in option)
    return packaged if settled else load_licences(organisation)


def find_licences_end(release: Release) -> datetime | None:
    """Return the first moment from which own terms of the release no longer allow what they did.

    The day after their last one begins then, in UTC. None: its licences have no end.
    """
    rows = Terms.objects.filter(organisation=release.dataset.organisation, expires_on__isnull=False)
    named = rows.filter(licence__in=_name_licences(release))
    for last in sorted(day for day in named.values_list("expires_on", flat=True) if day):
        after = last + timedelta(days=1)
        before = compute_usage(release, on=last).permitted
        if set(compute_usage(release, on=after).permitted) < set(before):
            return datetime.combine(after, time.min, UTC)
    return None


def list_clips_of_ended_terms(release: Release, *, on: date) -> Iterator[tuple[UUID, str]]:
    """Yield uid and path of the released clips whose own terms ended before a day."""
    ended = Terms.objects.filter(
        organisation=release.dataset.organisation,
        licence__in=_name_licences(release),
        expires_on__lt=on,
    )
    gone, whole = set(ended.values_list("licence", flat=True)), find_licence_of_adaptation(release)
    if not gone or release.clips_table is None:
        return
    with open_local_copy(release.clips_table) as table:
        for uid, path, licence in read_columns(table, ("clip_id", "path", "licence")):
            options = parse_expression(licence).alternatives
            if whole in gone or all(gone & set(option) for option in options):
                yield UUID(uid), path


def _name_licences(release: Release) -> set[str]:
    expressions = [row["licence"] for row in release.statistics.get("licences", ())]
    expressions.append(find_licence_of_adaptation(release))
    return {licence for text in expressions if text for licence in parse_expression(text).licences}
