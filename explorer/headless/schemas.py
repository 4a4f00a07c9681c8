"""The JSON Schemas of all that altmap prints as JSON."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator

from altmap.engine import BadInput
from altmap.engine.numbers.errors import did_you_mean

from .exits import FINE
from .forms.kinds import KINDS, schema_of
from .output import columns, say, write


def print_schema(arguments: argparse.Namespace) -> int:
    """The schema of a kind of document; without one, the kinds, each with its version, what prints it and what it holds."""
    name = arguments.document
    if name is None:
        for line in _listed(columns()):
            say(line)
    elif name in KINDS:
        write(schema_of(KINDS[name]))
    else:
        meant = did_you_mean(name, KINDS) or f"; it is one of {', '.join(KINDS)}"
        raise BadInput(f"{name!r} is not a kind of document{meant}")
    return FINE


def _listed(wide: int | None) -> Iterator[str]:
    """A line for each kind; on a terminal of so many columns, what does not fit goes below."""
    name, asked = (max(map(len, column)) for column in (KINDS, [kind.printed_by for kind in KINDS.values()]))
    for kind in KINDS.values():
        head = f"{kind.name:{name}}  {kind.version}  {kind.printed_by:{asked}}  "
        if wide is None:
            yield head + kind.about
        else:
            yield from textwrap.wrap(kind.about, wide, initial_indent=head, subsequent_indent=" " * len(head))
