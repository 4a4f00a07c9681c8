"""Folders and tars read alike; what leaves a tree is not read, what is damaged is refused in one sentence."""

import errno
import gzip
import io
import lzma
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from altmap.engine.numbers.errors import BadInput
from altmap.engine.reading import mapped_tree, tar_tree
from altmap.engine.reading import tree as tree_module
from altmap.engine.reading.observe import observe
from altmap.engine.reading.open_tree import is_picture, open_tree

FILES = {
    "sys/devices/system/memory/block_size_bytes": "8000000\n",
    "sys/devices/system/memory/memory0/state": "online\n",
    "sys/devices/system/memory/memory1/state": "offline\n",
    "proc/version": "Linux version 6.12.0\n",
}
MEMORY = "sys/devices/system/memory"


def lay_out(root: Path) -> Path:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / MEMORY / "memory0/node0").symlink_to("../../node/node0")
    (root / MEMORY / "memory0/subsystem").symlink_to("../../../../bus/memory")
    return root


Mode = Literal["w", "w:gz", "w:xz", "w:bz2"]


def packed(folder: Path, archive: Path, mode: Mode = "w", above: str = ".") -> Path:
    with tarfile.open(archive, mode) as tar:
        tar.add(folder, arcname=above)
    return archive


def with_member(archive: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    lay_out(archive.parent / "tree")
    packed(archive.parent / "tree", archive)
    with tarfile.open(archive, "a") as tar:
        tar.addfile(member, io.BytesIO(content))
    return archive


def special(name: str, **fields: object) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    return member


Opened = Callable[[Path], Path]


@pytest.mark.parametrize(
    "stored",
    [
        lambda root: root,
        lambda root: packed(root, root.parent / "plain"),
        lambda root: packed(root, root.parent / "a.tar", "w:gz"),
        lambda root: packed(root, root.parent / "b.gz", "w:xz"),
        lambda root: packed(root, root.parent / "c.zip", "w:bz2"),
        lambda root: packed(root, root.parent / "d", "w:gz", above="some-machine"),
        lambda root: packed(root, root.parent / "e", "w", above="./some-machine/"),
    ],
    ids=["folder", "plain", "gzip", "xz", "bzip2", "one folder above", "dot and folder above"],
)
def test_a_tree_reads_the_same_however_it_is_stored(tmp_path: Path, stored: Opened) -> None:
    with open_tree(stored(lay_out(tmp_path / "tree"))) as tree:
        assert tree.read_text(f"{MEMORY}/block_size_bytes") == "8000000\n"
        assert tree.read_bytes("proc/version") == b"Linux version 6.12.0\n"
        assert tree.read_text("proc/zoneinfo") is None
        assert tree.names(MEMORY) == ["block_size_bytes", "memory0", "memory1"]
        assert tree.folders(MEMORY) == ["memory0", "memory1"]
        assert tree.names("") == ["proc", "sys"]
        assert tree.names(f"{MEMORY}/memory0") == ["node0", "state", "subsystem"]
        assert tree.folders(f"{MEMORY}/memory0") == []
        assert tree.names("sys/devices/system/node") == []
        assert tree.read_each(MEMORY, ["memory1", "memory0"], "state") == [b"offline\n", b"online\n"]
        assert tree.read_each(MEMORY, ["memory0"], "valid_zones") == [None]
        assert [sorted(names) for names in tree.names_each(MEMORY, ["memory1", "memory0"])] == [
            ["state"],
            ["node0", "state", "subsystem"],
        ]
        assert tree.have_each(MEMORY, ["memory0", "memory1"], "node0") == [True, False]
        assert [
            tree.has(*where) for where in ((f"{MEMORY}/memory0", "node0"), ("proc", "zoneinfo"), ("no", "such"))
        ] == [
            True,
            False,
            False,
        ]
        assert tree.notes == []


def test_a_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_tree(lay_out(tmp_path / "tree")) as tree:
        found = tree.folders(MEMORY), tree.names(MEMORY), tree.names("proc")
        found[1].clear()
        monkeypatch.setattr(os, "listdir", None)
        monkeypatch.setattr(os, "scandir", None)
        assert (tree.names(MEMORY), tree.names("proc")) == (["block_size_bytes", "memory0", "memory1"], ["version"])
        assert found[0] == ["memory0", "memory1"]


def test_reading_a_machine_lists_its_blocks_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 65,536 blocks that takes as long as a tenth of reading them."""
    root, listed, scan = lay_out(tmp_path / "tree"), list[str](), os.scandir

    def watched(path: str) -> Any:
        listed.append(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", watched)
    observe(root)
    assert listed.count(f"{root}/{MEMORY}") == 1


@pytest.mark.parametrize("taken", [False, True], ids=["neighbouring descriptors", "one of another among them"])
def test_files_are_closed_together_and_no_others(tmp_path: Path, taken: bool) -> None:
    """More files than are open at a time, and one of them absent."""
    names = [f"memory{number}" for number in range(100)]
    for name in names:
        (tmp_path / MEMORY / name).mkdir(parents=True)
        (tmp_path / MEMORY / name / "state").write_text(f"{name}\n")
    (tmp_path / MEMORY / "memory80/state").unlink()
    descriptors = [os.open("/dev/null", os.O_RDONLY) for _ in range(4)]
    for free in (descriptors.pop(2), descriptors.pop(0)) if taken else ():  # one for the folder, one below another
        os.close(free)
    try:
        with open_tree(tmp_path) as tree:
            before = os.listdir("/proc/self/fd")
            read = tree.read_each(MEMORY, names, "state")
            assert read == [None if name == "memory80" else f"{name}\n".encode() for name in names]
            assert os.listdir("/proc/self/fd") == before
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


@pytest.mark.parametrize("as_tar", [False, True], ids=["folder", "tar"])
def test_links_are_followed_inside_the_tree_only(tmp_path: Path, as_tar: bool) -> None:
    root = lay_out(tmp_path / "tree")
    (tmp_path / "secret").write_text("outside\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/version").write_text("outside\n")
    for name, target in {
        "inside": "../proc/version",
        "absolute": str(tmp_path / "secret"),
        "climbing": "../../secret",
        "climbing_back": f"../../{root.name}/proc/version",
        "dangling": "nowhere",
        "circle": "circle",
    }.items():
        (root / "sys" / name).symlink_to(target)
    (root / "folder").symlink_to("sys/devices/system/memory")
    (root / "up").symlink_to("..")
    with open_tree(packed(root, tmp_path / "t.tar") if as_tar else root) as tree:
        assert tree.read_text("sys/inside") == "Linux version 6.12.0\n"
        assert tree.names("folder") == tree.names(MEMORY) != []
        for path in ("sys/absolute", "sys/climbing", "sys/dangling", "sys/circle", "up/secret", "up/proc/version"):
            assert tree.read_text(path) is None, path
        assert tree.names("up") == []
        assert "dangling" in tree.names("sys")
        assert tree.notes == []


def test_an_attribute_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "tree")
    (tmp_path / "secret").write_text("outside\n")
    (root / MEMORY / "memory1/state").unlink()
    (root / MEMORY / "memory1/state").symlink_to(tmp_path / "secret")
    with open_tree(root) as tree:
        assert tree.read_each(MEMORY, ["memory0", "memory1"], "state") == [b"online\n", None]


def test_absolute_links_of_the_machine_itself_are_inside(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("here\n")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with open_tree("/") as tree:
        assert tree.read_text(str(tmp_path / "link").lstrip("/")) == "here\n"


def test_an_unreadable_file_is_absent_and_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay_out(tmp_path / "tree")
    opened = os.open

    def refuse(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path).endswith("version"):
            raise PermissionError(errno.EACCES, "Permission denied")
        if str(path).endswith("state"):
            raise OSError(errno.EIO, "Input/output error")
        return opened(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    with open_tree(root) as tree:
        assert tree.read_text("proc/version") is None
        assert list(tree.chunks("proc/version")) == []
        assert tree.read_each(MEMORY, ["memory0", "memory1"], "state") == [None, None]
        denied = "proc/version exists but could not be read: Permission denied"
        assert tree.notes == [
            denied,
            denied,
            f"{MEMORY}/memory0/state (and in 1 more folders) exists but could not be read: Input/output error",
        ]


def test_a_pipe_in_the_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "tree")
    (root / "proc/version").unlink()
    os.mkfifo(root / "proc/version")
    with open_tree(root) as tree:
        assert tree.read_text("proc/version") == ""


def test_padding_of_sysfs_files_is_not_text_but_zero_words_of_page_files_stay(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "tree")
    (root / "proc/version").write_bytes(b"Linux\n".ljust(4096, b"\0"))
    (root / "proc/kpageflags").write_bytes(bytes(64))
    for stored in (root, packed(root, tmp_path / "t.tar")):
        with open_tree(stored) as tree:
            assert tree.read_text("proc/version") == "Linux\n"
            assert tree.read_bytes("proc/kpageflags") == bytes(64)


def test_files_beyond_what_is_kept_are_read_from_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay_out(tmp_path / "tree")
    words = bytes(range(256)) * 4
    (root / "proc/kpageflags").write_bytes(words)
    (root / "proc/kpagecount").write_bytes(words[::-1])
    monkeypatch.setattr(tar_tree, "WHOLE_FILE_LIMIT", 512)
    with open_tree(packed(root, tmp_path / "t.tar", "w:xz")) as tree:
        assert b"".join(tree.chunks("proc/kpageflags")) == words
        assert b"".join(tree.chunks("proc/kpagecount")) == words[::-1]
        assert b"".join(tree.chunks("proc/kpageflags")) == words


def test_a_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay_out(tmp_path / "tree")
    (root / "proc/zoneinfo").write_bytes(bytes(2048))
    monkeypatch.setattr(tree_module, "WHOLE_FILE_LIMIT", 1024)
    with open_tree(root) as tree, pytest.raises(BadInput, match=r"proc/zoneinfo goes on after 1K"):
        tree.read_text("proc/zoneinfo")


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (special("proc/../../version"), "member 'proc/../../version' lies outside the tree"),
        (special("proc/x", type=tarfile.LNKTYPE, linkname="../secret"), "member 'proc/x' lies outside the tree"),
        (special("proc/null", type=tarfile.CHRTYPE, devminor=3), "member 'proc/null' is a device or a pipe"),
        (special("proc/disk", type=tarfile.BLKTYPE), "member 'proc/disk' is a device or a pipe"),
        (special("proc/fifo", type=tarfile.FIFOTYPE), "member 'proc/fifo' is a device or a pipe"),
    ],
    ids=["dots", "hard link", "character device", "block device", "pipe"],
)
def test_a_tar_with_members_that_no_capture_makes_is_refused(
    tmp_path: Path, member: tarfile.TarInfo, message: str
) -> None:
    archive = with_member(tmp_path / "evil.tar", member)
    with pytest.raises(BadInput) as refusal:
        open_tree(archive)
    assert str(refusal.value).startswith(f"{archive}: {message}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "size", "limit"),
    [("proc/zoneinfo", (64 << 20) + 1, "64M"), ("proc/kpageflags", 1 << 40, "4G")],
)
def test_an_absurd_size_is_refused_before_anything_is_read(tmp_path: Path, name: str, size: int, limit: str) -> None:
    archive = tmp_path / "huge.tar"
    archive.write_bytes(special(name, size=size).tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(BadInput, match=rf"member '{name}' claims {size} bytes; .* at most {limit}"):
        open_tree(archive)


def test_an_extended_header_of_absurd_size_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "huge.tar"
    header = special("long", size=1 << 60, type=tarfile.GNUTYPE_LONGNAME)
    archive.write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(BadInput, match=rf"the header 'long' claims {1 << 60} bytes"):
        open_tree(archive)


def test_a_tar_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped_tree, "KEPT", 1 << 20)
    archive = with_member(tmp_path / "bomb.tar", special("proc/big", size=2 << 20), b"x" * (2 << 20))
    with pytest.raises(BadInput, match=r"holds more than 1M up to its member 'proc/big'"):
        open_tree(archive)


def test_what_is_no_tar_is_known_by_its_first_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extended header that claims much is not read to find out whether a file is a tar."""
    archive = tmp_path / "bomb.tar.gz"
    header = special("././@LongLink", size=8 << 20, type=tarfile.GNUTYPE_LONGNAME)
    archive.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(8 << 20)))
    read: list[int] = []
    real = gzip.GzipFile.read

    def counted(file: gzip.GzipFile, size: int | None = -1) -> bytes:
        data = real(file, size)
        read.append(len(data))
        return data

    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    assert is_picture(str(archive))
    assert 0 < sum(read) < 1 << 16
    with pytest.raises(BadInput, match=r"the header '././@LongLink' claims 8388608 bytes"):
        open_tree(archive)


@pytest.mark.parametrize("ending", ["tar", "zip"])
def test_folders_above_members_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """A path that no kernel takes is refused; each folder that a short archive makes takes of what may be kept."""

    def archive(name: str, count: int) -> Path:
        path = tmp_path / f"deep.{ending}"
        with ExitStack() as stack:
            if ending == "tar":
                tar = stack.enter_context(tarfile.open(path, "w"))
            else:
                zipped = stack.enter_context(zipfile.ZipFile(path, "w"))
            for number in range(count):
                member = f"{number}/{name}x"
                tar.addfile(tarfile.TarInfo(member)) if ending == "tar" else zipped.writestr(member, b"")
        return path

    with pytest.raises(BadInput, match=r"has a member whose path is longer than 4096, '0/a/a"):
        open_tree(archive("a/" * 2048, 1))
    monkeypatch.setattr(mapped_tree, "KEPT", 2 << 20)
    open_tree(archive("a/" * 1000, 1)).close()
    with pytest.raises(BadInput, match=r"holds more than 2M up to its member '1/a/a"):
        open_tree(archive("a/" * 1000, 2))


@pytest.mark.parametrize("ending", ["tar", "zip"])
def test_an_archive_of_more_members_than_its_size_allows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    root = lay_out(tmp_path / "tree")
    archive = (
        packed(root, tmp_path / "t.tar")
        if ending == "tar"
        else Path(shutil.make_archive(str(tmp_path / "t"), "zip", root))
    )
    open_tree(archive).close()
    monkeypatch.setattr(mapped_tree, "_MEMBERS", (3, 1 << 20))
    with pytest.raises(BadInput, match=r"has more members than a captured tree of its size, up to '"):
        open_tree(archive)


def test_a_tar_that_unpacks_to_far_more_than_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = with_member(tmp_path / "t.tar", special("proc/big", size=2 << 20), b"x" * (2 << 20))
    monkeypatch.setattr(mapped_tree, "_UNPACKED", (1 << 20, 0))
    with pytest.raises(BadInput, match=r"holds more than 1M up to its member 'proc/big'"):
        open_tree(archive)


def test_a_hard_link_is_the_file_that_it_links_to(tmp_path: Path) -> None:
    linked = special("proc/same", type=tarfile.LNKTYPE, linkname="./proc/version")
    with open_tree(with_member(tmp_path / "t.tar", linked)) as tree:
        assert tree.read_text("proc/same") == FILES["proc/version"]


@pytest.mark.parametrize("mode", get_args(Mode))
def test_a_truncated_tar_is_refused_wherever_it_is_cut(tmp_path: Path, mode: Mode) -> None:
    whole = packed(lay_out(tmp_path / "tree"), tmp_path / "whole", mode).read_bytes()
    end = len(whole.rstrip(b"\0")) if mode == "w" else len(whole)
    cut = tmp_path / "cut"
    for length in range(1, end, max(1, end // 40)):
        cut.write_bytes(whole[:length])
        with pytest.raises(BadInput, match="is neither a folder nor a whole, undamaged tar"):
            open_tree(cut)


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    archive = tmp_path / "t.tar"
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(lay_out(tmp_path / "tree"), arcname=".")
    data = bytearray(archive.read_bytes())
    at = data.index(b"./sys/devices/system/memory/memory1/state")
    data[at] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(BadInput, match=rf"it breaks off or is damaged at byte {at}"):
        open_tree(archive)


def test_a_damaged_compressed_tar_is_refused(tmp_path: Path) -> None:
    archive = packed(lay_out(tmp_path / "tree"), tmp_path / "t.xz", "w:xz")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(BadInput, match="undamaged tar"):
        open_tree(archive)


def test_two_trees_in_one_tar_are_ambiguous(tmp_path: Path) -> None:
    lay_out(tmp_path / "all/one")
    lay_out(tmp_path / "all/two")
    with pytest.raises(BadInput, match=r"holds more than one tree \(one, two\)"):
        open_tree(packed(tmp_path / "all", tmp_path / "t.tar"))


def test_what_is_no_tree_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "packed text").write_bytes(lzma.compress(b"hello"))
    (tmp_path / "empty").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for name, message in {
        "missing": "does not exist",
        "text": "is neither a folder nor a whole, undamaged tar",
        "packed text": "is neither a folder nor a whole, undamaged tar",
        "empty": "is neither a folder nor a whole, undamaged tar",
        "pipe": "is neither a folder nor a tar",
    }.items():
        with pytest.raises(BadInput) as refusal:
            open_tree(tmp_path / name)
        assert str(refusal.value).startswith(f"{tmp_path / name} {message}")
        assert "\n" not in str(refusal.value)
