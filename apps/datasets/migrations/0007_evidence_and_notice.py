import django.core.validators
from django.db import migrations, models

from apps.database.triggers import AlterGuarded


class Migration(migrations.Migration):
    dependencies = [("datasets", "0006_split_policy")]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="dataset",
                name="evidence_required",
                field=models.BooleanField(default=False),
            ),
            migrations.AddField(
                model_name="dataset",
                name="guardian_notice_days",
                field=models.PositiveSmallIntegerField(
                    default=0, validators=[django.core.validators.MaxValueValidator(366)]
                ),
            ),
        )
    ]
