import django.db.models.deletion
from django.db import migrations, models

from apps.database.triggers import make_append_only


class Migration(migrations.Migration):
    """What a release says of itself, kept when it comes out."""

    dependencies = [
        ("publishing", "0002_choices_and_flavours"),
        ("releases", "0009_people_table"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReleaseStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "root", "approved_at"), name="statement_once"
                    )
                ],
            },
        ),
        make_append_only("publishing_releasestatement"),
    ]
