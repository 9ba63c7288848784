"""What changed between two versions, in audio terms, computed from their tables by DuckDB.

Clips and events are the same when their ids are; a clip that was renamed is not a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import duckdb

from apps.storage.queries import Tables, one_row, open_tables

# A shift below half a sample at 192 kHz is rounding, in seconds.
STILL = 0.0000026
EXAMPLES = 100


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    AUDIO = "audio"
    LABELS = "labels"
    RIGHTS = "rights"
    SPLIT = "split"
    PEOPLE = "people"
    CONSENT = "consent"
    DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class Amount:
    """How much there was before and is after."""

    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class ChangedClips:
    """Clips with one kind of change; `examples` are the first paths in order."""

    count: int
    seconds: float
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelDifference:
    label: str
    events: Amount
    seconds: Amount


@dataclass(frozen=True, slots=True)
class Moved:
    """Events whose onset or offset moved; shifts in seconds, of the farther of the two ends."""

    count: int
    mean_shift: float
    longest_shift: float
    examples: tuple[tuple[str, str, float, float], ...]
    """Path, label, onset before, onset after: the longest shifts first."""


@dataclass(frozen=True, slots=True)
class Difference:
    clips: Amount
    seconds: Amount
    size: Amount
    events: Amount
    changes: dict[Change, ChangedClips]
    labels: tuple[LabelDifference, ...]
    """Labels whose events changed in number or length."""
    moved: Moved
    licences: dict[str, Amount]
    """Clips by licence, where the number changed."""
    contributions: Amount
    """Sum over clips of how many contributors are in each."""

    @property
    def is_empty(self) -> bool:
        return not self.changes


# A clip may have several kinds of change; each is a test over the joined rows o and n.
_TESTS = {
    Change.ADDED: "o.clip_id IS NULL",
    Change.REMOVED: "n.clip_id IS NULL",
    Change.RENAMED: "o.path <> n.path",
    Change.AUDIO: "o.sha256 <> n.sha256 OR o.size <> n.size",
    Change.LABELS: "o.labels_sha256 <> n.labels_sha256",
    Change.RIGHTS: "(o.licence, o.title, o.author, o.source_url)"
    " IS DISTINCT FROM (n.licence, n.title, n.author, n.source_url)",
    Change.SPLIT: "o.split IS DISTINCT FROM n.split",
    Change.PEOPLE: "o.contributors <> n.contributors",
    Change.CONSENT: "o.consent_digest IS DISTINCT FROM n.consent_digest",
    Change.DESCRIPTION: "(o.recording, o.environment, o.device, o.place, o.recorded_at,"
    " o.synthetic, o.redacted, o.fields) IS DISTINCT FROM (n.recording, n.environment, n.device,"
    " n.place, n.recorded_at, n.synthetic, n.redacted, n.fields)",
}
_ONE_SIDED = {Change.ADDED, Change.REMOVED}


def _test(change: Change) -> str:
    if change in _ONE_SIDED:
        return f"({_TESTS[change]})"
    return f"(o.clip_id IS NOT NULL AND n.clip_id IS NOT NULL AND ({_TESTS[change]}))"


_CHANGED = " ".join(
    (
        "CREATE TEMP TABLE changed AS",
        "SELECT coalesce(n.path, o.path) AS path, coalesce(n.duration, o.duration) AS duration,",
        ", ".join(f"{_test(change)} AS {change}" for change in Change),
        "FROM old_clips o FULL JOIN new_clips n ON o.clip_id = n.clip_id WHERE",
        " OR ".join(_test(change) for change in Change),
    )
)
_CHANGE = (
    "SELECT count(*), coalesce(sum(duration), 0), list(path ORDER BY path)[:{examples}]"
    " FROM changed WHERE {change}"
)
_SUMS = (
    "SELECT count(*), coalesce(sum(duration), 0), coalesce(sum(size), 0)::BIGINT,"
    " (SELECT count(*) FROM {side}_events), coalesce(sum(contributors), 0)::BIGINT"
    " FROM {side}_clips"
)
_LABEL_SUMS = (
    "CREATE TEMP TABLE {side}_labels AS"
    ' SELECT label, count(*) AS events, sum("offset" - onset) AS seconds FROM {side}_events'
    " WHERE presence = 'yes' GROUP BY label"
)
_LABELS = (
    "SELECT coalesce(o.label, n.label), coalesce(o.events, 0), coalesce(n.events, 0),"
    " coalesce(o.seconds, 0), coalesce(n.seconds, 0)"
    " FROM old_labels o FULL JOIN new_labels n ON o.label = n.label"
    " WHERE o.events IS DISTINCT FROM n.events OR abs(o.seconds - n.seconds) > ?"
    " ORDER BY abs(coalesce(n.seconds, 0) - coalesce(o.seconds, 0)) DESC, 1"
)
_MOVED = (
    "CREATE TEMP TABLE moved AS SELECT n.path, n.label, o.onset AS before, n.onset AS after,"
    ' greatest(abs(n.onset - o.onset), abs(n."offset" - o."offset")) AS shift'
    " FROM old_events o JOIN new_events n ON o.event_id = n.event_id WHERE shift > ?"
)
_LICENCES = (
    "SELECT coalesce(o.licence, n.licence), coalesce(o.clips, 0), coalesce(n.clips, 0)"
    " FROM (SELECT licence, count(*) AS clips FROM old_clips GROUP BY 1) o"
    " FULL JOIN (SELECT licence, count(*) AS clips FROM new_clips GROUP BY 1) n"
    " ON o.licence = n.licence WHERE o.clips IS DISTINCT FROM n.clips ORDER BY 1"
)


def diff(old: Tables, new: Tables) -> Difference:
    """Compare two versions of one dataset."""
    with open_tables(
        old_clips=old.clips, new_clips=new.clips, old_events=old.events, new_events=new.events
    ) as connection:
        before = one_row(connection, _SUMS.format(side="old"))
        after = one_row(connection, _SUMS.format(side="new"))
        clips, seconds, size, events, contributions = map(Amount, before, after)
        return Difference(
            clips=clips,
            seconds=seconds,
            size=size,
            events=events,
            changes=_changes(connection),
            labels=_labels(connection),
            moved=_moved(connection),
            licences=_licences(connection),
            contributions=contributions,
        )


def _changes(connection: duckdb.DuckDBPyConnection) -> dict[Change, ChangedClips]:
    connection.execute(_CHANGED)
    changes = {}
    for change in Change:
        query = _CHANGE.format(change=change, examples=EXAMPLES)
        count, seconds, examples = one_row(connection, query)
        if count:
            changes[change] = ChangedClips(count, seconds, tuple(examples))
    return changes


def _labels(connection: duckdb.DuckDBPyConnection) -> tuple[LabelDifference, ...]:
    for side in ("old", "new"):
        connection.execute(_LABEL_SUMS.format(side=side))
    return tuple(
        LabelDifference(label, Amount(few, many), Amount(short, long))
        for label, few, many, short, long in connection.execute(_LABELS, [STILL]).fetchall()
    )


def _moved(connection: duckdb.DuckDBPyConnection) -> Moved:
    connection.execute(_MOVED, [STILL])
    count, mean, longest = one_row(
        connection, "SELECT count(*), coalesce(avg(shift), 0), coalesce(max(shift), 0) FROM moved"
    )
    examples = connection.execute(
        "SELECT path, label, before, after FROM moved ORDER BY shift DESC, path, before LIMIT ?",
        [EXAMPLES],
    ).fetchall()
    return Moved(count, mean, longest, tuple(examples))


def _licences(connection: duckdb.DuckDBPyConnection) -> dict[str, Amount]:
    return {
        licence: Amount(before, after)
        for licence, before, after in connection.execute(_LICENCES).fetchall()
    }
