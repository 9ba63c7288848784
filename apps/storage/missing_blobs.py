"""What the store has lost: asked before a release, in one walk over its keys."""

from uuid import UUID

from apps.storage.models import Blob
from apps.storage.places import find_blob_place


def find_missing(store: UUID) -> frozenset[str]:
    """Names (oids) of objects that should be there and are not. Reads names, no bytes."""
    prefix = f"{store}/files/md5/"
    there = {key.removeprefix(prefix).replace("/", "") for key in find_blob_place().keys(prefix)}
    alive = Blob.objects.alive().filter(store=store).values_list("oid", flat=True)
    return frozenset(oid for oid in alive.iterator() if oid not in there)
