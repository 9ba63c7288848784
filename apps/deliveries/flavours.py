"""The clips of a release in another form: rate, channels, container; made by the worker, once.

What was made is kept as a blob of the dataset, found by the blob that it was made of: two
releases that hold the same clip share it, and it goes when the clip goes.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.audio.conversion import ConvertedSound, convert_sound, list_tool_versions
from apps.deliveries.errors import FlavourInvalidError, FlavourQueueFullError
from apps.deliveries.models import Flavour, FlavourFile
from apps.deliveries.selections import Chosen, Selection, find_chosen_rows
from apps.jobs.access import list_visible_jobs
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.packaging.kept_snapshots import Progress
from apps.releases.diff import require_frozen_table
from apps.releases.models import Release
from apps.storage.blobs import destroy_blob, open_local_copy, put_each, refuse_destroyed
from apps.storage.models import Blob
from apps.storage.parquet_tables import read_columns
from apps.storage.table_queries import open_tables
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.errors import EarmarkError

MAKE = "publishing.make_flavour"
RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
CONTAINERS = ("flac", "wav")
NAME = re.compile(r"(own|\d{4,5})-(mono|all)-(flac|wav)")
AT_ONCE = 100
LOOKED_UP_AT_ONCE = 5000
# Jobs that wait or run: of one person, and of everybody.
QUEUE_OF_ONE = 2
QUEUE_OF_ALL = 16


@dataclass(frozen=True, slots=True)
class Spec:
    """What a flavour is asked for; `sample_rate` in hertz, None for each clip's own."""

    sample_rate: int | None
    mono: bool
    container: str

    @classmethod
    def parse_name(cls, name: str) -> Spec:
        """Read `16000-mono-flac` or `own-all-wav`; raises FlavourInvalidError."""
        found = NAME.fullmatch(name)
        if found is None or (found[1] != "own" and int(found[1]) not in RATES):
            raise FlavourInvalidError(
                f"{name!r} is no flavour. Write RATE-CHANNELS-CONTAINER: a rate of"
                f" {', '.join(map(str, RATES))} or own; mono or all; flac or wav. For example"
                " 16000-mono-flac.",
                field="flavour",
            )
        return cls(None if found[1] == "own" else int(found[1]), found[2] == "mono", found[3])

    @property
    def name(self) -> str:
        return f"{self.sample_rate or 'own'}-{'mono' if self.mono else 'all'}-{self.container}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sample_rate": self.sample_rate,
            "channels": "mono" if self.mono else "all",
            "container": self.container,
            "bits": 16,
        }


def ensure_flavour(spec: Spec) -> Flavour:
    """The row of the flavour as the tools of this moment make it."""
    versions = list_tool_versions()
    key = hashlib.sha256(to_canonical_json({"spec": spec.as_json(), "tools": versions})).hexdigest()
    row, _ = Flavour.objects.get_or_create(
        key=key,
        defaults={
            "name": spec.name,
            "sample_rate": spec.sample_rate,
            "mono": spec.mono,
            "container": spec.container,
            "tools": versions,
        },
    )
    return row


@dataclass(frozen=True, slots=True)
class FlavourState:
    """How far a flavour of a release is: different sounds made, and of how many; its last job."""

    flavour: Flavour
    ready: int
    of: int
    job: Job | None

    @property
    def is_whole(self) -> bool:
        return self.ready >= self.of


def list_flavour_states(release: Release, user: Principal) -> list[FlavourState]:
    """The flavours that today's tools made of the release, or are asked to; by name.

    The job is the last one that this user may see.
    """
    jobs = (
        list_visible_jobs(user).filter(kind=MAKE, subject=str(release)).select_related("created_by")
    )
    last = {job.arguments["flavour"]: job for job in jobs.order_by("pk")}
    made = FlavourFile.objects.filter(source__held_by__release=release, blob__destroyed_at=None)
    counted = Counter(dict(made.values_list("flavour").annotate(Count("pk")).order_by()))
    rows = Flavour.objects.filter(Q(pk__in=counted) | Q(name__in=last), tools=list_tool_versions())
    of = _count_sounds(release) if rows else 0
    return [
        FlavourState(row, counted[row.pk], of, last.get(row.name)) for row in rows.order_by("name")
    ]


def _count_sounds(release: Release) -> int:
    with (
        open_local_copy(require_frozen_table(release.clips_table)) as table,
        open_tables(clips=table) as asked,
    ):
        row = asked.execute("SELECT count(DISTINCT md5) FROM clips").fetchone()
    assert row is not None
    return int(row[0])


def find_made_files(
    flavour: Flavour, release: Release, oids: Collection[str]
) -> Mapping[str, FlavourFile]:
    """What is made of these blobs of the release's dataset and alive, by the blob's md5."""
    sources = Blob.objects.alive().filter(store=release.dataset.uid).named(oids)
    rows = FlavourFile.objects.filter(
        flavour=flavour, source__in=sources, blob__destroyed_at=None
    ).select_related("source", "blob")
    return {row.source.oid: row for row in rows}


def list_blobs_made_from(blob: Blob) -> QuerySet[Blob]:
    """What was made of a blob and of nothing else that is still there: it dies with it."""
    others = FlavourFile.objects.filter(source__destroyed_at=None).exclude(source=blob)
    made = Blob.objects.filter(flavour_of__source=blob).exclude(pk=blob.pk)
    return made.exclude(flavour_of__in=others).exclude(held_by__isnull=False).distinct()


@transaction.atomic
def order_flavour(
    *,
    actor: User,
    release: Release,
    spec: Spec,
    selection: Selection,
    before: Release | None = None,
) -> Job:
    """Have the worker make what is not made yet; the same order twice is one job.

    `before` is the release that the selection's `since` names. Raises FlavourQueueFullError.
    """
    authorize_action(actor, release, Action.DOWNLOAD).require()
    find_chosen_rows(release, selection, before)
    ensure_flavour(spec)
    User.objects.select_for_update().get(pk=actor.pk)
    arguments = {
        "release": release.pk,
        "before": before.pk if before else None,
        "flavour": spec.name,
        "selection": selection.as_json(),
    }
    waiting = Job.objects.filter(kind=MAKE, finished_at=None)
    mine = list(waiting.filter(created_by=actor))
    for job in mine:
        if job.arguments == arguments:
            return job
    if len(mine) >= QUEUE_OF_ONE or waiting.count() >= QUEUE_OF_ALL:
        raise FlavourQueueFullError(
            f"{'You have' if len(mine) >= QUEUE_OF_ONE else 'There are'} as many flavours being"
            " made as there may be at once: wait for one to be ready, and ask again."
        )
    return start_job(
        actor=actor,
        kind_name=MAKE,
        subject=str(release),
        organisation=release.dataset.organisation,
        arguments=arguments,
    )


def make_flavour(
    *,
    actor: User,
    release: Release,
    spec: Spec,
    selection: Selection,
    before: Release | None,
    progress: Progress,
) -> dict[str, Any]:
    """Make what is missing, some clips at a time. Killed anywhere, it goes on where it was."""
    authorize_action(actor, release, Action.DOWNLOAD).require()
    flavour = ensure_flavour(spec)
    chosen = find_chosen_rows(release, selection, before)
    total, done, made = int(np.count_nonzero(chosen)), 0, 0
    for oids in _batch_oids(release, chosen, AT_ONCE):
        wanted = sorted(oids - find_made_files(flavour, release, oids).keys())
        if wanted:
            sources = Blob.objects.filter(store=release.dataset.uid).named(wanted)
            made += _make_files(release, flavour, spec, list(sources))
        done = min(total, done + AT_ONCE)
        progress(done, total, f"Making {spec.name}")
    return {"flavour": spec.name, "clips": total, "made": made}


def is_made(
    release: Release, spec: Spec, selection: Selection, before: Release | None = None
) -> bool:
    """Whether every chosen clip is there in the flavour; one query for each 5,000."""
    flavour = ensure_flavour(spec)
    chosen = find_chosen_rows(release, selection, before)
    return all(
        len(find_made_files(flavour, release, oids)) == len(oids)
        for oids in _batch_oids(release, chosen, LOOKED_UP_AT_ONCE)
    )


def _batch_oids(release: Release, chosen: Chosen, at_once: int) -> Iterator[set[str]]:
    with open_local_copy(require_frozen_table(release.clips_table)) as table:
        some: list[str] = []
        for (oid,), mark in zip(read_columns(table, ["md5"]), chosen, strict=True):
            if mark:
                some.append(oid)
            if len(some) == at_once:
                yield set(some)
                some = []
        if some:
            yield set(some)


def _make_files(release: Release, flavour: Flavour, spec: Spec, sources: list[Blob]) -> int:
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT, prefix="flavour-") as work:
        folder = Path(work)
        written: dict[Path, tuple[Blob, ConvertedSound]] = {}
        for source in sources:
            target = folder / source.oid
            refuse_destroyed(source)
            with open_local_copy(source) as path:
                told = convert_sound(
                    path,
                    target,
                    sample_rate=spec.sample_rate,
                    mono=spec.mono,
                    container=spec.container,
                )
            written[target] = source, told
        kept = dict(put_each(release.dataset.uid, written))
    rows = []
    for target, (source, told) in written.items():
        blob = kept[target]
        if isinstance(blob, EarmarkError):
            raise blob
        rows.append(_build_row(flavour, source, blob, told))
    _keep_rows(rows)
    return len(rows)


def _keep_rows(rows: list[FlavourFile]) -> None:
    """Write the rows; what was made of a blob that was destroyed meanwhile is destroyed too."""
    with transaction.atomic():
        ids = [row.source_id for row in rows]
        sources = list(Blob.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        FlavourFile.objects.bulk_create(rows, ignore_conflicts=True)
    gone = [source for source in sources if source.destroyed_at is not None]
    for source in gone:
        for blob in list_blobs_made_from(source):
            destroy_blob(blob)
    for source in gone:
        refuse_destroyed(source)


def _build_row(flavour: Flavour, source: Blob, blob: Blob, told: ConvertedSound) -> FlavourFile:
    return FlavourFile(
        flavour=flavour,
        source=source,
        blob=blob,
        sample_rate=told.sample_rate,
        channels=told.channels,
        frames=told.frames,
    )
