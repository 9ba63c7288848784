import django.db.models.deletion
from django.db import migrations, models

from apps.database.triggers import AlterGuarded, refuse_change

OTHER = "COALESCE(CAST(OLD.people_table_id AS text), '') <> COALESCE(CAST(NEW.people_table_id AS text), '')"


class Migration(migrations.Migration):
    """Who is in the clips of a release, for comparing, fixed with what was judged."""

    dependencies = [
        ("releases", "0008_version_order"),
        ("storage", "0002_blobs_keep_their_identity"),
    ]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="release",
                name="people_table",
                field=models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to="storage.blob",
                ),
            ),
        ),
        refuse_change(
            "releases_release",
            name="release_people_are_as_judged",
            event="UPDATE",
            when=f"OLD.state <> 'draft' AND NEW.state <> 'draft' AND {OTHER}",
            message="who is in a frozen release never changes",
        ),
    ]
