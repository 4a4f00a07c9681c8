"""Which module of a package imports which others of it, read off the text of its files; and what of it nobody explained."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Final, NamedTuple


def modules_of(root: Path) -> dict[str, Path]:
    """The files of a package by name: ``hotplug.add`` of hotplug/add.py; of a folder's own file the folder, and the empty text
    for the package itself."""
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


class Seen(NamedTuple):
    """What a file has to do with others: its absolute imports as (module, name), the name empty for ``import module``; its
    relative ones as (dots, module, name); where it uses a private attribute of something that is not itself, in words; texts
    that may name a function of a module beside it, as (module, name); and the functions that it has itself."""

    imports: tuple[tuple[str, str], ...]
    relative: tuple[tuple[int, str, str], ...]
    private: tuple[str, ...]
    named: tuple[tuple[str, str], ...]
    functions: frozenset[str]


_NAMED: Final = re.compile(r"[a-z_]+\.[a-z_]+")


@cache
def seen(path: Path) -> Seen:
    """Read a file, once for all tests: those that ask are one group."""
    imports: list[tuple[str, str]] = []
    relative: list[tuple[int, str, str]] = []
    uses: list[str] = []
    named: list[tuple[str, str]] = []
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            relative += [(node.level, node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Attribute) and private(node.attr):
            called = node.value.func if isinstance(node.value, ast.Call) else node.value
            of = called.id if isinstance(called, ast.Name) else "something else"
            if of not in ("self", "cls", "super"):
                uses.append(f"line {node.lineno} uses {node.attr} of {of}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAMED.fullmatch(node.value):
            module, _, name = node.value.partition(".")
            named.append((module, name))
    functions = frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return Seen(tuple(imports), tuple(relative), tuple(uses), tuple(named), functions)


def private(name: str) -> bool:
    """Is a name private? Those of named tuples are only written as if they were."""
    return name.startswith("_") and not name.endswith("__") and name not in ("_replace", "_asdict", "_fields")


def graph_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """What each module imports of the others, wherever in it."""
    return {name: set(_imports(name, path, modules)) - {name} for name, path in modules.items()}


def named_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Which modules of its folder each names in a table, as ``"module.function"``: these are imported when they are asked for."""
    return {name: set(_named(name, path, modules)) - {name} for name, path in modules.items()}


def together(*graphs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Several graphs of the same modules as one."""
    return {name: set().union(*(graph[name] for graph in graphs)) for name in graphs[0]}


def _imports(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    here = _folder(name, path)
    for dots, module, imported in seen(path).relative:
        source = ".".join(filter(None, [*here[: len(here) - dots + 1], *module.split(".")]))
        deeper = f"{source}.{imported}".lstrip(".")
        yield deeper if deeper in modules else source


def _named(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    for module, function in seen(path).named:
        beside = ".".join([*_folder(name, path), module])
        if beside in modules and function in seen(modules[beside]).functions:
            yield beside


def _folder(name: str, path: Path) -> list[str]:
    return name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]


def in_a_round(graph: Mapping[str, set[str]]) -> list[str]:
    """The modules that import themselves by way of others, and those above them."""
    waiting = dict(graph)
    while free := {name for name, others in waiting.items() if not others & waiting.keys()}:
        for name in free:
            del waiting[name]
    return sorted(waiting)


def undocumented(package: str, name: str) -> Iterator[str]:
    """Public names of a module of a package without a docstring of their own or, for methods, of the class that they come from.
    Views and verbs have a `sentence` for that, which people read too; what answers a message of Textual's is named after it."""
    full = f"{package}.{name}".rstrip(".")
    module = importlib.import_module(full)
    if not module.__doc__:
        yield full
    for what, thing in vars(module).items():
        if what.startswith("_") or getattr(thing, "__module__", "") != full:
            continue
        if isinstance(thing, FunctionType) and not thing.__doc__:
            yield f"{full}.{what}"
        if isinstance(thing, type):
            if not (thing.__dict__.get("__doc__") or thing.__dict__.get("sentence")):
                yield f"{full}.{what}"
            yield from (f"{full}.{what}.{member}" for member in _unsaid(thing))


def _unsaid(kind: type) -> Iterator[str]:
    """The methods of a class that neither it nor one above it explains."""
    for member, value in vars(kind).items():
        named = isinstance(value, FunctionType | property | classmethod | staticmethod)
        if named and not member.startswith(("_", "on_", "watch_")) and not inspect.getdoc(getattr(kind, member)):
            yield member
