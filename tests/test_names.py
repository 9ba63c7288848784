"""Names that a newcomer guesses: what CONTRIBUTING.md says of functions and modules, checked."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("apps", "datasets_catalog", "platform")

# Participles that do not end in -ed or -en. Of `read`, `put`, `cut`, `run`, `set`, `split` and the
# like the verb itself is written the same.
IRREGULAR = frozenset(
    {
        *("begun", "bound", "bought", "brought", "built", "caught", "done", "drawn", "felt"),
        *("found", "gone", "got", "heard", "held", "hung", "kept", "known", "laid", "lain", "led"),
        *("left", "lent", "lost", "made", "meant", "met", "paid", "said", "seen", "sent", "shown"),
        *("shut", "sold", "sought", "spent", "spun", "stood", "struck", "stuck", "sung", "taught"),
        *("thought", "thrown", "told", "torn", "understood", "withdrawn", "withheld", "won"),
        *("worn",),
    }
)
# Verbs and nouns that only look like participles.
NO_PARTICIPLES = frozenset(
    {"children", "coarsen", "embed", "exceed", "feed", "listen", "need", "open", "proceed", "seed"}
    | {"reopen", "shorten", "speed", "token", "widen"}
)
# What a name with which a verb should begin does not begin with.
NO_VERBS = frozenset({"about", "each", "for", "in", "of", "on", "out", "own", "since", "with"})
# A queryset's methods are read in a row: `Upload.objects.expired()`, `Blob.objects.destroyed()`.
OF_QUERYSETS = "QuerySet"
# One-word public functions, each with its reason. Templates write tags and filters by these names.
ONE_WORD = {
    "apps/doors/web/templatetags/web_components.py": "tags and filters: templates write them",
    "platform/earmark/client/main.py:main": "the entrance that a wheel's console script names",
}
# Functions that bear the names of kinds of events, and tags and filters of templates.
NOUNS_ALLOWED = ("apps/audit/events/", "apps/doors/web/templatetags/")
# Folders in which a module is named after what it serves, so that a room's page, its shapes, its
# command and its events bear the room's name.
SERVING = (
    "apps/audit/events/",
    "apps/doors/api/shapes/",
    "apps/doors/api/views/",
    "apps/doors/web/views/",
    "datasets_catalog/gates/",
    "platform/earmark/management/commands/",
)
# Names that may be borne by several modules, each with its trade.
SHARED = {
    "access": "which rows of a room somebody may have",
    "actions": "the writes of a room",
    "alterations": "what review did to bytes: its rule, and the rows it is told from",
    "apps": "Django's",
    "authentication": "who speaks, in the manner of each door",
    "base": "what the modules of a folder build on",
    "clip_holders": "what of a room can hold bytes of a clip",
    "converters": "what may stand in the addresses of a door",
    "errors": "the errors of a folder",
    "facts": "what the gates are asked about: its types, and the rows it is loaded from",
    "ledger": "what people allowed: its rule, and the rows it is loaded from",
    "licences": "what licences allow: the table, and an organisation's own beside it",
    "middleware": "Django's",
    "models": "Django's",
    "paging": "long lists by key, in the manner of each door",
    "parts": "a part of a release: how the server cuts it, how the client reads it",
    "refusals": "errors as answers, in the manner of each door",
    "registry": "the list of what a folder offers",
    "review_urls": "the addresses of the review at a door",
    "sampling": "what hearing a sample proves: its rule, and the draws it is computed of",
    "tasks": "the jobs of a room",
    "urls": "Django's",
    "wiring": "which rooms below tell this one of what",
}


class Function(NamedTuple):
    """A function or method, where it stands, and what it says it returns."""

    path: str
    line: int
    owner: str | None
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line} {self.node.name}"

    @property
    def returns(self) -> str:
        return ast.unparse(self.node.returns) if self.node.returns else ""


def list_modules() -> list[Path]:
    found = (path for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def walk_functions(path: str, node: ast.AST, owner: str | None = None) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        inside = owner
        if isinstance(child, ast.ClassDef):
            inside = child.name
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(path, child.lineno, owner, child)
            inside = f"{child.name}()"
        yield from walk_functions(path, child, inside)


def read_functions(path: str, text: str) -> list[Function]:
    return list(walk_functions(path, ast.parse(text)))


@pytest.fixture(scope="module")
def functions() -> list[Function]:
    return [
        function
        for path in list_modules()
        for function in read_functions(path.relative_to(ROOT).as_posix(), path.read_text())
    ]


def is_participle(name: str) -> bool:
    word = name.strip("_")
    if "_" in word or word in NO_PARTICIPLES or name.startswith("__"):
        return False
    return word.endswith(("ed", "en")) or word in IRREGULAR


def find_bare_participles(functions: list[Function]) -> list[str]:
    """Functions, methods and properties named by a bare participle that answer no question."""
    return [
        function.place
        for function in functions
        if is_participle(function.node.name)
        and not (function.owner or "").endswith(OF_QUERYSETS)
        and function.returns != "bool"
    ]


def find_one_word_functions(functions: list[Function]) -> list[str]:
    return [
        function.place
        for function in functions
        if function.owner is None
        and "_" not in function.node.name
        and function.path not in ONE_WORD
        and f"{function.path}:{function.node.name}" not in ONE_WORD
    ]


def find_functions_without_a_verb(functions: list[Function]) -> list[str]:
    """Functions that begin with a participle or a preposition, or end as `story_of` does."""
    return [
        function.place
        for function in functions
        if function.owner is None
        and not function.path.startswith(NOUNS_ALLOWED)
        and (words := function.node.name.strip("_").split("_"))
        and (
            words[0] in NO_VERBS
            or is_participle(words[0])
            or (words[-1] == "of" and function.returns != "bool")
        )
    ]


def find_homonyms(paths: list[str]) -> dict[str, list[str]]:
    """Modules of one name outside the folders that are named after what they serve."""
    by_name = defaultdict(list)
    for path in paths:
        name = Path(path).stem
        if name != "__init__" and name not in SHARED and not path.startswith(SERVING):
            by_name[name].append(path)
    return {name: places for name, places in by_name.items() if len(places) > 1}


def test_no_function_is_named_by_a_bare_participle(functions: list[Function]) -> None:
    assert find_bare_participles(functions) == []


def test_a_public_function_says_what_it_does_with_what(functions: list[Function]) -> None:
    assert find_one_word_functions(functions) == []


def test_a_function_begins_with_its_verb(functions: list[Function]) -> None:
    assert find_functions_without_a_verb(functions) == []


def test_modules_of_one_name_have_one_trade() -> None:
    assert find_homonyms([path.relative_to(ROOT).as_posix() for path in list_modules()]) == {}


def test_no_exception_outlives_what_it_excepts(functions: list[Function]) -> None:
    places = {function.path for function in functions}
    places |= {f"{function.path}:{function.node.name}" for function in functions}
    assert ONE_WORD.keys() <= places
    names = [path.stem for path in list_modules()]
    assert {name for name in SHARED if names.count(name) < 2} == set()


@pytest.mark.parametrize(
    "name", ["told", "_kept", "opened", "hidden", "withdrawn", "asked", "_heard"]
)
def test_a_participle_alone_is_refused(name: str) -> None:
    text = f"class Part:\n    def {name}(self) -> str: ...\n"
    assert find_bare_participles(read_functions("part.py", text)) == [f"part.py:2 {name}"]
    answering = text.replace("str", "bool")
    assert find_bare_participles(read_functions("part.py", answering)) == []


def test_a_word_alone_and_two_trades_of_one_name_are_refused() -> None:
    text = "def merge() -> None: ...\ndef merge_rows() -> None: ...\ndef story_of() -> None: ...\n"
    found = read_functions("rows.py", text)
    assert find_functions_without_a_verb(found) == ["rows.py:3 story_of"]
    assert find_one_word_functions(found) == ["rows.py:1 merge"]
    assert find_homonyms(["apps/review/likeness.py", "apps/audio/likeness.py"]) == {
        "likeness": ["apps/review/likeness.py", "apps/audio/likeness.py"]
    }
