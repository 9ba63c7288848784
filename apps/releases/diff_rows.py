"""How the rows of two releases differ, counted by DuckDB over their tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from datasets_catalog.release_changes import Change, ChangeKind

EXAMPLES = 20
# An onset that moved by less (seconds) is the same onset written with other digits.
STILL = 0.0005
CLIP_JOIN = "clips_before b FULL OUTER JOIN clips_after a ON b.clip_id = a.clip_id"
BOTH = "b.clip_id IS NOT NULL AND a.clip_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class ClipChanges:
    """What happened to the clips; `unchanged` are those whose leaf is the same."""

    changes: tuple[Change, ...]
    unchanged: int


@dataclass(frozen=True, slots=True)
class EventChanges:
    """What happened to the events; shifts are means of absolute seconds over those that moved."""

    changes: tuple[Change, ...]
    mean_onset_shift: float
    mean_offset_shift: float


def _test_other(column: str) -> str:
    return f"b.{column} IS DISTINCT FROM a.{column}"


def _test_filled(column: str, nothing: str = "''") -> str:
    before, after = f"coalesce(b.{column}, {nothing})", f"coalesce(a.{column}, {nothing})"
    return f"{before} = {nothing} AND {after} <> {nothing}"


def _test_changed(column: str, nothing: str = "''") -> str:
    before, after = f"coalesce(b.{column}, {nothing})", f"coalesce(a.{column}, {nothing})"
    return f"{before} <> {nothing} AND {before} <> {after}"


SAME_BYTES = "b.sha256 = a.sha256"
PROBED_COLUMNS = (
    "media_type",
    "codec",
    "sample_rate",
    "channels",
    "frames",
    "duration",
    "has_video",
)
PROBED_OTHER = f"({' OR '.join(map(_test_other, PROBED_COLUMNS))})"
CLIP_CONDITIONS: Mapping[ChangeKind, str] = {
    ChangeKind.CLIPS_ADDED: "b.clip_id IS NULL",
    ChangeKind.CLIPS_REMOVED: "a.clip_id IS NULL",
    ChangeKind.CLIPS_RENAMED: f"{BOTH} AND {_test_other('path')}",
    ChangeKind.BYTES_CHANGED: f"{BOTH} AND NOT {SAME_BYTES}",
    ChangeKind.PROBED_OTHERWISE: f"{BOTH} AND {SAME_BYTES} AND {PROBED_OTHER}",
    ChangeKind.SPLIT_CHANGED: f"{BOTH} AND {_test_other('split')}",
    ChangeKind.RECORDING_CHANGED: f"{BOTH} AND {_test_changed('recording')}",
    ChangeKind.RECORDING_FILLED: f"{BOTH} AND {_test_filled('recording')}",
    ChangeKind.LICENCE_CHANGED: f"{BOTH} AND {_test_other('licence')}",
    ChangeKind.SYNTHETIC_CHANGED: f"{BOTH} AND {_test_other('synthetic')}",
    ChangeKind.REDACTED_CHANGED: f"{BOTH} AND {_test_other('redacted')}",
    ChangeKind.ENVIRONMENT_CHANGED: f"{BOTH} AND {_test_changed('environment')}",
    ChangeKind.ENVIRONMENT_FILLED: f"{BOTH} AND {_test_filled('environment')}",
    ChangeKind.DEVICE_CHANGED: f"{BOTH} AND {_test_changed('device')}",
    ChangeKind.DEVICE_FILLED: f"{BOTH} AND {_test_filled('device')}",
    ChangeKind.PLACE_CHANGED: f"{BOTH} AND {_test_changed('place')}",
    ChangeKind.PLACE_FILLED: f"{BOTH} AND {_test_filled('place')}",
    ChangeKind.DATE_CHANGED: f"{BOTH} AND {_test_changed('recorded_at')}",
    ChangeKind.DATE_FILLED: f"{BOTH} AND {_test_filled('recorded_at')}",
    ChangeKind.FIELDS_CHANGED: f"{BOTH} AND {_test_changed('fields', chr(39) + '{}' + chr(39))}",
    ChangeKind.FIELDS_FILLED: f"{BOTH} AND {_test_filled('fields', chr(39) + '{}' + chr(39))}",
    ChangeKind.PLACE_IN_RECORDING_CHANGED: f"{BOTH} AND {_test_changed('recording_offset', '-1')}",
    ChangeKind.PLACE_IN_RECORDING_FILLED: f"{BOTH} AND {_test_filled('recording_offset', '-1')}",
    ChangeKind.WEAK_LABELS_CHANGED: f"{BOTH} AND {_test_changed('weak_labels')}",
    ChangeKind.WEAK_LABELS_FILLED: f"{BOTH} AND {_test_filled('weak_labels')}",
    ChangeKind.FOUND_EMPTY_CHANGED: f"{BOTH} AND {_test_changed('found_empty', 'false')}",
    ChangeKind.FOUND_EMPTY_FILLED: f"{BOTH} AND {_test_filled('found_empty', 'false')}",
    ChangeKind.TITLE_CHANGED: f"{BOTH} AND {_test_other('title')}",
    ChangeKind.AUTHOR_CHANGED: f"{BOTH} AND {_test_other('author')}",
    ChangeKind.SOURCE_URL_CHANGED: f"{BOTH} AND {_test_other('source_url')}",
}
# Who is in a clip is compared by digests that each release keeps to itself. Where one has none (it
# was frozen before they were kept), a count that differs tells of other people and a digest of
# consent that differs of other answers.
PEOPLE_KNOWN = {
    ChangeKind.PEOPLE_CHANGED: f"{BOTH} AND p.people_sha256 IS DISTINCT FROM q.people_sha256",
    ChangeKind.CONSENT_CHANGED: f"{BOTH} AND p.people_sha256 IS NOT DISTINCT FROM q.people_sha256"
    " AND b.consent_digest IS DISTINCT FROM a.consent_digest",
}
PEOPLE_COUNTED = {
    ChangeKind.PEOPLE_CHANGED: f"{BOTH} AND b.contributors <> a.contributors",
    ChangeKind.CONSENT_CHANGED: f"{BOTH} AND b.contributors = a.contributors"
    " AND b.consent_digest IS DISTINCT FROM a.consent_digest",
}
PEOPLE_JOIN = (
    " LEFT JOIN people_before p ON p.clip_id = b.clip_id"
    " LEFT JOIN people_after q ON q.clip_id = a.clip_id"
)


def count_clip_changes(database: duckdb.DuckDBPyConnection, *, people_known: bool) -> ClipChanges:
    """Count clips by what happened to them, matched by their ids."""
    joined = f"{CLIP_JOIN}{PEOPLE_JOIN if people_known else ''}"
    conditions = {**CLIP_CONDITIONS, **(PEOPLE_KNOWN if people_known else PEOPLE_COUNTED)}
    counts = ", ".join(f"count(*) FILTER (WHERE {each})" for each in conditions.values())
    row = database.execute(
        f"SELECT count(*) FILTER (WHERE b.leaf = a.leaf), {counts} FROM {joined}"  # noqa: S608
    ).fetchone()
    assert row is not None
    unchanged, *found = row
    changes = []
    for (kind, condition), count in zip(conditions.items(), found, strict=True):
        if count:
            rows = database.execute(
                f"SELECT coalesce(a.path, b.path) AS path FROM {joined}"  # noqa: S608
                f" WHERE {condition} ORDER BY 1 LIMIT {EXAMPLES}"
            ).fetchall()
            changes.append(Change(kind, count, tuple(path for (path,) in rows)))
    return ClipChanges(tuple(changes), unchanged)


_AT = (
    "clip_id, CAST(round(onset / 0.001) AS BIGINT) AS onset_ms,"
    ' CAST(round("offset" / 0.001) AS BIGINT) AS offset_ms'
)
_LEFT_TEST = "event_id NOT IN (SELECT before_id FROM pairs)"
_NEW = "event_id NOT IN (SELECT after_id FROM pairs)"


def _build_pairing(*keys: str) -> str:
    """Pair what is left over on both sides by place in time and these columns, one to one."""
    named = ", ".join(["clip_id", "onset_ms", "offset_ms", *keys])
    match = " AND ".join(
        f"b.{key} IS NOT DISTINCT FROM a.{key}"
        for key in ("clip_id", "onset_ms", "offset_ms", *keys, "turn")
    )

    def side(table: str, left: str) -> str:
        return (
            f"SELECT *, row_number() OVER (PARTITION BY {named} ORDER BY event_id) AS turn FROM"  # noqa: S608
            f" (SELECT {_AT}, event_id, label, f_low, f_high, channel, presence FROM {table}"
            f" WHERE {left})"
        )

    return (
        "INSERT INTO pairs SELECT b.event_id, a.event_id FROM"  # noqa: S608
        f" ({side('events_before', _LEFT_TEST)}) b JOIN ({side('events_after', _NEW)}) a ON {match}"
    )


PAIRS = (
    "pairs m JOIN events_before b ON b.event_id = m.before_id"
    " JOIN events_after a ON a.event_id = m.after_id"
)
MOVED_TEST = f'(abs(a.onset - b.onset) > {STILL} OR abs(a."offset" - b."offset") > {STILL})'
BOUNDS_TEST = " OR ".join(map(_test_other, ("f_low", "f_high", "channel")))
EVENT_CONDITIONS: Mapping[ChangeKind, str] = {
    ChangeKind.EVENTS_RELABELLED: "a.label <> b.label",
    ChangeKind.EVENTS_MOVED: MOVED_TEST,
    ChangeKind.EVENTS_BOUNDED: BOUNDS_TEST,
    ChangeKind.PRESENCE_CHANGED: "a.presence <> b.presence",
    ChangeKind.TERM_CHANGED: _test_changed("term"),
    ChangeKind.TERM_FILLED: _test_filled("term"),
    ChangeKind.CONFIDENCE_CHANGED: f"b.confidence IS NOT NULL AND {_test_other('confidence')}",
    ChangeKind.CONFIDENCE_FILLED: "b.confidence IS NULL AND a.confidence IS NOT NULL",
    ChangeKind.SOURCE_CHANGED: "a.source <> b.source",
    ChangeKind.EVENTS_VERIFIED: "a.status = 'verified' AND b.status <> 'verified'",
    ChangeKind.STATUS_CHANGED: "b.status = 'verified' AND a.status <> 'verified'",
    ChangeKind.VERIFIER_FILLED: _test_filled("verifier"),
    ChangeKind.VERIFIER_GONE: "b.verifier IS NOT NULL AND a.verifier IS NULL",
    ChangeKind.VERIFIER_CHANGED: "a.verifier IS NOT NULL AND b.verifier <> a.verifier",
    ChangeKind.ANNOTATOR_CHANGED: _test_other("annotator"),
    ChangeKind.EVENTS_RENUMBERED: "a.event_id <> b.event_id AND a.label = b.label"
    f" AND NOT {MOVED_TEST} AND NOT ({BOUNDS_TEST}) AND a.presence = b.presence",
}


def count_event_changes(database: duckdb.DuckDBPyConnection) -> EventChanges:
    """Count events by what happened to them.

    Matched by their ids; what an import brought in anew under other ids, by clip and times: first
    with the same label, range and channel, then whatever the label. An event is the same one when
    it has the same id in the same clip.
    """
    database.execute(
        "CREATE TEMP TABLE pairs AS SELECT b.event_id AS before_id, a.event_id AS after_id"
        " FROM events_before b JOIN events_after a"
        " ON b.event_id = a.event_id AND b.clip_id = a.clip_id"
    )
    for keys in (("label", "f_low", "f_high", "channel", "presence"), ("label",), ()):
        database.execute(_build_pairing(*keys))
    changes = list(_count_unpaired(database))
    counts = ", ".join(f"count(*) FILTER (WHERE {each})" for each in EVENT_CONDITIONS.values())
    row = database.execute(
        f"SELECT coalesce(avg(abs(a.onset - b.onset)) FILTER (WHERE {MOVED_TEST}), 0),"  # noqa: S608
        f' coalesce(avg(abs(a."offset" - b."offset")) FILTER (WHERE {MOVED_TEST}), 0), {counts}'
        f" FROM {PAIRS}"
    ).fetchone()
    assert row is not None
    onset, offset, *found = row
    changes += [
        Change(kind, count) for kind, count in zip(EVENT_CONDITIONS, found, strict=True) if count
    ]
    return EventChanges(tuple(changes), onset, offset)


def _count_unpaired(database: duckdb.DuckDBPyConnection) -> Iterator[Change]:
    sides = (
        (ChangeKind.EVENTS_ADDED, "events_after", "after_id"),
        (ChangeKind.EVENTS_REMOVED, "events_before", "before_id"),
    )
    for kind, table, column in sides:
        row = database.execute(
            f"SELECT count(*) FROM {table} WHERE event_id NOT IN"  # noqa: S608
            f" (SELECT {column} FROM pairs)"
        ).fetchone()
        assert row is not None
        if row[0]:
            yield Change(kind, row[0])
