from django.db import migrations

from apps.database.triggers import refuse_change

LABELLED = "datasets_weaklabel", "datasets_emptyannotation"


def _made_by(person: str, clip: str) -> str:
    """Whether the person labelled the clip as a whole, or found it empty."""
    return " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} l WHERE l.clip_id = {clip} AND l.created_by_id = {person})"
        for table in LABELLED
    )


class Migration(migrations.Migration):
    """Who labels a clip as a whole annotated it, as who places an event in it did."""

    dependencies = [
        ("privacy", "0004_review_guards"),
        ("datasets", "0003_labels"),
    ]

    operations = [
        refuse_change(
            "privacy_confirmation",
            name="confirmation_is_not_by_labeller",
            event="INSERT",
            when=(
                "EXISTS (SELECT 1 FROM privacy_finding f WHERE f.id = NEW.finding_id"
                f" AND ({_made_by('NEW.confirmed_by_id', 'f.clip_id')}))"
            ),
            message="whoever annotated a clip gives no second opinion on it",
        ),
        refuse_change(
            "privacy_hearing",
            name="hearing_is_not_by_labeller",
            event="INSERT",
            when=(
                "EXISTS (SELECT 1 FROM privacy_sampleclip s WHERE s.id = NEW.sample_clip_id"
                f" AND ({_made_by('NEW.heard_by_id', 's.clip_id')}))"
            ),
            message="whoever annotated a clip does not hear it for a sample",
        ),
    ]
