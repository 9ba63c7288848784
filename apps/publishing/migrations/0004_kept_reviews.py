import django.db.models.deletion
from django.db import migrations, models

from apps.database.triggers import AlterGuarded


class Migration(migrations.Migration):
    """What was done in review, kept with what a release says of itself."""

    dependencies = [
        ("publishing", "0003_statements"),
        ("storage", "0002_blobs_keep_their_identity"),
    ]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="releasestatement",
                name="review",
                field=models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="storage.blob",
                ),
            ),
        ),
    ]
