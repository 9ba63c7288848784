from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.database.triggers import make_append_only, refuse_change

OLD_GUARD = make_append_only("privacy_decision", events=("DELETE",))
SAME = " AND ".join(
    f"r.{column} = OLD.{column}"
    for column in (
        "finding_id",
        "verdict",
        "reason",
        "identifiable",
        "content_sha256",
        "decided_by_id",
    )
)
# Of the decision on a finding in a clip: whoever brought in or annotated the clip.
OWN_WORK = (
    "EXISTS (SELECT 1 FROM privacy_finding f JOIN datasets_clip c ON c.id = f.clip_id"
    " WHERE f.id = NEW.finding_id AND (c.added_by_id = NEW.confirmed_by_id OR EXISTS (SELECT 1"
    " FROM datasets_event e WHERE e.clip_id = c.id AND e.created_by_id = NEW.confirmed_by_id)))"
)
NO_SUCH_DECISION = (
    "NOT EXISTS (SELECT 1 FROM privacy_decision d WHERE d.id = NEW.decision_id"
    " AND d.finding_id = NEW.finding_id AND d.decided_by_id = NEW.decided_by_id)"
)
OWN_SOUND = (
    "EXISTS (SELECT 1 FROM privacy_sampleclip s JOIN datasets_clip c ON c.id = s.clip_id"
    " WHERE s.id = NEW.sample_clip_id AND (c.added_by_id = NEW.heard_by_id OR EXISTS (SELECT 1"
    " FROM datasets_event e WHERE e.clip_id = c.id AND e.created_by_id = NEW.heard_by_id)))"
)
PUBLISHED = "OLD.state <> NEW.state AND NEW.state = 'published'"
IN_DRAFT = "c.dataset_id = NEW.dataset_id AND c.state = 'active'"
ALONE = (
    "EXISTS (SELECT 1 FROM privacy_finding f JOIN datasets_clip c ON c.id = f.clip_id"
    " JOIN storage_blob b ON b.id = c.blob_id JOIN privacy_decision d ON d.finding_id = f.id"
    f" WHERE {IN_DRAFT} AND (f.content_sha256 = b.sha256 OR f.content_sha256 = c.cells_sha256)"
    " AND d.verdict = 'clear' AND d.identifiable AND NOT EXISTS (SELECT 1"
    " FROM privacy_confirmation o WHERE o.decision_id = d.id AND o.agree))"
)
ASKED = (
    "EXISTS (SELECT 1 FROM privacy_changerequest q JOIN datasets_clip c ON c.id = q.clip_id"
    f" WHERE {IN_DRAFT} AND q.answered_at IS NULL)"
)


def drop_old_guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if OLD_GUARD.reverse_code is not None:
        OLD_GUARD.reverse_code(apps, editor)


def put_old_guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    OLD_GUARD.code(apps, editor)


class Migration(migrations.Migration):
    """What reviewers wrote stays; a decision leaves only into its revocation; two for a voice."""

    dependencies = [
        ("privacy", "0003_review"),
        ("releases", "0002_guards"),
    ]

    operations = [
        migrations.RunPython(drop_old_guard, put_old_guard),
        refuse_change(
            "privacy_decision",
            name="privacy_decision_no_delete",
            event="DELETE",
            when="NOT EXISTS (SELECT 1 FROM privacy_revocation r"
            f" WHERE r.decision_number = OLD.id AND {SAME})",
            message="privacy_decision is append-only: a decision is only taken back",
        ),
        refuse_change(
            "privacy_confirmation",
            name="confirmation_is_by_another",
            event="INSERT",
            when=f"{NO_SUCH_DECISION} OR {OWN_WORK}",
            message="a second reviewer confirms, on a clip that is not their own work",
        ),
        refuse_change(
            "privacy_hearing",
            name="hearing_is_by_another",
            event="INSERT",
            when=OWN_SOUND,
            message="who brought a clip in or annotated it does not hear it for the sample",
        ),
        *(
            make_append_only(f"privacy_{table}")
            for table in (
                "batch",
                "comment",
                "confirmation",
                "hearing",
                "redaction",
                "revocation",
                "sample",
                "sampleclip",
            )
        ),
        make_append_only("privacy_changerequest", events=("DELETE",)),
        refuse_change(
            "privacy_changerequest",
            name="change_request_is_only_answered",
            event="UPDATE",
            when="OLD.answered_at IS NOT NULL OR OLD.text <> NEW.text"
            " OR OLD.clip_id <> NEW.clip_id OR OLD.asked_by_id <> NEW.asked_by_id",
            message="a change request is only answered, once",
        ),
        refuse_change(
            "releases_release",
            name="release_people_are_confirmed",
            event="UPDATE",
            when=f"{PUBLISHED} AND {ALONE}",
            message="an identifiable person was cleared by one reviewer alone",
        ),
        refuse_change(
            "releases_release",
            name="release_has_no_change_asked",
            event="UPDATE",
            when=f"{PUBLISHED} AND {ASKED}",
            message="a change that a reviewer asked for stands open",
        ),
    ]
