"""Why a virtio-mem device does not grow or shrink: how far it comes, and what holds each of its device blocks."""

from __future__ import annotations

from altmap.engine import Machine, VirtioMem, boot_machine, describe_verdict, parse_script, plain, sentence, why_not

GIB = 1 << 30
AT = 4 * GIB


def guest(auto_online: str = "online_movable") -> Machine:
    """1 GiB on 6.12, as in most guests that are made to grow."""
    return boot_machine([(0, 0, "1G")], model="6.12", memmap_on_memory="N", auto_online=auto_online)


def ask(machine: Machine, size: str) -> str:
    return plain(describe_verdict(why_not(machine, VirtioMem(start=AT, size=size, unit="8M"))))


def use(machine: Machine, *lines: str) -> Machine:
    for command in parse_script("\n".join(lines), "use"):
        machine.apply(command)
    return machine


def test_growing_beyond_the_memmap_says_how_much_is_plugged_and_what_to_ask_for() -> None:
    machine = guest()
    verdict = why_not(machine, VirtioMem(start=AT, size="100G", unit="8M"))
    text = plain(describe_verdict(verdict))
    assert verdict.result == "ENOMEM"
    assert "58.1G of 100G are plugged then" in text
    assert "memory32-496 go online in zone Movable at once" in text
    assert [blocker.kind for blocker in verdict.blockers] == ["missing"]
    (remedy,) = verdict.remedies
    assert remedy.commands == (VirtioMem(start=AT, size=465 << 27, unit="8M"),)
    assert machine.apply(remedy.commands[0]).ok


def test_growing_that_works_tells_what_it_does() -> None:
    text = ask(guest(), "1G")
    assert text.startswith("virtio-mem 1G at 0x100000000 unit 8M node 0: yes, this would succeed\n")
    for said in (
        "4,096 pages (16M) of memmap lie in kernel memory of node 0",
        "memory32-39 go online in zone Movable at once",
    ):
        assert said in text


def test_shrinking_that_works_tells_which_blocks_go_and_where_pages_move() -> None:
    machine = use(guest(), "virtio-mem 1G at 4G unit 8M", "allocate 64M movable zone Movable node 0")
    text = ask(machine, "256M")
    assert text.startswith("virtio-mem 256M at 0x100000000 unit 8M node 0: yes, this would succeed\n")
    assert "memory34-39 go away" in text
    assert "pages move to zone" in ask(machine, "0")


def test_too_much_offline_memory_stops_it_and_going_online_by_itself_helps() -> None:
    text = ask(guest("offline"), "8G")
    assert "no, ENOSPC" in text
    assert "1G of 8G are plugged then" in text
    assert "let it go online by itself, as movable" in text


def test_the_ratio_that_sends_blocks_to_a_kernel_zone_is_named() -> None:
    machine = use(guest("online"), "echo auto-movable > /sys/module/memory_hotplug/parameters/online_policy")
    text = ask(machine, "8G")
    assert "go online in zone Normal at once (auto-movable: " in text
    assert "are above" in text
    assert "301 % of" in text


def test_shrinking_names_the_device_blocks_by_zone_memory_block_and_first_page() -> None:
    machine = use(guest("online"), "virtio-mem 1G at 4G unit 8M", "allocate 500M unmovable node 0")
    verdict = why_not(machine, VirtioMem(start=AT, size=0, unit="8M"))
    assert verdict.result == "EBUSY"
    held = {blocker.kind: blocker for blocker in verdict.blockers}
    assert {kind: (one.unit, one.count) for kind, one in held.items()} == {
        "vmemmap": ("units", 2),
        "kernel": ("units", 63),
    }
    assert held["kernel"].first is not None
    for blocker in verdict.blockers:
        assert blocker.first is not None
        (page,) = machine.pages(blocker.first, 1)
        assert page.kind == blocker.kind
    assert "zone Normal of node 0, in memory32-36; online_movable would have kept the kernel's pages out" in sentence(
        held["kernel"].detail
    )
    text = plain(describe_verdict(verdict))
    assert "504M of 1G are unplugged, so that 520M stay plugged of 1G" in text
    assert verdict.remedies[0].commands == (VirtioMem(start=AT, size=520 << 20, unit="8M"),)


def test_pinned_pages_hold_units_of_movable_memory() -> None:
    machine = use(
        guest(), "virtio-mem 256M at 4G unit 8M", "allocate 100M movable node 0 zone Movable", "pin 1M node 0 short"
    )
    pinned = any("pinned" in section.pages for section in machine.sections.values() if section.nr >= 32)
    verdict = why_not(machine, VirtioMem(start=AT, size=0, unit="8M"))
    assert ("pinned" in {blocker.kind for blocker in verdict.blockers}) is pinned


def test_asking_changes_nothing() -> None:
    machine = use(guest("online"), "virtio-mem 1G at 4G unit 8M", "allocate 500M unmovable node 0")
    before = machine.copy()
    ask(machine, "0")
    ask(machine, "100G")
    assert (machine.blocks, machine.zones, machine.sections) == (before.blocks, before.zones, before.sections)
