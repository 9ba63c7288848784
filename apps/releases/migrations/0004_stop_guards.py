from django.db import migrations

from apps.database.triggers import make_append_only, refuse_change

SAME = " OR ".join(
    f"COALESCE(CAST(OLD.{column} AS text), '') <> COALESCE(CAST(NEW.{column} AS text), '')"
    for column in (
        "uid",
        "dataset_id",
        "release_id",
        "clip_id",
        "reason",
        "stopped_by_id",
        "stopped_at",
        "confirm_by",
    )
)


class Migration(migrations.Migration):
    """A stop is kept, only confirmed and lifted; what it closes is not published."""

    dependencies = [("releases", "0003_stops")]

    operations = [
        make_append_only("releases_stop", events=("DELETE",)),
        refuse_change(
            "releases_stop",
            name="stop_stays_as_it_is",
            event="UPDATE",
            when=f"OLD.lifted_at IS NOT NULL OR {SAME} OR (OLD.confirmed_at IS NOT NULL AND"
            " (NEW.confirmed_at IS NULL OR NEW.confirmed_by_id <> OLD.confirmed_by_id))",
            message="a stop is confirmed and lifted once, and never changed",
        ),
        refuse_change(
            "releases_stoppedrelease",
            name="stop_keeps_what_it_closes",
            event="DELETE",
            when="EXISTS (SELECT 1 FROM releases_release r WHERE r.id = OLD.release_id"
            " AND r.state IN ('published', 'deprecated', 'withdrawn'))",
            message="a stop goes on closing the release",
        ),
        make_append_only("releases_stoppedrelease", events=("UPDATE",)),
        refuse_change(
            "releases_release",
            name="release_is_not_stopped",
            event="UPDATE",
            when=(
                "OLD.state <> NEW.state AND NEW.state = 'published' AND EXISTS (SELECT 1"
                " FROM releases_stop s LEFT JOIN datasets_clip c ON c.id = s.clip_id"
                " WHERE s.dataset_id = NEW.dataset_id AND s.lifted_at IS NULL"
                " AND ((s.release_id IS NULL AND s.clip_id IS NULL) OR s.release_id = NEW.id"
                " OR c.state = 'active'))"
            ),
            message="an emergency stop is in force",
        ),
    ]
