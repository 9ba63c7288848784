import hashlib

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from datasets_catalog.canonical import to_canonical_json

CHUNK = 2000
TEXTS = (
    "path",
    "title",
    "author",
    "source_url",
    "environment",
    "device",
    "place",
    "recorded_at",
    "split",
)


def with_recordings(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Let the digest of a clip's texts speak of its recording's name too.

    What was looked at before did not hold that name, so those clips are looked at again before
    they leave.
    """
    _renew(apps, editor.connection.alias, with_recording=True)


def without_recordings(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _renew(apps, editor.connection.alias, with_recording=False)


def _renew(apps: StateApps, using: str, *, with_recording: bool) -> None:
    Clip = apps.get_model("datasets", "Clip")
    rows = Clip.objects.using(using).exclude(recording=None).exclude(cells_sha256="")
    read = rows.values_list("pk", "recording__name", "fields", *TEXTS).order_by("pk")
    changed = []
    for pk, recording, fields, *texts in read.iterator(chunk_size=CHUNK):
        cells = {name: text for name, text in zip(TEXTS, texts, strict=True) if text}
        if with_recording and recording:
            cells["recording"] = recording
        cells |= {f"fields.{name}": str(value) for name, value in fields.items() if value != ""}
        digest = hashlib.sha256(to_canonical_json(cells)).hexdigest()
        changed.append(Clip(pk=pk, cells_sha256=digest))
        if len(changed) == CHUNK:
            Clip.objects.using(using).bulk_update(changed, ["cells_sha256"])
            changed = []
    if changed:
        Clip.objects.using(using).bulk_update(changed, ["cells_sha256"])


class Migration(migrations.Migration):
    """The name of a recording is one of the texts that are looked at for personal data."""

    dependencies = [("datasets", "0004_declare_quasi_identifiers")]

    operations = [migrations.RunPython(with_recordings, without_recordings)]
