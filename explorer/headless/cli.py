"""The command line: what may be asked, and the exit code of every answer.

Textual is imported only to open the explorer, rich only to print for people, and the engine not even for ``--help``.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from .. import __version__
from .output import drop_output, fill_closed_streams, note, say, watches, write_json

if TYPE_CHECKING:
    from altmap.engine import Machine

    from .script_runs import Teller

FINE: Final = 0
REFUSED: Final = 1
"""The kernel refused something in a script that did not expect it, or would refuse all that was asked about; or `check`
found something broken."""
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
"""Nobody reads the output any more: what a shell says of a program that SIGPIPE ended."""

DEFAULT_MACHINE: Final = "firecracker-24g"
_MAX_SCRIPT: Final = 64 << 20
_MACHINE_HELP: Final = "a bundled machine's name, a snapshot file, or a capture as a folder or tar"


def main(argv: Sequence[str] | None = None) -> int:
    """Run altmap; returns the exit code. What is wrong with the input is said in one sentence on standard error."""
    fill_closed_streams()
    try:
        if sys.stdout is None:
            raise _Misused("standard output is closed")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = _answer(sys.argv[1:] if argv is None else list(argv))
        except SystemExit as end:  # of argparse, when it has shown a help
            code = end.code if isinstance(end.code, int) else FINE
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except _Misused as error:
        return _sorry(str(error))
    except OSError as error:
        if error.filename is not None:
            return _sorry(f"{os.fsdecode(error.filename)}: {error.strerror}")
        drop_output()
        return _sorry(f"input or output failed: {error.strerror or error}")
    return code


def _answer(argv: list[str]) -> int:
    for word in argv:
        try:
            told = b"\0" not in os.fsencode(word)
        except UnicodeEncodeError:
            told = False
        if not told:
            raise _Misused(f"{word!r} holds what no argument of a program can")
    parser, verbs = _parser()
    if argv and argv[0] not in verbs and not argv[0].startswith("-"):
        if any(not word.startswith("-") for word in argv[1:]):
            raise _Misused(f"{argv[0]!r} is not a command; altmap --help tells what may be asked")
        argv = ["open", *argv]
    own_options = argv[:1] == ["lsmem"]
    arguments = argparse.Namespace(verb=_lsmem, words=argv[1:]) if own_options else parser.parse_args(argv)
    from altmap.engine import BadInput

    try:
        code: int = arguments.verb(arguments)
    except BadInput as error:
        raise _Misused(str(error)) from error
    return code


def _sorry(sentence: str) -> int:
    note(f"altmap: {' '.join(sentence.split())}")
    return BAD_INPUT


# -- what may be asked -------------------------------------------------------------------------------------------------


class _Misused(Exception):
    """The sentence that ends it with `BAD_INPUT`."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Misused(f"{message}; {self.prog} --help tells what may be asked")

    def print_help(self, file: object = None) -> None:
        say(self.format_help())  # argparse says nothing of output that fails


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *given: object) -> NoReturn:
        say(f"altmap {__version__}\n")
        parser.exit()


def _parser() -> tuple[_Parser, frozenset[str]]:
    """The parser, and the verbs that it knows."""
    parser = _Parser(
        prog="altmap",
        usage="altmap [-h] [--version] [MACHINE | COMMAND ...]",
        description="Linux memory hotplug, rehearsed: add, online, offline and remove memory of a saved machine.",
        epilog=f"altmap MACHINE opens MACHINE: {_MACHINE_HELP}; without one, {DEFAULT_MACHINE}. "
        "Exit code: 0 fine, 1 the kernel refuses it, or something is broken, 2 bad input.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.set_defaults(verb=_open, machine=DEFAULT_MACHINE)
    commands = parser.add_subparsers(metavar="COMMAND", prog="altmap", parser_class=_Parser)

    def verb(name: str, run: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        command.set_defaults(verb=run)
        return command

    def machine(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "machine",
            metavar="MACHINE",
            nargs="?",
            default=DEFAULT_MACHINE,
            help=f"{_MACHINE_HELP} ({DEFAULT_MACHINE})",
        )

    machine(verb("open", _open, "open a machine in the explorer; without a terminal, show it"))

    show = verb("show", _show, "print a machine: its zones, memory blocks and where their memmap lies")
    machine(show)
    show.add_argument("--json", action="store_true", help="print one JSON object")

    capture = verb("capture", _capture, "save a running machine, or a saved /proc and /sys; it only reads")
    capture.add_argument("--root", metavar="DIR|TAR", default="/", help="the tree to read (/)")
    capture.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the snapshot to write (.json, .msgpack, each also .gz); else JSON on stdout",
    )
    capture.add_argument("--model", metavar="NAME", help="the kernel model, instead of what proc/version says")
    capture.add_argument("--arch", metavar="NAME", help="the architecture, instead of what proc/version says")

    run = verb("run", _run, "run a script on a machine")
    run.add_argument("machine", metavar="MACHINE", help=_MACHINE_HELP)
    run.add_argument("script", metavar="SCRIPT", help="a JSON array of commands, or lines as in a shell; - for stdin")
    run.add_argument("--model", metavar="NAME", help="the kernel model, instead of the machine's own")
    run.add_argument("--json", action="store_true", help="print one JSON object for each command, one a line")
    run.add_argument("--save", metavar="FILE", help="save the machine when the script has ended")
    run.add_argument("--events", action="store_true", help="print all that the kernel does on the way, as JSON Lines")

    machine(verb("check", _check, "check that a machine's numbers and pages agree"))

    why = verb("why", _asked("why"), "say whether a command would succeed, and if not, why and what would clear it")
    why.add_argument("machine", metavar="MACHINE", help=_MACHINE_HELP)
    why.add_argument("words", metavar="WORD", nargs="+", help="a line as in a script: offline 40, add 4G at 8G node 1")
    why.add_argument("--model", metavar="NAME", help="the kernel model, instead of the machine's own")
    why.add_argument("--json", action="store_true", help="print one JSON object")

    read = verb("read", _asked("read"), "print a file of the machine as its kernel would: /proc/buddyinfo, sysfs ...")
    read.add_argument("machine", metavar="MACHINE", help=_MACHINE_HELP)
    read.add_argument(
        "paths", metavar="PATH", nargs="+", help="/proc/buddyinfo, /proc/pagetypeinfo, or a file below /sys"
    )

    compare = verb("compare", _asked("alternatives"), "put the placements of one add side by side")
    machine(compare)
    compare.add_argument("--add", metavar="SIZE", required=True, help="how much to add")
    compare.add_argument(
        "--at", metavar="ADDRESS", help="where (on a whole GiB or block behind all System RAM, at 4G or above)"
    )
    compare.add_argument("--node", metavar="N", type=int, default=0, help="to which node (0)")
    compare.add_argument("--placement", metavar="P,..", help="only these of boot, range, block, sections")
    compare.add_argument("--block-size", metavar="SIZE,..", help="memory blocks of these sizes for the added range")
    compare.add_argument("--model", metavar="NAME,..", help="kernel models, instead of the machine's own")
    compare.add_argument(
        "--online",
        choices=("online", "online_kernel", "online_movable"),
        default="online_movable",
        help="how the blocks go online (online_movable)",
    )
    compare.add_argument("--json", action="store_true", help="print one JSON object")

    diff = verb("diff", _asked("drift"), "say what changed between two machines")
    diff.add_argument("before", metavar="A", help=_MACHINE_HELP)
    diff.add_argument("after", metavar="B", help=_MACHINE_HELP)
    diff.add_argument("--json", action="store_true", help="print one JSON object")

    export = verb("export", _asked("export"), "print the commands of a machine's history as lines for the real one")
    machine(export)

    verb("lsmem", _lsmem, "list memory as lsmem does, with lsmem's own options").add_argument(
        "words", metavar="[MACHINE] OPTION", nargs="*", help="see altmap lsmem --help"
    )

    machines = verb("machines", _machines, "list the bundled machines")
    machines.add_argument("--json", action="store_true", help="print one JSON array")
    return parser, frozenset(commands.choices)


# -- the answers -------------------------------------------------------------------------------------------------------


def _open(arguments: argparse.Namespace) -> int:
    if not (watches("stdin") and watches("stdout")):
        return _show(argparse.Namespace(machine=arguments.machine, json=False))
    if not watches("stderr"):
        code = _show(argparse.Namespace(machine=arguments.machine, json=False))
        say("\nThe explorer did not open: it draws on standard error, which is no terminal here.\n")
        return code
    from altmap.engine import open_machine

    machine = open_machine(arguments.machine)
    from ..tui.app import run_app

    return run_app(machine)


def _show(arguments: argparse.Namespace) -> int:
    from altmap.engine import open_machine

    machine = open_machine(arguments.machine)
    if arguments.json:
        from .json_output import machine_line

        write_json(machine_line(machine))
    else:
        from .console import Printer
        from .show import machine_parts

        Printer()(*machine_parts(machine))
    return FINE


def _capture(arguments: argparse.Namespace) -> int:
    from altmap.engine import capture, rename, save_machine
    from altmap.engine.snapshot import store

    if arguments.output is not None:
        _writable(arguments.output)
    machine = capture(arguments.root, model=arguments.model, arch=arguments.arch)
    if arguments.output is None:
        write_json(store.encode(machine.state, machine.origin, "standard output.json"))
    else:
        rename(machine, os.path.basename(arguments.output).partition(".")[0], machine.origin.description)
        save_machine(machine, arguments.output)
    for doubt in machine.origin.notes:
        note(f"note: {doubt}")
    if arguments.output is not None:
        from .captured import captured

        note(captured(machine, arguments.output))
    return FINE


def _run(arguments: argparse.Namespace) -> int:
    from altmap.engine import open_machine, save_machine
    from altmap.engine.protocol.scripts import parse_places

    from .script_runs import run_script

    if arguments.save is not None:
        _writable(arguments.save)
    machine = open_machine(arguments.machine, model=arguments.model)
    text, name = _script(arguments.script)
    commands = parse_places(text, name)
    unexpected = run_script(machine, commands, name, _teller(machine, arguments))
    if arguments.save is not None:
        save_machine(machine, arguments.save)
    return REFUSED if unexpected else FINE


def _teller(machine: Machine, arguments: argparse.Namespace) -> Teller:
    if arguments.json or arguments.events:
        from .json_output import JsonLines

        return JsonLines(machine, write_json, arguments.json, arguments.events)
    from .account import Account

    return Account(machine)


def _writable(path: str) -> None:
    """Say before a long script or capture, not after it, that its end could not be saved."""
    from altmap.engine.snapshot.store import SUFFIXES

    if not path.endswith(SUFFIXES):
        raise _Misused(f"{path}: the name of a snapshot must end in {', '.join(SUFFIXES)}")
    if not os.path.isdir(os.path.dirname(path) or "."):
        raise _Misused(f"{path}: its folder does not exist")


def _check(arguments: argparse.Namespace) -> int:
    from altmap.engine import open_machine

    machine = open_machine(arguments.machine)
    broken = machine.check()
    for sentence in broken:
        say(f"{sentence}\n")
    if not broken:
        say(f"{arguments.machine}: all is sound, {len(machine.blocks)} blocks, {len(machine.sections)} sections\n")
    return REFUSED if broken else FINE


def _asked(name: str) -> Callable[[argparse.Namespace], int]:
    def answer(arguments: argparse.Namespace) -> int:
        from . import questions

        code: int = getattr(questions, name)(arguments)
        return code

    return answer


def _lsmem(arguments: argparse.Namespace) -> int:
    from .questions import list_memory

    return list_memory(arguments.words, DEFAULT_MACHINE)


def _machines(arguments: argparse.Namespace) -> int:
    from altmap.engine import bundled_machines

    found = bundled_machines()
    if arguments.json:
        from .json_output import list_line

        write_json(list_line(found))
    else:
        width = max((len(machine.name) for machine in found), default=0)
        for machine in found:
            say(f"{machine.name:{width}}  {machine.description}\n")
    return FINE


def _script(source: str) -> tuple[str, str]:
    """The text of a script, and how messages call it."""
    if source != "-":
        name = source
        with open(source, "rb") as file:
            data = file.read(_MAX_SCRIPT + 1)
    elif sys.stdin is None:
        raise _Misused("the script is to come from standard input, which is closed")
    else:
        name = "standard input"
        data = sys.stdin.buffer.read(_MAX_SCRIPT + 1)
    if len(data) > _MAX_SCRIPT:
        raise _Misused(f"{name} is larger than {_MAX_SCRIPT >> 20} MiB; a script is far smaller")
    try:
        return data.decode("utf-8-sig"), name
    except UnicodeDecodeError as error:
        raise _Misused(f"{name} is not text in UTF-8: there is a wrong byte at {error.start}") from None
