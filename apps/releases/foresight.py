"""Which releases that were given out a reviewer's word would close, said before it is spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from apps.datasets.models import Clip
from apps.detection.models import Finding
from apps.releases.lapses import find_lapse_start, list_releases_with
from apps.releases.models import Release


@dataclass(frozen=True, slots=True)
class Foresight:
    """Releases that are open to readers now and would not be, by what would be said."""

    by_exclusion: tuple[Release, ...] = ()
    by_redaction: tuple[Release, ...] = ()
    by_count: tuple[Release, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """One for each that would close something; none where nothing would."""
        said = {
            "Excluding this": self.by_exclusion,
            "Redacting this": self.by_redaction,
            "A count of more people than are recorded": self.by_count,
        }
        if self.by_redaction == self.by_exclusion:
            del said["Redacting this"]
            said = {"Excluding or redacting this": said.pop("Excluding this"), **said}
        return [
            f"{deed} closes {_name_releases(rows)} to readers."
            for deed, rows in said.items()
            if rows
        ]


def foresee_closures(findings: Sequence[Finding]) -> Foresight:
    """What decisions on these findings of one dataset would close; a clearance closes nothing."""
    if not findings:
        return Foresight()
    rows = Finding.objects.filter(pk__in=[finding.pk for finding in findings])
    dataset = findings[0].clip.dataset
    contents = set(rows.values_list("content_sha256", flat=True))
    sounding = set(rows.exclude(onset=None).values_list("content_sha256", flat=True))
    of_texts = rows.filter(content_sha256=F("clip__cells_sha256"))
    present = of_texts.values_list("clip__blob__sha256", "clip__original__sha256")
    by_texts = {content for pair in present for content in pair if content}
    own = [
        row
        for row in _list_open_releases(dataset.organisation_id, contents)
        if row.dataset_id == dataset.pk
    ]
    texts = [
        row
        for row in _list_open_releases(dataset.organisation_id, by_texts)
        if row.dataset_id == dataset.pk
    ]
    everywhere = _list_open_releases(dataset.organisation_id, contents)
    heard = _list_open_releases(dataset.organisation_id, sounding)
    return Foresight(
        by_exclusion=_drop_repeated([*everywhere, *texts]),
        by_redaction=_drop_repeated([*own, *heard]),
    )


def foresee_count(clip: Clip) -> tuple[Release, ...]:
    """What a count of more people than are recorded in the clip's bytes would close."""
    return _drop_repeated(_list_open_releases(clip.dataset.organisation_id, {clip.blob.sha256}))


def _list_open_releases(organisation: int, contents: set[str]) -> list[Release]:
    rows = list_releases_with(organisation, contents) if contents else []
    return [row for row in rows if find_lapse_start(row) is None]


def _drop_repeated(releases: Sequence[Release]) -> tuple[Release, ...]:
    return tuple({row.pk: row for row in sorted(releases, key=lambda row: row.pk)}.values())


def _name_releases(releases: Sequence[Release]) -> str:
    *first, last = map(str, releases)
    return f"{', '.join(first)} and {last}" if first else last
