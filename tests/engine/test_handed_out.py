"""What a machine hands out cannot be changed: every way that Python offers is refused, or leaves the machine as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import isfunction, signature
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any, get_args, get_origin, get_type_hints

import altmap
import msgspec
import pytest
from altmap import engine
from altmap.engine import (
    Add,
    Allocate,
    Command,
    Compact,
    Free,
    HugePages,
    Machine,
    Offline,
    Online,
    Poison,
    boot_machine,
    capture,
    machine_bytes,
    open_machine,
)
from altmap.engine.numbers.bits import PageSet

from tests.traces.recording import Recording, write_tree

DEPTH = 6
EACH = 3
"""Values of a collection that are looked into."""


def machine() -> Machine:
    made = boot_machine([(0, 0, "1G")], name="guest")
    made.apply(Add(start="4G", size="256M"), check=True)
    made.apply(Online(block=32, type="online_movable"), check=True)
    made.apply(Offline(block=0))
    return made


def content(subject: Machine) -> bytes:
    """All that a machine is, as it would be saved."""
    return machine_bytes(subject, "all.msgpack")


def handed_out(
    thing: object, way: str, depth: int = 0, seen: dict[int, object] | None = None
) -> Iterator[tuple[str, object]]:
    """All that is reached from a value by public attributes, items and keys, each with the way to it."""
    seen = {} if seen is None else seen
    if id(thing) in seen or depth > DEPTH or isinstance(thing, type | FunctionType | MethodType | str | int | None):
        return
    seen[id(thing)] = thing  # kept, so that no other gets its id
    yield way, thing
    for name in dir(thing):
        if name.startswith("_") or name in ("mro", "geometry"):
            continue
        try:
            value = getattr(thing, name)
        except (AttributeError, TypeError):
            continue
        if not callable(value):
            yield from handed_out(value, f"{way}.{name}", depth + 1, seen)
    if isinstance(thing, dict) or hasattr(thing, "items"):
        for key, value in [*thing.items()][:EACH]:
            yield from handed_out(value, f"{way}[{key!r}]", depth + 1, seen)
    elif isinstance(thing, tuple | list | frozenset | set):
        for at, value in enumerate([*thing][:EACH]):
            yield from handed_out(value, f"{way}({at})", depth + 1, seen)


def changes(thing: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    """Ways to change a value."""
    key = next(iter(thing), 0) if hasattr(thing, "__iter__") else 0
    yield "item", lambda: thing.__setitem__(key, 1)
    yield "delete", lambda: thing.__delitem__(key)
    for name, arguments in (
        ("append", (1,)), ("add", (1,)), ("update", ({key: 1},)), ("clear", ()), ("pop", ()), ("popitem", ()),
        ("setdefault", ("new", 1)), ("extend", ([1],)), ("put", (key, 1)), ("drop", (key,)), ("amend", (key, 1)),
    ):  # fmt: skip
        if hasattr(thing, name):
            yield name, lambda name=name, arguments=arguments: getattr(thing, name)(*arguments)  # type: ignore[misc]
    fields = thing.__struct_fields__ if isinstance(thing, msgspec.Struct) else getattr(thing, "__slots__", ())
    for name in [*fields, *vars(type(thing)), "new"]:
        if not name.startswith("_"):
            yield f"attribute {name}", lambda name=name: setattr(thing, name, None)  # type: ignore[misc]


@pytest.mark.parametrize("make", [machine, lambda: open_machine("mixed-guest")], ids=["made", "mixed-guest"])
def test_nothing_that_is_handed_out_changes_the_machine(make: Callable[[], Machine]) -> None:
    subject, other = make(), content(make())
    before, looked = content(subject), list[str]()
    for way, thing in handed_out(subject, "machine"):
        if thing is subject:
            continue
        looked.append(type(thing).__name__)
        for name, change in changes(thing):
            try:
                change()
            except (TypeError, AttributeError):
                continue
            assert content(subject) == before, f"{name} of {way} changed the machine"
    assert {"Section", "Pages", "Block", "Zone", "Step", "Settings"} <= {*looked}
    assert content(make()) == other


@pytest.mark.parametrize("make", [machine, lambda: open_machine("mixed-guest")], ids=["made", "mixed-guest"])
def test_values_have_a_hash_and_a_repr_of_a_readable_length(make: Callable[[], Machine]) -> None:
    met: set[type] = set()
    for way, thing in handed_out(make(), "machine"):
        met.add(type(thing))
        if isinstance(thing, tuple | list):
            assert repr(thing), way  # Python's own, and as long as what stands in it
            continue
        assert repr(thing), way
        if isinstance(thing, msgspec.Struct):
            hash(thing)
        if isinstance(thing, engine.Machine) or type(thing).__name__ in ("Section", "Pages", "Types"):
            assert len(repr(thing)) < 400, way
            assert "\n" not in repr(thing)
    assert len(met) >= 10


OWN = "altmap.engine.protocol.", "altmap.engine.memory.state"
"""Modules of the engine that are public as a whole, and the one that is never handed out."""


def classes(annotation: object) -> Iterator[type]:
    """The classes of the engine in an annotation."""
    parts = annotation if isinstance(annotation, list) else (get_origin(annotation), *get_args(annotation))
    for part in parts:
        if part is not None:
            yield from classes(part)
    if isinstance(annotation, type) and annotation.__module__.startswith("altmap.engine"):
        yield annotation


def signed(name: str) -> Iterator[tuple[str, object]]:
    """What stands in the fields, methods and arguments of a public name, each with its place."""
    value = getattr(engine, name)
    members = vars(value) if isinstance(value, type) else {"": value}
    for field, annotation in get_type_hints(value).items() if isinstance(value, type) else ():
        yield f"{name}.{field}", annotation
    for member, found in members.items():
        function = found.fget if isinstance(found, property) else found
        if isinstance(function, FunctionType) and not member.startswith("_"):
            for argument, annotation in get_type_hints(function).items():
                yield f"{name}.{member}({argument})", annotation


def test_every_type_that_a_public_name_takes_or_gives_is_public() -> None:
    hidden = {
        f"{one.__name__} of {place}"
        for name in engine.__all__
        for place, annotation in signed(name)
        if not place.partition(".")[2].startswith("_")
        for one in classes(annotation)
        if not one.__module__.startswith(OWN) and one.__name__ not in engine.__all__
    }
    assert hidden == set()


def test_help_says_nothing_of_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "hunter2")
    shown = [str(signature(value)) for name in engine.__all__ if isfunction(value := getattr(engine, name))]
    assert not [text for text in shown if "hunter2" in text]


@pytest.mark.parametrize("module", [altmap, engine])
def test_dir_lists_the_public_names_alone(module: ModuleType) -> None:
    assert [name for name in dir(module) if not name.startswith("__")] == sorted(engine.__all__)


SOME: list[Command] = [
    Add(start="4G", size="1G"),
    *[Online(block=block, type="online_movable") for block in (32, 33, 34)],
    Allocate(size="200M", kind="movable", pattern="random", seed=3),
    Allocate(size="64M", kind="unmovable", pattern="checkerboard"),
    Poison(address=(4 << 30) + (1 << 20)),
    Poison(address=1 << 28),
    HugePages(count=20),
    Free(size="30M", kind="movable", pattern="random"),
    Compact(),
    Offline(block=32),
]


@pytest.mark.parametrize("name", ["made", "captured", "mixed-guest", "numa-guest", "firecracker-24g"])
def test_a_set_of_pages_by_itself_is_a_readable_line(name: str, tmp_path: Path) -> None:
    """Python writes no number of more than 4,300 digits, and a set of the 32,768 pages of a section has 9,864."""
    if name == "captured":
        recording = Recording("6.12/mixed_zones_mom")
        write_tree(tmp_path, recording.kernel, recording.observations()[15])
        subject = capture(tmp_path)
    else:
        subject = machine() if name == "made" else open_machine(name)
    for command in SOME:
        subject.apply(command)
        for section in subject.sections.values():
            sets = (*section.pages.values(), *dict(section.zones).values())
            for pages in (*sets, section.hwpoison, section.unseen, section.frozen):
                assert not pages or isinstance(pages, PageSet), (command, section)
                assert len(repr(pages)) < 80
            assert len(repr(section.zones)) < 400
    assert repr(machine().sections[32].zones) == "(((0, 'Movable'), <pages 0-32767>),)"
