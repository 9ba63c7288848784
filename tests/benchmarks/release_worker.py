"""Our side of `release_cost.py`: a running worker, told what to do line by line (JSON).

Each order brings a folder of sounds and its table into the draft, freezes it and writes the
version, by the same actions that commands and jobs call. Scans and sign-offs, which the peers
do not have, are left out; so the frozen rows go to the version without the gates.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup

from apps.datasets.models import Dataset  # noqa: E402
from apps.ingest.actions import import_clips  # noqa: E402
from apps.releases.actions import create_release, freeze_release  # noqa: E402
from apps.releases.models import Release  # noqa: E402
from apps.storage.blobs import open_local_copy, put_each  # noqa: E402
from apps.storage.git import Author, Stamp  # noqa: E402
from apps.storage.manifests import VersionFile  # noqa: E402
from apps.storage.parquet_tables import read_clips  # noqa: E402
from apps.storage.version_writing import Version, VersionRepo, write_version  # noqa: E402
from tests.cast import Cast, assemble  # noqa: E402
from tests.factories.drafts import make_dataset  # noqa: E402

Answer = TypeVar("Answer")
PURPOSES = ("research.noncommercial",)
AT = datetime(2026, 1, 1, tzinfo=UTC)


class Phases:
    """CPU (this process and its children) and wall seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    def time(self, name: str, work: Callable[[], Answer]) -> Answer:
        cpu, wall = cpu_seconds(), time.perf_counter()
        answer = work()
        self.seconds[name] = (cpu_seconds() - cpu, time.perf_counter() - wall)
        return answer


def cpu_seconds() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def publish(
    cast: Cast, dataset: Dataset, order: dict[str, str], phases: Phases
) -> tuple[Release, Version]:
    """From a folder to a version."""
    report = phases.time(
        "ingest",
        lambda: import_clips(
            actor=cast.ada,
            dataset=dataset,
            source=Path(order["folder"]),
            metadata=Path(order["table"]),
        ),
    )
    assert report.is_clean, report.sentences()
    release = phases.time("freeze", lambda: frozen(cast, dataset, order["version"]))
    return release, phases.time("version", lambda: written(release))


def frozen(cast: Cast, dataset: Dataset, version: str) -> Release:
    release = create_release(actor=cast.ada, dataset=dataset, version=version, purposes=PURPOSES)
    return freeze_release(actor=cast.ada, release=release)


def written(release: Release) -> Version:
    dataset = release.dataset
    stamp = Stamp(release.tag, release.root, AT, Author("Earmark", "bench@example.org"))
    repo = VersionRepo(dataset.uid, dataset.full_name)
    return write_version(repo, files_of(release), documents={"README.md": b"# B\n"}, stamp=stamp)


def files_of(release: Release) -> Iterator[VersionFile]:
    clips, events = release.clips_table, release.events_table
    assert clips is not None
    assert events is not None
    with open_local_copy(clips) as table:
        for row in read_clips(table, ["path", "md5", "size", "clip_id", "split"]):
            path = f"audio/{row['path']}"
            yield VersionFile(path, row["md5"], row["size"], row["clip_id"], row["split"])
    yield VersionFile("clips.parquet", clips.oid, clips.size)
    yield VersionFile("events.parquet", events.oid, events.size)


def keep(order: dict[str, str], phases: Phases) -> None:
    """The store alone, without looking into the files."""
    paths = sorted(Path(order["folder"]).rglob("*.wav"))
    phases.time("store", lambda: sum(1 for _ in put_each(uuid4(), paths)))


def main() -> None:
    call_command("migrate", verbosity=0)
    cast = assemble()
    dataset: Dataset | None = None
    answer("ready", {})
    for line in sys.stdin:
        order = json.loads(line)
        phases = Phases()
        if order["do"] == "keep":
            keep(order, phases)
        else:
            if dataset is None or order["do"] == "first":
                dataset = make_dataset(cast, order["name"])
            dataset.refresh_from_db()
            publish(cast, dataset, order, phases)
        answer("done", phases.seconds)


def answer(what: str, seconds: dict[str, Any]) -> None:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"what": what, "seconds": seconds, "memory": memory}), flush=True)


if __name__ == "__main__":
    main()
