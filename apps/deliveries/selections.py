"""Which clips of a release somebody wants: by class, split, licence, name, or newer than a version.

Answered from the release's own tables; the draft is never asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from apps.datasets.vocabulary_graph import expand_labels
from apps.deliveries.errors import SelectionEmptyError, SelectionUnknownError
from apps.releases.diff import require_frozen_table
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.table_queries import count_facets, open_tables
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.clip_columns import SELECTABLE

EXAMPLES = 20
MOST_CLIPS = 10_000
Chosen = NDArray[np.bool_]
LISTS = ("labels", "splits", "licences", "clips")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted: any of the values of each list, and all lists that hold something.

    `labels` are labels or terms that an event or a weak label of the clip has, unless it says that
    the sound is absent; a term of the release's vocabulary stands for all terms below it too. An
    empty text in `splits` means clips without a split. `clips` are paths or clip ids.
    `since` is an earlier version: what whoever has that one lacks, clips that are new or differ.
    `cells` are values of further columns (`SELECTABLE`), as text; an empty one means clips of which
    nothing is said there.
    """

    labels: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    since: str = ""
    cells: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, wanted: dict[str, Any]) -> Selection:
        """From lists as they came in: sorted and each once, so that equal ones are equal."""
        named = (*LISTS, *SELECTABLE)
        lists = {name: tuple(sorted(set(wanted.get(name, ())))) for name in named}
        return cls(
            **{name: lists[name] for name in LISTS},
            since=wanted.get("since", ""),
            cells=tuple((name, lists[name]) for name in sorted(SELECTABLE) if lists[name]),
        )

    def list_values(self, name: str) -> tuple[str, ...]:
        """What is wanted of one of `LISTS`, or of a column."""
        found: tuple[str, ...] = (
            getattr(self, name) if name in LISTS else dict(self.cells).get(name, ())
        )
        return found

    def as_json(self) -> dict[str, Any]:
        """What it says, without what it leaves open."""
        said = asdict(self) | dict(self.cells)
        return {name: value for name, value in said.items() if value and name != "cells"}

    @property
    def digest(self) -> str:
        """The SHA-256 of its canonical JSON: what an address can name it by."""
        return hashlib.sha256(to_canonical_json(self.as_json())).hexdigest()


@dataclass(frozen=True, slots=True)
class Summary:
    """How much was chosen: size in bytes, length in seconds; the first few paths."""

    clips: int
    size: int
    seconds: float
    events: int
    examples: tuple[str, ...]


@contextmanager
def _open_release_tables(
    release: Release, before: Release | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    with ExitStack() as stack:
        files = {
            "clips": stack.enter_context(
                open_local_copy(require_frozen_table(release.clips_table))
            ),
            "events": stack.enter_context(
                open_local_copy(require_frozen_table(release.events_table))
            ),
        }
        if before is not None:
            earlier = require_frozen_table(before.clips_table)
            files["earlier"] = stack.enter_context(open_local_copy(earlier))
        yield stack.enter_context(open_tables(**files))


def _cast_to_text(column: str) -> str:
    return f"coalesce(CAST(\"{column}\" AS VARCHAR), '')"


# What each list asks of a row of clips; the list is every parameter in it.
_TESTS = {
    "labels": "clip_id IN (SELECT clip_id FROM labels WHERE presence <> 'no'"
    " AND (label IN (SELECT unnest(?)) OR term IN (SELECT unnest(?))))",
    "splits": "coalesce(split, '') IN (SELECT unnest(?))",
    "licences": "licence IN (SELECT unnest(?))",
    "clips": "(path IN (SELECT unnest(?)) OR clip_id IN (SELECT unnest(?)))",
    **{name: f"{_cast_to_text(name)} IN (SELECT unnest(?))" for name in SELECTABLE},
}
_WEAK_TYPE = '[{"label": "VARCHAR", "term": "VARCHAR", "presence": "VARCHAR"}]'
# Strong and weak labels alike.
_LABELS = (
    "SELECT clip_id, label, term, presence FROM events UNION ALL"  # noqa: S608 - our own words
    " SELECT clip_id, weak.label, weak.term, weak.presence FROM (SELECT clip_id,"
    f" unnest(from_json(weak_labels, '{_WEAK_TYPE}')) AS weak FROM clips)"
)
# What there is of each kind, to find the words that name nothing.
_KNOWN_VALUES = {
    "labels": "SELECT label FROM labels UNION SELECT term FROM labels WHERE term IS NOT NULL",
    "splits": "SELECT coalesce(split, '') FROM clips",
    "licences": "SELECT licence FROM clips",
    "clips": "SELECT path FROM clips UNION ALL SELECT clip_id FROM clips",
    **{name: f"SELECT {_cast_to_text(name)} FROM clips" for name in SELECTABLE},  # noqa: S608 - our own words
}
_ONE = {"labels": "label or term", "splits": "split", "licences": "licence", "clips": "clip"} | {
    name: column.title.lower() for name, column in SELECTABLE.items()
}
_NUMBERED_CLIPS = "(SELECT *, row_number() OVER (ORDER BY path) - 1 AS number FROM clips)"


_Words = Mapping[str, frozenset[str]]


def _expand_values(release: Release, selection: Selection, name: str) -> _Words:
    """For each value of a list, the words of the tables that stand for it."""
    wanted = selection.list_values(name)
    if name == "labels":
        return expand_labels(release.vocabulary, wanted)
    return {word: frozenset({word}) for word in wanted}


def _build_query(
    release: Release, selection: Selection, before: Release | None
) -> tuple[str, list[Any]]:
    tests, values = ["true"], []
    for name, test in _TESTS.items():
        if words := _expand_values(release, selection, name):
            tests.append(test)
            values += [sorted(frozenset().union(*words.values()))] * test.count("?")
    if before is not None:
        tests.append("leaf NOT IN (SELECT leaf FROM earlier)")
    return f"FROM numbered WHERE {' AND '.join(tests)}", values


def summarise_selection(
    release: Release, selection: Selection, before: Release | None = None
) -> Summary:
    """Count what the selection holds; `before` is the release that `since` names."""
    with _open_release_tables(release, before) as database:
        _prepare_views(database, release, selection)
        rest, values = _build_query(release, selection, before)
        row = database.execute(
            f"SELECT count(*), coalesce(sum(size), 0), coalesce(sum(duration), 0) {rest}",
            values,
        ).fetchone()
        events = database.execute(
            f"SELECT count(*) FROM events WHERE clip_id IN (SELECT clip_id {rest})",  # noqa: S608 - our own words
            values,
        ).fetchone()
        examples = database.execute(
            f"SELECT path {rest} ORDER BY number LIMIT {EXAMPLES}",
            values,
        ).fetchall()
    assert row is not None
    assert events is not None
    return Summary(
        row[0], int(row[1]), float(row[2]), events[0], tuple(path for (path,) in examples)
    )


def count_by_column(release: Release) -> dict[str, list[tuple[str, int]]]:
    """How many clips have each value of each column of `SELECTABLE`, the most frequent first."""
    with open_local_copy(require_frozen_table(release.clips_table)) as table:
        found = count_facets(table, list(SELECTABLE), limit=MOST_CLIPS)
    return {
        name: [(_convert_to_text(value), count) for value, count in values]
        for name, values in found.items()
    }


def _convert_to_text(value: object) -> str:
    """A cell as `_cast_to_text` has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def find_chosen_rows(
    release: Release, selection: Selection, before: Release | None = None
) -> Chosen:
    """For each row of the release's clips.parquet, whether it is chosen.

    Raises SelectionUnknownError for words that name nothing in the release, SelectionEmptyError
    where nothing is left.
    """
    chosen: Chosen = np.zeros(release.clips, np.bool_)
    with _open_release_tables(release, before) as database:
        _prepare_views(database, release, selection)
        rest, values = _build_query(release, selection, before)
        found = database.execute(f"SELECT number {rest}", values).fetchnumpy()
    chosen[np.asarray(found["number"], np.int64)] = True
    if not chosen.any():
        raise SelectionEmptyError(
            f"No clip of {release} is all of this at once: ask for less in one go, or look at"
            " what the release holds.",
            selection=selection.as_json(),
        )
    return chosen


def _prepare_views(
    database: duckdb.DuckDBPyConnection, release: Release, selection: Selection
) -> None:
    database.execute(f"CREATE TEMP VIEW numbered AS SELECT * FROM {_NUMBERED_CLIPS}")  # noqa: S608 - our own words
    database.execute(f"CREATE TEMP VIEW labels AS {_LABELS}")
    for name, known in _KNOWN_VALUES.items():
        pairs = [
            (wanted, word)
            for wanted, words in _expand_values(release, selection, name).items()
            for word in sorted(words)
        ]
        if not pairs:
            continue
        wanted, words = map(list, zip(*pairs, strict=True))
        query = (
            "SELECT w FROM (SELECT unnest(?) AS w, unnest(?) AS word) GROUP BY w"  # noqa: S608 - our own words
            f" HAVING NOT bool_or(word IN ({known})) ORDER BY 1"
        )
        unknown = [word for (word,) in database.execute(query, [wanted, words]).fetchall()]
        if unknown:
            more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            raise SelectionUnknownError(
                f"The release has no {_ONE[name]} {unknown[0]!r}{more}: correct the spelling or"
                " leave it out.",
                field=name,
                unknown=unknown[:EXAMPLES],
            )
