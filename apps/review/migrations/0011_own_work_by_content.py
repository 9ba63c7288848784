from importlib import import_module

from django.db import migrations

from apps.database.triggers import refuse_change, withdraw_trigger

# Who labelled a clip, by hand or by name.
LABELS = "datasets_event", "datasets_weaklabel", "datasets_emptyannotation"
SAME_ORGANISATION = (
    "datasets_clip t JOIN datasets_dataset a ON a.id = t.dataset_id"
    " JOIN datasets_dataset d ON d.organisation_id = a.organisation_id"
)


def own_work(person: str, clip: str, content: str) -> str:
    """Whether the person worked on the clip, or on the same bytes in the same organisation.

    The bytes are those of the clip, those that came in for it, and those that the row speaks of.
    Blobs are looked up by store and hash, which is their index.
    """
    contents = (
        "(SELECT x.sha256 FROM datasets_clip y JOIN storage_blob x"
        f" ON x.id IN (y.blob_id, y.original_id) WHERE y.id = {clip} UNION SELECT {content})"
    )
    labelled = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} l WHERE l.clip_id = o.id AND (l.created_by_id = {person}"
        f" OR l.annotator = (SELECT u.username FROM accounts_user u WHERE u.id = {person})))"
        for table in LABELS
    )
    of_bytes = " OR ".join(
        f"EXISTS (SELECT 1 FROM {SAME_ORGANISATION} JOIN storage_blob s ON s.store = d.uid"
        f" AND s.sha256 IN {contents} JOIN datasets_clip o ON o.{column} = s.id"
        f" WHERE t.id = {clip} AND (o.added_by_id = {person} OR {labelled}))"
        for column in ("blob_id", "original_id")
    )
    noted = " OR ".join(
        f"EXISTS (SELECT 1 FROM {SAME_ORGANISATION} JOIN datasets_clip o ON o.dataset_id = d.id"
        f" JOIN {table} w ON w.clip_id = o.id WHERE t.id = {clip} AND w.{column} = {person}"
        f" AND (w.clip_id = {clip} OR w.content_sha256 IN {contents}){only})"
        for table, column, only in (
            ("datasets_earlierwork", "user_id", ""),
            ("consent_peoplestatement", "said_by_id", " AND NOT w.kept"),
        )
    )
    return f"({of_bytes} OR {noted})"


# What stripping tags carries over was said before it was anybody's own work.
SAID_BEFORE = (
    "EXISTS (SELECT 1 FROM privacy_headcount h WHERE h.clip_id = NEW.clip_id"
    " AND h.counted_by_id = NEW.counted_by_id AND h.people_heard = NEW.people_heard"
    " AND h.somebody_unknown = NEW.somebody_unknown)"
)
OF_FINDING = "(SELECT f.clip_id FROM privacy_finding f WHERE f.id = NEW.finding_id)"
BYTES_OF_FINDING = "(SELECT f.content_sha256 FROM privacy_finding f WHERE f.id = NEW.finding_id)"
OF_SAMPLE = "(SELECT s.clip_id FROM privacy_sampleclip s WHERE s.id = NEW.sample_clip_id)"
GUARDS = (
    ("decision", own_work("NEW.decided_by_id", OF_FINDING, BYTES_OF_FINDING)),
    ("confirmation", own_work("NEW.confirmed_by_id", OF_FINDING, BYTES_OF_FINDING)),
    (
        "headcount",
        own_work("NEW.counted_by_id", "NEW.clip_id", "NEW.content_sha256")
        + f" AND NOT {SAID_BEFORE}",
    ),
    ("hearing", own_work("NEW.heard_by_id", OF_SAMPLE, "NEW.content_sha256")),
)


def _steps(module: str, *numbers: int) -> list[migrations.RunPython]:
    steps = import_module(f"apps.review.migrations.{module}").Migration.operations
    return [withdraw_trigger(steps[number]) for number in numbers]


class Migration(migrations.Migration):
    """Whose work a clip is goes by its bytes, over all clips of the organisation."""

    dependencies = [
        ("privacy", "0010_earlier_uploaders"),
        ("datasets", "0012_earlier_work"),
        ("consent", "0003_people_statements"),
        ("accounts", "0001_initial"),
        ("storage", "0001_initial"),
    ]

    operations = [
        # `hearing_is_by_another`, `headcount_is_by_another` and those of who labelled, or brought
        # the clip in before: the new ones refuse what these did.
        *_steps("0004_review_guards", 3),
        *_steps("0005_labellers", 0, 1),
        *_steps("0007_people_guards", 2),
        *_steps("0010_earlier_uploaders", 0, 1, 2, 3),
        *(
            refuse_change(
                f"privacy_{table}",
                name=f"{table}_is_not_own_work",
                event="INSERT",
                when=when,
                message="who brought in, described or annotated these bytes does not judge them",
            )
            for table, when in GUARDS
        ),
    ]
