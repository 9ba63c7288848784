"""The draft's clips with their licences, as rules weigh them."""

from collections.abc import Iterator

from apps.datasets.models import Clip, Dataset
from apps.review.alterations import find_stripped_contents
from datasets_catalog.licence_conflicts import ClipLicence


def list_licensed_clips(dataset: Dataset) -> Iterator[ClipLicence]:
    """Yield what stands in the draft, in path order; the licence may be empty or unknown."""
    stripped = find_stripped_contents(dataset)
    rows = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("path")
    columns = rows.values_list("uid", "path", "licence", "duration", "original_id", "blob__oid")
    for uid, path, licence, duration, original, oid in columns.iterator(chunk_size=5000):
        modified = bool(original) and (str(uid), oid) not in stripped
        yield ClipLicence(str(uid), path, licence, duration, modified)
