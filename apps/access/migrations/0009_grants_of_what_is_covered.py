from django.db import migrations

from apps.database.triggers import refuse_change
from datasets_catalog.door_purposes import is_grantable
from datasets_catalog.purposes import Purpose


def beyond_covered() -> str:
    """Whether NEW names a purpose for which nothing is cleared in which everybody is covered.

    Covered at the moment that the grant states: the database's own clock is not the product's.
    """
    cases = []
    for purpose in filter(is_grantable, Purpose):
        word = f"'%\"{purpose.value}\"%'"
        held = (
            "EXISTS (SELECT 1 FROM releases_release r WHERE r.dataset_id = NEW.dataset_id"
            f" AND r.state IN ('published', 'deprecated') AND CAST(r.cleared AS text) LIKE {word}"
            " AND (r.lapses_at IS NULL OR r.lapses_at > NEW.granted_at))"
        )
        cases.append(f"(CAST(NEW.purposes AS text) LIKE {word} AND NOT {held})")
    return " OR ".join(cases)


class Migration(migrations.Migration):
    """Nobody new is let in to what somebody in it no longer allows."""

    dependencies = [("access", "0008_stated_purposes")]

    operations = [
        refuse_change(
            "access_entitlement",
            name="entitlement_of_what_is_covered",
            event="INSERT",
            when=beyond_covered(),
            message="somebody in each release, or a licence, no longer allows what the grant names",
        ),
    ]
