"""What no machine can have is refused when a snapshot is read, in one sentence that names the place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from altmap.engine.kernels.models import KNOWN_MODELS
from altmap.engine.numbers.errors import BadInput
from altmap.engine.snapshot import store
from altmap.engine.snapshot.fold import snapshot_of

from .stored import ORIGIN, SIZE, guest, refusal


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    """The guest as JSON that tests can spoil."""
    decoded: dict[str, Any] = msgspec.json.decode(store.encode(guest(), ORIGIN, ".json"))
    return decoded


@pytest.mark.parametrize("pack", [msgspec.json.encode, msgspec.msgpack.encode])
def test_versions(pack: Callable[[object], bytes], plain: dict[str, Any]) -> None:
    newer = {"version": 2, "shape": "quite another", "blocks": 7}
    assert refusal(pack(newer)) == "$.version: 2, made by a newer altmap; this altmap reads version 1"
    assert refusal(pack(plain | {"version": 0})) == (
        "$.version: 0 was never a version of snapshots; this altmap reads version 1"
    )
    assert refusal(pack(plain | {"version": "1"})) == "$.version: Expected `int`, got `str`"
    del newer["version"]
    assert refusal(pack(newer)) == "it is no snapshot of altmap, which has a `version`"


def change(*where: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    """Set a place in the decoded snapshot."""

    def apply(part: Any) -> None:
        for step in where[:-1]:
            part = part[step]
        part[where[-1]] = to

    return apply


def both(*changes: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def apply(part: dict[str, Any]) -> None:
        for each in changes:
            each(part)

    return apply


ZONE, BLOCK, RUN = ("zones", 0), ("blocks", 0), ("sections", 0, "sections", 0)
HOT = ("sections", 1, "sections", 0)

SPOILED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "unknown field": (
        change(*BLOCK, "zon", to=1),
        "$.blocks[0]: Object contains unknown field `zon`; snapshots of version 1 have no such field there",
    ),
    "missing field": (
        lambda data: data["blocks"][0].pop("state"),
        "$.blocks[0]: Object missing required field `state`",
    ),
    "wrong type": (change(*BLOCK, "first", to="32"), "$.blocks[0].first: Expected `int`, got `str`"),
    "bool for int": (change(*BLOCK, "count", to=True), "$.blocks[0].count: Expected `int`, got `bool`"),
    "negative": (change(*ZONE, "free", to=-1), "$.zones[0].free: Expected `int` >= 0"),
    "zero count": (change(*BLOCK, "count", to=0), "$.blocks[0].count: Expected `int` >= 1"),
    "big": (change(*ZONE, "free", to=(1 << 52) + 1), "$.zones[0].free: Expected `int` <= 4503599627370496"),
    "no node": (change(*BLOCK, "nodes", to=[]), "$.blocks[0].nodes: Expected `array` of length >= 1"),
    "state": (
        change(*BLOCK, "state", to="on"),
        '$.blocks[0].state: Invalid enum value \'on\'; it must be one of "going-offline", "offline", "online"',
    ),
    "zone name": (
        change(*BLOCK, "zone", to=[0, "Low"]),
        "$.blocks[0].zone[1]: Invalid enum value 'Low'; it must be one of "
        '"DMA", "DMA32", "Device", "HighMem", "Movable", "Normal"',
    ),
    "migratetype": (
        change(*RUN, "types", to={"Fixed": []}),
        "$.sections[0].sections[0].types: Invalid enum value 'Fixed'; it must be one of "
        '"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate"',
    ),
    "address": (
        change("resources", 0, "end", to="4G"),
        "$.resources[0].end: Expected `str` matching regex '^0x[0-9a-f]{1,17}$'",
    ),
    "geometry": (change("geometry", "page_size", to=5000), "$.geometry: page_size must be a power of two, not 5000"),
    "no such kernel": (
        change("geometry", "page_size", to=8192),
        "$.geometry: x86_64 has no kernels with pages of 8192 bytes and huge vmemmap mappings of 2097152 bytes",
    ),
    "giant section": (
        both(change("geometry", "section_size", to=1 << 40), change("geometry", "block_size", to=1 << 40)),
        "$.geometry.section_size: a section of 268435456 pages; it can have up to 1048576",
    ),
    "model": (
        change("model", to="4.4"),
        f"$.model: '4.4' is not a kernel model; it is {KNOWN_MODELS}",
    ),
    "setting": (
        change("settings", "auto_online_blocks", to="é"),
        "$.settings.auto_online_blocks: 'é' is none of offline, online, online_kernel, online_movable",
    ),
    "ratio": (
        change("settings", "auto_movable_ratio", to="²"),
        "$.settings.auto_movable_ratio: '²' is not a percentage from 0 to 4294967295",
    ),
    "unknown setting": (
        change("settings", "swappiness", to="60"),
        "$.settings.swappiness: there is no such parameter; it is one of auto_online_blocks, memmap_on_memory, "
        "online_policy, auto_movable_numa_aware, auto_movable_ratio, movable_gigantic_pages",
    ),
    "policy zone": (
        change("counters", "policy_zone", to=9),
        "$.counters.policy_zone: 9 is no kernel zone; it can be 0 to 2",
    ),
    "waiting device": (
        change("counters", "virtio_mem_unit_4294967296", to=3),
        "$.counters.virtio_mem_unit_4294967296: 3; with virtio_mem_waiting_4294967296 it must be a power of two",
    ),
    "fact of the boot": (change("boot", "probe", to="yes"), "$.boot.probe: 'yes' is none of N, Y"),
    "unknown fact of the boot": (
        change("boot", "quiet", to=""),
        "$.boot.quiet: there is no such fact of the boot; it is one of probe, movable_node, hugepages, "
        "default_hugepagesz, hugetlb_free_vmemmap, movablecore, kernelcore, transparent_hugepage, nokaslr, no5lvl, mem",
    ),
    "node twice": (change("nodes", 1, "id", to=0), "$.nodes[1]: 0 is there a second time; each may be there once"),
    "zone twice": (
        lambda data: data["zones"].append(data["zones"][0]),
        "$.zones[1]: 0 Normal is there a second time; each may be there once",
    ),
    "zone of no node": (
        change(*ZONE, "node", to=5),
        "$.zones[0].node: node 5 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "watermarks of no node": (
        change("marks", 0, "zone", to=[3, "DMA"]),
        "$.marks[0].zone[0]: node 3 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "managed": (
        change(*ZONE, "managed", to=SIZE + 1),
        "$.zones[0].managed: 32769 managed pages; it can be up to present, 32768",
    ),
    "present": (
        change(*ZONE, "spanned", to=SIZE - 1),
        "$.zones[0].present: 32768 present pages; it can be up to spanned, 32767",
    ),
    "resource": (
        change("resources", 0, "end", to="0x100000000"),
        "$.resources[0].end: 0x100000000 must be above the start, 0x100000000",
    ),
    "resource twice": (
        lambda data: data["resources"].append(data["resources"][0]),
        "$.resources[1]: 0x100000000 is there a second time; each may be there once",
    ),
    "group of no node": (
        change("groups", 0, "node", to=9),
        "$.groups[0].node: node 9 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "request inside a block": (
        change("requests", 0, "start", to=33 * SIZE + 1),
        "$.requests[0].start: 1081345 pages are no multiple of 32768, of which requests of acpi are made",
    ),
    "request of no node": (
        change("requests", 0, "node", to=9),
        "$.requests[0].node: node 9 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "huge pages over each other": (
        change("hugepages", 0, "stride", to=511),
        "$.hugepages[0].stride: 511 pages from one to the next; it must be at least pages, 512",
    ),
    "huge page twice": (
        lambda data: data["hugepages"].append(data["hugepages"][0]),
        "$.hugepages[1].pfn: page 1079296 after page 1081343; runs must ascend and not overlap",
    ),
    "huge page of no node": (
        change("hugepages", 0, "node", to=2),
        "$.hugepages[0].node: node 2 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "too many huge pages": (
        lambda data: data["hugepages"].append(data["hugepages"][0] | {"pfn": 1 << 24, "count": 1 << 19}),
        "$.hugepages[1].count: 524292 huge pages up to here; there can be up to 524288",
    ),
    "block twice": (
        change("blocks", 1, "first", to=32),
        "$.blocks[1].first: block 32 after block 32; runs must ascend and not overlap",
    ),
    "block of no node": (
        change(*BLOCK, "nodes", to=[0, 7]),
        "$.blocks[0].nodes[1]: node 7 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "block in a zone of no node": (
        change(*BLOCK, "zone", to=[7, "Normal"]),
        "$.blocks[0].zone[0]: node 7 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "head": (
        change(*BLOCK, "head", to=SIZE + 1),
        "$.blocks[0].head: 32769 head pages; it can be up to the 32768 pages of a block",
    ),
    "group": (
        change("blocks", 1, "group", to=1),
        "$.blocks[1].group: group 1 is unknown; it must be one of $.groups, or null",
    ),
    "too many blocks": (
        change("blocks", 1, "count", to=1 << 19),
        "$.blocks[1].count: 524289 blocks up to here; there can be up to 524288",
    ),
    "too many sections": (
        change("sections", 1, "count", to=1 << 19),
        "$.sections[1].count: 524289 sections up to here; there can be up to 524288",
    ),
    "more than too many": (
        change("sections", 1, "count", to=1 << 40),
        "$.sections[1].count: Expected `int` <= 524288",
    ),
    "section twice": (
        change("sections", 1, "first", to=32),
        "$.sections[1].first: block 32 after block 32; runs must ascend and not overlap",
    ),
    "section behind its block": (
        change(*RUN, "at", to=1),
        "$.sections[0].sections[0]: section 1 of a block; a block has 1, counted from 0",
    ),
    "section twice in a block": (
        lambda data: data["sections"][0]["sections"].append(data["sections"][0]["sections"][0]),
        "$.sections[0].sections[1].at: section 0 after section 0; runs must ascend and not overlap",
    ),
    "section of no node": (
        change(*RUN, "node", to=4),
        "$.sections[0].sections[0].node: node 4 is unknown; it must be one of $.nodes (0, 1)",
    ),
    "section in no zone": (
        change(*RUN, "zones", 0, "zone", to=[1, "Normal"]),
        "$.sections[0].sections[0].zones[0].zone: zone 1 Normal is unknown; it must be one of $.zones",
    ),
    "section twice in a zone": (
        lambda data: data["sections"][0]["sections"][0]["zones"].append({"zone": [0, "Normal"], "pages": [[9, 1]]}),
        "$.sections[0].sections[0].zones: page 9 is in 0 Normal and in another; each can be in one",
    ),
    "pages beyond the section": (
        change(*RUN, "pages", to={"free": [[0, 5], [32767, 2]]}),
        "$.sections[0].sections[0].pages.free[1]: 2 from page 32767 on; a section has 32768, counted from 0",
    ),
    "pages far beyond": (
        change(*RUN, "pages", to={"free": [[1 << 52, 1 << 52]]}),
        "$.sections[0].sections[0].pages.free[0]: 4503599627370496 from page 4503599627370496 on; "
        "a section has 32768, counted from 0",
    ),
    "pages of two kinds": (
        change(*RUN, "pages", to={"free": [[0, 10]], "slab": [[7, 1]]}),
        "$.sections[0].sections[0].pages: page 7 is in slab and in another; each can be in one",
    ),
    "pages that do not ascend": (
        change(*RUN, "pages", to={"free": [[0, 10], [9, 1]]}),
        "$.sections[0].sections[0].pages.free[1]: page 9 after page 9; runs must ascend and not overlap",
    ),
    "pageblocks beyond the section": (
        change(*RUN, "types", to={"CMA": [[64, 1]]}),
        "$.sections[0].sections[0].types.CMA[0]: 1 from pageblock 64 on; a section has 64, counted from 0",
    ),
    "pageblocks of two types": (
        change(*RUN, "types", to={"CMA": [[4, 2]], "Isolate": [[5, 1]]}),
        "$.sections[0].sections[0].types: pageblock 5 is in Isolate and in another; each can be in one",
    ),
    "memmap below 0": (
        both(change("sections", 1, "stride", to=-(1 << 21)), change("sections", 1, "count", to=2)),
        "$.sections[1].sections[0].memmap: with its stride it goes below pfn 0; all of it must lie above",
    ),
    "memmap far beyond": (
        change("sections", 1, "stride", to=1 << 52),
        "$.sections[1].sections[0].memmap: with its stride it goes beyond pfn 0x10000000000000; "
        "all of it must lie below",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_no_machine_can_have_is_told_in_one_sentence(name: str, plain: dict[str, Any]) -> None:
    spoil, sentence = SPOILED[name]
    data = msgspec.json.decode(msgspec.json.encode(plain))
    spoil(data)
    assert refusal(msgspec.json.encode(data)) == sentence
    assert refusal(msgspec.msgpack.encode(data)) == sentence


def places(part: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in the decoded snapshot, as what holds it and its key or index there."""
    for key, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
        yield part, key
        if isinstance(value, dict | list):
            yield from places(value)


@pytest.mark.parametrize(
    "odd", [None, True, "0x", "Normal", -1, 0, 1, 3, 4096, (1 << 22) + 1, 1 << 40, 1 << 52, 1 << 63, [], {}]
)
def test_whatever_is_changed_is_read_or_refused(odd: object, plain: dict[str, Any]) -> None:
    data = msgspec.json.decode(msgspec.json.encode(plain))
    data["sections"][0]["sections"][0]["pages"] = {"free": [[0, 9], [11, 1]], "slab": [[9, 2]]}
    sentences: list[str] = []
    for holder, key in places(data):
        value, holder[key] = holder[key], odd
        try:
            state, _ = store.decode(msgspec.json.encode(data), "guest.json")
        except BadInput as error:
            sentences.append(str(error))
        else:
            assert snapshot_of(state, ORIGIN)
        holder[key] = value
    assert len(sentences) > 60
    assert all(sentence.startswith("guest.json: $") for sentence in sentences)


def test_numbers_of_any_length_are_told(plain: dict[str, Any]) -> None:
    text = msgspec.json.encode(plain).replace(b'"first":32', b'"first":' + b"9" * 40)
    assert refusal(text).startswith("$.blocks[0].first: ")
