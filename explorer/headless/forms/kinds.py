"""All kinds of documents, one row each, and their JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, UnionType
from typing import Any, Final, NamedTuple, get_args

import msgspec
from altmap.engine import Reason
from altmap.engine.commands import COMMANDS
from altmap.engine.protocol.events import Event
from altmap.engine.protocol.json_text import schema_text
from altmap.engine.snapshot import schema as snapshot

from .changes import DiffDocument
from .comparison import ComparisonDocument
from .document import Document
from .explanation import ExplanationDocument
from .give_back import GiveBackDocument
from .growth import GrowthDocument
from .machine import CaptureDocument, CheckDocument, MachineDocument, MachinesDocument
from .steps import EventDocument, FullStepDocument, StepDocument
from .texts import ExportDocument, FilesDocument
from .why import WhyDocument


class Kind(NamedTuple):
    """A kind of document: its name, the newest version of its form, what of the command line prints it, what it holds, and
    its form (None: a saved machine, whose form is the engine's)."""

    name: str
    version: int
    printed_by: str
    about: str
    form: type[Document] | UnionType | None


def _kind(form: type[Document], printed_by: str, about: str) -> Kind:
    version = next(field.default for field in msgspec.structs.fields(form) if field.name == "version")
    return Kind(str(form.__struct_config__.tag), version, printed_by, about, form)


_ALL: Final = (
    _kind(MachineDocument, "show, new, boot --json", "a machine: zones, memory blocks, and where their memmap lies"),
    _kind(CheckDocument, "check --json", "whether a machine's numbers and pages agree"),
    _kind(FilesDocument, "read --json", "files as the machine's kernel would print them"),
    _kind(MachinesDocument, "machines --json", "the machines that come along"),
    _kind(StepDocument, "run --json", "what came of a command and what it changed; a line each"),
    _kind(FullStepDocument, "run --json --full", "what came of a command and all of the machine; a line each"),
    _kind(EventDocument, "run --events", "what the kernel does on the way; a line each"),
    _kind(WhyDocument, "why --json", "would commands succeed; if not, why, and what would clear it"),
    _kind(GiveBackDocument, "why SIZE --json", "the blocks that give back so much, and what holds the rest"),
    _kind(GrowthDocument, "grow --json", "how far a machine can grow, and where that gets dangerous"),
    _kind(ExplanationDocument, "explain --json", "what lines of a kernel log mean"),
    _kind(ComparisonDocument, "compare --json", "the placements of one add side by side"),
    _kind(DiffDocument, "diff --json", "what changed between two machines"),
    _kind(CaptureDocument, "capture -o --json", "what was captured to a file"),
    _kind(ExportDocument, "export --json", "the commands of a history as lines for the real machine"),
    Kind("reason", 1, "in any --json", "what stands under `reason`: each code with its fields", Reason),
    Kind("snapshot", snapshot.VERSION, "capture, run --save", "a saved machine with its history", None),
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in _ALL})


def schema_of(kind: Kind) -> bytes:
    """The JSON Schema of a kind as a file holds it. More keys than it names may come with later releases."""
    if kind.form is None:
        return snapshot.json_schema()
    types = [kind.form, Event] if kind.form is EventDocument else [kind.form]
    (whole, *_), parts = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    scripted = {command.__name__ for command in COMMANDS} if kind.form is FullStepDocument else set()
    for name, part in parts.items():
        if name not in scripted:
            part["required"] = list(part["properties"])
    if kind.form is EventDocument:
        whole = _with_envelope(parts)
    return schema_text({"title": kind.name, **whole, "$defs": parts})


def _with_envelope(parts: dict[str, Any]) -> dict[str, Any]:
    """The keys of an event stand beside those of its envelope. Changes the parts; returns what a line is."""
    head = parts.pop(EventDocument.__name__)
    for event in get_args(Event):
        part = parts[event.__name__]
        part["properties"] = {**head["properties"], **part["properties"]}
        part["required"] = list(part["properties"])
    return {
        "description": head["description"],
        "anyOf": [{"$ref": f"#/$defs/{event.__name__}"} for event in get_args(Event)],
    }
