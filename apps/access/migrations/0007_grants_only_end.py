from django.db import migrations, models

from apps.database.triggers import AlterGuarded, make_append_only, refuse_change
from datasets_catalog.door_purposes import is_grantable
from datasets_catalog.purposes import Purpose

RELEASED = (
    "EXISTS (SELECT 1 FROM releases_release r WHERE r.dataset_id = NEW.id"
    " AND r.state IN ('published', 'deprecated', 'withdrawn'))"
)
AGREED = (
    "EXISTS (SELECT 1 FROM access_accesschange a WHERE a.dataset_id = NEW.id"
    " AND a.state = 'confirmed' AND a.embargoes = NEW.embargoes)"
)
# A version's date that is gone, or comes earlier than it did.
EARLIER = (
    "EXISTS (SELECT 1 FROM jsonb_each_text(OLD.embargoes) o"
    " LEFT JOIN jsonb_each_text(NEW.embargoes) n ON n.key = o.key WHERE n.value IS NULL"
    " OR CAST(n.value AS timestamptz) < CAST(o.value AS timestamptz))"
)
EARLIER_ON_SQLITE = (
    "EXISTS (SELECT 1 FROM json_each(OLD.embargoes) o"
    " LEFT JOIN json_each(NEW.embargoes) n ON n.key = o.key WHERE n.value IS NULL"
    " OR julianday(n.value) < julianday(o.value))"
)
ACCEPTED = (
    "EXISTS (SELECT 1 FROM access_acceptance a JOIN access_accessterms t ON t.id = a.terms_id"
    " WHERE t.dataset_id = NEW.dataset_id AND t.version >= NEW.terms"
    " AND ((a.organisation_id IS NULL AND a.user_id = NEW.user_id)"
    " OR a.organisation_id = NEW.organisation_id))"
)


def differs(column: str) -> str:
    return f"OLD.{column} IS DISTINCT FROM NEW.{column}"


def differs_on_sqlite(column: str) -> str:
    return f"OLD.{column} IS NOT NEW.{column}"


HOLDING = ("user_id", "organisation_id", "granted_by_id", "granted_at", "valid_from", "way", "uid")
MADE = ("uid", "embargo_until", "reason", "proposed_at")
LONGER = (
    "(OLD.valid_until IS NOT NULL"
    " AND (NEW.valid_until IS NULL OR NEW.valid_until > OLD.valid_until))"
)


def names(row: str, column: str, purpose: Purpose) -> str:
    return f"CAST({row}.{column} AS text) LIKE '%\"{purpose.value}\"%'"


def beyond_clearances() -> str:
    """Whether NEW names a purpose that no release which is given out is cleared for."""
    cases = []
    for purpose in filter(is_grantable, Purpose):
        held = (
            "EXISTS (SELECT 1 FROM releases_release r WHERE r.dataset_id = NEW.dataset_id"
            f" AND r.state IN ('published', 'deprecated') AND {names('r', 'cleared', purpose)})"
        )
        cases.append(f"({names('NEW', 'purposes', purpose)} AND NOT {held})")
    return " OR ".join(cases)


WITHIN = refuse_change(
    "access_entitlement",
    name="entitlement_within_clearances",
    event="INSERT",
    when=beyond_clearances(),
    message="no release is cleared, by people and licences, for what the grant names",
)


class Migration(migrations.Migration):
    """A grant only ends; a proposal stays as it was made; embargoes of versions end by two."""

    dependencies = [
        ("access", "0006_notices_of_lapses"),
        ("releases", "0015_lapses_by_review"),
    ]

    operations = [
        AlterGuarded(
            migrations.AlterField(
                "notice",
                "kind",
                models.CharField(
                    choices=[
                        ("asked", "Somebody asks for a dataset"),
                        ("answered", "Your request was answered"),
                        ("ending", "Access ends soon"),
                        ("terms", "Terms changed"),
                        ("seat", "A seat was given or taken"),
                        ("full", "All seats are taken"),
                        ("revoked", "Access was taken back"),
                        ("wider", "More people are to be let in"),
                        ("lower", "A bar is to be lowered"),
                        ("lapsed", "A release is closed to readers"),
                    ],
                    max_length=16,
                ),
            ),
        ),
        WITHIN,
        refuse_change(
            "access_entitlement",
            name="entitlement_only_ends",
            event="UPDATE",
            when=" OR ".join([*map(differs, HOLDING), LONGER])
            + " OR (OLD.revoked_at IS NOT NULL AND OLD.revoked_at IS DISTINCT FROM NEW.revoked_at)",
            on_sqlite=" OR ".join([*map(differs_on_sqlite, HOLDING), LONGER])
            + " OR (OLD.revoked_at IS NOT NULL AND OLD.revoked_at IS NOT NEW.revoked_at)",
            message="a grant never changes its holder, lasts longer or comes back: give another",
        ),
        refuse_change(
            "access_entitlement",
            name="entitlement_terms_are_accepted",
            event="UPDATE",
            when=f"NEW.terms <> OLD.terms AND (NEW.terms < OLD.terms OR NOT {ACCEPTED})",
            message="a grant is bound to terms that its holder accepted",
        ),
        make_append_only("access_entitlement", events=("DELETE",)),
        refuse_change(
            "access_accesschange",
            name="access_change_stays_as_made",
            event="UPDATE",
            when=" OR ".join(map(differs, MADE)) + " OR OLD.embargoes <> NEW.embargoes",
            on_sqlite=" OR ".join(map(differs_on_sqlite, MADE))
            + " OR OLD.embargoes <> NEW.embargoes",
            message="a proposal is decided on as it was made",
        ),
        refuse_change(
            "datasets_dataset",
            name="dataset_embargoes_never_end_alone",
            event="UPDATE",
            when=f"OLD.embargoes <> NEW.embargoes AND {EARLIER} AND {RELEASED} AND NOT {AGREED}",
            on_sqlite=f"OLD.embargoes <> NEW.embargoes AND {EARLIER_ON_SQLITE} AND {RELEASED}"
            f" AND NOT {AGREED}",
            message="a version is let out before its date only after another person agreed",
        ),
    ]
