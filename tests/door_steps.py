"""What the doors' code does to rows, read from its syntax: who writes, and who orders steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WRITES = {
    "atomic",
    "bulk_create",
    "bulk_update",
    "create",
    "delete",
    "execute",
    "executemany",
    "get_or_create",
    "save",
    "select_for_update",
    "update",
    "update_or_create",
}


@dataclass(frozen=True)
class Module:
    """A file: its functions by name (`Class.method` too), and what its imports stand for."""

    name: str
    functions: dict[str, ast.FunctionDef]
    imports: dict[str, str]
    bases: dict[str, list[str]]


@dataclass
class Code:
    """The code below a folder; `allowed` functions count as the one step they are said to be."""

    root: Path
    allowed: frozenset[str] = frozenset()
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def list_doors(self) -> Iterator[Module]:
        for path in sorted((self.root / "apps/doors").rglob("*.py")):
            dotted = ".".join(path.relative_to(self.root).with_suffix("").parts)
            module = self.load(dotted.removesuffix(".__init__"))
            assert module is not None
            yield module

    def load(self, dotted: str) -> Module | None:
        if dotted not in self._modules:
            path = self.root / Path(*dotted.split("."))
            here = path.with_suffix(".py") if path.with_suffix(".py").exists() else None
            here = here or (path / "__init__.py" if (path / "__init__.py").exists() else None)
            self._modules[dotted] = parse_module(dotted, here.read_text()) if here else None
        return self._modules[dotted]

    def list_writers(self) -> Iterator[str]:
        for module in self.list_doors():
            for name, node in module.functions.items():
                if any(_is_write(each) for each in ast.walk(node)):
                    yield f"{module.name}.{name}"

    def list_orderers(self) -> Iterator[str]:
        """Functions of the doors on one of whose ways two steps are taken, or more."""
        for module in self.list_doors():
            for name in module.functions:
                if self.count_steps(module, name) > 1:
                    yield f"{module.name}.{name}"

    def count_steps(self, module: Module, name: str) -> int:
        """The most steps that one call of the function can take."""
        dotted = f"{module.name}.{name}"
        if dotted not in self._counts:
            # What calls itself takes no step by that.
            self._counts[dotted] = 0
            most = max(self._count_ways(module, name, module.functions[name].body))
            self._counts[dotted] = min(most, 1) if dotted in self.allowed else most
        return self._counts[dotted]

    def _count_ways(self, here: Module, name: str, body: Sequence[ast.stmt]) -> tuple[int, int]:
        """Most steps on the ways that go on behind these statements, and on those that end.

        Negative where there is no such way.
        """
        on, ended = 0, NEVER
        for statement in body:
            further, over = self._count_statement(here, name, statement)
            ended = max(ended, on + over)
            on += further
            if on < 0:
                break
        return max(on, NEVER), max(ended, NEVER)

    def _count_statement(self, here: Module, name: str, node: ast.stmt) -> tuple[int, int]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            return 0, NEVER
        fork = _find_fork(node)
        if fork is None:
            count = self._count_calls(here, name, node)
            return (NEVER, count) if isinstance(node, ast.Return | ast.Raise) else (count, NEVER)
        first = sum(self._count_calls(here, name, each) for each in fork.first)
        ways = [self._count_ways(here, name, way) for way in fork.ways]
        return first + max(on for on, _ in ways), first + max(ended for _, ended in ways)

    def _count_calls(self, here: Module, name: str, node: ast.AST) -> int:
        calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
        return sum(self._count_call(here, name, call) for call in calls)

    def _count_call(self, here: Module, name: str, call: ast.Call) -> int:
        found = self._find_callee(here, name, call.func)
        if found is None:
            return int(any(word.arg == "actor" for word in call.keywords))
        module, callee = found
        if module.name.startswith("apps.doors"):
            return self.count_steps(module, callee)
        return int(_is_step(module.functions[callee]))

    def _find_callee(self, here: Module, name: str, func: ast.expr) -> tuple[Module, str] | None:
        match func:
            case ast.Name(id=called) if called in here.functions:
                return here, called
            case ast.Name(id=called) if called in here.imports:
                place, _, word = here.imports[called].rpartition(".")
                return self._look_up(place, word)
            case ast.Attribute(value=ast.Name(id="self"), attr=word) if "." in name:
                return self._find_method(here, name.partition(".")[0], word)
            case ast.Attribute(value=ast.Name(id=called), attr=word) if called in here.imports:
                return self._look_up(here.imports[called], word)
        return None

    def _find_method(self, here: Module, owner: str, word: str) -> tuple[Module, str] | None:
        if f"{owner}.{word}" in here.functions:
            return here, f"{owner}.{word}"
        for base in here.bases.get(owner, []):
            if base in here.bases:
                found = self._find_method(here, base, word)
            else:
                place, _, named = here.imports.get(base, "").rpartition(".")
                module = self.load(place) if place.startswith("apps.") else None
                found = self._find_method(module, named, word) if module else None
            if found is not None:
                return found
        return None

    def _look_up(self, place: str, word: str) -> tuple[Module, str] | None:
        module = self.load(place) if place.startswith("apps.") else None
        return (module, word) if module is not None and word in module.functions else None


NEVER = -1_000_000


@dataclass(frozen=True)
class Fork:
    """What is reckoned first, and the ways on from there, of which one is taken."""

    first: Sequence[ast.AST]
    ways: Sequence[Sequence[ast.stmt]]


def _find_fork(node: ast.stmt) -> Fork | None:
    match node:
        case ast.If(test=test, body=body, orelse=orelse):
            return Fork([test], [body, orelse])
        case ast.Match(subject=subject, cases=cases):
            return Fork([subject], [*(each.body for each in cases), []])
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
            failed = ([*body, *each.body, *final] for each in handlers)
            return Fork([], [[*body, *orelse, *final], *failed])
        case ast.With(items=items, body=body):
            return Fork([item.context_expr for item in items], [body])
        case ast.For(iter=first, body=body) | ast.While(test=first, body=body):
            return Fork([first], [[*body, *body], []])
    return None


def parse_module(name: str, source: str) -> Module:
    tree = ast.parse(source)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    bases: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases[node.name] = [each.id for each in node.bases if isinstance(each, ast.Name)]
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef))
            functions |= {f"{node.name}.{each.name}": each for each in methods}
    imports = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return Module(name, functions, imports, bases)


def _is_write(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="transaction"), attr="atomic"):
            return True
        case ast.Call(func=ast.Attribute(attr=word)):
            return word in WRITES
    return False


def _is_step(node: ast.FunctionDef) -> bool:
    """Whether a function of a room is a step: somebody acts in it, or it is a transaction."""
    if any(argument.arg == "actor" for argument in node.args.kwonlyargs):
        return True
    return any(
        isinstance(each, ast.Attribute) and each.attr in {"atomic", "select_for_update"}
        for each in ast.walk(node)
    )
