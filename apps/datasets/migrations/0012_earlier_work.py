import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.database.triggers import make_append_only

BATCH = 500


def note_contents(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Who was noted as an earlier uploader was so of the bytes that the clip has, as far as known."""
    alias = editor.connection.alias
    work = apps.get_model("datasets", "EarlierWork")
    rows = (
        apps.get_model("datasets", "EarlierUploader")
        ._default_manager.using(alias)
        .values_list("clip", "user", "clip__blob__sha256", "clip__original__sha256")
    )
    fresh = [
        work(clip_id=clip, user_id=user, content_sha256=content)
        for clip, user, *contents in rows.iterator(chunk_size=BATCH)
        for content in sorted({*contents} - {None})
    ]
    work._default_manager.using(alias).bulk_create(fresh, batch_size=BATCH)


class Migration(migrations.Migration):
    """Whose work a clip was is kept with the bytes that it had then."""

    dependencies = [
        ("datasets", "0011_earlier_uploaders"),
        ("storage", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EarlierWork",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="earlier_work",
                        to="datasets.clip",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "content_sha256", "clip"), name="earlier_work_once"
                    )
                ],
            },
        ),
        migrations.RunPython(note_contents, migrations.RunPython.noop),
        make_append_only("datasets_earlierwork"),
    ]
