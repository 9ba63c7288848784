"""What the draft could go out as: under which licence, and for which purposes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.consent.ledger import consents_of, people_in
from apps.datasets.models import Clip, Dataset
from apps.licensing.licences import licences_of
from apps.privacy.access import of_current_content
from apps.privacy.models import Decision, Finding
from datasets_catalog.consent import ClipPeople, Coverage, coverage
from datasets_catalog.errors import InvalidError
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licences import Licences, Use
from datasets_catalog.outbound import Outbound, outbound
from datasets_catalog.purposes import Purpose


@dataclass(frozen=True, slots=True)
class LicenceOutlook:
    """The licence of the whole; clips whose own licence says nothing known are left out of it."""

    outbound: Outbound
    unreadable: tuple[str, ...]


def licence_outlook(
    dataset: Dataset, *, use: Use | None = None, wanted: str | None = None
) -> LicenceOutlook:
    """Say under which licence the draft's clips can go out together, and what to drop if not.

    `wanted` is an outcome (`commercial`, `no_share_alike`, `derivatives`) or the id of a licence;
    without it the one in the dataset's settings. Raises UnknownLicenceError.
    """
    known = licences_of(dataset.organisation)
    clips: list[ClipLicence] = []
    unreadable: list[str] = []
    readable: dict[str, bool] = {}
    for clip in _licensed(dataset):
        if clip.expression not in readable:
            readable[clip.expression] = _is_known(known, clip.expression)
        if readable[clip.expression]:
            clips.append(clip)
        else:
            unreadable.append(clip.path)
    goal = dataset.wanted_licence if wanted is None else wanted
    found = outbound(clips, use or Use(dataset.use), goal or None, licences=known)
    return LicenceOutlook(found, tuple(unreadable))


def consent_outlook(dataset: Dataset, *, purposes: Sequence[Purpose], at: datetime) -> Coverage:
    """Say how far the consents on record cover the draft for all these purposes at a date."""
    people = list(_people(dataset))
    codes = {code for clip in people for code in clip.contributors}
    return coverage(people, consents_of(dataset.organisation, codes), purposes, at)


def _active(dataset: Dataset) -> Iterator[tuple[int, str, str, float, str, int | None]]:
    rows = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("path")
    columns = rows.values_list("pk", "uid", "path", "duration", "licence", "original_id")
    for pk, uid, path, duration, licence, original in columns.iterator(chunk_size=5000):
        yield pk, str(uid), path, duration, licence, original


def _licensed(dataset: Dataset) -> Iterator[ClipLicence]:
    for _, uid, path, duration, licence, original in _active(dataset):
        yield ClipLicence(uid, path, licence, duration, original is not None)


def _people(dataset: Dataset) -> Iterator[ClipPeople]:
    people = people_in(dataset)
    seen = of_current_content(Finding.objects.filter(clip__dataset=dataset)).filter(
        decision__verdict=Decision.Verdict.CLEAR, decision__identifiable=True
    )
    identifiable = set(seen.values_list("clip_id", flat=True))
    for pk, uid, path, duration, *_ in _active(dataset):
        yield ClipPeople(uid, path, people.get(pk, ()), duration, pk in identifiable)


def _is_known(licences: Licences, expression: str) -> bool:
    try:
        licences.options(expression)
    except InvalidError:
        return False
    return True
