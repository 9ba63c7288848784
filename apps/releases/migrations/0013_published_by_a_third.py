from django.db import migrations

from apps.database.triggers import refuse_change


class Migration(migrations.Migration):
    """Three people make a release: who made it publishes it no more than who signed for it."""

    dependencies = [("releases", "0012_lapses_of_terms")]

    operations = [
        refuse_change(
            "releases_release",
            name="release_published_by_a_third",
            event="UPDATE",
            when="OLD.state <> NEW.state AND NEW.state = 'published'"
            " AND NEW.frozen_by_id = NEW.published_by_id",
            message="who made a release does not publish it",
        ),
    ]
