from django.db import migrations

from apps.database.triggers import refuse_change

_BROUGHT = "SELECT 1 FROM datasets_earlieruploader u"
OF_FINDING = f"{_BROUGHT} JOIN privacy_finding f ON f.clip_id = u.clip_id"
OF_SAMPLE = f"{_BROUGHT} JOIN privacy_sampleclip s ON s.clip_id = u.clip_id"
MESSAGE = "whoever brought a clip in does not judge it, though somebody changed its row since"


class Migration(migrations.Migration):
    """Whose work a clip was stays so when somebody else changes it."""

    dependencies = [
        ("privacy", "0009_playbacks"),
        ("datasets", "0011_earlier_uploaders"),
    ]

    operations = [
        refuse_change(
            "privacy_decision",
            name="decision_is_not_by_earlier_uploader",
            event="INSERT",
            when=f"EXISTS ({OF_FINDING} WHERE f.id = NEW.finding_id"
            " AND u.user_id = NEW.decided_by_id)",
            message=MESSAGE,
        ),
        refuse_change(
            "privacy_confirmation",
            name="confirmation_is_not_by_earlier_uploader",
            event="INSERT",
            when=f"EXISTS ({OF_FINDING} WHERE f.id = NEW.finding_id"
            " AND u.user_id = NEW.confirmed_by_id)",
            message=MESSAGE,
        ),
        refuse_change(
            "privacy_headcount",
            name="headcount_is_not_by_earlier_uploader",
            event="INSERT",
            when=f"EXISTS ({_BROUGHT} WHERE u.clip_id = NEW.clip_id"
            " AND u.user_id = NEW.counted_by_id)",
            message=MESSAGE,
        ),
        refuse_change(
            "privacy_hearing",
            name="hearing_is_not_by_earlier_uploader",
            event="INSERT",
            when=f"EXISTS ({OF_SAMPLE} WHERE s.id = NEW.sample_clip_id"
            " AND u.user_id = NEW.heard_by_id)",
            message=MESSAGE,
        ),
    ]
