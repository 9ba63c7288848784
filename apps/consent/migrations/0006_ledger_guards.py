import uuid

from django.db import migrations, models

from apps.database.triggers import AlterGuarded, make_append_only, refuse_change


def changed(*columns: str) -> str:
    """Whether any of the columns is another one in NEW, nothing included, in both databases."""
    return " OR ".join(
        f"COALESCE(CAST(OLD.{column} AS text), '') <> COALESCE(CAST(NEW.{column} AS text), '')"
        for column in columns
    )


ANSWERED = "EXISTS (SELECT 1 FROM consent_consent c WHERE c.form_id = {row}.{key})"
GUARDIANS = (
    "NEW.guardian <> '' AND EXISTS (SELECT 1 FROM consent_contributor p"
    " JOIN consent_contributor g ON g.organisation_id = p.organisation_id"
    " AND lower(g.code) = lower(NEW.guardian) WHERE p.id = NEW.contributor_id AND ({when}))"
)


class Migration(migrations.Migration):
    """The ledger only grows: what the actions refuse, the database refuses."""

    dependencies = [("consent", "0005_note_what_forms_asked_about")]

    operations = [
        AlterGuarded(
            migrations.AlterField(
                model_name="consentform",
                name="uid",
                field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
            ),
        ),
        refuse_change(
            "consent_consent",
            name="guardian_is_another",
            event="INSERT",
            when=GUARDIANS.format(when="g.id = p.id"),
            message="nobody is their own guardian",
        ),
        refuse_change(
            "consent_consent",
            name="guardian_is_of_age",
            event="INSERT",
            when=GUARDIANS.format(
                when="g.is_minor AND (g.of_age_on IS NULL OR g.of_age_on > NEW.given_at)"
            ),
            message="a minor answers for nobody else",
        ),
        refuse_change(
            "consent_consent",
            name="correction_is_of_the_same_person",
            event="INSERT",
            when="NEW.supersedes_id IS NOT NULL AND EXISTS (SELECT 1 FROM consent_consent o"
            " WHERE o.id = NEW.supersedes_id AND o.contributor_id <> NEW.contributor_id)",
            message="a consent is corrected by one of the same contributor",
        ),
        refuse_change(
            "consent_consentanswer",
            name="consent_takes_no_answer_in",
            event="INSERT",
            when="(SELECT COUNT(*) FROM consent_consentanswer a WHERE a.consent_id = NEW.consent_id)"
            " >= (SELECT COALESCE(c.answered, 0) FROM consent_consent c"
            " WHERE c.id = NEW.consent_id)",
            message="a consent keeps the answers it was recorded with",
        ),
        refuse_change(
            "consent_consentform",
            name="form_stays_as_it_was_answered",
            event="UPDATE",
            when=changed("organisation_id", "uid")
            + f" OR ({ANSWERED.format(row='OLD', key='id')} AND ("
            + changed("name", "version", "language", "study", "implications")
            + " OR (OLD.text <> '' AND OLD.text <> NEW.text)"
            " OR (OLD.text_sha256 <> '' AND OLD.text_sha256 <> NEW.text_sha256)))",
            message="a form stays as it was answered",
        ),
        make_append_only("consent_formreach", events=("DELETE",)),
        refuse_change(
            "consent_formreach",
            name="reach_is_only_ended",
            event="UPDATE",
            when="OLD.ended_at IS NOT NULL OR "
            + changed("form_id", "dataset_id", "recording", "reason", "added_by_id", "added_at"),
            message="what a form asked about is only ended, once",
        ),
        refuse_change(
            "consent_formreach",
            name="reach_is_widened_by_another",
            event="INSERT",
            when="NEW.added_by_id IS NULL OR EXISTS (SELECT 1 FROM consent_consent c"
            " WHERE c.form_id = NEW.form_id AND c.recorded_by_id = NEW.added_by_id)",
            message="who recorded answers to a form does not widen what it asked about",
        ),
        refuse_change(
            "consent_formreach",
            name="reach_stays_at_home",
            event="INSERT",
            when="EXISTS (SELECT 1 FROM consent_consentform f, datasets_dataset d"
            " WHERE f.id = NEW.form_id AND d.id = NEW.dataset_id"
            " AND f.organisation_id <> d.organisation_id)",
            message="a form asks about datasets of its own organisation",
        ),
        refuse_change(
            "consent_contributor",
            name="minor_stays_on_record",
            event="UPDATE",
            when="(OLD.is_minor AND NOT NEW.is_minor) OR "
            + changed("organisation_id", "code", "uid"),
            message="a contributor keeps their code, and stays on record as a minor",
        ),
    ]
