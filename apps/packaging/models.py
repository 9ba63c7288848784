"""What a release was packed into, and what is said of it.

Their tables keep the names that they had before this room had one of its own.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.releases.models import Release
from apps.storage.models import Blob


class Snapshot(models.Model):
    """The files of a release as our own hub door serves them: built once, then never changed.

    Its commit is the release's commit in git, so a build that gave other bytes under the same name
    would break every client's cache.
    """

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="snapshot")
    # The YAML block of README.md.
    card = models.JSONField(default=dict)
    # When a worker was last asked to build it.
    asked_at = models.DateTimeField(null=True, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "publishing_snapshot"

    def __str__(self) -> str:
        return f"Snapshot of {self.release}"


class SnapshotFile(models.Model):
    """One file of a snapshot. `key` and `shard` are set for shards, which later versions reuse."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=300)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="snapshot_files")
    git_oid = models.CharField(max_length=40)
    key = models.CharField(max_length=64, blank=True)
    shard = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "publishing_snapshotfile"
        ordering: ClassVar[list[str]] = ["path"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["snapshot", "path"], name="snapshot_path_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["key"], name="snapshot_file_by_key"),
        ]

    def __str__(self) -> str:
        return self.path


class ReleaseStatement(models.Model):
    """The facts of a release as it was approved: what every page and file says of it."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="statements")
    root = models.CharField(max_length=64)
    # Of which approval: a release that went back to draft is approved anew.
    approved_at = models.DateTimeField()
    schema = models.CharField(max_length=64)
    facts = models.JSONField()
    # What was done to its contents, as JSON (review_report.py); none in the first statements.
    review = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "publishing_releasestatement"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["release", "root", "approved_at"], name="statement_once"
            ),
        ]

    def __str__(self) -> str:
        return f"statement of {self.release}"
