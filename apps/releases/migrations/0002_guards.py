from django.db import migrations

from apps.database.triggers import refuse_change
from datasets_catalog.release_states import TRANSITIONS

ALLOWED = " OR ".join(
    f"(OLD.state = '{before}' AND NEW.state = '{after}')"
    for before, afters in TRANSITIONS.items()
    for after in sorted(afters)
)


class Migration(migrations.Migration):
    """What the transition table and the separation of duties refuse, refused by the database."""

    dependencies = [
        ("releases", "0001_initial"),
        ("datasets", "0001_initial"),
        ("privacy", "0001_initial"),
    ]

    operations = [
        refuse_change(
            "releases_release",
            name="release_transition",
            event="UPDATE",
            when=f"OLD.state <> NEW.state AND NOT ({ALLOWED})",
            message="a release cannot go from the one state to the other",
        ),
        refuse_change(
            "releases_release",
            name="release_starts_as_draft",
            event="INSERT",
            when="NEW.state <> 'draft'",
            message="a release starts as a draft",
        ),
        refuse_change(
            "releases_release",
            name="release_published_is_fixed",
            event="UPDATE",
            when=(
                "OLD.state IN ('published', 'deprecated', 'withdrawn') AND (OLD.root <> NEW.root"
                " OR OLD.version <> NEW.version OR OLD.dvc_commit <> NEW.dvc_commit"
                " OR OLD.clips_table_id <> NEW.clips_table_id"
                " OR OLD.events_table_id <> NEW.events_table_id)"
            ),
            message="a published release never changes",
        ),
        refuse_change(
            "releases_release",
            name="release_published_is_kept",
            event="DELETE",
            when="OLD.state IN ('published', 'deprecated', 'withdrawn')",
            message="a published release is never deleted",
        ),
        refuse_change(
            "releases_release",
            name="release_approved_is_signed",
            event="UPDATE",
            when=(
                "OLD.state <> NEW.state AND NEW.state IN ('approved', 'published') AND ((SELECT COUNT(DISTINCT part)"
                " FROM releases_signoff WHERE release_id = NEW.id AND root = NEW.root) < 2"
                " OR EXISTS (SELECT 1 FROM releases_gateresult WHERE release_id = NEW.id"
                " AND root = NEW.root AND blocking AND NOT passed)"
                " OR NOT EXISTS (SELECT 1 FROM releases_gateresult WHERE release_id = NEW.id"
                " AND root = NEW.root))"
            ),
            message="a release needs both sign-offs and every blocking gate on its root",
        ),
        refuse_change(
            "releases_release",
            name="release_published_by_another",
            event="UPDATE",
            when=(
                "OLD.state <> NEW.state AND NEW.state = 'published' AND EXISTS (SELECT 1"
                " FROM releases_signoff WHERE release_id = NEW.id AND root = NEW.root"
                " AND signed_by_id = NEW.published_by_id)"
            ),
            message="who signed off does not publish",
        ),
        refuse_change(
            "releases_release",
            name="release_is_of_this_draft",
            event="UPDATE",
            when=(
                "OLD.state <> NEW.state AND NEW.state IN ('in_review', 'approved', 'published')"
                " AND NEW.draft_serial <> (SELECT draft_serial FROM datasets_dataset"
                " WHERE id = NEW.dataset_id)"
            ),
            message="the draft changed since the release was frozen",
        ),
        refuse_change(
            "releases_release",
            name="release_has_no_open_finding",
            event="UPDATE",
            when=(
                "OLD.state <> NEW.state AND NEW.state = 'published' AND EXISTS (SELECT 1"
                " FROM privacy_finding f JOIN datasets_clip c ON c.id = f.clip_id"
                " JOIN storage_blob b ON b.id = c.blob_id"
                " LEFT JOIN privacy_decision d ON d.finding_id = f.id"
                " WHERE c.dataset_id = NEW.dataset_id AND c.state = 'active' AND d.id IS NULL"
                " AND (f.content_sha256 = b.sha256 OR f.content_sha256 = c.cells_sha256))"
            ),
            message="a finding stands open",
        ),
    ]
