import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.database.triggers import AlterGuarded, make_append_only, refuse_change

OUT = ["published", "deprecated", "withdrawn"]
HELD = (
    "INSERT INTO releases_releaseperson (release_id, contributor_id, clip_uid, path, recording)"
    " SELECT DISTINCT r.id, p.contributor_id, c.uid, c.path, COALESCE(s.name, '')"
    " FROM consent_participation p JOIN datasets_clip c ON c.id = p.clip_id"
    " LEFT JOIN datasets_recording s ON s.id = c.recording_id"
    " JOIN releases_releaseblob h ON h.blob_id = c.blob_id OR h.blob_id = c.original_id"
    " JOIN releases_release r ON r.id = h.release_id AND r.dataset_id = c.dataset_id"
    " WHERE r.state <> 'draft'"
)


def note_people(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Who is in what was frozen before: as participations of the clips it holds say today."""
    editor.execute(HELD, params=None)


def note_reasons(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Why releases were deprecated stood in the log alone."""
    alias = editor.connection.alias
    events = apps.get_model("audit", "AuditEvent")._default_manager.using(alias)
    releases = apps.get_model("releases", "Release")._default_manager.using(alias)
    for row in releases.filter(state="deprecated"):
        subject = f"{row.dataset.organisation.name}/{row.dataset.name} {row.version}"
        told = events.filter(subject=subject, detail__after="deprecated").last()
        row.deprecation = (told.detail.get("reason") or "") if told else ""
        row.save(update_fields=["deprecation"])


def of_release_out(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM releases_release r WHERE r.id = {row}.release_id"
        " AND r.state IN ('published', 'deprecated', 'withdrawn'))"
    )


class Migration(migrations.Migration):
    """Who is in a release that was given out, and since when they no longer allow it."""

    dependencies = [
        ("audit", "0002_append_only"),
        ("consent", "0003_people_statements"),
        ("releases", "0010_release_vocabulary"),
    ]

    operations = [
        AlterGuarded(
            migrations.AddField(
                "release", "lapses_at", models.DateTimeField(blank=True, null=True)
            ),
            migrations.AddField(
                "release",
                "deprecation",
                models.TextField(blank=True, default=""),
                preserve_default=False,
            ),
        ),
        migrations.CreateModel(
            name="ReleasePerson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("clip_uid", models.UUIDField()),
                ("path", models.CharField(max_length=500)),
                ("recording", models.CharField(blank=True, max_length=200)),
                (
                    "contributor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.contributor",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="releases.release",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "people of releases",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "contributor", "clip_uid"), name="release_person_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Lapse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("clip_uid", models.UUIDField()),
                ("path", models.CharField(max_length=500)),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("denied", "does not allow it any more"),
                            ("expired", "consent has run out"),
                            ("withdrawn", "consent was withdrawn"),
                            (
                                "of_age",
                                "is of age, or has no guardian's consent, and has not answered",
                            ),
                            ("excluded", "a reviewer decided to exclude the clip"),
                            ("people_changed", "was found to be in the clip later"),
                        ],
                        max_length=16,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("over_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contributor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="consent.contributor",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lapses",
                        to="releases.release",
                    ),
                ),
            ],
            options={
                "ordering": ["-since", "path", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(over_at=None),
                        fields=("release", "clip_uid", "cause", "contributor"),
                        name="lapse_once",
                    )
                ],
            },
        ),
        migrations.RunPython(note_people, migrations.RunPython.noop),
        migrations.RunPython(note_reasons, migrations.RunPython.noop),
        make_append_only("releases_releaseperson", events=("UPDATE",)),
        *(
            refuse_change(
                "releases_releaseperson",
                name=f"release_people_stay_{event.lower()}",
                event=event,
                when=of_release_out("OLD" if event == "DELETE" else "NEW"),
                message="who is in a published release is never forgotten",
            )
            for event in ("INSERT", "DELETE")
        ),
        make_append_only("releases_lapse", events=("DELETE",)),
        refuse_change(
            "releases_lapse",
            name="lapse_only_ends",
            event="UPDATE",
            when="OLD.over_at IS NOT NULL OR NEW.over_at IS NULL OR OLD.cause <> NEW.cause"
            " OR OLD.clip_uid <> NEW.clip_uid OR OLD.release_id <> NEW.release_id"
            " OR OLD.since <> NEW.since",
            message="a lapse only ends, once",
        ),
    ]
