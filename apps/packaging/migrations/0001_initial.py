import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("publishing", "0004_kept_reviews"),
        ("releases", "0016_about"),
        ("storage", "0002_blobs_keep_their_identity"),
    ]

    # Models change rooms; their tables stay as they are, with rows, triggers and names.
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Snapshot",
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
                        ("card", models.JSONField(default=dict)),
                        ("asked_at", models.DateTimeField(blank=True, null=True)),
                        ("built_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "release",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="snapshot",
                                to="releases.release",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "publishing_snapshot",
                    },
                ),
                migrations.CreateModel(
                    name="ReleaseStatement",
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
                        ("root", models.CharField(max_length=64)),
                        ("approved_at", models.DateTimeField()),
                        ("schema", models.CharField(max_length=64)),
                        ("facts", models.JSONField()),
                        ("made_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "release",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="statements",
                                to="releases.release",
                            ),
                        ),
                        (
                            "review",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="storage.blob",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "publishing_releasestatement",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("release", "root", "approved_at"), name="statement_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SnapshotFile",
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
                        ("path", models.CharField(max_length=300)),
                        ("git_oid", models.CharField(max_length=40)),
                        ("key", models.CharField(blank=True, max_length=64)),
                        ("shard", models.JSONField(blank=True, default=dict)),
                        (
                            "blob",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="snapshot_files",
                                to="storage.blob",
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="files",
                                to="packaging.snapshot",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "publishing_snapshotfile",
                        "ordering": ["path"],
                        "indexes": [models.Index(fields=["key"], name="snapshot_file_by_key")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("snapshot", "path"), name="snapshot_path_once"
                            )
                        ],
                    },
                ),
            ]
        )
    ]
