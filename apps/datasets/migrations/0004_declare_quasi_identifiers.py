from django.conf import settings
from django.db import migrations, models

from apps.database.triggers import AlterGuarded


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_add_members_and_limited_tokens"),
        ("datasets", "0003_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="dataset",
                name="fewest_alike",
                field=models.PositiveSmallIntegerField(default=5),
            ),
            migrations.AddField(
                model_name="dataset",
                name="quasi_identifiers",
                field=models.JSONField(blank=True, default=list),
            ),
            migrations.AddConstraint(
                model_name="dataset",
                constraint=models.CheckConstraint(
                    condition=models.Q(("fewest_alike__gte", 2)), name="dataset_alike_are_several"
                ),
            ),
        ),
    ]
