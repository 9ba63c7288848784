from django.db import migrations, models

from apps.database.triggers import refuse_change


class Migration(migrations.Migration):
    """What splits mean, where clips lie in their recordings, and vocabularies that stay."""

    dependencies = [
        ("datasets", "0005_recordings_in_cells"),
    ]

    operations = [
        migrations.AddField(
            model_name="clip",
            name="recording_offset",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="dataset",
            name="split_policy",
            field=models.JSONField(blank=True, null=True),
        ),
        refuse_change(
            "datasets_vocabulary",
            name="vocabulary_stays",
            event="UPDATE",
            when="OLD.name <> NEW.name OR OLD.version <> NEW.version OR OLD.sha256 <> NEW.sha256",
            message="a version of a vocabulary never changes",
        ),
        refuse_change(
            "datasets_term",
            name="term_stays",
            event="UPDATE",
            when="OLD.code <> NEW.code OR OLD.name <> NEW.name OR OLD.abstract <> NEW.abstract"
            " OR OLD.vocabulary_id <> NEW.vocabulary_id",
            message="a term of a vocabulary never changes",
        ),
    ]
