from importlib import import_module

from django.db import migrations

from apps.database.triggers import refuse_change, withdraw_trigger
from datasets_catalog.playback import SLACK
from datasets_catalog.sampling import count_to_hear_of_batch

# A batch larger than the last step needs no more than that.
LARGEST_STEP = 5000


def unplayed(person: str, content: str, onset: str, end: str) -> str:
    """Whether some of the seconds from onset to end were not sent to the person to be played.

    As `datasets_catalog.playback.covers_stretch`: nothing goes on from the onset, or from the end of a
    stretch that was played and does not reach the end.
    """
    slack = (
        f"(CASE WHEN {end} <= {onset} THEN 0 WHEN ({end} - {onset}) / 2 < {SLACK}"
        f" THEN ({end} - {onset}) / 2 ELSE {SLACK} END)"
    )
    theirs = "{row}.listener_id = " + person + " AND {row}.content_sha256 = " + content
    goes_on = (
        f"EXISTS (SELECT 1 FROM privacy_playback q WHERE {theirs.format(row='q')}"
        f' AND q.onset <= {{reached}} + {slack} AND q."offset" > {{reached}})'
    )
    reached = 'p."offset"'
    return (
        f"(NOT {goes_on.format(reached=onset)} OR EXISTS (SELECT 1 FROM privacy_playback p"
        f" WHERE {theirs.format(row='p')} AND {reached} > {onset} AND {reached} < {end} - {slack}"
        f" AND NOT {goes_on.format(reached=reached)}))"
    )


# Which seconds of its clip (`c`) a finding (`f`) in the sound speaks of: what came back, or is held
# back elsewhere, is the sound as a whole.
IN_THE_SOUND = "(f.onset IS NOT NULL OR f.kind = 'returned')"
ONSET = "COALESCE(f.onset, 0)"
SAID_END = 'COALESCE(f."offset", f.onset, c.duration)'
END = f"(CASE WHEN {SAID_END} > c.duration THEN c.duration ELSE {SAID_END} END)"


def _unplayed_finding(person: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM privacy_finding f JOIN datasets_clip c ON c.id = f.clip_id"
        f" WHERE f.id = NEW.finding_id AND {IN_THE_SOUND}"
        f" AND {unplayed(person, 'f.content_sha256', ONSET, END)})"
    )


# In a batch the sample of it was heard: how large it is, the publication asks.
OWN_BATCH = (
    "EXISTS (SELECT 1 FROM privacy_batch b WHERE b.id = NEW.batch_id AND b.heard > 0"
    " AND b.made_by_id = NEW.decided_by_id AND b.verdict = NEW.verdict)"
)
WHOLE_SAMPLE = (
    "EXISTS (SELECT 1 FROM privacy_sampleclip s JOIN datasets_clip c ON c.id = s.clip_id"
    " WHERE s.id = NEW.sample_clip_id AND (NEW.content_sha256 <> s.content_sha256 OR "
    + unplayed("NEW.heard_by_id", "NEW.content_sha256", "0", "c.duration")
    + "))"
)
WHOLE_CLIP = (
    "EXISTS (SELECT 1 FROM datasets_clip c WHERE c.id = NEW.clip_id AND "
    + unplayed("NEW.counted_by_id", "NEW.content_sha256", "0", "c.duration")
    + ")"
)


def _fewest_to_hear(number: str) -> str:
    """How many of that many findings alike have to be heard, by the rules, at the least."""
    steps, last = [], 0
    for count in range(LARGEST_STEP, 0, -1):
        needed = count_to_hear_of_batch(count)
        if not steps or needed < last:
            steps.append((count, needed))
            last = needed
    cases = " ".join(f"WHEN {number} <= {count} THEN {needed}" for count, needed in reversed(steps))
    return f"(CASE {cases} ELSE {steps[0][1]} END)"


def _members(which: str = "") -> str:
    """The number of findings in the sound that a batch (`b`) cleared, taken back since or not."""
    rows = " UNION ALL ".join(
        f"SELECT f.id FROM {table} m JOIN privacy_finding f ON f.id = m.finding_id"
        f" JOIN datasets_clip c ON c.id = f.clip_id"
        f" WHERE m.batch_id = b.id AND {IN_THE_SOUND}{which}"
        for table in ("privacy_decision", "privacy_revocation")
    )
    return f"(SELECT COUNT(*) FROM ({rows}) members)"


NUMBER = _members()
# Of bytes that the clip has no longer nothing can be said by its length.
PLAYED = _members(
    " AND (NOT EXISTS (SELECT 1 FROM storage_blob x WHERE x.id = c.blob_id"
    " AND x.sha256 = f.content_sha256)"
    f" OR NOT {unplayed('b.made_by_id', 'f.content_sha256', ONSET, END)})"
)
IN_DRAFT = (
    "EXISTS (SELECT 1 FROM privacy_decision d JOIN privacy_finding g ON g.id = d.finding_id"
    " JOIN datasets_clip k ON k.id = g.clip_id"
    " WHERE d.batch_id = b.id AND k.dataset_id = NEW.dataset_id AND k.state = 'active')"
)
UNSAMPLED = (
    "EXISTS (SELECT 1 FROM privacy_batch b WHERE b.dataset_id = NEW.dataset_id"
    f" AND b.heard IS NOT NULL AND b.verdict = 'clear' AND {IN_DRAFT}"
    f" AND {PLAYED} < {_fewest_to_hear(NUMBER)})"
)


def _steps(module: str, *numbers: int) -> list[migrations.RunPython]:
    steps = import_module(f"apps.review.migrations.{module}").Migration.operations
    return [withdraw_trigger(steps[number]) for number in numbers]


class Migration(migrations.Migration):
    """The database asks for every second that the actions ask for, not for some of them."""

    dependencies = [("privacy", "0011_own_work_by_content"), ("releases", "0002_guards")]

    operations = [
        # `decision_is_of_who_heard` and its three neighbours, under the same names again.
        *_steps("0009_playbacks", 4, 5, 6, 7),
        refuse_change(
            "privacy_decision",
            name="decision_is_of_who_heard",
            event="INSERT",
            when=f"NEW.verdict = 'clear' AND {_unplayed_finding('NEW.decided_by_id')}"
            f" AND NOT {OWN_BATCH}",
            message="who clears what is in the sound was sent all of it, or a sample of the batch",
        ),
        refuse_change(
            "privacy_confirmation",
            name="confirmation_is_of_who_heard",
            event="INSERT",
            when=f"NEW.agree AND {_unplayed_finding('NEW.confirmed_by_id')}",
            message="who agrees to a clearance was sent all of the sound it speaks of",
        ),
        refuse_change(
            "privacy_hearing",
            name="hearing_is_of_who_heard",
            event="INSERT",
            when=f"NOT NEW.missed AND {WHOLE_SAMPLE}",
            message="who says that nobody is in a clip of the sample was sent all of it",
        ),
        refuse_change(
            "privacy_headcount",
            name="headcount_is_of_who_heard",
            event="INSERT",
            when=f"NOT NEW.somebody_unknown AND {WHOLE_CLIP}",
            message="who counts the people in a clip was sent all of it",
        ),
        refuse_change(
            "releases_release",
            name="release_batches_were_sampled",
            event="UPDATE",
            when=f"OLD.state <> NEW.state AND NEW.state = 'published' AND {UNSAMPLED}",
            message="of findings cleared together too few were sent to who cleared them",
        ),
    ]
