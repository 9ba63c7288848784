from django.db import migrations

from apps.database.triggers import refuse_change

USUAL = '["recording","contributor","sound"]'


def _lost_on_postgresql(member: str, usual: str) -> str:
    before, after = (
        f"coalesce({row}.split_policy->'{member}', '{usual}'::jsonb)" for row in ("OLD", "NEW")
    )
    return f"NOT ({after} @> {before})"


def _lost_on_sqlite(member: str, usual: str) -> str:
    before, after = (
        f"coalesce(json_extract({row}.split_policy, '$.{member}'), '{usual}')"
        for row in ("OLD", "NEW")
    )
    return (
        f"EXISTS (SELECT 1 FROM json_each({before}) o WHERE o.value NOT IN"
        f" (SELECT value FROM json_each({after})))"
    )


CONFIRMED = (
    "EXISTS (SELECT 1 FROM datasets_clip c WHERE c.dataset_id = NEW.id) AND NOT EXISTS"
    " (SELECT 1 FROM datasets_lowering l WHERE l.dataset_id = NEW.id AND l.state = 'confirmed'"
    " AND {says})"
)
ON_POSTGRESQL = (
    f"({_lost_on_postgresql('apart', USUAL)} OR {_lost_on_postgresql('shared', '[]')}"
    " OR (NEW.split_policy->>'gap')::float8 < (OLD.split_policy->>'gap')::float8) AND "
    + CONFIRMED.format(
        says="l.becomes ? 'split_policy' AND l.becomes->'split_policy'"
        " = coalesce(NEW.split_policy, 'null'::jsonb)"
    )
)
ON_SQLITE = (
    f"({_lost_on_sqlite('apart', USUAL)} OR {_lost_on_sqlite('shared', '[]')}"
    " OR json_extract(NEW.split_policy, '$.gap') < json_extract(OLD.split_policy, '$.gap')) AND "
    + CONFIRMED.format(
        says="json_type(l.becomes, '$.split_policy') IS NOT NULL"
        " AND coalesce(json_extract(l.becomes, '$.split_policy'), 'null')"
        " = coalesce(json(NEW.split_policy), 'null')"
    )
)


class Migration(migrations.Migration):
    """What splits mean asks for less only after a privacy reviewer confirmed it.

    That is: a trait is no longer kept apart, or shared, or clips of one recording may be nearer.
    """

    dependencies = [("datasets", "0009_sheet_and_verification")]

    operations = [
        refuse_change(
            "datasets_dataset",
            name="dataset_bar_split_policy_lowers_by_two",
            event="UPDATE",
            when=ON_POSTGRESQL,
            on_sqlite=ON_SQLITE,
            message="a bar of a dataset becomes lower only after a privacy reviewer confirmed it",
        ),
    ]
