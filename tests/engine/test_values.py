"""A value is a value: nothing that is shared can be changed, and everything says in a line what it is."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import msgspec
import pytest
from altmap import engine
from altmap.engine import Outcome, open_machine
from altmap.engine.memory.section import Pages, Section, Types
from altmap.engine.numbers.bits import every, span
from altmap.engine.reading.observation import Observation
from altmap.engine.snapshot import schema

from .guests import dimm, guest, heads, online

CHANGES: tuple[Callable[[Any], object], ...] = (
    lambda pages: pages.__setitem__("slab", 1),
    lambda pages: pages.__delitem__("free"),
    lambda pages: pages.__ior__({"slab": 1}),
    lambda pages: pages.update(slab=1),
    lambda pages: pages.setdefault("slab", 1),
    lambda pages: pages.pop("free"),
    lambda pages: pages.popitem(),
    lambda pages: pages.clear(),
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_pages_of_a_section_cannot_be_changed_and_no_other_machine_is_born_with_it(change: Any) -> None:
    machine = guest()
    dimm(machine)
    online(machine, 32)
    before = repr(machine.sections[32])
    for section in (machine.sections[32], machine.sections[0]):
        for sets in (section.pages, section.types, Pages(), Types()):
            with pytest.raises(TypeError):
                change(sets)
    assert repr(machine.sections[32]) == before
    other = guest()
    dimm(other)
    online(other, 32)
    assert repr(other.sections[32]) == before
    assert heads(other, 32) == 512


def test_equal_sets_of_pages_are_the_same_as_keys_and_after_copying() -> None:
    one, same = Pages({"free": 6, "slab": 1}), Pages({"slab": 1, "free": 6})
    assert (one == same, hash(one) == hash(same)) == (True, True)
    assert {one: "found"}[same] == "found"
    for copied in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert (type(copied), copied) == (Pages, one)


def test_sets_of_pages_read_as_ranges() -> None:
    assert repr(Pages({"free": span(512, 32256), "memmap": span(0, 512)})) == "free 512-32767, memmap 0-511"
    assert repr(Pages({"pinned": 1 << 7})) == "pinned 7"
    assert repr(Pages({"movable": every(2, 32768)})) == "movable 0 2 4 ... (16384)"
    assert repr(Types({"Unmovable": 3, "CMA": 4})) == "Unmovable 0-1, CMA 2"
    assert (repr(Pages()), repr(Types())) == ("no pages", "all Movable")


def test_a_section_reads_as_one_line() -> None:
    machine = guest()
    dimm(machine, "256M")
    online(machine, 32)
    assert repr(machine.sections[32]) == (
        "<Section 32: online on node 0 in Normal of node 0; memmap 0-511, free 512-32767; Unmovable 0; "
        "memmap on self at pfn 0x100000>"
    )
    assert repr(machine.sections[33]) == (
        "<Section 33: offline on node 0; no pages; all Movable; memmap on self at pfn 0x108000>"
    )
    assert repr(Section(7, 1)) == "<Section 7: offline on node 1; no pages; all Movable; no memmap>"


@pytest.mark.parametrize("name", ["mixed-guest", "firecracker-24g", "numa-guest"])
def test_sections_of_captured_machines_have_a_hash_and_a_line_of_their_own(name: str) -> None:
    machine = open_machine(name)
    assert len({hash(section) for section in machine.sections.values()}) == len(machine.sections)
    for section in machine.sections.values():
        assert repr(section).startswith(f"<Section {section.nr}: ")
        assert "\n" not in repr(section)
        assert len(repr(section)) < 1000


def structs() -> Iterator[type[msgspec.Struct]]:
    """Every Struct of the engine but those that say how a file is laid out."""
    for info in pkgutil.walk_packages(engine.__path__, "altmap.engine."):
        module = importlib.import_module(info.name)
        if info.name != schema.__name__:
            for thing in vars(module).values():
                if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing.__module__ == info.name:
                    yield thing


def parts(hint: Any) -> Iterator[Any]:
    """A type and all that it is made of; a function holds none of what it takes."""
    origin = getattr(hint, "__origin__", None) or hint
    yield origin
    for part in getattr(hint, "__args__", ()) if origin is not Callable else ():
        yield from parts(part)


def test_no_struct_can_change_or_holds_what_can() -> None:
    found = list(structs())
    assert {Section, Outcome, Observation} < set(found)
    assert not [struct for struct in found if not struct.__struct_config__.frozen]
    loose = [
        f"{struct.__name__}.{name}: {part}"
        for struct in found
        for name, hint in get_type_hints(struct).items()
        for part in parts(hint)
        if part in (Any, object) or (isinstance(part, type) and part.__hash__ is None)
    ]
    assert not loose, "\n".join(loose)


def test_help_names_types_as_the_source_does_and_not_each_of_two_hundred_reasons() -> None:
    public = [getattr(engine, name) for name in engine.__all__]
    structs = [one for one in public if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    assert len(structs) > 40
    assert [one for one in structs if "protocol.reasons.taking" in str(inspect.signature(one))] == []


def test_no_public_name_is_of_something_that_can_be_changed() -> None:
    assert [name for name in engine.__all__ if type(getattr(engine, name)) in (dict, list, set)] == []
