"""Questions that change nothing: why, explain, diff; as text, or as one JSON object."""

from __future__ import annotations

import argparse

from altmap import engine

from .absent import refuse_absent
from .exits import DIFFERENT, FINE, OF_ANSWERS, UNKNOWN
from .output import say, say_lines, write_document
from .progress import awaited
from .streams import log_text, machine_named, once_standard_input


def why(arguments: argparse.Namespace) -> int:
    """Would a command, or each of those on a range of blocks, succeed? 0 if all do, 1 if one does not, else 3: for some that
    is not known."""
    machine = machine_named(arguments.machine, arguments.model, replay=arguments.replay, devices=arguments.devices)
    line = " ".join(arguments.words)
    if (size := engine.asked_by_size(line)) is not None:
        return _give_back(machine, *size, arguments)
    commands = engine.parse_line(engine.by_blocks(machine, line))
    if not commands:
        raise engine.BadInput("the question is empty; ask about a line of a script, such as offline 32")
    refuse_absent(machine, commands)
    verdicts = [machine.why_not(command) for command in awaited(commands, "question")]
    if arguments.json:
        from .forms.why import why_document

        write_document(why_document(machine, verdicts))
    else:
        say_lines(engine.describe_verdicts(verdicts), arguments.width)
    return OF_ANSWERS[engine.worst(verdict.answer for verdict in verdicts)]


def _give_back(machine: engine.Machine, size: int | None, node: int | None, arguments: argparse.Namespace) -> int:
    """Which blocks together would give back so many bytes, or (None) all that can?"""
    plan = engine.give_back(machine, size, node)
    if arguments.json:
        from .forms.give_back import give_back_document

        write_document(give_back_document(machine, plan))
    else:
        say_lines(engine.describe_give_back(plan), arguments.width)
    return OF_ANSWERS[plan.answer]


def explained(arguments: argparse.Namespace) -> int:
    """What lines of a kernel log mean; 3 where none of them is about memory hotplug, as far as is known."""
    once_standard_input(arguments.text, arguments.machine or "")
    machine = machine_named(arguments.machine, replay=arguments.replay) if arguments.machine else None
    found = engine.explain(log_text(arguments.text), machine)
    if arguments.json:
        from .forms.explanation import explanation_document

        write_document(explanation_document(machine, found))
    else:
        for one in found:
            say("\n    ".join((one.line, one.means, f"rule: {one.rule}", *one.here)), arguments.width)
        if not found:
            say("no line of it is one about memory hotplug that altmap knows")
    return FINE if found else UNKNOWN


def drift(arguments: argparse.Namespace) -> int:
    """What changed from one machine to another; 0 whether or not anything did, unless the exit code is to tell."""
    sources = (arguments.before, arguments.after)
    once_standard_input(*sources)
    before, after = (machine_named(source, replay=arguments.replay) for source in sources)
    found = engine.diff(before, after)
    if arguments.json:
        from .forms.changes import diff_document

        write_document(diff_document(sources, before, after, found))
    else:
        say(engine.describe_drift(found), arguments.width)
    return DIFFERENT if found and arguments.exit_code else FINE
