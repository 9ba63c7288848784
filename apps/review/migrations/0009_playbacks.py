import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.database.triggers import make_append_only, refuse_change


IN_THE_SOUND = "SELECT 1 FROM privacy_finding f WHERE f.id = NEW.finding_id AND f.onset IS NOT NULL"
UNPLAYED = (
    "NOT EXISTS (SELECT 1 FROM privacy_playback p WHERE p.content_sha256 = f.content_sha256"
    ' AND p.onset < f."offset" AND p."offset" > f.onset AND p.listener_id = NEW.{by})'
)
# A batch says how many of it were heard.
NO_BATCH = "NOT EXISTS (SELECT 1 FROM privacy_batch b WHERE b.id = NEW.batch_id AND b.heard > 0)"
SAMPLE_UNPLAYED = (
    "NOT EXISTS (SELECT 1 FROM privacy_playback p JOIN privacy_sampleclip s"
    " ON s.content_sha256 = p.content_sha256 JOIN datasets_clip c ON c.id = s.clip_id"
    " WHERE s.id = NEW.sample_clip_id AND p.listener_id = NEW.heard_by_id"
    ' AND p."offset" >= c.duration - 0.05)'
)


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0004_declare_quasi_identifiers"),
        ("privacy", "0008_people_changed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="bound",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="batch",
            name="heard",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="Playback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content_sha256", models.CharField(max_length=64)),
                ("onset", models.FloatField()),
                ("offset", models.FloatField()),
                ("played_at", models.DateTimeField(auto_now_add=True)),
                (
                    "dataset",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="playbacks",
                        to="datasets.dataset",
                    ),
                ),
                (
                    "listener",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["listener", "content_sha256"], name="playback_by_listener")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("offset__gt", models.F("onset")), ("onset__gte", 0)),
                        name="playback_has_length",
                    )
                ],
            },
        ),
        make_append_only("privacy_playback"),
        refuse_change(
            "privacy_decision",
            name="decision_is_of_who_heard",
            event="INSERT",
            when=f"NEW.verdict = 'clear' AND EXISTS ({IN_THE_SOUND}"
            f" AND {UNPLAYED.format(by='decided_by_id')} AND {NO_BATCH})",
            message="who clears what is in the sound has heard it, or a sample of the batch",
        ),
        refuse_change(
            "privacy_confirmation",
            name="confirmation_is_of_who_heard",
            event="INSERT",
            when=f"NEW.agree AND EXISTS ({IN_THE_SOUND}"
            f" AND {UNPLAYED.format(by='confirmed_by_id')})",
            message="who agrees to a clearance has heard it",
        ),
        refuse_change(
            "privacy_hearing",
            name="hearing_is_of_who_heard",
            event="INSERT",
            when=f"NOT NEW.missed AND {SAMPLE_UNPLAYED}",
            message="who says that nobody is in a clip of the sample has heard it to the end",
        ),
        refuse_change(
            "privacy_headcount",
            name="headcount_is_of_who_heard",
            event="INSERT",
            when="NOT NEW.somebody_unknown AND NOT EXISTS (SELECT 1 FROM privacy_playback p"
            " JOIN datasets_clip c ON c.id = NEW.clip_id"
            " WHERE p.content_sha256 = NEW.content_sha256 AND p.listener_id = NEW.counted_by_id"
            ' AND p."offset" >= c.duration - 0.05)',
            message="who counts the people in a clip has heard it to the end",
        ),
    ]
