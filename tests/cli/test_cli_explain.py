"""`altmap explain`: a line, a file, standard input; as text and as JSON."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

LINE = "Offlined Pages 32256"


def test_a_line_and_a_file_are_explained_alike(altmap: Run, tmp_path: Path) -> None:
    (tmp_path / "dmesg").write_text(f"something else\n[   1.5] {LINE}\n")
    of_line, of_file = altmap("explain", LINE), altmap("explain", tmp_path / "dmesg")
    assert (of_line.code, of_file.code) == (0, 0)
    assert of_file.out.splitlines()[1:] == of_line.out.splitlines()[1:]


def test_json_names_page_and_range(altmap: Run) -> None:
    line = "memory offlining [mem 0x100200000-0x107ffffff] failed due to signal backoff"
    document = json.loads(altmap("explain", line, "--json", "--machine", "firecracker-24g").out)
    (row,) = document["lines"]
    assert (document["kind"], row["start"], row["end"], row["pfn"]) == ("explanation", 0x100200000, 0x108000000, None)
    assert row["here"][0].startswith("memory32 is in zone Normal of node 0")


def test_a_line_that_nobody_knows_is_not_known(altmap: Run) -> None:
    said = altmap("explain", "hello")
    assert (said.code, said.out) == (3, "no line of it is one about memory hotplug that altmap knows\n")


@pytest.mark.parametrize("text", ["no-such-dmesg.txt", "/tmp", "logs/dmesg"])
def test_what_is_neither_a_file_nor_a_line_is_said_to_be_that(altmap: Run, text: str) -> None:
    said = altmap("explain", text)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"altmap: {text!r} is neither a file that can be read nor a line of a kernel log\n"


def test_a_log_that_a_shell_of_windows_wrote_is_read(altmap: Run, tmp_path: Path) -> None:
    (tmp_path / "dmesg.txt").write_bytes("[    1.0] Offlined Pages 32256\r\n".encode("utf-16"))
    assert altmap("explain", tmp_path / "dmesg.txt").code == 0


def test_a_captured_machine_is_no_log(altmap: Run, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "it.tgz", "w:gz") as tar:
        tar.add(__file__, "proc/version")
    told = altmap("explain", tmp_path / "it.tgz")
    assert (told.code, told.out) == (2, "")
    assert "it.tgz is a tar, and no log; give a log that is in it, and a captured machine as --machine" in told.err


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_an_old_log_that_is_packed_is_read(altmap: Run, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(f"[    1.0] {LINE}\n".encode())
    (tmp_path / "dmesg.1.gz").write_bytes(packed)
    assert altmap("explain", tmp_path / "dmesg.1.gz").code == 0
    (tmp_path / "dmesg.1.gz").write_bytes(packed[:-9])
    torn = altmap("explain", tmp_path / "dmesg.1.gz")
    assert torn.code == 2
    assert "is packed, and breaks off or is damaged" in torn.err
