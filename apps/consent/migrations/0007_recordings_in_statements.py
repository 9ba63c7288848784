from django.db import migrations, models

from apps.database.triggers import AlterGuarded


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_ledger_guards")]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="peoplestatement",
                name="recording",
                field=models.CharField(max_length=200, null=True),
            )
        ),
    ]
