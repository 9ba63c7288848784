from django.db import migrations

from apps.database.triggers import refuse_change

PUBLISHED = "OLD.state <> NEW.state AND NEW.state = 'published'"


def _of_release(clip: str, content: str) -> str:
    """Whether a clip of the draft, or one that review took out, or the bytes of one, are these."""
    return (
        f"(EXISTS (SELECT 1 FROM datasets_clip c WHERE c.id = {clip}"
        " AND c.dataset_id = NEW.dataset_id AND c.state <> 'removed') OR EXISTS (SELECT 1"
        f" FROM datasets_dataset a JOIN storage_blob b ON b.store = a.uid AND b.sha256 = {content}"
        " JOIN datasets_clip c ON c.blob_id = b.id"
        " WHERE a.id = NEW.dataset_id AND c.state = 'active'))"
    )


REVIEWED = " OR ".join(
    f"EXISTS (SELECT 1 FROM {rows} WHERE r.{by} = NEW.published_by_id AND {where})"
    for rows, by, where in (
        (
            "privacy_decision r JOIN privacy_finding f ON f.id = r.finding_id",
            "decided_by_id",
            _of_release("f.clip_id", "r.content_sha256"),
        ),
        (
            "privacy_confirmation r JOIN privacy_finding f ON f.id = r.finding_id",
            "confirmed_by_id",
            _of_release("f.clip_id", "f.content_sha256"),
        ),
        (
            "privacy_headcount r",
            "counted_by_id",
            _of_release("r.clip_id", "r.content_sha256"),
        ),
        (
            "privacy_hearing r JOIN privacy_sampleclip s ON s.id = r.sample_clip_id",
            "heard_by_id",
            _of_release("s.clip_id", "r.content_sha256"),
        ),
        (
            "privacy_changerequest r JOIN datasets_clip c ON c.id = r.clip_id",
            "asked_by_id",
            "c.dataset_id = NEW.dataset_id AND c.state <> 'removed'",
        ),
        (
            "releases_checklistanswer r",
            "answered_by_id",
            "r.release_id = NEW.id AND r.root = NEW.root",
        ),
    )
)


class Migration(migrations.Migration):
    """Who reviewed what is in a release does not publish it, signed or not."""

    dependencies = [
        ("releases", "0013_published_by_a_third"),
        ("privacy", "0004_review_guards"),
        ("privacy", "0006_people_heard"),
    ]

    operations = [
        refuse_change(
            "releases_release",
            name="release_published_by_no_reviewer",
            event="UPDATE",
            when=f"{PUBLISHED} AND ({REVIEWED})",
            message="who reviewed what is in a release does not publish it",
        ),
    ]
