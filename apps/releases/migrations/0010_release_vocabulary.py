import django.db.models.deletion
from django.db import migrations, models

from apps.database.triggers import refuse_change


class Migration(migrations.Migration):
    """Which vocabulary the labels of a release are terms of, fixed when it is frozen."""

    dependencies = [
        ("datasets", "0006_split_policy"),
        ("releases", "0009_people_table"),
    ]

    operations = [
        migrations.AddField(
            model_name="release",
            name="vocabulary",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="datasets.vocabulary",
            ),
        ),
        refuse_change(
            "releases_release",
            name="release_vocabulary_stays",
            event="UPDATE",
            when="OLD.state <> 'draft' AND NEW.state <> 'draft'"
            " AND coalesce(OLD.vocabulary_id, 0) <> coalesce(NEW.vocabulary_id, 0)",
            message="the vocabulary of what is frozen never changes",
        ),
    ]
