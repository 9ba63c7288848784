from django.db import migrations

from apps.database.triggers import refuse_change

CLOSED = (
    "OLD.lapses_at IS NOT NULL AND OLD.lapses_at <= {now}"
    " AND (NEW.lapses_at IS NULL OR NEW.lapses_at > {now})"
    " AND EXISTS (SELECT 1 FROM releases_lapse l WHERE l.release_id = NEW.id AND l.over_at IS NULL)"
)


class Migration(migrations.Migration):
    """A release opens again only when nothing that closed it stands any more."""

    dependencies = [("releases", "0016_about")]

    operations = [
        refuse_change(
            "releases_release",
            name="release_opens_when_nothing_lapses",
            event="UPDATE",
            when=CLOSED.format(now="statement_timestamp()"),
            # As Django writes moments: text, in UTC.
            on_sqlite=CLOSED.format(now="strftime('%Y-%m-%d %H:%M:%f', 'now')"),
            message="a release stays closed to readers while something in it has lapsed",
        ),
    ]
