"""What lines of a kernel log mean: every message of the recordings about memory hotplug, and what is there on a machine."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from altmap.engine import explain, open_machine, parse_script

TRACES = Path(__file__).parents[2] / "fixtures/traces/6.12"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "memory offlining [mem 0x100200000-0x107ffffff] failed due to failure to isolate range",
            "EBUSY: a page in it cannot",
        ),
        (
            "memory offlining [mem 0x100200000-0x107ffffff] failed due to signal backoff",
            "EINTR: pages that should move",
        ),
        ("[  12.345678] page dumped because: unmovable page", "the one in the way"),
        ("page: refcount:1 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x100418", "with 1 reference"),
        ("migrating pfn 100418 failed ret:1", "someone holds an extra reference"),
        ("Offlined Pages 32256", "32256 pages: those of its own memmap are not among them"),
        ("memory memory50: Offline failed.", "memory50 did not go offline; the device stays"),
        (
            "Block size [0x8000000] unaligned hotplug range: start 0x140000000, size 0x4000000",
            "EINVAL: memory is added in whole",
        ),
        ("vmemmap alloc failure: order:9, mode:0x4cc0(GFP_KERNEL|__GFP_RETRY_MAYFAIL)", "512 pages in a row"),
        ("Memory hotplug will waste 15 pages in each memory block", "gives up 15 pages more"),
        (
            "removing memory fails, because memory [0x100000000-0x107ffffff] is onlined",
            "only when all its blocks are offline",
        ),
        ("Kernel panic - not syncing: System is deadlocked on memory", "no process to kill"),
        ("virtio_mem virtio3: requested size: 0x40000000", "asks for 1G"),
        ("Built 2 zonelists, mobility grouping on.  Total pages: 499268", "499268 pages are managed"),
        ("Memory failure: 0x100000: recovery action for free buddy page: Recovered", "a page has a hardware error"),
    ],
)
def test_a_line_is_explained(line: str, says: str) -> None:
    (found,) = explain(line)
    assert says in found.means
    assert found.rule


def test_other_lines_are_left_out_and_the_order_stays() -> None:
    text = "usb 1-1: new device\nOfflined Pages 32768\r\n\nmemory memory5: Offline failed.\n"
    assert [one.line for one in explain(text)] == ["Offlined Pages 32768", "memory memory5: Offline failed."]
    assert explain("") == ()


def test_pages_and_ranges_are_numbers() -> None:
    (page,) = explain("page:ffffea0004010600 refcount:1 mapcount:0 mapping:0 index:0x0 pfn:0x100418")
    assert (page.pfn, page.range) == (0x100418, None)
    (range_,) = explain("memory offlining [mem 0x100200000-0x107ffffff] failed due to notifier failure")
    assert (range_.pfn, range_.range) == (None, (0x100200000, 0x108000000))


def test_with_a_machine_it_says_what_is_there() -> None:
    machine = open_machine("firecracker-24g")
    (found,) = explain("memory offlining [mem 0x108000000-0x10fffffff] failed due to failure to isolate range", machine)
    assert found.here == (f"memory33 is in zone Normal of node 0; could it go offline now: no ({_slab(machine)})",)
    (found,) = explain("migrating pfn 7fffffff failed ret:1", machine)
    assert found.here == ("pfn 0x7fffffff is in memory65535: no memory",)
    (found,) = explain("memory memory9999: Offline failed.", machine)
    assert found.here == ("memory9999: not there on this machine",)


def _slab(machine: object) -> str:
    from altmap.engine import Machine

    assert isinstance(machine, Machine)
    blockers = machine.outlook(33).blockers
    words = {"slab": "slab pages of the kernel", "kernel": "kernel pages", "pagetable": "page tables"}
    return ", ".join(f"{count} {words[kind]}" for kind, count in blockers)


def test_what_the_model_logs_itself_is_known() -> None:
    machine = open_machine("small-guest")
    script = "add 128M at 4G\nonline 32 online_movable\noffline 32\nadd 64M at 8G\noffline 2"
    said = [line for command in parse_script(script, "steps") for line in machine.apply(command).log]
    assert said
    assert len(explain("\n".join(said))) >= len(said) - 1


def test_most_lines_of_recorded_refusals_are_known() -> None:
    known = set[str]()
    for path in sorted(TRACES.glob("busy_*.json.gz")):
        text = json.dumps(json.loads(gzip.decompress(path.read_bytes())))
        known |= {one.rule for line in text.split("\\n") for one in explain(line)}
    assert len(known) >= 2
