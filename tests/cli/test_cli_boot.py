"""`altmap boot`, and another kernel model with `open` and `show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from altmap.engine import BOOT_KEYS, open_machine

from .conftest import Run


def test_it_is_shown_where_there_is_no_terminal(altmap: Run) -> None:
    said = altmap("boot", "mixed-guest", "model=6.1", "memmap_on_memory=N")
    assert said.code == 0
    assert "memmap_on_memory=N" in said.out
    assert "derived as if booted with model=6.1 memmap_on_memory=N: boot memory is used as it was before" in said.out
    assert "8 memory devices of the firmware are empty (1G), added again by the rules of this boot" in said.out


def test_it_is_saved_and_what_came_of_it_said(altmap: Run, tmp_path: Path) -> None:
    file = tmp_path / "older.json"
    said = altmap("boot", "mixed-guest", "model=6.1", "-o", file)
    assert (said.code, said.out) == (0, "")
    assert "note: 8 memory devices" in said.err
    machine = open_machine(file)
    assert machine.model.name == "6.1"
    assert {block.state for block in machine.blocks.values() if not block.early} == {"offline"}


def test_as_json(altmap: Run) -> None:
    document = json.loads(altmap("boot", "small-guest", "memmap_on_memory=N", "--json").out)
    assert document["kind"] == "machine"
    assert document["parameters"]["memmap_on_memory"] == "N"


@pytest.mark.parametrize("word", ["memmap=Y", "memmap_on_memory", "model=6.1 model=6.1", "=", "model="])
def test_a_wrong_key_gets_one_sentence_that_lists_the_keys(altmap: Run, word: str) -> None:
    said = altmap("boot", "small-guest", *word.split())
    assert (said.code, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert ", ".join(BOOT_KEYS) in said.err or "is not a kernel model; it is" in said.err


@pytest.mark.parametrize("verb", ["open", "show"])
def test_opened_under_another_model(altmap: Run, verb: str) -> None:
    said = altmap(verb, "mixed-guest", "--model", "rfc-v2")
    assert said.code == 0
    assert "rfc-v2" in said.out
    assert altmap(verb, "mixed-guest", "--model", "9000").code == 2
