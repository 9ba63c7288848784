from django.db import migrations

from apps.database.triggers import refuse_change

STANDS = "NOT EXISTS (SELECT 1 FROM consent_consent s WHERE s.supersedes_id = {row}.id)"
RECORDED = (
    "EXISTS (SELECT 1 FROM consent_consent r WHERE r.form_id = NEW.form_id"
    " AND r.recorded_by_id = NEW.ended_by_id)"
)
HOLDS_A_NO = (
    "EXISTS (SELECT 1 FROM consent_consent c JOIN consent_consentanswer a ON a.consent_id = c.id"
    f" WHERE c.form_id = NEW.form_id AND a.answer = 'denied' AND {STANDS.format(row='c')})"
)
OTHERS_DECIDE = (
    "EXISTS (SELECT 1 FROM consent_consent c JOIN consent_consent o"
    " ON o.contributor_id = c.contributor_id AND o.form_id <> c.form_id JOIN consent_formreach f"
    " ON f.form_id = o.form_id AND f.dataset_id = NEW.dataset_id AND f.ended_at IS NULL"
    " WHERE c.form_id = NEW.form_id"
    f" AND {STANDS.format(row='c')} AND {STANDS.format(row='o')})"
)


class Migration(migrations.Migration):
    """What a form asked about ends by somebody else where that may permit more than before."""

    dependencies = [("consent", "0007_recordings_in_statements")]

    operations = [
        refuse_change(
            "consent_formreach",
            name="reach_ends_by_another",
            event="UPDATE",
            when="OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL"
            f" AND {RECORDED} AND ({HOLDS_A_NO} OR {OTHERS_DECIDE})",
            message="who recorded answers to a form does not end what it asked about where that"
            " takes back a no",
        ),
    ]
