"""The JSON Schemas of all that altmap prints as JSON."""

from __future__ import annotations

import argparse
import shutil

from altmap.engine import BadInput
from altmap.engine.numbers.errors import did_you_mean

from .exits import FINE
from .forms.kinds import KINDS, schema_of
from .output import on_terminal, say, write


def print_schema(arguments: argparse.Namespace) -> int:
    """The schema of a kind of document; without one, the kinds, one a line, each with its version and what prints it."""
    name = arguments.document
    if name is None:
        wide = max(map(len, KINDS))
        columns = shutil.get_terminal_size().columns if on_terminal("stdout") else None
        for kind in KINDS.values():
            say(f"{kind.name:{wide}}  {kind.version}  {kind.about}", columns)
        return FINE
    if name not in KINDS:
        raise BadInput(
            f"{name!r} is not a kind of document; it is one of {', '.join(KINDS)}{did_you_mean(name, KINDS)}"
        )
    write(schema_of(KINDS[name]))
    return FINE
