import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("detection", "0001_initial"),
        ("privacy", "0012_played_whole"),
    ]

    # Models change rooms; their tables stay as they are, with rows, triggers and names.
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="confirmation",
                    name="finding",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="detection.finding",
                    ),
                ),
                migrations.AlterField(
                    model_name="redaction",
                    name="finding",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redactions",
                        to="detection.finding",
                    ),
                ),
                migrations.AlterField(
                    model_name="decision",
                    name="finding",
                    field=models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="detection.finding",
                    ),
                ),
                migrations.AlterField(
                    model_name="revocation",
                    name="finding",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revocations",
                        to="detection.finding",
                    ),
                ),
                migrations.RemoveField(
                    model_name="scan",
                    name="dataset",
                ),
                migrations.DeleteModel(
                    name="Finding",
                ),
                migrations.DeleteModel(
                    name="Scan",
                ),
            ]
        )
    ]
