"""Saved machines as bytes and as files: JSON for people and diffs, MessagePack for size, either of them with gzip.

The name of a file says how it is written; reading goes by its content. A file is replaced as a whole or not at all.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from types import ModuleType
from typing import Final, NamedTuple

import msgspec

from ..commands import Sync
from ..memory.origin import Origin
from ..memory.state import State
from ..numbers.collector import without_collection
from ..numbers.errors import BadInput, located
from ..numbers.units import format_bytes
from ..protocol.json_text import harmless
from .fold import snapshot_of
from .schema import VERSION, OriginV1, SnapshotV1, json_schema
from .unfold import unfold, unfold_later
from .whole_file import open_to_read, replace_file

SUFFIXES: Final = (".json", ".msgpack", ".json.gz", ".msgpack.gz")
"""How the name of a snapshot may end."""

MAX_BYTES: Final = 1 << 30
"""Bytes that a snapshot may have once it is uncompressed; reading stops there."""

_PACKED: Final = (1 << 24, 12)
"""Bytes that gzip may hold in any case, and bytes for each one of its own: few hold more, and those would fill the memory."""
_MAX_VALUES: Final = (1 << 22, 4)
"""Values in any case, and bytes of the file for each one more. They are counted by what stands between or before them."""
_MARKS: Final = {True: (b",",), False: (b"\x92", b"\xa0", b"\x90", b"\x80", b"\xc0")}
"""In JSON a comma; in MessagePack a pair, as runs are, and what is empty."""

_GZIP: Final = b"\x1f\x8b"
_ENCODING_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_HEAD: Final = 256
"""Bytes that tell whether a file can be a snapshot."""
_ROW: Final = rb'\[\n +(\d+(?:,\n +(?:\d+|"\w+"))*)\n +\]'
_COMPLAINT: Final = r"(?s)(?P<what>.*?)(?: - at `(?:key` in `)?(?P<path>\$.*)`)?"
_FIELD: Final = r"\.(\w+)"


class _Head(msgspec.Struct, frozen=True):
    version: int | msgspec.UnsetType = msgspec.UNSET


class _About(msgspec.Struct, frozen=True):
    origin: OriginV1


class Saved(NamedTuple):
    """What a snapshot holds: the first state of a timeline, whose machine it is, and the steps from there on."""

    state: State
    origin: Origin
    snapshot: SnapshotV1


def save(state: State, origin: Origin, path: str | os.PathLike[str]) -> None:
    """Write a machine without a timeline to a file: see `write`."""
    write(snapshot_of(state, origin), path)


def write(snapshot: SnapshotV1, path: str | os.PathLike[str]) -> None:
    """Write a snapshot to a file; the form follows from the name (`SUFFIXES`).

    Raises `BadInput` for another name, for what `decode` would refuse, or where it cannot be written; the file is then
    what it was before.
    """
    name = os.fspath(path)
    data = pack(snapshot, name)
    try:
        replace_file(name, data)
    except OSError as error:
        raise BadInput(f"{name} could not be saved: {error.strerror or error}") from error


def load(path: str | os.PathLike[str]) -> tuple[State, Origin]:
    """The machine in a file, as it was at the beginning of its timeline. Raises `BadInput`: see `decode`."""
    state, origin, _ = read(path)
    return state, origin


def read(path: str | os.PathLike[str]) -> Saved:
    """All that a file holds. Raises `BadInput` where it cannot be read or holds no machine: see `decode`."""
    name = os.fspath(path)
    try:
        with open_to_read(name) as file:
            data = file.read(_HEAD)
            if _begins(data):
                data += file.read(MAX_BYTES + 1 - len(data))
    except OSError as error:
        raise BadInput(f"{name} could not be read: {error.strerror or error}") from error
    return parse(data, name)


def described(path: str | os.PathLike[str]) -> str:
    """The line on what machine is in a ``.msgpack.gz`` of ours; the machine itself is stepped over, not decoded."""
    with gzip.open(path) as file:
        return msgspec.msgpack.decode(file.read(), type=_About).origin.description


def encode(state: State, origin: Origin, name: str) -> bytes:
    """A machine without a timeline as the content of a file of that name: see `pack`."""
    return pack(snapshot_of(state, origin), name)


def pack(snapshot: SnapshotV1, name: str) -> bytes:
    """A snapshot as the content of a file of that name; equal machines give equal bytes.

    Raises `BadInput` where the name does not end as a snapshot's does, or where the content could not be read again.
    """
    if not name.endswith(SUFFIXES):
        raise BadInput(f"{name}: the name of a snapshot must end in {', '.join(SUFFIXES)}")
    with without_collection():
        try:
            plain = msgspec.msgpack.encode(snapshot)
        except (OverflowError, UnicodeEncodeError) as error:
            raise BadInput(f"{name} could not be saved: {error}") from error
        with located(f"{name} could not be saved"):
            _checked(_parsed(plain))
            for number in range(1, len(snapshot.steps) + 1):
                unfold_later(snapshot, number)
        if name.endswith((".json", ".json.gz")):
            lines = msgspec.json.format(msgspec.json.encode(snapshot), indent=2)
            plain = harmless(re.sub(_ROW, lambda row: b"[" + b" ".join(row[1].split()) + b"]", lines)) + b"\n"
    data = gzip.compress(plain, mtime=0) if name.endswith(".gz") else plain
    with located(f"{name} could not be saved"):
        _unpacked(data)
    return data


def decode(data: bytes, source: str) -> tuple[State, Origin]:
    """The machine in the content of a file, whatever its name, at the beginning of its timeline. Raises `BadInput`, which
    begins with `source` and, where there is one, the JSON path, for what is truncated or huge, was made by a newer version,
    or describes no machine."""
    state, origin, _ = parse(data, source)
    return state, origin


def parse(data: bytes, source: str) -> Saved:
    """All that the content of a file holds. Raises `BadInput`: see `decode`."""
    try:
        with without_collection():
            return _checked(_parsed(_unpacked(data)))
    except BadInput as error:
        raise BadInput(f"{source}: {error}") from error.__cause__


def _checked(snapshot: SnapshotV1) -> Saved:
    """What a snapshot holds. Raises `BadInput` for what no machine can have, be it in a later state."""
    for index, step in enumerate(snapshot.steps):
        if step.parent > index:
            raise BadInput(f"$.steps[{index}].parent: state {step.parent} comes later; it must be 0 to {index}")
        if isinstance(step.command, Sync) and step.state is None:
            raise BadInput(f"$.steps[{index}]: a sync without the state that it led to; there must be one")
    if snapshot.at > len(snapshot.steps):
        raise BadInput(f"$.at: there is no state {snapshot.at}; it must be 0 to {len(snapshot.steps)}")
    return Saved(*unfold(snapshot), snapshot)


def _unpacked(data: bytes) -> bytes:
    most = MAX_BYTES
    values = _MAX_VALUES[0] + len(data) // _MAX_VALUES[1]
    if data.startswith(_GZIP):
        most = min(MAX_BYTES, max(_PACKED[0], _PACKED[1] * len(data)))
        try:
            with gzip.open(io.BytesIO(data)) as file:
                data = file.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadInput(f"it is a gzip file that breaks off or is damaged ({error}); give a whole one") from error
    if len(data) > most:
        raise BadInput(f"it goes on after {format_bytes(most)}, which no snapshot of its size does")
    data = _unmarked(data)
    if sum(map(data.count, _MARKS[_form(data) is msgspec.json])) > values:
        raise BadInput(f"it holds more than {values} values, which no snapshot of its size does")
    return data


def _begins(data: bytes) -> bool:
    """Can this be the first of a snapshot?"""
    return data.startswith(_GZIP) or _form(_unmarked(data)) is not None


def _unmarked(data: bytes) -> bytes:
    """Text that begins with a mark of its encoding, as a shell of Windows writes it, in UTF-8 without one."""
    if not data.startswith(_ENCODING_MARKS):
        return data
    from ..reading.other_pictures import as_text

    return as_text(data).encode()


def _form(data: bytes) -> ModuleType | None:
    """What reads this form; None if it is none of a snapshot."""
    start = data[:_HEAD].lstrip()[:1]
    if start == b"{":
        return msgspec.json
    return msgspec.msgpack if start and (0x80 <= start[0] <= 0x8F or start[0] in (0xDE, 0xDF)) else None  # maps


def _parsed(data: bytes) -> SnapshotV1:
    form = _form(data)
    if form is None:
        raise BadInput("it is not a snapshot, which is a JSON object, or a MessagePack map, perhaps with gzip")
    try:
        version = form.decode(data, type=_Head).version
        if isinstance(version, msgspec.UnsetType):
            raise BadInput("it is no snapshot of altmap, which has a `version`")
        if version != VERSION:
            raise BadInput(f"$.version: {_other_version(version)}; this altmap reads version {VERSION}")
        snapshot: SnapshotV1 = form.decode(data, type=SnapshotV1)
        return snapshot
    except msgspec.ValidationError as error:
        raise BadInput(_complaint(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"it breaks off or is damaged ({error}); give a whole snapshot") from error


def _other_version(version: int) -> str:
    return f"{version}, made by a newer altmap" if version > VERSION else f"{version} was never a version of snapshots"


def _complaint(text: str) -> str:
    """What msgspec finds wrong: the path first, and what would be right where it does not say so."""
    found = re.fullmatch(_COMPLAINT, text)
    assert found is not None
    what, path = found["what"], found["path"] or "$"
    if what.startswith("Invalid enum value"):
        what += f"; it must be one of {_choices(re.findall(_FIELD, path)[-1])}"
    elif "unknown field" in what:
        what += f"; snapshots of version {VERSION} have no such field there"
    return f"{path}: {what}"


def _choices(field: str) -> str:
    """The values that the schema allows for a field, or the keys of it."""
    for part in msgspec.json.decode(json_schema())["$defs"].values():
        found = re.search(rb'"enum":\[(.*?)\]', msgspec.json.encode(part["properties"].get(field)))
        if found is not None:
            return found[1].decode().replace(",", ", ")
    raise AssertionError(f"no field {field} has certain values only")
