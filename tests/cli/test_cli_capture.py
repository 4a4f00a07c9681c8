"""`altmap capture`: a small tree in, a snapshot out, notes beside it; and a `sync` with such a tree."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from altmap.engine import open_machine

from .conftest import Run

MEMORY = "sys/devices/system/memory"
ZONEINFO = """\
Node 0, zone      DMA
  pages free     3840
        boost    0
        min      16
        low      20
        high     24
        spanned  4095
        present  3998
        managed  3840
        cma      0
        protection: (0, 0, 0, 0)
  start_pfn:           1
Node 0, zone    DMA32
  pages free     120000
        boost    0
        min      512
        low      640
        high     768
        spanned  126976
        present  126976
        managed  123000
        cma      0
        protection: (0, 0, 0, 0)
  start_pfn:           4096
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """512 MiB in four blocks, as an ordinary user of Linux 6.12 sees them."""
    files = {
        "proc/version": "Linux version 6.12.117+deb12-amd64 (x86_64)",
        "proc/cmdline": "quiet memory_hotplug.memmap_on_memory=Y",
        "proc/zoneinfo": ZONEINFO,
        f"{MEMORY}/block_size_bytes": "8000000",
        f"{MEMORY}/auto_online_blocks": "offline",
        **{f"{MEMORY}/memory{block}/state": "online" for block in range(4)},
        **{f"{MEMORY}/memory{block}/valid_zones": "none" if block == 0 else "DMA32" for block in range(4)},
    }
    root = tmp_path / "tree"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_standard_output_is_the_snapshot_and_nothing_else(altmap: Run, tree: Path, tmp_path: Path) -> None:
    said = altmap("capture", "--root", tree)
    assert said.code == 0
    assert json.loads(said.out)["model"] == "6.12"
    (tmp_path / "again.json").write_text(said.out)
    machine = open_machine(tmp_path / "again.json")
    assert sorted(machine.blocks) == [0, 1, 2, 3]
    assert machine.zones[0, "DMA32"].managed == 123000
    assert machine.settings.memmap_on_memory == "Y"


def test_a_capture_is_shown_through_a_pipe(altmap: Run, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captured = altmap("capture", "--root", tree).out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(captured.encode())))
    assert "memory1-3" in altmap("show", "-").out


def test_notes_go_to_standard_error(altmap: Run, tree: Path) -> None:
    (tree / "proc/version").write_text("Linux version 9.1.2 (x86_64)\n")
    said = altmap("capture", "--root", tree)
    assert "note: kernel 9.1 has no model of its own; the nearest is 7.3" in said.err.splitlines()
    assert all(line.startswith("note: ") for line in said.err.splitlines())
    assert json.loads(said.out)["model"] == "7.3"


def test_a_file_is_named_like_its_machine(altmap: Run, tree: Path, tmp_path: Path) -> None:
    said = altmap("capture", "--root", tree, "-o", tmp_path / "mine.msgpack.gz")
    assert (said.code, said.out) == (0, "")
    assert open_machine(tmp_path / "mine.msgpack.gz").origin.name == "mine"
    written, measured, estimated = said.err.splitlines()[-3:]
    assert written == f"{tmp_path / 'mine.msgpack.gz'}: 4 blocks, 4 sections"
    assert measured.startswith("measured: memory blocks, zoneinfo, ")
    assert "kpageflags" in estimated
    assert estimated.startswith("estimated: ")
    assert estimated.endswith("what the pages of 4 of 4 sections are (laid out to meet the counters)")


def test_a_tar_will_do_and_model_and_architecture_can_be_told(altmap: Run, tree: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "tree.tar.xz", "w:xz") as tar:
        tar.add(tree, "tree")
    told = ("--model", "rfc-v2", "--arch", "x86_64")
    said = altmap("capture", "--root", tmp_path / "tree.tar.xz", *told, "-o", tmp_path / "m.json")
    assert said.code == 0
    assert open_machine(tmp_path / "m.json").model.name == "rfc-v2"


def test_a_virtio_mem_device_begins_where_its_memory_does(altmap: Run, tree: Path, tmp_path: Path) -> None:
    (tree / "proc/iomem").write_text(
        "00001000-1fffffff : System RAM\n100000000-13fffffff : virtio1\n  100000000-107ffffff : System RAM (virtio_mem)\n"
    )
    assert altmap("capture", "--root", tree, "-o", tmp_path / "m.json").code == 0
    resources = open_machine(tmp_path / "m.json").resources.values()
    assert {(r.start, r.end, r.name) for r in resources if r.start == 1 << 32} == {
        (1 << 32, 5 << 30, "virtio1"),
        (1 << 32, (1 << 32) + (128 << 20), "System RAM (virtio_mem)"),
    }


def test_nothing_is_written_to_the_tree(altmap: Run, tree: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in tree.rglob("*"))
    assert altmap("capture", "--root", tree).code == 0
    assert sorted((path, path.stat().st_mtime_ns) for path in tree.rglob("*")) == before


def test_a_sync_tells_what_differs(altmap: Run, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert altmap("capture", "--root", tree, "-o", tmp_path / "m.json").code == 0
    (tree / f"{MEMORY}/memory3/state").write_text("offline\n")
    (tree / f"{MEMORY}/memory3/valid_zones").write_text("DMA32 Movable\n")
    script = json.dumps([{"op": "sync", "root": str(tree)}])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(script.encode())))
    step = json.loads(altmap("run", tmp_path / "m.json", "-", "--json").out)
    assert step["result"] == "ok"
    (change,) = step["changes"]["blocks"]
    assert (change["block"], change["changed"]) == (3, ["state", "valid_zones"])
    assert (change["after"]["state"], change["after"]["valid_zones"]) == ("offline", "DMA32 Movable")
    assert "memory3: offline DMA32 Movable, the model had online DMA32" in [note["sentence"] for note in step["notes"]]


def test_memory_devices_beside_a_machine_are_taken_by_every_verb_that_names_one(altmap: Run, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(
        'Memory device [dimm]: "dimm1"\n  addr: 0x100000000\n  node: 0\n  size: 1073741824\n'
    )
    shown = altmap("show", "mixed-guest", "--devices", tmp_path / "list")
    assert "by list, dimm1 (dimm, 1G at 0x100000000 on node 0): it brought memory32-39" in shown.out
    assert altmap("why", "mixed-guest", "--devices", tmp_path / "list", "eject", "1G", "at", "4G").code in (0, 1, 3)
    refused = altmap("show", tmp_path / "list")
    assert refused.code == 2
    assert "give the machine, and this beside: altmap show MACHINE --devices FILE" in refused.err
