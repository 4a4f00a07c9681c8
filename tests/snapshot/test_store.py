"""Snapshots as bytes and files: both forms with and without gzip, every error in one sentence, all or nothing."""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from altmap.engine.memory.block import Block
from altmap.engine.memory.section import Memmap, Section
from altmap.engine.numbers.errors import BadInput
from altmap.engine.snapshot import store

from .stored import ORIGIN, SIZE, content, guest, refusal

# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", store.SUFFIXES)
def test_round_trip_through_a_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"guest{suffix}"
    store.save(guest(), ORIGIN, path)
    state, origin = store.load(path)
    assert content(state) == content(guest())
    assert origin == ORIGIN
    assert path.read_bytes() == store.encode(state, origin, path.name) == store.encode(guest(), ORIGIN, str(path))
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", store.SUFFIXES)
def test_the_content_says_what_a_file_is(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "anything.txt"
    path.write_bytes(store.encode(guest(), ORIGIN, suffix))
    assert content(store.load(str(path))[0]) == content(guest())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_one_that_a_shell_of_windows_wrote_is_read(
    pack: Callable[[bytes], bytes], encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "guest.json"
    path.write_bytes(pack(store.encode(guest(), ORIGIN, ".json").decode().encode(encoding)))
    assert content(store.load(path)[0]) == content(guest())


def test_suffixes_give_the_forms() -> None:
    forms = {suffix: store.encode(guest(), ORIGIN, f"x{suffix}") for suffix in store.SUFFIXES}
    assert forms[".json"].startswith(b'{\n  "version": 1,\n')
    assert msgspec.msgpack.decode(forms[".msgpack"]) == msgspec.json.decode(forms[".json"])
    assert gzip.decompress(forms[".json.gz"]) == forms[".json"]
    assert gzip.decompress(forms[".msgpack.gz"]) == forms[".msgpack"]
    assert forms[".json.gz"][4:8] == bytes(4), "gzip must not write the time"


def test_json_is_for_people() -> None:
    lines = store.encode(guest(), ORIGIN, ".json").decode().splitlines()
    assert '      "start": "0x100000000",' in lines
    assert '      "zone": [0, "Normal"],' in lines
    assert '            "chunks": [' in lines
    assert "              [1065472, 512]" in lines
    assert f'    "description": {msgspec.json.encode(ORIGIN.description).decode()},' in lines


def test_a_terabyte_is_a_few_lines() -> None:
    state = guest()
    for nr in range(100, 100 + 8192):
        state.blocks.load({nr: Block(nr, "offline", (0,))})
        pfn = nr * SIZE
        state.sections.load({nr: Section(nr, 0, memmap=Memmap("self", pfn, ((pfn, 512),)))})
    few, many = (store.encode(which, ORIGIN, ".json") for which in (guest(), state))
    assert many.count(b"\n") - few.count(b"\n") < 40


@pytest.mark.parametrize("name", ["guest", "guest.JSON", "guest.json.xz", "json", "guest.gz"])
def test_other_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"must end in \.json, \.msgpack, \.json\.gz, \.msgpack\.gz$"):
        store.save(guest(), ORIGIN, tmp_path / name)
    assert os.listdir(tmp_path) == []


# -- all or nothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failed_save_changes_nothing(
    call: str, before: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "guest.json"
    if before is not None:
        path.write_bytes(before)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(BadInput) as caught:
        store.save(guest(), ORIGIN, path)
    assert str(caught.value) == f"{path} could not be saved: No space left on device"
    found = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert found == ({} if before is None else {path.name: before})


def test_an_interrupted_save_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.save(guest(), ORIGIN, tmp_path / "guest.json")
    assert os.listdir(tmp_path) == []


def test_it_is_synced_before_it_takes_the_name_and_then_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "guest.msgpack"
    path.write_bytes(b"old")
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        what = "the folder" if stat.S_ISDIR(found.st_mode) else f"{found.st_size} bytes"
        steps.append(f"fsync of {what}, beside {path.read_bytes()[:3]!r}")
        fsync(descriptor)

    def watched_replace(source: str, target: str) -> None:
        steps.append(f"replace {Path(target).name}, in the same folder: {Path(source).parent == Path(target).parent}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    store.save(guest(), ORIGIN, path)
    data = store.encode(guest(), ORIGIN, ".msgpack")
    assert steps == [
        f"fsync of {len(data)} bytes, beside b'old'",
        "replace guest.msgpack, in the same folder: True",
        f"fsync of the folder, beside {data[:3]!r}",
    ]


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    store.save(guest(), ORIGIN, link)
    assert link.is_symlink()
    assert store.load(target)[1] == ORIGIN


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json could not be read: No such file or directory$"):
        store.load(tmp_path / "none.json")
    with pytest.raises(BadInput, match=r"could not be read: Is a directory$"):
        store.load(tmp_path)
    with pytest.raises(BadInput, match=r"guest\.json could not be saved: No such file or directory$"):
        store.save(guest(), ORIGIN, tmp_path / "nowhere" / "guest.json")


# -- damaged ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", store.SUFFIXES)
def test_every_truncation_is_told(suffix: str) -> None:
    data = store.encode(guest(), ORIGIN, suffix).rstrip(b"\n")
    for length in (*range(12), *range(12, len(data), len(data) // 40), len(data) - 1):
        sentence = refusal(data[:length])
        assert "breaks off or is damaged" in sentence or "is not a snapshot" in sentence


@pytest.mark.parametrize(
    "data", [b"", b"   ", b"[]", b"12", b"null", b"\x92\x01\x02", b"PK\x03\x04", b"\xef\xbb\xbf[]", bytes(600)]
)
def test_other_files_are_told(data: bytes) -> None:
    assert refusal(data) == "it is not a snapshot, which is a JSON object, or a MessagePack map, perhaps with gzip"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"x",
        lambda data: data.replace(b"guest", b"gu\xffst"),
        lambda data: data.replace(b'"version": 1', b'"version": 1, "x": ' + b"[" * 100_000),
        lambda data: data.replace(b"[0, ", b"[0 "),
    ],
)
def test_damaged_json_is_told(spoil: Callable[[bytes], bytes]) -> None:
    assert "breaks off or is damaged" in refusal(spoil(store.encode(guest(), ORIGIN, ".json")))


def test_damaged_gzip_is_told() -> None:
    data = bytearray(store.encode(guest(), ORIGIN, ".json.gz"))
    data[-6] ^= 1
    assert refusal(bytes(data)).startswith("it is a gzip file that breaks off or is damaged (CRC check failed")
    data[len(data) // 2] ^= 255
    assert "breaks off or is damaged" in refusal(bytes(data))


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".msgpack", ".msgpack.gz"])
def test_a_huge_one_is_told(suffix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = store.encode(guest(), ORIGIN, suffix)
    size = len(gzip.decompress(data) if suffix.endswith("gz") else data)
    monkeypatch.setattr(store, "MAX_BYTES", size)
    assert store.decode(data, "guest")[1] == ORIGIN
    monkeypatch.setattr(store, "MAX_BYTES", size - 1)
    path = tmp_path / "guest"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"guest: it goes on after .*, which no snapshot of its size does$"):
        store.load(path)


def test_what_is_packed_is_not_unpacked_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Watched(gzip.GzipFile):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    monkeypatch.setattr(store, "MAX_BYTES", 1000)
    monkeypatch.setattr(gzip, "GzipFile", Watched)
    assert "it goes on after" in refusal(gzip.compress(bytes(1 << 20)))
    assert read == [1001]


def test_the_journal_of_a_loaded_machine_is_empty() -> None:
    state, _ = store.decode(store.encode(guest(), ORIGIN, ".msgpack"), "guest")
    assert state.journal.take() == ()
