"""The documents around texts for other programs: `files` that a kernel would show, and the `export` of a history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from altmap.engine import HotplugError, Machine
from altmap.engine.faces.shell_export import exported, shell_script

from .command import CommandRow, line_row
from .document import Document, Refusal, refusal


class FileRow(msgspec.Struct, frozen=True):
    """A file: its text, or why the kernel does not let it be read."""

    path: str
    text: str | None
    refusal: Refusal | None


class FilesDocument(Document, tag="files", frozen=True, kw_only=True):
    """Files as the kernel of the machine `name` would print them."""

    version: Literal[1] = 1
    name: str
    files: tuple[FileRow, ...]


class ExportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a history: the command, what came of it, and the lines that do the same on the real machine (comments where
    no line does, or where it was refused)."""

    step: int
    line: str
    command: CommandRow
    result: str
    refusal: Refusal | None
    lines: tuple[str, ...]


class ExportDocument(Document, tag="export", frozen=True, kw_only=True):
    """The history of the machine `name` as a shell script, whole and step by step; `target`: by what means, as `--for` has it."""

    version: Literal[1] = 1
    name: str
    target: str
    script: str
    steps: tuple[ExportRow, ...]


def files_document(machine: Machine, paths: Iterable[str]) -> FilesDocument:
    """`altmap read --json`."""
    return FilesDocument(name=machine.origin.name, files=tuple(_file(machine, path) for path in paths))


def _file(machine: Machine, path: str) -> FileRow:
    try:
        return FileRow(path, machine.read(path), None)
    except HotplugError as error:
        return FileRow(path, None, refusal(error.errno, error.reason, error.pfn))


def export_document(machine: Machine, target: str, faults: bool) -> ExportDocument:
    """`altmap export --json`."""
    history, block_size = machine.history, machine.geometry.block_size
    script = shell_script(machine, target, faults)
    rows = []
    for number, (outcome, lines) in enumerate(exported(history, block_size), 1):
        said = line_row(outcome.command)
        rows.append(
            ExportRow(
                step=number,
                line=said.line,
                command=said.command,
                result=outcome.result,
                refusal=None if outcome.ok else refusal(outcome.result, outcome.reason, outcome.pfn),
                lines=tuple(map(str, lines)),
            )
        )
    return ExportDocument(name=machine.origin.name, target=target, script=script, steps=tuple(rows))
