"""The numbers that pages show, each from one or two grouped queries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone

from apps.consent.ledger import load_consents, load_people, load_recording_names
from apps.datasets.label_queries import select_standing_events, select_standing_weak_labels
from apps.datasets.models import Clip, Dataset
from apps.doors.web.components import Bar
from apps.doors.web.templatetags.web_components import length_of
from apps.releases.models import Release
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import PeopleCoverage, Plan
from datasets_catalog.labels import Presence
from datasets_catalog.ledger import Ledger
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState

TOP_LABELS = 12


@dataclass(frozen=True)
class Card:
    """A dataset in a list, with its newest release that was given out."""

    dataset: Dataset
    release: Release | None


@dataclass(frozen=True)
class DraftFigures:
    """What the draft holds; clips that were excluded or removed are counted apart."""

    clips: int
    excluded: int
    seconds: float
    size: int
    licences: Sequence[Bar]
    splits: Sequence[Bar]
    labels: Sequence[Bar]


@dataclass(frozen=True)
class PurposeCoverage:
    """How many of the clips with people in them may be used for a purpose today."""

    purpose: Purpose
    title: str
    covered: int
    needing: int

    @property
    def share(self) -> float:
        return self.covered / self.needing if self.needing else 1.0


@dataclass(frozen=True)
class ConsentFigures:
    people: int
    clips_with_people: int
    purposes: Sequence[PurposeCoverage]


def find_newest_releases(datasets: Sequence[Dataset]) -> list[Card]:
    """One query: each dataset with its newest release, withdrawn ones left out."""
    states = PUBLIC_STATES - {ReleaseState.WITHDRAWN}
    rows = Release.objects.filter(dataset__in=datasets, state__in=states).order_by("order")
    found = list(rows.defer("statistics"))
    # The last one stands: published after deprecated, newer after older, as at every door.
    found.sort(key=lambda row: row.state == ReleaseState.PUBLISHED)
    newest = {row.dataset_id: row for row in found}
    for dataset in datasets:
        if dataset.pk in newest:
            # What is known already is not asked again for each of them.
            newest[dataset.pk].dataset = dataset
    return [Card(dataset, newest.get(dataset.pk)) for dataset in datasets]


def count_facets(rows: QuerySet[Dataset]) -> list[tuple[str, int]]:
    counted = rows.order_by().values("vertical").annotate(count=Count("pk"))
    return sorted((row["vertical"], row["count"]) for row in counted)


def compute_draft_figures(dataset: Dataset) -> DraftFigures:
    """Two grouped queries over the draft's clips and events."""
    groups = (
        Clip.objects.filter(dataset=dataset)
        .order_by()
        .values("state", "licence", "split")
        .annotate(count=Count("pk"), seconds=Sum("duration"), size=Sum("blob__size"))
    )
    active = [group for group in groups if group["state"] == Clip.State.ACTIVE]
    licences: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    for group in active:
        licences[group["licence"]] += group["count"]
        splits[group["split"]] += group["count"]
    clips = sum(licences.values())
    return DraftFigures(
        clips=clips,
        excluded=sum(g["count"] for g in groups if g["state"] == Clip.State.EXCLUDED),
        seconds=sum(group["seconds"] for group in active),
        size=sum(group["size"] for group in active),
        licences=_build_count_bars(licences, clips, "no licence"),
        splits=_build_count_bars(splits, clips, "no split"),
        labels=build_label_bars(dataset, TOP_LABELS),
    )


def build_label_bars(dataset: Dataset, limit: int | None = None) -> list[Bar]:
    """Labelled time by label, the longest first; what is known to be absent is not counted."""
    rows = (
        select_standing_events(dataset)
        .filter(presence=Presence.YES)
        .order_by()
        .values("label")
        .annotate(seconds=Sum(F("offset") - F("onset")), count=Count("pk"))
        .order_by("-seconds", "label")[:limit]
    )
    return build_time_bars((row["label"], row["seconds"]) for row in rows)


def build_weak_label_bars(dataset: Dataset) -> list[Bar]:
    """Clips by weak label, the most frequent first; a label known to be absent is not counted."""
    rows = (
        select_standing_weak_labels(dataset)
        .filter(presence=Presence.YES)
        .order_by()
        .values_list("label")
        .annotate(clips=Count("clip", distinct=True))
        .order_by("-clips", "label")
    )
    found = list(rows)
    most = max((count for _, count in found), default=0)
    return [Bar(label, f"{count:,}", count / most) for label, count in found]


def build_time_bars(labels: Iterable[tuple[str, float]]) -> list[Bar]:
    found = list(labels)
    longest = max((seconds for _, seconds in found), default=0.0)
    return [Bar(label, length_of(seconds), seconds / longest) for label, seconds in found]


def compute_consent_figures(dataset: Dataset) -> ConsentFigures:
    """Coverage of the draft, purpose by purpose, as of now.

    Reads who is in each clip (a row per person and clip) and the consents of those people.
    """
    people, recordings = load_people(dataset), load_recording_names(dataset)
    codes = {code for crowd in people.values() for code in crowd}
    plan = Plan((), dataset=dataset.full_name)
    asked = PeopleCoverage(Ledger(load_consents(dataset, codes)), plan, timezone.now())
    groups = Counter((crowd, recordings.get(clip, "")) for clip, crowd in people.items())
    covered: Counter[Purpose] = Counter()
    for (crowd, recording), clips in groups.items():
        for purpose in asked.scope(ClipPeople("", "", crowd, 0.0, recording=recording)):
            covered[purpose] += clips
    needing = len(people)
    rows = [PurposeCoverage(p, TERMS[p].title, covered[p], needing) for p in Purpose]
    return ConsentFigures(len(codes), needing, rows)


def _build_count_bars(counts: Counter[str], total: int, none: str) -> list[Bar]:
    return [
        Bar(name or none, f"{count:,}", count / total, bad=not name and none == "no licence")
        for name, count in counts.most_common()
    ]
