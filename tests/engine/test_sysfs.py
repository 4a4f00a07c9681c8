"""The sysfs face: what a write to a file does, and the errno of every wrong one."""

from __future__ import annotations

import pytest
from altmap.engine import Add, HotplugError, Machine, Write, boot_machine
from altmap.engine.memory.settings import Boot
from altmap.engine.memory.state import state_of

from .guests import dimm, guest, online, two_nodes

MEMORY = "/sys/devices/system/memory"
NODE = "/sys/devices/system/node"
PARAMETERS = "/sys/module/memory_hotplug/parameters"
ONLINE_WORDS = ("online", "online_kernel", "online_movable")


@pytest.fixture(params=["6.1", "6.12"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """Block 32 online, block 33 offline."""
    machine = guest("1G", model=request.param)
    dimm(machine, "256M")
    online(machine, 32, kind="online_movable")
    return machine


def write(machine: Machine, path: str, data: str) -> str:
    outcome = machine.write(path, data)
    assert machine.check() == []
    return outcome.result


def errno_of_reading(machine: Machine, path: str) -> str:
    with pytest.raises(HotplugError) as refusal:
        machine.read(path)
    return refusal.value.errno


# -- state and online --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["032", "٣٢", "3_2", "+32", "9" * 5000])
@pytest.mark.parametrize(
    "place", ["/sys/devices/system/memory", "/sys/bus/memory/devices", "/sys/devices/system/node/node0"]
)
def test_a_block_has_its_number_as_the_kernel_writes_it_and_no_other(machine: Machine, place: str, number: str) -> None:
    path = f"{place}/memory{number}/state"
    assert errno_of_reading(machine, path) == "ENOENT"
    assert write(machine, path, "offline") == "ENOENT"
    assert machine.why_not(Write(path=path, data="offline")).result == "ENOENT"


@pytest.mark.parametrize("node", ["00", "٠", "9" * 5000])
@pytest.mark.parametrize("file", ["meminfo", "distance", "compact", "hugepages/hugepages-2048kB/nr_hugepages"])
def test_a_node_has_its_number_as_the_kernel_writes_it_and_no_other(machine: Machine, file: str, node: str) -> None:
    assert errno_of_reading(machine, f"{NODE}/node{node}/{file}") == "ENOENT"


@pytest.mark.parametrize("word", ONLINE_WORDS)
def test_onlining_an_online_block_is_einval_whatever_the_zone(machine: Machine, word: str) -> None:
    assert write(machine, f"{MEMORY}/memory32/state", word) == "EINVAL"
    assert machine.read(f"{MEMORY}/memory32/valid_zones") == "Movable\n"


def test_offlining_an_offline_block_is_einval(machine: Machine) -> None:
    assert write(machine, f"{MEMORY}/memory33/state", "offline") == "EINVAL"


@pytest.mark.parametrize(
    "word", ["junk", "online_", "ONLINE", "going-offline", "online ", " online", "online\n\n", "\n"]
)
@pytest.mark.parametrize("block", [32, 33])
def test_other_words_are_einval(machine: Machine, block: int, word: str) -> None:
    before = machine.read(f"{MEMORY}/memory{block}/state")
    assert write(machine, f"{MEMORY}/memory{block}/state", word) == "EINVAL"
    assert machine.read(f"{MEMORY}/memory{block}/state") == before


@pytest.mark.parametrize("name", ["state", "online"])
def test_an_empty_write_is_success_and_does_nothing(machine: Machine, name: str) -> None:
    for block, state in ((32, "online\n"), (33, "offline\n")):
        assert write(machine, f"{MEMORY}/memory{block}/{name}", "") == "ok"
        assert machine.read(f"{MEMORY}/memory{block}/state") == state


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_newline_at_the_end_does_not_matter(machine: Machine, end: str) -> None:
    assert write(machine, f"{MEMORY}/memory33/state", f"online{end}") == "ok"
    assert write(machine, f"{MEMORY}/memory33/state", f"offline{end}") == "ok"
    assert write(machine, f"{MEMORY}/memory33/online", f"1{end}") == "ok"


@pytest.mark.parametrize(
    ("word", "zone"), [("online_kernel", "Normal"), ("online_movable", "Movable"), ("online", "Normal")]
)
def test_each_word_onlines_into_its_zone(machine: Machine, word: str, zone: str) -> None:
    assert machine.read(f"{MEMORY}/memory33/valid_zones") == "Normal Movable\n"
    assert write(machine, f"{MEMORY}/memory33/state", word) == "ok"
    assert machine.read(f"{MEMORY}/memory33/valid_zones") == f"{zone}\n"
    assert machine.blocks[33].zone == (0, zone)


def test_the_online_file_does_not_mind_a_state_that_is_there_already(machine: Machine) -> None:
    """Unlike `state`."""
    for word, state in (("1", "online"), ("1", "online"), ("0", "offline"), ("0", "offline"), ("1", "online")):
        assert write(machine, f"{MEMORY}/memory32/online", word) == "ok"
        assert machine.read(f"{MEMORY}/memory32/state") == f"{state}\n"
        assert machine.read(f"{MEMORY}/memory32/online") == f"{int(state == 'online')}\n"


@pytest.mark.parametrize(
    ("word", "result"),
    [(w, "online") for w in ("1", "y", "Y", "yes", "t", "on", "ON", "1junk")]
    + [(w, "offline") for w in ("0", "n", "N", "no", "f", "off", "Off")]
    + [(w, None) for w in ("2", "7", "junk", "o", "", "-1", " 1")],
)
def test_the_online_file_reads_a_boolean(word: str, result: str | None) -> None:
    """kstrtobool: the first letter, or "on" and "off" by the second."""
    for start in ("online", "offline"):
        machine = guest("1G")
        dimm(machine)
        if start == "online":
            online(machine, 32)
        wanted = "ok" if result or not word else "EINVAL"
        assert write(machine, f"{MEMORY}/memory32/online", word) == wanted
        assert machine.blocks[32].state == (result or start)


def test_a_block_of_several_zones_is_einval() -> None:
    machine = guest("1G")
    assert machine.read(f"{MEMORY}/memory0/valid_zones") == "none\n"
    outcome = machine.write(f"{MEMORY}/memory0/state", "offline")
    assert outcome.result == "EINVAL"
    assert outcome.log == (), "no dmesg"


def test_blocks_are_reached_through_their_node_too(machine: Machine) -> None:
    assert write(machine, f"{NODE}/node0/memory33/state", "online_movable") == "ok"
    assert machine.read(f"{NODE}/node0/memory33/state") == "online\n"
    assert machine.read("/sys/bus/memory/devices/memory33/state") == "online\n"
    assert machine.read("//sys/devices/system/node//node0/memory33/valid_zones") == "Movable\n"


def test_a_refused_online_is_remembered_by_the_next_that_names_no_zone() -> None:
    """state_store sets mem->online_type before device_online says that the block is online already."""
    machine = boot_machine([(0, 0, "1G")])
    machine.apply(Add(start="4G", size="128M"))
    state, online = f"{MEMORY}/memory32/state", f"{MEMORY}/memory32/online"
    assert machine.write(state, "online_kernel").ok
    assert machine.write(state, "online_movable").result == "EINVAL"
    assert machine.write(state, "offline").ok
    assert machine.write(online, "1").ok
    assert machine.blocks[32].zone == (0, "Movable")
    assert machine.write(state, "offline").ok
    assert machine.write(online, "1").ok
    assert machine.blocks[32].zone == (0, "Normal"), "it is asked for once"


# -- files that cannot be written, or are not there --------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        f"{MEMORY}/memory32/removable",
        f"{MEMORY}/memory32/valid_zones",
        f"{MEMORY}/memory32/phys_index",
        f"{MEMORY}/memory32/phys_device",
        f"{MEMORY}/block_size_bytes",
        f"{PARAMETERS}/memmap_on_memory",
        f"{NODE}/online",
        f"{NODE}/has_memory",
        f"{NODE}/node0/meminfo",
    ],
)
@pytest.mark.parametrize("data", ["1", ""])
def test_read_only_files_are_eacces(machine: Machine, path: str, data: str) -> None:
    before = machine.read(path)
    assert write(machine, path, data) == "EACCES"
    assert machine.read(path) == before


@pytest.mark.parametrize(
    "path",
    [
        f"{MEMORY}/memory99/state",
        f"{MEMORY}/memory99/online",
        f"{MEMORY}/memory32/nothing",
        f"{MEMORY}/memory-1/state",
        f"{MEMORY}/nothing",
        f"{PARAMETERS}/nothing",
        f"{NODE}/node9/meminfo",
        f"{NODE}/nothing",
        "/sys/kernel/nothing",
        "",
        "state",
    ],
)
def test_what_is_not_there_is_enoent(machine: Machine, path: str) -> None:
    assert write(machine, path, "online") == "ENOENT"
    assert errno_of_reading(machine, path) == "ENOENT"


def test_probe_is_there_only_if_it_was_captured(machine: Machine) -> None:
    assert write(machine, f"{MEMORY}/probe", "0x200000000") == "ENOENT"
    assert errno_of_reading(machine, f"{MEMORY}/probe") == "ENOENT"


@pytest.mark.parametrize("path", [MEMORY, NODE, PARAMETERS, f"{MEMORY}/"])
def test_a_folder_is_eisdir(machine: Machine, path: str) -> None:
    assert errno_of_reading(machine, path) == "EISDIR"


# -- probe -------------------------------------------------------------------------------------------------------------


def probing(model: str = "6.12") -> Machine:
    machine = guest("1G", model=model)
    state_of(machine).boot = Boot(probe=True)
    return machine


@pytest.mark.parametrize("address", ["0x200000000", "8589934592", "0X200000000", "0100000000000"])
def test_a_probe_adds_exactly_one_block(address: str) -> None:
    """kstrtoull with base 0: hexadecimal, decimal, octal."""
    machine = probing()
    assert write(machine, f"{MEMORY}/probe", address + "\n") == "ok"
    assert [block for block in machine.blocks if block >= 8] == [64]
    memmap = machine.sections[64].memmap
    assert memmap is not None
    assert memmap.on == "kernel", "MHP_NONE"


@pytest.mark.parametrize("address", ["0x204000000", "1", "junk", "-0x200000000", "0x", "8G"])
def test_a_probe_elsewhere_than_at_a_block_is_einval(address: str) -> None:
    machine = probing()
    assert write(machine, f"{MEMORY}/probe", address) == "EINVAL"
    assert len(machine.blocks) == 8


def test_a_probe_fails_as_an_add_does() -> None:
    machine = probing()
    assert write(machine, f"{MEMORY}/probe", "0x8000000") == "EEXIST"
    assert write(machine, f"{MEMORY}/probe", hex(1 << 46)) == "E2BIG"
    assert errno_of_reading(machine, f"{MEMORY}/probe") == "EACCES"


def test_an_rfc_probe_asks_for_the_memmap_on_the_range() -> None:
    """Every add_memory user."""
    machine = probing("rfc-v2")
    assert write(machine, f"{MEMORY}/probe", "0x200000000") == "ok"
    memmap = machine.sections[64].memmap
    assert memmap is not None
    assert (memmap.on, memmap.pfn) == ("self", 0x200000)


# -- parameters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accepted", "refused"),
    [
        (f"{MEMORY}/auto_online_blocks", ("offline", *ONLINE_WORDS), ("junk", "1", "Online", "online ")),
        (f"{PARAMETERS}/online_policy", ("auto-movable", "contig-zones"), ("bogus", "junk", "1")),
        (f"{PARAMETERS}/auto_movable_ratio", ("0", "50", "301", "4294967295"), ("-1", "junk", "08", "10 ", "1.5", "")),
    ],
)
def test_parameters_take_their_values_and_nothing_else(
    machine: Machine, path: str, accepted: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    for word in accepted:
        assert write(machine, path, word + "\n") == "ok"
        assert machine.read(path) == word + "\n"
    for word in refused:
        assert write(machine, path, word) == ("EINVAL" if word else "ok")
        assert machine.read(path) == accepted[-1] + "\n"


@pytest.mark.parametrize(("data", "text"), [("1", "Y"), ("n", "N"), ("Y", "Y"), ("off", "N"), ("on", "Y")])
def test_numa_awareness_is_a_boolean(machine: Machine, data: str, text: str) -> None:
    path = f"{PARAMETERS}/auto_movable_numa_aware"
    assert write(machine, path, data) == "ok"
    assert machine.read(path) == f"{text}\n"
    assert write(machine, path, "2") == "EINVAL"
    assert machine.read(path) == f"{text}\n"


def test_a_ratio_that_is_too_big_is_out_of_range(machine: Machine) -> None:
    assert write(machine, f"{PARAMETERS}/auto_movable_ratio", "4294967296") == "ERANGE"


def test_a_node_leads_only_to_its_own_blocks() -> None:
    machine = two_nodes("1G", "1G")
    assert machine.read(f"{NODE}/node1/memory16/state") == machine.read(f"{MEMORY}/memory16/state")
    assert errno_of_reading(machine, f"{NODE}/node0/memory16/state") == "ENOENT"
    assert write(machine, f"{NODE}/node0/memory16/state", "online") == "ENOENT"
    assert write(machine, f"{NODE}/node1/memory16/state", "online") == "EINVAL", "it is online already"


def test_a_ratio_may_be_written_in_any_base(machine: Machine) -> None:
    for word, text in (("0x64", "100"), ("0144", "100"), ("+7", "7")):
        assert write(machine, f"{PARAMETERS}/auto_movable_ratio", word) == "ok"
        assert machine.read(f"{PARAMETERS}/auto_movable_ratio") == f"{text}\n"


@pytest.mark.parametrize("mode", ["N", "Y", "force"])
def test_memmap_on_memory_reads_back_and_cannot_be_written(mode: str) -> None:
    machine = guest(memmap_on_memory=mode)
    assert machine.read(f"{PARAMETERS}/memmap_on_memory") == f"{mode}\n"
    assert write(machine, f"{PARAMETERS}/memmap_on_memory", "Y") == "EACCES"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/proc/sys/vm/compaction_proactiveness", "is not among the files that are modelled"),
        (f"{NODE}/node0/vmstat", "is not among the files that are modelled"),
        (f"{NODE}/node0/memory99/state", "does not exist"),
        (f"{NODE}/node7/meminfo", "does not exist"),
        (f"{PARAMETERS}/no_such_parameter", "does not exist"),
        ("/proc/sys/vm/movable_gigantic_pages", "does not exist"),  # it came with 7.0
    ],
)
def test_of_a_file_that_a_real_kernel_may_have_it_is_not_said_that_there_is_none(path: str, said: str) -> None:
    with pytest.raises(HotplugError, match=f"{path} {said}"):
        guest(model="6.12").read(path)


def test_the_rfcs_kernel_has_none_of_the_parameters() -> None:
    """No module parameter in v2; policies and ratios came with 5.15."""
    machine = guest(model="rfc-v2")
    for name in ("memmap_on_memory", "online_policy", "auto_movable_ratio", "auto_movable_numa_aware"):
        assert errno_of_reading(machine, f"{PARAMETERS}/{name}") == "ENOENT"
        assert write(machine, f"{PARAMETERS}/{name}", "Y") == "ENOENT"


@pytest.mark.parametrize(
    ("word", "zone"),
    [("offline", None), ("online", "Normal"), ("online_kernel", "Normal"), ("online_movable", "Movable")],
)
def test_auto_online_blocks_is_for_later_adds_only(machine: Machine, word: str, zone: str | None) -> None:
    assert write(machine, f"{MEMORY}/auto_online_blocks", word) == "ok"
    assert machine.blocks[33].state == "offline"
    dimm(machine, "256M", at="16G")
    assert [machine.blocks[block].zone for block in (128, 129)] == [zone and (0, zone)] * 2
