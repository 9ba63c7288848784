from importlib import import_module

from django.db import migrations

from apps.database.triggers import refuse_change, withdraw_trigger

before = import_module("apps.datasets.migrations.0010_split_policy_is_a_bar")

FOLDS = "coalesce({old}, 0) > 0 AND coalesce({new}, 0) <> {old}"
ORDER = "coalesce({old}, '[]') <> '[]' AND coalesce({new}, '[]') <> {old}"
# Of no matter where recordings are kept apart anyway.
ON_POSTGRESQL = (
    f"({before._lost_on_postgresql('apart', before.USUAL)}"
    f" OR {before._lost_on_postgresql('shared', '[]')}"
    " OR (NEW.split_policy->>'gap')::float8 < (OLD.split_policy->>'gap')::float8"
    " OR "
    + FOLDS.format(old="(OLD.split_policy->>'folds')::int", new="(NEW.split_policy->>'folds')::int")
    + " OR (NOT coalesce(NEW.split_policy->'apart', '"
    + before.USUAL
    + "'::jsonb) @> '[\"recording\"]'::jsonb AND ("
    + ORDER.format(old="OLD.split_policy->'order'", new="NEW.split_policy->'order'")
    + " OR (OLD.split_policy->>'gap' IS NOT NULL AND NEW.split_policy->>'gap' IS NULL)))) AND "
    + before.CONFIRMED.format(
        says="l.becomes ? 'split_policy' AND l.becomes->'split_policy'"
        " = coalesce(NEW.split_policy, 'null'::jsonb)"
    )
)


def _old(member: str) -> str:
    return f"json_extract(OLD.split_policy, '$.{member}')"


def _new(member: str) -> str:
    return f"json_extract(NEW.split_policy, '$.{member}')"


ON_SQLITE = (
    f"({before._lost_on_sqlite('apart', before.USUAL)} OR {before._lost_on_sqlite('shared', '[]')}"
    f" OR {_new('gap')} < {_old('gap')}"
    " OR "
    + FOLDS.format(old=_old("folds"), new=_new("folds"))
    + f" OR ('recording' NOT IN (SELECT value FROM json_each(coalesce({_new('apart')},"
    f" '{before.USUAL}'))) AND ("
    + ORDER.format(old=_old("order"), new=_new("order"))
    + f" OR ({_old('gap')} IS NOT NULL AND {_new('gap')} IS NULL)))) AND "
    + before.CONFIRMED.format(
        says="json_type(l.becomes, '$.split_policy') IS NOT NULL"
        " AND coalesce(json_extract(l.becomes, '$.split_policy'), 'null')"
        " = coalesce(json(NEW.split_policy), 'null')"
    )
)


class Migration(migrations.Migration):
    """Folds, the order of splits and a gap that goes are part of the bar, as in the rules."""

    dependencies = [("datasets", "0013_drop_earlier_uploaders")]

    operations = [
        withdraw_trigger(before.Migration.operations[0]),
        refuse_change(
            "datasets_dataset",
            name="dataset_bar_split_policy_lowers_by_two",
            event="UPDATE",
            when=ON_POSTGRESQL,
            on_sqlite=ON_SQLITE,
            message="a bar of a dataset becomes lower only after a privacy reviewer confirmed it",
        ),
    ]
