from django.db import migrations

from apps.database.triggers import make_append_only, refuse_change

PUBLISHED = "OLD.state <> NEW.state AND NEW.state = 'published'"
OUT = "('published', 'deprecated', 'withdrawn')"


def changed(*columns: str) -> str:
    """Whether any of the columns is another one in NEW, nothing included, in both databases."""
    return " OR ".join(
        f"COALESCE(CAST(OLD.{column} AS text), '') <> COALESCE(CAST(NEW.{column} AS text), '')"
        for column in columns
    )


def of_release_out(row: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM releases_release r WHERE r.id = {row}.release_id"
        f" AND r.state IN {OUT})"
    )


ACTIVE = "c.dataset_id = NEW.dataset_id AND c.state = 'active'"
# A scan that saw something counts for a clip when that was noted as findings of the clip.
SCANNED = (
    "EXISTS (SELECT 1 FROM privacy_scan s WHERE s.dataset_id = c.dataset_id"
    " AND s.content_sha256 = CASE w.looks_at WHEN 'cells' THEN c.cells_sha256 ELSE b.sha256 END"
    " AND s.detector = w.detector AND s.detector_version = w.detector_version"
    " AND s.parameters_sha256 = w.parameters_sha256 AND NOT s.failed"
    " AND (s.seen = '[]' OR EXISTS (SELECT 1 FROM privacy_finding f"
    " WHERE f.clip_id = c.id AND f.scan_id = s.id)))"
)
UNSEEN = (
    "EXISTS (SELECT 1 FROM datasets_clip c JOIN storage_blob b ON b.id = c.blob_id"
    " JOIN datasets_dataset d ON d.id = c.dataset_id"
    " JOIN releases_detectorinforce w ON w.profile = d.privacy_profile"
    f" WHERE {ACTIVE} AND w.looks_at IN ('audio', 'cells') AND NOT {SCANNED})"
)
NOTHING_ASKED = (
    f"(EXISTS (SELECT 1 FROM datasets_clip c WHERE {ACTIVE}) AND NOT EXISTS (SELECT 1"
    " FROM releases_detectorinforce w JOIN datasets_dataset d ON d.privacy_profile = w.profile"
    " WHERE d.id = NEW.dataset_id))"
)
# Blobs are looked up by their own index, counts are joined from the side of the release: a planner
# that takes the dataset's index, or believes a table empty that was filled a moment ago, would
# compare every clip with every other.
HELD = (
    "(SELECT COUNT(DISTINCT h.blob_id) FROM releases_releaseblob h"
    " JOIN datasets_clip c ON c.blob_id = h.blob_id"
    " WHERE h.release_id = NEW.id AND c.state || '' = 'active')"
)
# Bytes of a clip, present or past, that are not those of a clip in the draft. Each dataset has a
# store of its own, so a blob is of its clips alone.
STRAY = (
    "EXISTS (SELECT 1 FROM releases_releaseblob h JOIN storage_blob b ON b.id = h.blob_id"
    " WHERE h.release_id = NEW.id AND NOT EXISTS (SELECT 1 FROM datasets_clip c"
    " WHERE c.blob_id = h.blob_id AND c.state || '' = 'active')"
    " AND (EXISTS (SELECT 1 FROM datasets_clip x WHERE x.blob_id = h.blob_id)"
    " OR EXISTS (SELECT 1 FROM datasets_clip x WHERE x.original_id = h.blob_id)"
    " OR EXISTS (SELECT 1 FROM privacy_scan s WHERE s.dataset_id = NEW.dataset_id"
    " AND s.content_sha256 = b.sha256)))"
)
OTHER_CLIPS = (
    f"(SELECT COUNT(*) FROM datasets_clip c WHERE {ACTIVE}) <> NEW.clips"
    f" OR (SELECT COUNT(DISTINCT c.blob_id) FROM datasets_clip c WHERE {ACTIVE}) <> {HELD}"
    f" OR {STRAY}"
)
# By who brought it in, on other bytes, or what was to leave and did not.
LEFT_IN = (
    "EXISTS (SELECT 1 FROM privacy_finding f JOIN datasets_clip c ON c.id = f.clip_id"
    " JOIN storage_blob b ON b.id = c.blob_id JOIN privacy_decision d ON d.finding_id = f.id"
    f" WHERE {ACTIVE} AND (f.content_sha256 = b.sha256 OR f.content_sha256 = c.cells_sha256)"
    " AND (d.decided_by_id = c.added_by_id OR d.content_sha256 <> f.content_sha256"
    " OR d.verdict IN ('redact', 'exclude')))"
)
SIGNED_WRONGLY = (
    "EXISTS (SELECT 1 FROM releases_signoff s WHERE s.release_id = NEW.id AND s.root = NEW.root"
    " AND (s.signed_by_id = NEW.frozen_by_id OR s.frozen_by_id <> NEW.frozen_by_id))"
)
JUDGED = (
    "dataset_id",
    "version",
    "purposes",
    "use",
    "root",
    "draft_serial",
    "clips",
    "events",
    "seconds",
    "size",
    "licence",
    "clips_table_id",
    "events_table_id",
    "created_by_id",
    "frozen_by_id",
    "frozen_at",
)


class Migration(migrations.Migration):
    """Nothing leaves without review: refused by the database, whoever writes the row."""

    dependencies = [
        ("releases", "0005_record"),
        ("privacy", "0001_initial"),
        ("storage", "0001_initial"),
    ]

    operations = [
        refuse_change(
            "releases_release",
            name="release_decisions_hold",
            event="UPDATE",
            when=f"{PUBLISHED} AND {LEFT_IN}",
            message="a decision does not hold",
        ),
        refuse_change(
            "releases_release",
            name="release_is_seen_by_every_detector",
            event="UPDATE",
            when=f"{PUBLISHED} AND ({NOTHING_ASKED} OR {UNSEEN})",
            message="a clip was not seen by the detectors in force",
        ),
        refuse_change(
            "releases_release",
            name="release_holds_the_draft",
            event="UPDATE",
            when=f"{PUBLISHED} AND ({OTHER_CLIPS})",
            message="the release does not hold the clips of the draft",
        ),
        refuse_change(
            "releases_release",
            name="release_is_signed_by_others",
            event="UPDATE",
            when="OLD.state <> NEW.state AND NEW.state IN ('approved', 'published')"
            f" AND {SIGNED_WRONGLY}",
            message="who made a release does not sign for it",
        ),
        refuse_change(
            "releases_release",
            name="release_is_as_it_was_judged",
            event="UPDATE",
            when=f"OLD.state <> 'draft' AND NEW.state <> 'draft' AND ({changed(*JUDGED)})",
            message="what is frozen never changes, only a draft does",
        ),
        refuse_change(
            "releases_release",
            name="release_published_by_whom_stays",
            event="UPDATE",
            when=f"OLD.state IN {OUT} AND ({changed('published_by_id', 'published_at')})",
            message="who published, and when, never changes",
        ),
        refuse_change(
            "releases_releaseblob",
            name="release_keeps_its_blobs",
            event="DELETE",
            when=of_release_out("OLD"),
            message="a published release holds its blobs for good",
        ),
        refuse_change(
            "releases_releaseblob",
            name="release_takes_no_clip_in",
            event="INSERT",
            when=f"{of_release_out('NEW')} AND (EXISTS (SELECT 1 FROM datasets_clip c"
            " WHERE c.blob_id = NEW.blob_id) OR EXISTS (SELECT 1 FROM datasets_clip c"
            " WHERE c.original_id = NEW.blob_id))",
            message="a published release takes no clip in",
        ),
        make_append_only("releases_releaseblob", events=("UPDATE",)),
        make_append_only("releases_gateresult", events=("UPDATE",)),
        make_append_only("releases_signoff", events=("UPDATE",)),
        *(
            refuse_change(
                table,
                name=f"{name}_{event.lower()}",
                event=event,
                when=of_release_out("OLD" if event == "DELETE" else "NEW"),
                message=f"{words} of a published release stay as they are",
            )
            for table, name, words in (
                ("releases_gateresult", "gates_closed_to", "the gates"),
                ("releases_signoff", "sign_offs_closed_to", "the sign-offs"),
                ("releases_checklistanswer", "answers_closed_to", "the answers"),
            )
            for event in ("INSERT", "DELETE")
        ),
        refuse_change(
            "releases_checklistanswer",
            name="answers_closed_to_update",
            event="UPDATE",
            when=of_release_out("OLD"),
            message="the answers of a published release stay as they are",
        ),
        make_append_only("releases_document", events=("DELETE",)),
        refuse_change(
            "releases_document",
            name="document_is_only_retired",
            event="UPDATE",
            when="OLD.retired_at IS NOT NULL OR "
            + changed(
                "uid",
                "dataset_id",
                "kind",
                "title",
                "blob_id",
                "media_type",
                "valid_until",
                "added_by_id",
                "added_at",
            ),
            message="a document is only retired, once",
        ),
        make_append_only("releases_reviewreport"),
    ]
