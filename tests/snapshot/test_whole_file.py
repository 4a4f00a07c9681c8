"""Saving: what a file that is replaced keeps, drafts that no one can guess or steal, and what a killed saver leaves."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from altmap.engine.snapshot.whole_file import replace_file

LEFT = ".altmap-0123456789abcdef0123456789abcdef.draft"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask_027() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize("kept", [0o600, 0o644, 0o664, 0o755])
def test_a_file_keeps_its_mode(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "guest.json"
    path.write_bytes(b"old")
    path.chmod(kept)
    replace_file(str(path), b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", kept)


@pytest.mark.usefixtures("umask_027")
def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    replace_file(str(tmp_path / "guest.json"), b"new")
    assert mode(tmp_path / "guest.json") == 0o640


def test_a_file_keeps_its_owner_if_that_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "guest.json"
    path.write_bytes(b"old")
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda file, owner, group: given.append((owner, group)))
    replace_file(str(path), b"new")
    assert given == [(path.stat().st_uid, path.stat().st_gid)]


def test_a_group_that_cannot_be_kept_gives_its_rights_to_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "guest.json"
    path.write_bytes(b"old")
    path.chmod(0o664)
    stranger = path.stat().st_gid + 1
    real = os.stat

    def of_another_group(*where: object, **how: object) -> os.stat_result:
        found = list(real(*where, **how))  # type: ignore[arg-type]
        found[stat.ST_GID] = stranger
        return os.stat_result(found)

    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", of_another_group)
        patch.setattr(os, "fchown", refused)
        patch.setattr(os.path, "samestat", lambda one, other: one.st_ino == other.st_ino)
        replace_file(str(path), b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o644)


def test_links_lead_to_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link, dangling = tmp_path / "link.json", tmp_path / "dangling.json"
    link.symlink_to("far/real.json")
    dangling.symlink_to("far/new.json")
    (tmp_path / "far/real.json").write_bytes(b"old")
    for path in (link, dangling):
        replace_file(str(path), b"new")
        assert path.is_symlink()
    assert sorted((found.name, found.read_bytes()) for found in (tmp_path / "far").iterdir()) == [
        ("new.json", b"new"),
        ("real.json", b"new"),
    ]


def test_only_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "null.json").symlink_to("/dev/null")
    for name in ("pipe.json", "folder.json", "null.json"):
        with pytest.raises(OSError, match="it is there, and is not a file"):
            replace_file(str(tmp_path / name), b"new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "guest.json"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda where, how: (os.fspath(where), how) != (str(path), os.W_OK))
    with pytest.raises(OSError, match="it is write-protected"):
        replace_file(str(path), b"new")
    assert path.read_bytes() == b"old"


def test_the_file_is_synced_before_it_has_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, os.replace

    def synced(file: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        sync(file)

    def renamed(draft: str, target: str) -> None:
        done.append("name")
        rename(draft, target)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr("os.replace", renamed)
    replace_file(str(tmp_path / "a"), b"new")
    assert done == ["file", "name", "folder"]


def test_a_name_may_have_255_bytes(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250 + ".json")
    for content in (b"one", b"two"):
        replace_file(str(path), content)
        assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [(path.name, content)]


def test_no_draft_can_be_laid_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name is new, and what is there already, be it a link, is never written through."""
    opened: list[tuple[str, int]] = []
    real = os.open

    def watched(path: str, flags: int, *more: int) -> int:
        if flags & os.O_CREAT:
            opened.append((os.path.basename(path), flags))
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", watched)
    for _ in range(2):
        replace_file(str(tmp_path / "guest.json"), b"new")
    (one, how), (other, _) = opened
    assert how & os.O_EXCL
    assert one != other
    assert len(one) > 40

    (tmp_path / "secret").write_bytes(b"untouched")
    (tmp_path / LEFT).symlink_to("secret")
    tokens = iter([LEFT[8:40], "f" * 32])
    monkeypatch.setattr("secrets.token_hex", lambda size: next(tokens))
    with pytest.raises(FileExistsError):
        replace_file(str(tmp_path / "guest.json"), b"stolen")
    assert (tmp_path / "secret").read_bytes() == b"untouched"


def test_a_draft_that_a_killed_saver_left_is_removed_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "guest.json"
    path.write_bytes(b"old")
    killed = (
        "import os, signal, sys\n"
        "from altmap.engine.snapshot.whole_file import replace_file\n"
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "replace_file(sys.argv[1], b'half')\n"
    )
    assert subprocess.run([sys.executable, "-c", killed, path]).returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2
    replace_file(str(path), b"new")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("guest.json", b"new")]


def test_what_is_not_a_draft_of_ours_stays(tmp_path: Path) -> None:
    """A draft that its saver still holds, a folder and a link of such a name, and every other name."""
    held, folder, link = (tmp_path / LEFT.replace("0", digit) for digit in "abc")
    held.write_bytes(b"being written")
    folder.mkdir()
    link.symlink_to("guest.json")
    others = [tmp_path / name for name in (".altmap-1.draft", f"{LEFT}.json", "guest.json.17.new")]
    for other in others:
        other.write_bytes(b"mine")
    with open(held, "rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        replace_file(str(tmp_path / "guest.json"), b"new")
        assert all(os.path.lexists(path) for path in (held, folder, link, *others))


def test_two_savers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "guest.json"
    saver = (
        "import sys\n"
        "from altmap.engine.snapshot.whole_file import replace_file\n"
        "for _ in range(40): replace_file(sys.argv[1], sys.argv[2].encode() * 200_000)\n"
    )
    savers = [subprocess.Popen([sys.executable, "-c", saver, path, letter]) for letter in "ab"]
    seen: Counter[bytes] = Counter()
    while any(one.poll() is None for one in savers):
        if path.exists():
            seen[path.read_bytes()] += 1
    assert [one.returncode for one in savers] == [0, 0]
    assert set(seen) <= {letter * 200_000 for letter in (b"a", b"b")}
    assert path.read_bytes() in (b"a" * 200_000, b"b" * 200_000)
    assert os.listdir(tmp_path) == ["guest.json"]
