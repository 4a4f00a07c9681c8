"""A tree is read wherever it lies: in an archive of any kind, in a folder of its own, or from its middle on."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest
from altmap.engine import BadInput, capture, open_machine
from altmap.engine.reading.tar_tree import TarTree

from tests.captures import FIRECRACKER, unpacked

MEMORY = "sys/devices/system/memory"


@pytest.mark.parametrize("trees", [1, 2])
def test_a_folder_that_holds_one_tree_is_that_tree(tmp_path: Path, trees: int) -> None:
    for name in ("a", "b")[:trees]:
        (tmp_path / name / MEMORY / "memory0").mkdir(parents=True)
        (tmp_path / name / MEMORY / "memory0/state").write_text("online\n")
    (tmp_path / "notes").mkdir()
    if trees == 1:
        assert [*open_machine(tmp_path).blocks] == [0]
    else:
        with pytest.raises(BadInput, match=r"holds more than one tree \(a, b\); give one of them"):
            open_machine(tmp_path)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(FIRECRACKER, tmp_path_factory.mktemp("tree"))


@pytest.mark.parametrize("inside", ["sys", "sys/devices", "sys/devices/system", MEMORY])
def test_a_path_into_the_middle_of_a_tree_is_that_tree_without_the_rest(tree: Path, inside: str) -> None:
    machine, whole = open_machine(tree / inside), open_machine(tree)
    assert machine.check() == []
    assert machine.blocks.keys() == whole.blocks.keys()
    assert {nr: block.state for nr, block in machine.blocks.items()} == {nr: b.state for nr, b in whole.blocks.items()}
    assert "kernel version" not in machine.origin.measured


def test_a_zip_is_as_good_as_a_tar(tree: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(tree.rglob("*")):
            if file.is_file() and not file.is_symlink():
                archive.write(file, Path("host") / file.relative_to(tree))
    machine, whole = open_machine(tmp_path / "it.zip"), open_machine(tree)
    assert machine.check() == []
    assert (machine.origin.kernel, machine.zones) == (whole.origin.kernel, whole.zones)
    assert {nr: block.state for nr, block in machine.blocks.items()} == {nr: b.state for nr, b in whole.blocks.items()}


def test_a_tar_whose_names_begin_at_the_root_is_that_tree(tree: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "it.tar", "w") as archive:
        for file in sorted((tree / MEMORY).rglob("*")):
            if file.is_file() and not file.is_symlink():
                member = tarfile.TarInfo(f"/{file.relative_to(tree)}")
                member.size = file.stat().st_size
                archive.addfile(member, io.BytesIO(file.read_bytes()))
        linked = tarfile.TarInfo("/proc/version")
        linked.type, linked.linkname = tarfile.LNKTYPE, f"/{MEMORY}/block_size_bytes"
        archive.addfile(linked)
    machine, whole = open_machine(tmp_path / "it.tar"), open_machine(tree)
    assert machine.blocks.keys() == whole.blocks.keys()
    assert machine.origin.kernel == f"{machine.geometry.block_size:x}"


@pytest.mark.parametrize("name", ["../evil", "/../evil", "a/../../b"])
def test_a_zip_that_leaves_its_tree_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(BadInput, match="lies outside the tree"):
        open_machine(tmp_path / "it.zip")


def test_a_zip_that_is_cut_is_refused(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sys/x", bytes(at * at % 251 for at in range(5000)))
    (tmp_path / "it.zip").write_bytes(data.getvalue()[:200] + b"\0" * 20 + data.getvalue()[220:])
    with pytest.raises(BadInput, match="no whole, undamaged zip"):
        open_machine(tmp_path / "it.zip")


def test_a_tar_in_which_files_of_proc_are_empty_claims_nothing_of_them(tree: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "it.tar", "w") as tar:
        tar.add(tree / "sys", "sys")
        for name in ("version", "zoneinfo", "buddyinfo", "iomem", "meminfo", "vmstat"):
            tar.addfile(tarfile.TarInfo(f"proc/{name}"))
    machine = open_machine(tmp_path / "it.tar")
    assert not {"zoneinfo", "iomem", "kernel version"} & {*machine.origin.measured}
    (note,) = [note for note in machine.origin.notes if "empty" in note]
    assert note.startswith(
        "proc/version, proc/zoneinfo, proc/buddyinfo, proc/iomem, proc/meminfo, proc/vmstat are empty, which"
    )
    assert "altmap collect" in note


class _NotPacked(io.BytesIO):
    """What stands for compression.zstd where Python has none: nothing is packed behind the magic number."""

    def __init__(self, path: str) -> None:
        super().__init__(Path(path).read_bytes()[4:])


_PROGRAM = """#!/bin/sh
for path; do :; done
tail -c +5 "$path"
[ $(wc -c < "$path") -gt 6000 ]
"""
"""What stands for the program zstd: nothing is packed, and what is short is damaged."""


def _module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in = ModuleType("compression.zstd")
    stand_in.ZstdFile, stand_in.ZstdError = _NotPacked, KeyError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "compression", ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", stand_in)


def _program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/zstd").write_text(_PROGRAM)
    (tmp_path / "bin/zstd").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


def _packed(tree: Path, tmp_path: Path) -> Path:
    with tarfile.open(tmp_path / "it.tar", "w") as tar:
        tar.add(tree, "host")
    packed = tmp_path / "it.tar.zst"
    packed.write_bytes(b"\x28\xb5\x2f\xfd" + (tmp_path / "it.tar").read_bytes())
    return packed


@pytest.mark.parametrize("means", [_module, _program])
def test_zstd_is_unpacked_by_python_or_by_the_program(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, means: Callable[[pytest.MonkeyPatch, Path], None]
) -> None:
    packed = _packed(tree, tmp_path)
    means(monkeypatch, tmp_path)
    assert capture(packed).blocks == open_machine(packed).blocks == open_machine(tree).blocks
    packed.write_bytes(packed.read_bytes()[:5000])
    for opened in (capture, open_machine):
        with pytest.raises(BadInput, match="neither a folder nor a whole"):
            opened(packed)


@pytest.mark.parametrize("magic", [b"\xfd7zXZ\0", b"BZh9"])
def test_what_is_packed_as_no_snapshot_is_a_damaged_tar(tmp_path: Path, magic: bytes) -> None:
    (tmp_path / "it").write_bytes(magic + b"no more of it")
    with pytest.raises(BadInput, match="neither a folder nor a whole, undamaged tar"):
        open_machine(tmp_path / "it")


def test_where_nothing_unpacks_zstd_it_is_said_how(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"unpack it elsewhere and give what comes out: zstd -d FILE$"):
        open_machine(_packed(tree, tmp_path))


def test_an_archive_in_an_archive_is_told_as_that(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "upload.zip", "w") as upload:
        upload.write(FIRECRACKER, "sosreport-host.tar.xz")
    with pytest.raises(
        BadInput, match=r"holds an archive \(sosreport-host.tar.xz\); unpack it, and give what is in it"
    ):
        capture(tmp_path / "upload.zip")


@pytest.mark.parametrize("inside", [".", "memory", "system/memory", "devices/system/memory"])
@pytest.mark.parametrize("packed", [True, False])
def test_the_folder_of_memory_blocks_is_read_wherever_it_lies(tmp_path: Path, inside: str, packed: bool) -> None:
    for number in range(16):
        for file, text in (("state", "online" if number < 12 else "offline"), ("valid_zones", "Normal")):
            path = tmp_path / "it" / inside / f"memory{number}" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n")
    (tmp_path / "it" / inside / "block_size_bytes").write_text("8000000\n")
    with tarfile.open(tmp_path / "it.tar", "w") as tar:
        tar.add(tmp_path / "it", ".")
    machine = capture(tmp_path / ("it.tar" if packed else "it"))
    assert machine.check() == []
    assert [block.state for block in machine.blocks.values()] == ["online"] * 12 + ["offline"] * 4
    assert "valid_zones" in machine.origin.measured


def test_what_lz4_packed_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "it.tar.lz4").write_bytes(b"\x04\x22\x4d\x18" + bytes(64))
    with pytest.raises(BadInput, match="compressed with lz4; unpack it first"):
        open_machine(tmp_path / "it.tar.lz4")


@pytest.mark.parametrize("mode", ["w", "w:gz"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_of_a_tar_are_those_that_tarfile_finds(tmp_path: Path, form: int, mode: Literal["w", "w:gz"]) -> None:
    """Plain headers are read without it, those of long names, links and sparse files by it, in any order."""
    source = tmp_path / "it.tar"
    page = bytes(range(256)) * 20
    with tarfile.open(source, mode, format=form) as archive:
        for number in range(4):
            for name, text in (
                (f"proc/{number}", page),
                (f"proc/empty{number}", b""),
                (f"proc/{'long' * 30}/{number}", b"1\n"),
            ):
                member = tarfile.TarInfo(name)
                member.size, member.pax_headers = len(text), {"comment": "one"} if number == 2 else {}
                archive.addfile(member, io.BytesIO(text))
            for name, kind in (("folder", tarfile.DIRTYPE), ("soft", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE)):
                member = tarfile.TarInfo(f"proc/{name}{number}")
                member.type, member.linkname = kind, "" if kind == tarfile.DIRTYPE else f"proc/{number}"
                archive.addfile(member)
    with tarfile.open(source) as archive, TarTree(str(source)) as found:
        for member in archive:
            if member.isfile() or member.islnk():
                content = archive.extractfile(member)
                assert content is not None
                assert found.read_bytes(member.name) == content.read()
            elif member.isdir():
                assert member.name.removeprefix("proc/") in found.folders("proc")
        assert set(found.names("proc")) == {name.split("/")[1] for name in archive.getnames()}


def test_a_plain_tar_that_breaks_off_behind_a_header_is_damaged(tmp_path: Path) -> None:
    source = tmp_path / "it.tar"
    with tarfile.open(source, "w", format=tarfile.USTAR_FORMAT) as archive:
        for number in range(3):
            member = tarfile.TarInfo(f"{MEMORY}/memory{number}/state")
            member.size = 7
            archive.addfile(member, io.BytesIO(b"online\n"))
    whole = source.read_bytes()
    for length in (512, 700, 1024, 1536, 2500):
        source.write_bytes(whole[:length])
        with pytest.raises(BadInput, match="neither a folder nor a whole, undamaged tar"):
            TarTree(str(source))
