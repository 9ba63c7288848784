"""What the draft could go out as: under which licence, and for which purposes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from apps.consent.ledger import load_consents, load_people
from apps.datasets.models import Clip, Dataset
from apps.licensing.licences import load_licences
from apps.releases.clip_licences import list_licensed_clips
from apps.review.people_heard import PeopleHeard
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import Coverage, compute_coverage
from datasets_catalog.errors import InvalidError
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licences import Licences, Use
from datasets_catalog.outbound import Outbound, find_outbound_licence
from datasets_catalog.purposes import TERMS, Purpose, PurposeGroup
from datasets_catalog.usage import Taking, Usage, meet_usage

# Licences have nothing to say of keeping in touch.
ASKED_PURPOSES = tuple(each for each in Purpose if TERMS[each].group is not PurposeGroup.CONTACT)


@dataclass(frozen=True, slots=True)
class LicenceForecast:
    """The licence of the whole; clips whose own licence says nothing known are left out of it.

    `usage` holds the licences of all clips, and of an adaptation the one of the whole, against
    every purpose, today and everywhere.
    """

    outbound: Outbound
    unreadable: tuple[str, ...]
    usage: Usage


def forecast_licence(
    dataset: Dataset, *, use: Use | None = None, wanted: str | None = None
) -> LicenceForecast:
    """Say under which licence the draft's clips can go out together, and what to drop if not.

    `wanted` is an outcome (`commercial`, `no_share_alike`, `derivatives`) or the id of a licence;
    without it the one in the dataset's settings. Raises UnknownLicenceError.
    """
    known = load_licences(dataset.organisation)
    clips: list[ClipLicence] = []
    unreadable: list[str] = []
    readable: dict[str, bool] = {}
    for clip in list_licensed_clips(dataset):
        if clip.expression not in readable:
            readable[clip.expression] = _is_known(known, clip.expression)
        if readable[clip.expression]:
            clips.append(clip)
        else:
            unreadable.append(clip.path)
    goal = dataset.wanted_licence if wanted is None else wanted
    found = find_outbound_licence(clips, use or Use(dataset.use), goal or None, licences=known)
    counted = Counter(clip.expression for clip in clips)
    if found.use is Use.ADAPTATION and found.licence:
        counted[found.licence] = len(clips)
    usage = meet_usage(ASKED_PURPOSES, counted, known, Taking(timezone.now().date()))
    return LicenceForecast(found, tuple(unreadable), usage)


def forecast_consent(dataset: Dataset, *, purposes: Sequence[Purpose], at: datetime) -> Coverage:
    """Say how far the consents on record cover the draft for all these purposes at a date."""
    people = list(_list_people(dataset))
    codes = {code for clip in people for code in clip.contributors}
    consents = load_consents(dataset, codes)
    return compute_coverage(people, consents, purposes, at, dataset=dataset.full_name)


def _list_people(dataset: Dataset) -> Iterator[ClipPeople]:
    people, heard = load_people(dataset), PeopleHeard(dataset)
    columns = ("pk", "uid", "path", "duration", "recording__name", "blob__sha256", "cells_sha256")
    for pk, uid, path, duration, cut_from, *contents in (
        Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE)
        .order_by("path")
        .values_list(*columns)
        .iterator(chunk_size=5000)
    ):
        recorded = ClipPeople(
            str(uid), path, people.get(pk, ()), duration, recording=cut_from or ""
        )
        yield heard.complete(recorded, clip=pk, contents=(contents[0], contents[1]))


def _is_known(licences: Licences, expression: str) -> bool:
    try:
        licences.options(expression)
    except InvalidError:
        return False
    return True
