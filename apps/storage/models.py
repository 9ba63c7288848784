"""One row per kept object."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import ClassVar

from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length
from django.db.models.lookups import Exact, In
from django.utils import timezone


class BlobQuerySet(models.QuerySet["Blob"]):
    def alive(self) -> BlobQuerySet:
        return self.filter(destroyed_at__isnull=True)

    def destroyed(self) -> BlobQuerySet:
        return self.filter(destroyed_at__isnull=False)

    def named(self, oids: Collection[str]) -> BlobQuerySet:
        """Filter by many oids through one parameter: `oid__in` costs as much as the query."""
        if connections[self.db].vendor == "postgresql":
            return self.filter(oid__in=RawSQL("SELECT unnest(%s::text[])", (list(oids),)))
        names = json.dumps(list(oids))
        return self.filter(oid__in=RawSQL("SELECT value FROM json_each(%s)", (names,)))


class Blob(models.Model):
    """Bytes of one dataset, named by md5 as DVC names them.

    `oid` is the md5 in hex, with `.dir` appended for a DVC directory object. The row never
    changes but for `destroyed_at`, which is set once (triggers refuse anything else).
    """

    store = models.UUIDField()
    oid = models.CharField(max_length=36)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    objects = BlobQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["store", "oid"], name="blob_once_per_store"),
            models.CheckConstraint(condition=In(Length("oid"), (32, 36)), name="blob_oid_is_md5"),
            models.CheckConstraint(
                condition=Exact(Length("sha256"), 64), name="blob_sha256_is_whole"
            ),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="blob_size_is_real"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["store", "sha256"], name="blob_by_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.store}/{self.oid}"

    @property
    def key(self) -> str:
        """Where the bytes lie in the blob storage: DVC's remote layout under the store's prefix."""
        return build_blob_key(self.store, self.oid)


def build_blob_key(store: object, oid: str) -> str:
    return f"{store}/files/md5/{oid[:2]}/{oid[2:]}"
