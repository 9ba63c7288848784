from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.database.triggers import refuse_change
from datasets_catalog.door_purposes import Clearance, is_grantable
from datasets_catalog.purposes import Purpose, include_implied

OUT = ["published", "deprecated"]
GRANTABLE = sorted(purpose.value for purpose in Purpose if is_grantable(purpose))


def name_purposes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """A grant that named none reached as far as each release: now it names those purposes.

    Where nothing was released it names every use; each release goes on limiting it.
    """
    alias = editor.connection.alias
    entitlements = apps.get_model("access", "Entitlement")._default_manager.using(alias)
    releases = apps.get_model("releases", "Release")._default_manager.using(alias)
    for row in entitlements.filter(purposes=[]).iterator():
        cleared: set[str] = set()
        for declared in releases.filter(dataset=row.dataset_id, state__in=OUT).values_list(
            "purposes", flat=True
        ):
            cleared |= {purpose.value for purpose in Clearance.of(declared).grantable}
        row.purposes = sorted(cleared) or GRANTABLE
        row.save(update_fields=["purposes"])


def names(row: str, purpose: Purpose) -> str:
    return f"CAST({row}.purposes AS text) LIKE '%\"{purpose.value}\"%'"


def beyond_releases() -> str:
    """Whether NEW names a purpose that no release which is given out is cleared for."""
    cases = []
    for purpose in Purpose:
        containing = [each for each in Purpose if purpose in include_implied({each})]
        cleared = " OR ".join(names("r", each) for each in containing)
        held = (
            "EXISTS (SELECT 1 FROM releases_release r WHERE r.dataset_id = NEW.dataset_id"
            f" AND r.state IN ('published', 'deprecated') AND ({cleared}))"
        )
        case = names("NEW", purpose)
        cases.append(f"({case} AND NOT {held})" if is_grantable(purpose) else f"({case})")
    return " OR ".join(cases)


class Migration(migrations.Migration):
    """A grant names what it is for, and never more than its releases; a receipt keeps it."""

    dependencies = [
        ("access", "0003_add_terms_seats_and_notices"),
        ("releases", "0007_territories"),
    ]

    operations = [
        migrations.RunPython(name_purposes, migrations.RunPython.noop),
        migrations.AlterField("entitlement", "purposes", models.JSONField()),
        migrations.AddField(
            "entitlement",
            "country",
            models.CharField(blank=True, default="", max_length=2),
            preserve_default=False,
        ),
        migrations.AddField(
            "accessrequest",
            "country",
            models.CharField(blank=True, default="", max_length=2),
            preserve_default=False,
        ),
        migrations.AddField("receipt", "purposes", models.JSONField(default=list)),
        migrations.AddConstraint(
            "entitlement",
            models.CheckConstraint(
                condition=~models.Q(purposes=[]), name="entitlement_names_purposes"
            ),
        ),
        refuse_change(
            "access_entitlement",
            name="entitlement_within_releases",
            event="INSERT",
            when=beyond_releases(),
            message="no release is cleared for what the grant names",
        ),
        refuse_change(
            "access_entitlement",
            name="entitlement_purposes_stay",
            event="UPDATE",
            when="CAST(OLD.purposes AS text) <> CAST(NEW.purposes AS text)"
            " OR OLD.country <> NEW.country OR OLD.dataset_id <> NEW.dataset_id",
            message="what a grant is for never changes: take it back and give another",
        ),
    ]
