from django.db import migrations, models

from apps.database.triggers import AlterGuarded


class Migration(migrations.Migration):
    """A receipt keeps the purpose that its reader stated."""

    dependencies = [("access", "0007_grants_only_end")]

    operations = [
        AlterGuarded(
            migrations.AddField(
                "receipt",
                "stated",
                models.CharField(blank=True, default="", max_length=32),
                preserve_default=False,
            ),
            migrations.RemoveConstraint("receipt", "receipt_once_a_day"),
            migrations.AddConstraint(
                "receipt",
                models.UniqueConstraint(
                    fields=["holder", "token", "release", "door", "day", "stated"],
                    name="receipt_once_a_day",
                ),
            ),
        ),
    ]
