from django.db import migrations, models

from apps.database.triggers import refuse_change

HELD = (
    "EXISTS (SELECT 1 FROM datasets_clip c WHERE c.dataset_id = NEW.id) AND NOT EXISTS"
    " (SELECT 1 FROM datasets_lowering l WHERE l.dataset_id = NEW.id AND l.state = 'confirmed'"
    " AND {says})"
)
# As `Vocabulary.__str__`: names hold no space.
VOCABULARY = (
    "coalesce((SELECT v.name || ' ' || v.version FROM datasets_vocabulary v"
    " WHERE v.id = NEW.vocabulary_id), '')"
)
# Of each bar: who decides, when the row's value is lower than it was, and that a confirmed request
# says exactly what it becomes, in the words of PostgreSQL and of SQLite. A missing member is NULL,
# which is as good as false; one that is null is told from it by its type.
BARS = {
    "use": (
        "rights",
        'NEW."use" <> OLD."use"',
        "l.becomes->>'use' = NEW.\"use\"",
        "json_extract(l.becomes, '$.use') = NEW.\"use\"",
    ),
    "wanted_licence": (
        "rights",
        "OLD.wanted_licence <> '' AND NEW.wanted_licence <> OLD.wanted_licence",
        "l.becomes->>'wanted_licence' = NEW.wanted_licence",
        "json_extract(l.becomes, '$.wanted_licence') = NEW.wanted_licence",
    ),
    "vocabulary": (
        "privacy",
        "OLD.vocabulary_id IS NOT NULL"
        " AND (NEW.vocabulary_id IS NULL OR NEW.vocabulary_id <> OLD.vocabulary_id)",
        f"l.becomes ? 'vocabulary' AND coalesce(l.becomes->>'vocabulary', '') = {VOCABULARY}",
        "json_type(l.becomes, '$.vocabulary') IS NOT NULL"
        f" AND coalesce(json_extract(l.becomes, '$.vocabulary'), '') = {VOCABULARY}",
    ),
    # No days and 0 days are without end.
    "grant_days": (
        "privacy",
        "coalesce(OLD.grant_days, 0) > 0"
        " AND (coalesce(NEW.grant_days, 0) = 0 OR NEW.grant_days > OLD.grant_days)",
        "l.becomes ? 'grant_days'"
        " AND coalesce((l.becomes->>'grant_days')::int, -1) = coalesce(NEW.grant_days, -1)",
        "json_type(l.becomes, '$.grant_days') IS NOT NULL"
        " AND coalesce(json_extract(l.becomes, '$.grant_days'), -1) = coalesce(NEW.grant_days, -1)",
    ),
}


def _guard(name: str) -> migrations.RunPython:
    reviewer, lower, says, says_on_sqlite = BARS[name]
    return refuse_change(
        "datasets_dataset",
        name=f"dataset_bar_{name}_lowers_by_two",
        event="UPDATE",
        when=f"({lower}) AND {HELD.format(says=says)}",
        on_sqlite=f"({lower}) AND {HELD.format(says=says_on_sqlite)}",
        message=f"a bar of a dataset becomes lower only after a {reviewer} reviewer confirmed it",
    )


class Migration(migrations.Migration):
    """What lets a gate of rights or labels pass, or lets access last longer, is a bar as well."""

    dependencies = [("datasets", "0014_folds_and_order_are_bars")]

    operations = [
        migrations.AlterField(
            "lowering",
            "state",
            models.CharField(
                choices=[
                    ("proposed", "Waiting for a reviewer"),
                    ("confirmed", "Confirmed"),
                    ("applied", "Carried out"),
                    ("refused", "Refused"),
                    ("cancelled", "Taken back"),
                ],
                default="proposed",
                max_length=16,
            ),
        ),
        *(_guard(name) for name in BARS),
    ]
