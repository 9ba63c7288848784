from django.db import migrations, models

from apps.database.triggers import AlterGuarded, refuse_change


class Migration(migrations.Migration):
    """Where a release may go: said when it is made, and fixed with what was judged."""

    dependencies = [("releases", "0006_review_guards")]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="release",
                name="territories",
                field=models.JSONField(blank=True, default=list),
            ),
        ),
        refuse_change(
            "releases_release",
            name="release_goes_where_it_was_judged",
            event="UPDATE",
            when="OLD.state <> 'draft' AND NEW.state <> 'draft'"
            " AND CAST(OLD.territories AS text) <> CAST(NEW.territories AS text)",
            message="where a frozen release may go never changes",
        ),
    ]
