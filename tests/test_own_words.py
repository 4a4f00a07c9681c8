"""No code takes apart, searches or compares what our own code wrote: whoever decides something looks at the data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from altmap import engine

ROOT = Path(engine.__file__).resolve().parents[1]
FILES = sorted(path for part in ("engine", "explorer") for path in (ROOT / part).rglob("*.py"))

WRITTEN = frozenset(
    {"sentence", "words", "detail", "given", "but", "effects", "warnings", "notes", "text", "reason", "log"}
)
"""Attributes that hold sentences, or reasons, which were sentences once."""
WRITERS = frozenset(
    {
        "sentence", "event_words", "story", "placed", "block_names", "node_names", "some_names", "stepped_over",
        "memmap_places", "describe_finding", "describe_remedy", "describe_verdict", "describe_verdicts",
        "describe_comparison", "describe_drift", "describe_answer", "describe", "outcome_words", "batch_words",
        "memmap_place", "zones_of", "moment_words", "where_words", "reasons_words", "kernel_words", "about_bytes",
    }
)  # fmt: skip
"""Functions that write them."""
APART = frozenset(
    {
        "split", "rsplit", "splitlines", "partition", "rpartition", "replace", "find", "rfind", "index", "startswith",
        "endswith", "removeprefix", "removesuffix", "strip", "rstrip", "lstrip", "lower", "casefold", "translate",
    }
)  # fmt: skip
PATTERNS = frozenset({"sub", "match", "search", "fullmatch", "findall", "finditer", "split"})

NOT_OURS = {
    ("explorer/headless/machines.py", "words"): "the words of the command line",
    ("explorer/tui/widgets/title.py", "text"): "the parts of a title, which are as wide as the screen",
}
"""Attributes of these names that hold what others wrote."""


class Looker(ast.NodeVisitor):
    """Finds where written text is taken apart; names that such text was given to are followed inside a function."""

    def __init__(self, place: str) -> None:
        self.place, self.found = place, list[str]()
        self.held: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer, self.held = self.held, set()
        for statement in node.body:
            self.visit(statement)
        self.held = outer

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        if self.written(node.value):
            self.held |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        if self.written(node.value):
            self.held.add(node.target.id)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else ""
        of = [called.value] if isinstance(called, ast.Attribute) and name in APART else []
        if any(map(self.written, [*of, *(node.args if name in PATTERNS else ())])):
            self.report(node)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        text = any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in sides)
        if text and any(map(self.written, sides)):
            self.report(node)
        self.generic_visit(node)

    def written(self, node: ast.expr) -> bool:
        """Is it what our code wrote?"""
        if isinstance(node, ast.Name):
            return node.id in self.held
        if isinstance(node, ast.Attribute):
            return node.attr in WRITTEN and (self.place, node.attr) not in NOT_OURS
        if isinstance(node, ast.Call):
            called = node.func
            name = (
                called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
            )
            return name in WRITERS
        if isinstance(node, ast.JoinedStr):
            return any(self.written(part.value) for part in node.values if isinstance(part, ast.FormattedValue))
        return isinstance(node, ast.Subscript) and self.written(node.value)

    def report(self, node: ast.expr) -> None:
        self.found.append(f"{self.place}:{node.lineno}: {ast.unparse(node)}")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def looked(source: str, place: str = "") -> list[str]:
    looker = Looker(place)
    looker.visit(ast.parse(source))
    return looker.found


def places() -> Iterator[tuple[Path, str]]:
    for path in FILES:
        yield path, str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    "code",
    [
        'if "huge" in outcome.reason: pass',
        'if (at := choice.reason.find("WARNING: ")) >= 0: pass',
        '[e.text for e in events if "auto onlining" in e.text]',
        'event.reason.startswith("online_")',
        'text = sentence(reason)\ntext.partition(": ")',
        'words.memmap_place(machine, block).partition(", from pfn")[0]',
        'text = f"no: {sentence(reason)}"\nre.sub("memory32", "each", text)',
        'describe_finding(now).split("\\n")[:2]',
        'if f"page {pfn:#x}" not in verdict.reason: pass',
        'outcome.log[0].removeprefix("memory")',
    ],
)
def test_what_is_looked_for_is_found(code: str) -> None:
    assert looked(code)


@pytest.mark.parametrize(
    "code",
    [
        "if outcome.reason == other.reason: pass",
        "isinstance(event.reason, ZoneAskedFor)",
        "msgspec.structs.replace(reason, block=1)",
        'name.partition(".")',
        "print(sentence(outcome.reason))",
    ],
)
def test_data_and_others_words_may_be_looked_at(code: str) -> None:
    assert not looked(code)


def test_no_code_takes_its_own_words_apart() -> None:
    found = {place: lines for path, place in places() if (lines := looked(path.read_text(), place))}
    assert not found
