"""Snapshots kept here for our own hub door: every file a blob of the release, built by a job."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import yaml
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.actions import start_job
from apps.packaging.content import ReleaseContent, TableFile
from apps.packaging.content_loading import load_content
from apps.packaging.errors import ReleaseNotSendableError
from apps.packaging.models import Snapshot, SnapshotFile
from apps.packaging.shards import Shard
from apps.packaging.small_files import make_small_files
from apps.packaging.snapshot_plan import SnapshotPlan, plan_snapshot, write_shards
from apps.releases.models import Release, ReleaseBlob
from apps.storage.blobs import get_blob, put_blob
from apps.storage.models import Blob
from datasets_catalog.git_objects import compute_blob_oid, compute_pointer_oid
from datasets_catalog.release_states import PUBLIC_STATES

BUILD = "publishing.build_snapshot"
# A build that was asked for and did not come is asked for again after this.
ASK_AGAIN = timedelta(minutes=10)
# What a repository on the Hub has; clients expect it in the listing.
ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"
Progress = Callable[[int, int, str], None]


def is_large(path: str) -> bool:
    """Whether git would hold a pointer in the file's place (Git LFS), as ATTRIBUTES says."""
    return path.endswith(".parquet")


def build_file_url(release: Release, path: str) -> str:
    """Return the address under which the hub door serves a file of the release."""
    base = settings.BASE_URL.rstrip("/")
    return f"{base}/datasets/{release.dataset.full_name}/resolve/{release.tag}/{path}"


@transaction.atomic
def request_snapshot(release: Release, *, actor: User | None = None) -> Snapshot:
    """Return the snapshot, built or not; starts its job where nobody did lately."""
    if release.state not in PUBLIC_STATES:
        raise ReleaseNotSendableError(f"{release} is {release.state}: publish it first.")
    Snapshot.objects.get_or_create(release=release)
    row = Snapshot.objects.select_for_update().get(release=release)
    now = timezone.now()
    if row.built_at is None and (row.asked_at is None or now - row.asked_at > ASK_AGAIN):
        row.asked_at = now
        row.save(update_fields=["asked_at"])
        start_job(
            actor=actor,
            kind_name=BUILD,
            subject=release.dataset.full_name,
            organisation=release.dataset.organisation,
            arguments={"release": release.pk},
        )
    return row


def build_snapshot(release: Release, progress: Progress) -> Snapshot:
    """Write every file of the snapshot. Killed anywhere, it goes on where it was.

    Shards whose rows an earlier version had are taken from there. Raises what `plan_snapshot`
    and `write_shards` raise.
    """
    snapshot, _ = Snapshot.objects.get_or_create(release=release)
    if snapshot.built_at is not None:
        return snapshot
    content = load_content(release)
    plan = plan_snapshot(content)
    shards = dict(_reuse_shards(release, plan))
    for shard, blob in _write_new_shards(release, content, plan, shards, progress):
        _add_file(snapshot, shard.path, blob, compute_pointer_oid(blob.sha256, blob.size), shard)
        shards[shard.path] = shard
    ordered = [shards[planned.path] for planned in plan.shards]
    _finish_snapshot(snapshot, content, ordered)
    return snapshot


def _reuse_shards(release: Release, plan: SnapshotPlan) -> Iterator[tuple[str, Shard]]:
    """Shards with the same rows that are here already, noted under their path in this plan."""
    rows = SnapshotFile.objects.filter(
        snapshot__release__dataset=release.dataset,
        key__in={planned.key for planned in plan.shards},
        blob__destroyed_at=None,
    ).select_related("blob")
    known = {row.key: row for row in rows.order_by("pk")}
    snapshot = release.snapshot
    for planned in plan.shards:
        if row := known.get(planned.key):
            kept = Shard(**{**row.shard, "path": planned.path, "split": planned.split})
            _add_file(snapshot, planned.path, row.blob, row.git_oid, kept)
            yield planned.path, kept


def _write_new_shards(
    release: Release,
    content: ReleaseContent,
    plan: SnapshotPlan,
    there: Mapping[str, Shard],
    progress: Progress,
) -> Iterator[tuple[Shard, Blob]]:
    wanted = {shard.path: shard.audio_size for shard in plan.shards if shard.path not in there}
    total, done = sum(wanted.values()), 0
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT, prefix="snapshot-") as work:
        written = write_shards(content, plan, Path(work), wanted=lambda shard: shard.path in wanted)
        for shard, path in written:
            with path.open("rb") as stream:
                blob = put_blob(release.dataset.uid, stream, expect_sha256=shard.sha256)
            path.unlink()
            done += wanted[shard.path]
            progress(done, total, f"Wrote {shard.path}")
            yield shard, blob


@transaction.atomic
def _finish_snapshot(snapshot: Snapshot, content: ReleaseContent, shards: list[Shard]) -> None:
    release = snapshot.release
    small = make_small_files(
        content, shards, link=lambda path: build_file_url(release, path), gated=False
    )
    for path, text in {**small, ".gitattributes": ATTRIBUTES}.items():
        _add_file(
            snapshot, path, put_blob(release.dataset.uid, io.BytesIO(text)), compute_blob_oid(text)
        )
    for table in (content.clips_table, content.events_table):
        _add_table(snapshot, table)
    ReleaseBlob.objects.bulk_create(
        [
            ReleaseBlob(release=release, blob_id=blob_id)
            for blob_id in set(snapshot.files.values_list("blob_id", flat=True))
        ],
        ignore_conflicts=True,
    )
    snapshot.card = _read_card_block(small["README.md"])
    snapshot.built_at = timezone.now()
    snapshot.save(update_fields=["card", "built_at"])


def _add_table(snapshot: Snapshot, table: TableFile) -> None:
    blob = get_blob(snapshot.release.dataset.uid, table.md5)
    _add_file(snapshot, table.hub_path, blob, compute_pointer_oid(blob.sha256, blob.size))


def _add_file(
    snapshot: Snapshot, path: str, blob: Blob, git_oid: str, shard: Shard | None = None
) -> None:
    SnapshotFile.objects.update_or_create(
        snapshot=snapshot,
        path=path,
        defaults={
            "blob": blob,
            "git_oid": git_oid,
            "key": shard.key if shard else "",
            "shard": shard.as_json() if shard else {},
        },
    )


def _read_card_block(readme: bytes) -> object:
    _, block, _ = readme.decode().split("---\n", 2)
    # Through JSON as it will be kept: YAML knows dates.
    return json.loads(json.dumps(yaml.safe_load(block), default=str))
