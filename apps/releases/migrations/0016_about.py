from django.db import migrations, models

from apps.database.triggers import AlterGuarded, refuse_change


class Migration(migrations.Migration):
    """What a dataset said of itself, fixed with a release when it is frozen."""

    dependencies = [("releases", "0015_lapses_by_review")]

    operations = [
        AlterGuarded(
            migrations.AddField("release", "about", models.JSONField(blank=True, default=dict)),
        ),
        refuse_change(
            "releases_release",
            name="release_about_stays",
            event="UPDATE",
            when="OLD.state <> 'draft' AND NEW.state <> 'draft'"
            " AND CAST(OLD.about AS text) <> CAST(NEW.about AS text)",
            message="what a frozen release says of its dataset never changes",
        ),
    ]
