"""What is written is read back as it was: commands as lines and as JSON, sizes, lists of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest
from altmap.engine import describe
from altmap.engine.commands import COMMANDS, Command
from altmap.engine.commands.scripts import parse_script
from altmap.engine.memory.zone import ZONE_ORDER
from altmap.engine.numbers import bits
from altmap.engine.numbers.runs import consecutive
from altmap.engine.numbers.units import MAX_ADDRESS, format_bytes, parse_bytes
from altmap.engine.reading.procfs import parse_id_list
from altmap.engine.sysfs.node_files import ranges
from hypothesis import example, given
from hypothesis import strategies as st

TEXT: Final = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12)
"""What stands in a line: no control characters, and nothing that ends it."""

FIELDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "zone": st.sampled_from(ZONE_ORDER) | st.none(),
    "path": TEXT.map(lambda name: f"/sys/{name}"),
    "data": TEXT | st.just("\n"),
    "root": TEXT.filter(bool),
    "expect": st.sampled_from(["ok", "EBUSY", "OOPS"]) | st.none(),
    "block": st.integers(0, 10**18 - 1),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type. Bytes are numbers: text says the same ones in many ways."""
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if {int, str} <= {*get_args(hint)}:
        size = st.integers(0, MAX_ADDRESS)
        return size | st.none() if type(None) in get_args(hint) else size
    if get_args(hint):
        return st.one_of([values(part) for part in get_args(hint)])
    return {int: st.integers(0, 1 << 63), bool: st.booleans(), type(None): st.none()}[hint]


def commands(kind: type[Command]) -> st.SearchStrategy[Command]:
    hints = get_type_hints(kind)
    return st.builds(
        kind, **{name: FIELDS[name] if name in FIELDS else values(hints[name]) for name in kind.__struct_fields__}
    )


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_a_command_is_what_its_line_and_its_json_say(kind: type[Command]) -> None:
    @given(commands(kind))
    def holds(command: Command) -> None:
        assert parse_script(describe(command), "script") == [msgspec.structs.replace(command, expect=None)]
        assert parse_script(msgspec.json.encode([command]).decode(), "script.json") == [command]

    holds()


@given(st.integers(0, MAX_ADDRESS))
@example(1024)
@example(3 << 29)
def test_a_size_is_what_its_words_say(size: int) -> None:
    assert parse_bytes(format_bytes(size)) == parse_bytes(f"{size:#x}") == parse_bytes(f" {size} B") == size


@given(st.frozensets(st.integers(0, 4095), max_size=20))
def test_a_list_of_nodes_is_what_the_kernel_prints_of_it(nodes: frozenset[int]) -> None:
    assert parse_id_list(ranges(sorted(nodes)) + "\n", "online") == tuple(sorted(nodes))
    assert [n for first, last in consecutive(nodes) for n in range(first, last + 1)] == sorted(nodes)


@given(
    st.integers(0, (1 << 512) - 1) | st.frozensets(st.integers(0, 511)).map(lambda pages: sum(1 << n for n in pages))
)
def test_a_set_of_pages_is_its_runs(pages: int) -> None:
    assert bits.from_runs(bits.runs(pages)) == pages
