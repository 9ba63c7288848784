import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("publishing", "0004_kept_reviews"),
        ("releases", "0016_about"),
        ("storage", "0002_blobs_keep_their_identity"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # Models change rooms; their tables stay as they are, with rows, triggers and names.
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Flavour",
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
                        ("name", models.CharField(max_length=40)),
                        ("sample_rate", models.PositiveIntegerField(null=True)),
                        ("mono", models.BooleanField()),
                        ("container", models.CharField(max_length=8)),
                        ("tools", models.JSONField()),
                        ("key", models.CharField(max_length=64, unique=True)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "db_table": "publishing_flavour",
                    },
                ),
                migrations.CreateModel(
                    name="Choice",
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
                        ("sha256", models.CharField(max_length=64)),
                        ("wanted", models.JSONField()),
                        ("used_at", models.DateTimeField()),
                        (
                            "created_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "release",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="choices",
                                to="releases.release",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "publishing_choice",
                        "indexes": [models.Index(fields=["used_at"], name="choice_by_age")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("release", "sha256"), name="choice_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FlavourFile",
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
                        ("sample_rate", models.PositiveIntegerField()),
                        ("channels", models.PositiveSmallIntegerField()),
                        ("frames", models.PositiveBigIntegerField()),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "blob",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="flavour_of",
                                to="storage.blob",
                            ),
                        ),
                        (
                            "flavour",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="files",
                                to="deliveries.flavour",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="flavour_files",
                                to="storage.blob",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "publishing_flavourfile",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("flavour", "source"), name="flavour_of_source_once"
                            )
                        ],
                    },
                ),
            ]
        )
    ]
