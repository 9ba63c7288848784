"""The documents, compared with what is there: nothing missing, nothing made up."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps as installed
from django.core.management import get_commands
from django.db import connection

import apps
import datasets_catalog
import earmark
from apps.access.authorizations import Code
from apps.ingest.row_readers import Problem
from apps.storage.fsck import HINTS
from apps.storage.holders import list_holders
from datasets_catalog.errors import EarmarkError
from datasets_catalog.gates.registry import GATES

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
COMMANDS = ROOT / "platform" / "earmark" / "management" / "commands"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# What no document says: promises, and places of one machine.
UNWANTED = ["TODO", "TBD", "FIXME", "coming soon", "lorem ipsum", str(ROOT), str(Path.home())]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    lines = (line for line in page.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def named(page: str, pattern: str = r"[A-Za-z_.]+") -> set[str]:
    """What the first cells of a page's tables name in backticks."""
    return {
        name for cells in rows(page) for name in re.findall(rf"`({pattern})(?:=\w+)?`", cells[0])
    }


def section(page: str, heading: str) -> str:
    """A page from a heading to the next of the same level."""
    level = heading.split(" ", maxsplit=1)[0]
    return re.split(rf"^{level} ", page.split(f"{heading}\n", 1)[1], flags=re.MULTILINE)[0]


def own_commands() -> set[str]:
    return {path.stem for path in COMMANDS.glob("*.py") if path.stem != "__init__"}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


def test_every_command_is_described_and_every_described_one_exists() -> None:
    described = re.findall(r"^### `(\w+)`$", text("docs/commands.md"), re.MULTILINE)
    assert sorted(described) == sorted(own_commands())


@pytest.mark.parametrize("command", sorted(own_commands()))
def test_every_option_of_a_command_is_described(command: str) -> None:
    about = section(text("docs/commands.md"), f"### `{command}`")
    options = re.findall(r'"(--[a-z-]+)"', (COMMANDS / f"{command}.py").read_text(encoding="utf-8"))
    assert [option for option in options if option not in about] == []


def test_every_make_target_is_described_and_every_described_one_exists() -> None:
    described = re.findall(r"^\| `make (\w+)`", text("CONTRIBUTING.md"), re.MULTILINE)
    assert set(described) == make_targets()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_and_targets_that_a_page_names_exist(page: Path) -> None:
    said = page.read_text(encoding="utf-8")
    commands = set(re.findall(r"manage\.py ([a-z_]+)", said))
    assert commands <= {*get_commands(), "help"}
    assert set(re.findall(r"`?make ([a-z]+)`", said)) <= make_targets()


def test_every_room_is_on_the_map_and_every_room_there_exists() -> None:
    pattern = re.compile(r"^\| `apps/([a-z]+(?:/[a-z]+)?)/` \|", re.MULTILINE)
    mapped = set(pattern.findall(text("docs/architecture.md")))
    folders = {path.parent for path in (ROOT / "apps").glob("*/__init__.py")}
    doors = {path.parent for path in (ROOT / "apps" / "doors").glob("*/__init__.py")}
    there = (folders - {ROOT / "apps" / "doors"}) | doors
    assert mapped == {path.relative_to(ROOT / "apps").as_posix() for path in there}


def test_the_order_of_imports_is_drawn_as_it_is_checked() -> None:
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == ["apps"])
    drawn = section(text("docs/architecture.md"), "## Who may import whom").split("```")[1]
    shown = [re.split(r"\s{3,}", line)[0] for line in drawn.strip().splitlines()]
    assert shown == ["earmark", *layers, "datasets_catalog"]


def test_every_variable_is_described_and_every_described_one_is_read() -> None:
    folder = ROOT / "platform" / "earmark" / "settings"
    settings = "".join(path.read_text() for path in folder.glob("*.py") if path.stem != "testing")
    read = set(re.findall(r"env\.read_\w+\(\s*['\"]([A-Z0-9_]+)['\"]", settings))
    read |= set(re.findall(r'environ\.setdefault\("([A-Z_]+)"', settings))
    described = named(section(text("docs/running.md"), "## Environment variables"), "[A-Z0-9_]+")
    assert described - {"DJANGO_SETTINGS_MODULE"} == read


def test_the_variables_of_commands_and_tests_are_described() -> None:
    pattern = re.compile(r'environ(?:\.get\(|\[)"((?:EARMARK|TEST)_[A-Z_]+|CI)"')
    commands = "".join(path.read_text() for path in COMMANDS.glob("*.py"))
    assert set(pattern.findall(commands)) <= set(re.findall(r"`(\w+)`", text("docs/running.md")))
    folders = [ROOT / "tests", ROOT / "tests" / "browser"]
    tests = "".join(path.read_text() for folder in folders for path in folder.glob("*.py"))
    described = named(section(text("CONTRIBUTING.md"), "## Tests"), "[A-Z_]+")
    assert set(pattern.findall(tests)) == described


@cache
def errors() -> list[type[EarmarkError]]:
    """Every error class that has a code of its own."""
    for package in (apps, datasets_catalog, earmark):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".settings." not in module.name and ".migrations" not in module.name:
                importlib.import_module(module.name)
    known = (each for each in _descendants(EarmarkError) if "code" in vars(each))
    return [each for each in known if not each.__module__.startswith("tests.")]


def _descendants(base: type[EarmarkError]) -> Iterator[type[EarmarkError]]:
    yield base
    for each in base.__subclasses__():
        yield from _descendants(each)


def _room(error: type[EarmarkError]) -> str:
    first, *rest = error.__module__.split(".")
    return {"apps": f"apps/{rest[0] if rest else ''}", "earmark": "platform/earmark"}.get(
        first, first
    )


def _written_codes() -> set[str]:
    """Codes written without a class: ends of jobs, steps of a command, problems of proof."""
    pattern = re.compile(r'"code": "([a-z_.]+)"|RootProblem\("([a-z.]+)"')
    found = {
        name for path in (ROOT / "apps").rglob("*.py") for name in pattern.findall(path.read_text())
    }
    found |= set(pattern.findall((COMMANDS / "release.py").read_text()))
    return {first or second for first, second in found}


def test_every_error_is_listed_in_its_room_with_its_kind() -> None:
    page = text("docs/errors.md")
    missing = []
    for error in errors():
        table = rows(section(page, f"## `{_room(error)}`"))
        kinds = {cells[1] for cells in table if cells[0] == f"`{error.code}`"}
        if str(error.kind) not in kinds:
            missing.append(f"{error.code} ({error.kind}) in {_room(error)}")
    assert missing == []


def test_every_listed_code_exists() -> None:
    page = text("docs/errors.md")
    listed = named(page)
    codes = {str(error.code) for error in errors()}
    others = {*map(str, Problem), *map(str, Code), *HINTS, *_written_codes()}
    assert others <= listed
    own = named(section(page, "## `apps/doors`").split("### Requests that are not understood")[1])
    assert listed - codes - others - own == set()


def test_every_holder_is_listed_as_it_describes_itself() -> None:
    table = rows(section(text("docs/holders.md"), "## The list"))[1:]
    assert table == [
        [each.name, each.what, each.held.value, each.departure.value, each.way]
        for each in list_holders()
    ]


def test_every_gate_is_described_and_every_described_one_exists() -> None:
    described = re.findall(r"^## `([a-z_.]+)`$", text("docs/gates.md"), re.MULTILINE)
    assert described == [gate.code for gate in GATES]


@pytest.mark.django_db
def test_the_database_refuses_what_the_documents_say_it_refuses() -> None:
    names = {
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    }
    with connection.cursor() as cursor:
        cursor.execute(names[connection.vendor])
        there = {name for (name,) in cursor.fetchall()}
    page = section(text("docs/privacy.md"), "## What the database itself refuses")
    triggers, constraints = page.split("The second is constraints")
    assert named(triggers) == there
    kept = {each.name for model in installed.get_models() for each in model._meta.constraints}
    assert named(constraints) <= kept


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        ("docs/privacy.md", "## What is kept by what, and proved by what"),
        ("docs/gates.md", "## Where gates are asked, and what holds them"),
    ],
)
def test_what_keeps_a_promise_and_what_proves_it_is_there(page: str, heading: str) -> None:
    """Rules by the names of functions and gates, refusals by those of triggers, tests by theirs."""
    defined = _functions("apps", "datasets_catalog") | {gate.code for gate in GATES}
    refusals = section(text("docs/privacy.md"), "## What the database itself refuses")
    for _, kept_by, refused_by, proved_by in rows(section(text(page), heading))[1:]:
        assert set(re.findall(r"`([^`]+)`", kept_by)) <= defined
        assert set(re.findall(r"`([^`]+)`", refused_by)) <= named(refusals)
        proofs = re.findall(r"`([^`]+)::([^`]+)`", proved_by)
        assert proofs
        for file, test in proofs:
            assert f"\ndef {test}(" in text(f"tests/{file}"), (file, test)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_names_that_a_page_takes_from_the_code_are_there(page: Path) -> None:
    """What stands in backticks and looks like a function's, a column's or a setting's name."""
    names = re.findall(r"`([a-z]+(?:_[a-z0-9]+)+)(?:\([^`]*\))?`", page.read_text(encoding="utf-8"))
    # The names of triggers are made of those of tables, and compared with the database above.
    refusals = named(section(text("docs/privacy.md"), "## What the database itself refuses"))
    assert set(names) - _words_of_the_code() - refusals - {"pg_dump"} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_imports_of_the_code_is_there(page: Path) -> None:
    said = page.read_text(encoding="utf-8")
    for module, name in re.findall(
        r"from ((?:apps|datasets_catalog|earmark)[\w.]*) import (\w+)", said
    ):
        assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


@cache
def _words_of_the_code() -> frozenset[str]:
    folders = ("apps", "datasets_catalog", "platform", "tests")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    files += [*(ROOT / "datasets_catalog").rglob("*.toml"), *(ROOT / "tests").rglob("*.toml")]
    words = (re.findall(r"\w+", file.read_text(encoding="utf-8")) for file in files)
    return frozenset(word for each in words for word in each) | own_commands()


@cache
def _functions(*folders: str) -> frozenset[str]:
    """The names of the functions of whole folders."""
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


def _anchors(page: str) -> set[str]:
    """Anchors of headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    said = FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", said):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            assert anchor in _anchors(target.read_text(encoding="utf-8")), f"{page.name}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_promises_or_tells_of_one_machine(page: Path) -> None:
    said = page.read_text(encoding="utf-8")
    assert [words for words in UNWANTED if words in said] == []


def test_files_that_the_map_names_exist() -> None:
    paths = re.findall(
        r"`((?:apps|platform|datasets_catalog|tests|docs)/[\w/.-]+)`", text("docs/architecture.md")
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_functions_that_the_map_follows_exist() -> None:
    page = section(text("docs/architecture.md"), "## One upload followed to publication")
    functions = {
        node.name
        for folder in ("apps", "datasets_catalog")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    followed = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", page))
    assert followed <= functions


def test_every_decision_has_a_number_of_its_own_and_says_what_was_rejected() -> None:
    decisions = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in decisions]
    assert numbers == sorted(set(numbers))
    for path in decisions:
        said = path.read_text(encoding="utf-8")
        assert said.startswith(f"# {path.name[:4]} "), path.name
        assert all(f"## {part}" in said for part in ("Context", "Choice", "Rejected")), path.name
