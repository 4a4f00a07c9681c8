"""What a person may call a place in memory: a block, an address, a page, a node, a zone. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from altmap.engine import BadInput, Machine, format_address, parse_bytes

from .. import facts
from ..picture.palette import DARK


class NotThere(BadInput):
    """What is called as a place is, and is not there."""


class Goal(NamedTuple):
    """A place: its page (pfn), whether the page itself is meant and not its block, and how to call it."""

    pfn: int
    page: bool
    words: str


def goals(machine: Machine, text: str) -> list[Goal]:
    """The places that a text may mean, the likeliest first: a bare hexadecimal number is a page where there is one of that
    number, and an address. Raises `BadInput` if it means none."""
    word = " ".join(text.split()).lower()
    geometry = machine.geometry
    if match := re.fullmatch(r"(?:memory)?([0-9]{1,18})", word):
        return [_block(machine, int(match[1]))]
    if match := re.fullmatch(r"(?:pfn|page) ?(0x[0-9a-f]{1,14}|[0-9]{1,16})", word):
        return [_page(machine, int(match[1], 0))]
    if match := re.fullmatch(r"node ?([0-9]{1,6})", word):
        return [_node(machine, int(match[1]))]
    zones = [zone for zone in machine.zones.values() if zone.name.lower() == word and zone.spanned]
    if zones:
        return [Goal(zone.start, False, f"zone {zone.name} of node {zone.node}") for zone in zones]
    if name := next((name for name in DARK.zones if name.lower() == word), None):
        there = ", ".join(dict.fromkeys(zone.name for zone in machine.zones.values() if zone.spanned)) or "none"
        raise NotThere(f"no memory is in a zone {name}; zones with memory are {there}")
    try:
        address = parse_bytes(word)
    except BadInput:
        raise BadInput(
            f"{word!r} is no place: say a block (40, memory40), an address (5G), pfn 0x150c31, node 1, or a zone"
        ) from None
    here = [
        Goal(
            address // geometry.page_size,
            False,
            f"address {format_address(address)}, in memory{address // geometry.block_size}",
        )
    ]
    if word.startswith("0x") and _there(machine, address):
        return [_page(machine, address), *(here if _there(machine, here[0].pfn) else [])]
    return here


def _there(machine: Machine, pfn: int) -> bool:
    return pfn // machine.geometry.pages_per_section in machine.sections


def _block(machine: Machine, block: int) -> Goal:
    start = facts.block_address(machine, block)
    return Goal(machine.geometry.block_start(block), False, f"memory{block}, from {format_address(start)}")


def _page(machine: Machine, pfn: int) -> Goal:
    if not _there(machine, pfn):
        raise NotThere(f"there is no page {pfn:#x}: no section covers it")
    return Goal(pfn, True, f"page {pfn:#x}, in memory{pfn // machine.geometry.pages_per_block}")


def _node(machine: Machine, node: int) -> Goal:
    blocks = [nr for nr, block in machine.blocks.items() if node in block.nodes]
    if not blocks:
        raise NotThere(f"node {node} has no memory block; nodes with memory are {_nodes(machine)}")
    return Goal(machine.geometry.block_start(min(blocks)), False, f"node {node}, from memory{min(blocks)} on")


def _nodes(machine: Machine) -> str:
    return ", ".join(map(str, sorted({node for block in machine.blocks.values() for node in block.nodes}))) or "none"
