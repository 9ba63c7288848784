import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("privacy", "0012_played_whole"),
        ("datasets", "0014_folds_and_order_are_bars"),
    ]

    # Models change rooms; their tables stay as they are, with rows, triggers and names.
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Scan",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("content_sha256", models.CharField(max_length=64)),
                        ("detector", models.CharField(max_length=64)),
                        ("detector_version", models.CharField(max_length=64)),
                        ("parameters_sha256", models.CharField(max_length=64)),
                        ("model_sha256", models.CharField(blank=True, max_length=64)),
                        ("failed", models.BooleanField(default=False)),
                        ("error", models.CharField(blank=True, max_length=500)),
                        ("seen", models.JSONField(default=list)),
                        ("evidence", models.JSONField(default=dict)),
                        ("heard", models.FloatField(null=True)),
                        ("finished_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "dataset",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="scans",
                                to="datasets.dataset",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "privacy_scan",
                    },
                ),
                migrations.CreateModel(
                    name="Finding",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("position", models.PositiveIntegerField()),
                        ("content_sha256", models.CharField(max_length=64)),
                        ("kind", models.CharField(max_length=64)),
                        ("onset", models.FloatField(blank=True, null=True)),
                        ("offset", models.FloatField(blank=True, null=True)),
                        ("score", models.FloatField(blank=True, null=True)),
                        ("detail", models.CharField(blank=True, max_length=500)),
                        ("evidence", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "clip",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="findings",
                                to="datasets.clip",
                            ),
                        ),
                        (
                            "scan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to="detection.scan",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "privacy_finding",
                        "ordering": ["id"],
                    },
                ),
                migrations.AddConstraint(
                    model_name="scan",
                    constraint=models.UniqueConstraint(
                        fields=(
                            "dataset",
                            "content_sha256",
                            "detector",
                            "detector_version",
                            "parameters_sha256",
                        ),
                        name="scan_once",
                    ),
                ),
                migrations.AddIndex(
                    model_name="finding",
                    index=models.Index(
                        fields=["clip", "content_sha256"], name="finding_by_content"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="finding",
                    constraint=models.UniqueConstraint(
                        fields=("clip", "scan", "position"), name="finding_once"
                    ),
                ),
            ]
        )
    ]
