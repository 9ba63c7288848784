"""Label sets as directed acyclic graphs, read from the AudioSet ontology's JSON or a simple CSV."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from datasets_catalog.errors import InvalidError


class VocabularyError(InvalidError):
    """The vocabulary's file or graph is not usable."""

    code = "vocabulary.invalid"


@dataclass(frozen=True, slots=True)
class TermEntry:
    """One term: its code, its name, its parents' codes, and whether it may be a label.

    An `abstract` term only orders others and labels nothing; a `blacklisted` one is so hard to
    tell that its authors advise against it.
    """

    code: str
    name: str
    description: str = ""
    parents: tuple[str, ...] = field(default=())
    abstract: bool = False
    blacklisted: bool = False


def parse_vocabulary(text: str) -> tuple[TermEntry, ...]:
    """Terms of a vocabulary file, parents before children.

    Accepts the AudioSet ontology's JSON (a list of objects with `id`, `name`, `description`,
    `child_ids`, `restrictions`) or CSV with columns `code,name` and optionally `description`,
    `parents` (codes joined by `;`), `abstract`, `blacklisted`. Raises `VocabularyError`.
    """
    entries = _parse_json(text) if text.lstrip().startswith("[") else _parse_csv(text)
    return _order_entries(entries)


def _parse_json(text: str) -> list[TermEntry]:
    try:
        nodes = json.loads(text)
        parents: dict[str, list[str]] = {node["id"]: [] for node in nodes}
        for node in nodes:
            for child in node.get("child_ids", []):
                parents.setdefault(child, []).append(node["id"])
        known = {node["id"] for node in nodes}
        missing = sorted(parents.keys() - known)
        if missing:
            raise VocabularyError(f"child_ids name terms that are not in the file: {missing[:5]}")
        return [
            TermEntry(
                code=node["id"],
                name=node["name"],
                description=node.get("description", ""),
                parents=tuple(parents[node["id"]]),
                abstract="abstract" in node.get("restrictions", []),
                blacklisted="blacklist" in node.get("restrictions", []),
            )
            for node in nodes
        ]
    except (KeyError, TypeError, json.JSONDecodeError) as problem:
        raise VocabularyError(
            "This is not the AudioSet ontology's JSON: expected a list of objects with"
            f" id, name and child_ids ({problem})."
        ) from problem


def _parse_csv(text: str) -> list[TermEntry]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not {"code", "name"} <= set(reader.fieldnames or ()):
        raise VocabularyError("A vocabulary CSV needs the columns code and name in its first row.")
    return [
        TermEntry(
            code=row["code"].strip(),
            name=row["name"].strip(),
            description=row.get("description") or "",
            parents=tuple(part.strip() for part in (row.get("parents") or "").split(";") if part),
            abstract=_is_true(row.get("abstract")),
            blacklisted=_is_true(row.get("blacklisted")),
        )
        for row in reader
    ]


def _is_true(cell: str | None) -> bool:
    return (cell or "").strip().lower() in {"1", "true", "yes"}


def _order_entries(entries: Iterable[TermEntry]) -> tuple[TermEntry, ...]:
    by_code: dict[str, TermEntry] = {}
    for entry in entries:
        if not entry.code or not entry.name:
            raise VocabularyError("A term without a code or a name.", code_value=entry.code)
        if entry.code in by_code:
            raise VocabularyError(f"The code {entry.code} stands twice.")
        by_code[entry.code] = entry
    for entry in by_code.values():
        unknown = [parent for parent in entry.parents if parent not in by_code]
        if unknown:
            raise VocabularyError(f"{entry.code} names a parent that is not there: {unknown[0]}")
    try:
        order = TopologicalSorter({code: term.parents for code, term in by_code.items()})
        return tuple(by_code[code] for code in order.static_order())
    except CycleError as problem:
        raise VocabularyError(f"The terms form a circle: {problem.args[1]}") from problem


Edges = Mapping[str, Sequence[str]]


def find_ancestors(code: str, parents: Edges) -> frozenset[str]:
    """Return every term above `code`, each once even where it is reached by several ways."""
    return _follow_edges((code,), parents)


def find_descendants(codes: Iterable[str], parents: Edges) -> frozenset[str]:
    """Return every term below any of `codes`, without these where none is below another."""
    return _follow_edges(codes, invert_edges(parents))


def invert_edges(parents: Edges) -> dict[str, tuple[str, ...]]:
    """Turn the edges round: for each term, those that name it as a parent."""
    children: dict[str, list[str]] = {}
    for code, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(code)
    return {code: tuple(below) for code, below in children.items()}


def _follow_edges(codes: Iterable[str], edges: Edges) -> frozenset[str]:
    found: set[str] = set()
    waiting = [code for start in codes for code in edges.get(start, ())]
    while waiting:
        code = waiting.pop()
        if code not in found:
            found.add(code)
            waiting.extend(edges.get(code, ()))
    return frozenset(found)
