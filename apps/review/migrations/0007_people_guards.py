from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.database.triggers import make_append_only, refuse_change
from datasets_catalog.clip_people import REVIEWERS, REVIEWERS_WHERE_SURE, SURE

SCAN_GUARD = make_append_only("privacy_scan", events=("UPDATE",))
BATCH = 500
PUBLISHED = "OLD.state <> NEW.state AND NEW.state = 'published'"
DRAFT = (
    "FROM datasets_clip c JOIN storage_blob b ON b.id = c.blob_id"
    " WHERE c.dataset_id = NEW.dataset_id AND c.state = 'active'"
)
RECORDED = "(SELECT COUNT(*) FROM consent_participation p WHERE p.clip_id = c.id)"
# Whoever set the voices in the clip aside: by clearing what was reported in it, or by a count that
# no other count of the same bytes stands after.
CLEARED_BY = (
    "SELECT d.decided_by_id FROM privacy_finding f JOIN privacy_decision d ON d.finding_id = f.id"
    " WHERE f.clip_id = c.id AND f.content_sha256 = b.sha256 AND f.onset IS NOT NULL"
    " AND d.verdict = 'clear' AND NOT d.identifiable"
)
COUNTED_BY = (
    "SELECT h.counted_by_id FROM privacy_headcount h WHERE h.dataset_id = c.dataset_id"
    " AND h.content_sha256 = b.sha256 AND h.people_heard = 0 AND NOT EXISTS (SELECT 1"
    " FROM privacy_headcount l WHERE l.dataset_id = h.dataset_id"
    " AND l.content_sha256 = h.content_sha256 AND l.id > h.id AND l.people_heard > 0)"
)
NEEDED = f"CASE WHEN s.heard >= {SURE} THEN {REVIEWERS_WHERE_SURE} ELSE {REVIEWERS} END"
SPEECH_OF_NOBODY = (
    f"EXISTS (SELECT 1 {DRAFT} AND {RECORDED} = 0 AND EXISTS (SELECT 1 FROM privacy_scan s"
    " WHERE s.dataset_id = c.dataset_id AND s.content_sha256 = b.sha256 AND s.heard IS NOT NULL"
    f" AND (SELECT COUNT(*) FROM ({CLEARED_BY} UNION {COUNTED_BY}) agreeing) < {NEEDED}))"
)
LATEST = (
    "h.id = (SELECT MAX(l.id) FROM privacy_headcount l WHERE l.dataset_id = c.dataset_id"
    " AND l.content_sha256 = b.sha256)"
)
MORE_HEARD = (
    f"EXISTS (SELECT 1 {DRAFT} AND EXISTS (SELECT 1 FROM privacy_headcount h WHERE {LATEST}"
    f" AND (h.somebody_unknown OR h.people_heard > {RECORDED})))"
)
OWN_WORK = (
    "EXISTS (SELECT 1 FROM datasets_clip c JOIN storage_blob b ON b.id = c.blob_id"
    " WHERE c.dataset_id = NEW.dataset_id AND c.state = 'active' AND b.sha256 = NEW.content_sha256"
    " AND (c.added_by_id = NEW.counted_by_id"
    + "".join(
        f" OR EXISTS (SELECT 1 FROM {table} e"
        " WHERE e.clip_id = c.id AND e.created_by_id = NEW.counted_by_id)"
        for table in ("datasets_event", "datasets_weaklabel", "datasets_emptyannotation")
    )
    + "))"
)


def note_what_was_heard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """What earlier scans heard, reported or not, is in what they kept: said once, in a column."""
    scans = apps.get_model("privacy", "Scan")._default_manager.using(editor.connection.alias)
    if SCAN_GUARD.reverse_code is not None:
        SCAN_GUARD.reverse_code(apps, editor)
    changed = []
    for row in scans.only("pk", "detector", "seen", "evidence").iterator(chunk_size=BATCH):
        row.heard = surest(row.detector, row.seen, row.evidence)
        if row.heard is not None:
            changed.append(row)
        if len(changed) == BATCH:
            scans.bulk_update(changed, ["heard"])
            changed = []
    scans.bulk_update(changed, ["heard"])
    SCAN_GUARD.code(apps, editor)


def surest(
    detector: str, seen: list[dict[str, object]], evidence: dict[str, object]
) -> float | None:
    scores = [float(str(one["score"])) for one in seen if one.get("onset") is not None]
    if not scores and detector == "speech" and evidence.get("stretches"):
        scores = [float(str(evidence.get("highest", 1.0)))]
    return max(scores, default=None)


class Migration(migrations.Migration):
    """Nobody leaves unrecorded: what was heard counts, and the database asks for it too."""

    dependencies = [
        ("privacy", "0006_people_heard"),
        ("consent", "0001_initial"),
        ("datasets", "0003_labels"),
        ("releases", "0006_review_guards"),
    ]

    operations = [
        migrations.RunPython(note_what_was_heard, migrations.RunPython.noop),
        make_append_only("privacy_headcount"),
        refuse_change(
            "privacy_headcount",
            name="headcount_is_by_another",
            event="INSERT",
            when=OWN_WORK,
            message="who brought a clip in or annotated it does not count the people in it",
        ),
        refuse_change(
            "releases_release",
            name="release_speech_has_speakers",
            event="UPDATE",
            when=f"{PUBLISHED} AND {SPEECH_OF_NOBODY}",
            message="speech was heard in a clip and nobody is recorded for it",
        ),
        refuse_change(
            "releases_release",
            name="release_people_are_recorded",
            event="UPDATE",
            when=f"{PUBLISHED} AND {MORE_HEARD}",
            message="more people are heard in a clip than are recorded",
        ),
    ]
