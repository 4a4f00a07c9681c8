"""Which kernel a captured tree is taken for: what it shows counts before what it calls itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from altmap.engine import Add, capture, find_model
from altmap.engine.faces.from_words import new_machine
from altmap.engine.protocol.events import PlacementChosen
from altmap.engine.reading.features import read_features
from altmap.engine.reading.open_tree import open_tree

BLOCKS = 8


def tree(root: Path, version: str, **files: str) -> Path:
    """A small x86_64 tree of 1 GiB with these further files."""
    usual = {
        "proc/version": f"Linux version {version} (x86_64)\n",
        "sys/devices/system/memory/block_size_bytes": "8000000\n",
        "sys/devices/system/memory/auto_online_blocks": "offline\n",
        "sys/devices/system/node/node0/cpulist": "0\n",
        "proc/iomem": "00000000-3fffffff : System RAM\n",
    }
    for block in range(BLOCKS):
        usual[f"sys/devices/system/memory/memory{block}/state"] = "online\n"
        usual[f"sys/devices/system/memory/memory{block}/valid_zones"] = "DMA32\n"
        (root / f"sys/devices/system/memory/memory{block}/node0").mkdir(parents=True)
    for path, text in {**usual, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


PARAMETER = "sys/module/memory_hotplug/parameters/memmap_on_memory"
AUTO_ONLINE = "sys/devices/system/memory/auto_online_blocks"


@pytest.mark.parametrize("version", ["6.6.30", "6.7.1", "6.8.0-45-generic", "6.9.12", "6.10.3", "6.11.0"])
def test_each_release_has_the_rules_of_its_own(tmp_path: Path, version: str) -> None:
    """Ubuntu's 6.8 and its neighbours know `force`, and split a request of many blocks from 6.8 on (6b8f0798b85a)."""
    machine = capture(tree(tmp_path, version, **{PARAMETER: "force\n"}))
    assert machine.model.name == ".".join(version.split(".")[:2])
    assert machine.settings.memmap_on_memory == "force"
    assert not [note for note in machine.origin.notes if "model" in note or "memmap_on_memory" in note]
    outcome = machine.apply(Add(start="8G", size="1G"))
    (chosen,) = [event for event in outcome.events if isinstance(event, PlacementChosen)]
    assert chosen.placement == ("boot" if machine.model.release < (6, 8) else "block")


@pytest.mark.parametrize(
    ("version", "path", "text", "model", "why"),
    [
        ("5.4.0", PARAMETER, "force\n", "6.6", "memmap_on_memory reads force"),
        ("4.18.0-80.el8", AUTO_ONLINE, "online_movable\n", "5.7", "auto_online_blocks names a zone"),
        ("5.10.0", PARAMETER, "N\n", "5.13", "it has the parameter memmap_on_memory"),
        ("6.12.0-55.el10", "sys/devices/system/node/node0/reclaim", "", "6.17", "nodes have the file reclaim"),
        ("5.14.0", "proc/vmstat", "nr_memmap_pages 512\n", "6.11", "vmstat has nr_memmap_pages"),
        ("6.4.0", "proc/sys/vm/movable_gigantic_pages", "0\n", "7.0", "it has /proc/sys/vm/movable_gigantic_pages"),
        ("6.1.0", "sys/devices/system/memory/crash_hotplug", "1\n", "6.6", "it has the file crash_hotplug"),
        ("6.12.0", "sys/bus/dax/devices/dax0.0/state", "online\n", "7.3", "DAX devices have the file state"),
    ],
)
def test_what_a_tree_shows_counts_before_its_number(
    tmp_path: Path, version: str, path: str, text: str, model: str, why: str
) -> None:
    machine = capture(tree(tmp_path, version, **{path: text}))
    assert machine.model.name == model
    said = ".".join(version.split(".")[:2])
    assert f"kernel {said}: {why}, which came with {model}; modelled as {model}" in machine.origin.notes


RED_HAT = [
    ("4.18.0-240.22.1.el8_3.x86_64", "N", "5.7", "RHEL 8.3"),
    ("4.18.0-305.25.1.el8_4.x86_64", "N", "5.10", "RHEL 8.4"),
    ("4.18.0-477.13.1.el8_8.x86_64", "N", "5.11", "RHEL 8.8"),
    ("4.18.0-513.9.1.rt7.311.el8_9.x86_64", "N", "5.11", "RHEL 8.9"),
    ("5.14.0-70.30.1.el9_0.x86_64", "Y", "5.15", "RHEL 9.0"),
    ("5.14.0-362.24.1.el9_3.x86_64", "Y", "6.1", "RHEL 9.3"),
    ("5.14.0-427.13.1.el9_4.aarch64+64k", "Y", "6.2", "RHEL 9.4"),
    ("5.14.0-503.40.1.el9_5.x86_64", "Y", "6.8", "RHEL 9.5"),
    ("5.14.0-503.40.1.el9_5.x86_64", "force", "6.8", "RHEL 9.5"),
    ("5.14.0-611.5.1.el9_7.x86_64", "N", "6.8", "RHEL 9.6"),
    ("6.12.0-55.24.1.el10_0.x86_64", "force", "6.12", "RHEL 10.0"),
]


@pytest.mark.parametrize(("version", "mode", "model", "as_in"), RED_HAT)
def test_kernels_of_red_hat_are_as_their_sources_are(
    tmp_path: Path, version: str, mode: str, model: str, as_in: str
) -> None:
    files = {} if version.startswith("4.18") else {PARAMETER: f"{mode}\n"}
    folder = tree(tmp_path, version, **files)
    (folder / AUTO_ONLINE).unlink()
    machine = capture(folder)
    assert machine.model.name == model
    assert [note for note in machine.origin.notes if f"by the sources of {as_in} (" in note]
    assert machine.settings.memmap_on_memory == mode
    assert machine.settings.auto_online_blocks == "offline"  # whatever other distributions choose


def test_a_build_is_asked_for_by_the_name_that_uname_prints() -> None:
    assert find_model("5.14.0-503.40.1.el9_5.x86_64").name == "6.8"
    assert find_model("5.14.0-100-generic").name == "5.14"
    made = new_machine(["2G"], kernel="4.18.0-553.el8_10.x86_64")
    assert (made.model.name, made.settings.auto_online_blocks) == ("5.11", "offline")


def test_a_build_between_those_that_were_read_is_as_the_first_that_shows_the_same(tmp_path: Path) -> None:
    """From 427 to 503 Red Hat took `force` and a memmap for each block of a request together."""
    machine = capture(tree(tmp_path, "5.14.0-460.el9.x86_64", **{PARAMETER: "force\n"}))
    assert machine.model.name == "6.8"
    outcome = machine.apply(Add(start="8G", size="1G"))
    (chosen,) = [event for event in outcome.events if isinstance(event, PlacementChosen)]
    assert chosen.placement == "block"


@pytest.mark.parametrize("version", ["5.15.0-200.131.27.el9uek.x86_64", "6.11.3-1.el9.elrepo.x86_64", "4.18.0-80.el8"])
def test_other_kernels_for_the_same_distribution_are_not_red_hats(tmp_path: Path, version: str) -> None:
    machine = capture(tree(tmp_path, version))
    assert machine.model.name == ".".join(version.split(".")[:2])


def test_a_newer_kernel_that_shows_nothing_is_what_it_calls_itself(tmp_path: Path) -> None:
    assert capture(tree(tmp_path, "7.3.4")).model.name == "7.3"


@pytest.mark.parametrize(
    ("version", "flags", "model"),
    [("6.12.0", 1 << 20, "6.12"), ("6.18.0", 1 << 20, "6.15"), ("6.12.0", 0, "6.16"), ("6.18.0", 0, "6.18")],
)
def test_offline_pages_tell_a_kernels_age(tmp_path: Path, version: str, flags: int, model: str) -> None:
    files = {
        "sys/devices/system/memory/memory7/state": "offline\n",
        "sys/devices/system/memory/memory7/valid_zones": "DMA32 Movable\n",
        "proc/kpageflags.runs.json": f"[[{7 * 32768}, 32768, {flags}, 0]]",
    }
    assert capture(tree(tmp_path, version, **files)).model.name == model


@pytest.mark.parametrize(("version", "flags", "model"), [("5.14.0", 1 << 37, "6.11"), ("6.12.0", 0x21 << 32, "6.10")])
def test_heads_tell_a_kernels_age(tmp_path: Path, version: str, flags: int, model: str) -> None:
    files = {
        PARAMETER: "Y\n",
        "proc/kpageflags.runs.json": f"[[{7 * 32768}, 512, {flags}, 0], [{7 * 32768 + 512}, 32256, 1024, 0]]",
    }
    assert capture(tree(tmp_path, version, **files)).model.name == model


def test_features_are_found_in_a_tree_that_has_them(tmp_path: Path) -> None:
    with open_tree(tree(tmp_path, "6.1.0")) as plain:
        assert read_features(plain) == ()
    (tmp_path / "proc/zoneinfo").write_text("      high_min: 0\n")
    (tmp_path / "sys/firmware/memory").mkdir(parents=True)
    with open_tree(tmp_path) as newer:
        assert read_features(newer) == ("firmware_memory", "high_min")
