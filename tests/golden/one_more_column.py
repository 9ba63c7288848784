"""A pytest plugin: the columns of releases as they are once a later version has added one to each.

Given with `-p` before anything is imported, it writes one more entry into each table of columns,
as somebody would who adds a column, and loads what comes out.
"""

import importlib.util
import sys

CLIP_ENTRY = """
    Column(
        "wish",
        Kind.TEXT,
        "Wish",
        "the licence that the whole is to go out under",
        nullable=True,
        source="recording__dataset__wanted_licence",
        unscanned="an expression of known licences",
        filterable=True,
        since=2,
    ),
)
"""
EVENT_ENTRY = """
    Column("mood", Kind.TEXT, "Mood", "of what is heard", nullable=True, since=2),
)
"""


def load_with(name: str, entry: str) -> None:
    """Load a module with one more entry at the end of its table."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with open(spec.origin, encoding="utf-8") as file:  # noqa: PTH123 - nothing is imported yet
        head, end, rest = file.read().partition("\n)\n")
    assert end
    exec(compile(head + entry + rest, spec.origin, "exec"), module.__dict__)


load_with("datasets_catalog.event_columns", EVENT_ENTRY)
load_with("datasets_catalog.clip_columns", CLIP_ENTRY)
from datasets_catalog import labels  # noqa: E402 - its columns come first

# What an event holds of it, as a field with a default would.
labels.Event.mood = None  # type: ignore[attr-defined]
