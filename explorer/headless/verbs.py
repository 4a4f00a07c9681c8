"""What may be asked on the command line: one row a verb, in groups by what people come for.

To add a verb, write its row here and the function that answers it, which takes the parsed arguments and returns an exit
code. The function is imported when it is asked for, and `declare` runs when the verb's parser is needed: only then may it
look into the engine for what it lists. Help, manual page and completion follow from the rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from .parser import Parser

DEFAULT_MACHINE: Final = "firecracker-24g"
MACHINE_WORDS: Final = (
    "a bundled machine's name, a snapshot, a captured folder or tar, or - for a snapshot on standard input"
)
COLORS: Final = ("auto", "always", "never")
_LEAST_WIDTH: Final = 20


class Verb(NamedTuple):
    """A verb: one line on what it does, lines that show it in use, the function that answers ("module.function" beside this
    file), and what declares its arguments. One with `own_options` gets its words as they are."""

    name: str
    about: str
    examples: tuple[str, ...]
    answer: str
    declare: Callable[[Parser], None]
    own_options: bool = False


# -- arguments that several take ----------------------------------------------------------------------------------------


def _machine(parser: Parser, name: str = "machine", metavar: str = "MACHINE", optional: bool = True) -> None:
    from altmap.engine.faces.library import machine_names

    words = f"a bundled machine ({', '.join(machine_names())}), a snapshot file, a captured folder or tar, or -"
    given = {"nargs": "?", "default": DEFAULT_MACHINE} if optional else {}
    usual = f" ({DEFAULT_MACHINE})" if optional else ""
    parser.add_argument(name, metavar=metavar, help=f"{words}{usual}", **given)  # type: ignore[arg-type]


def _model(parser: Parser, instead: str, metavar: str = "MODEL") -> None:
    from altmap.engine import MODELS

    parser.add_argument("--model", metavar=metavar, help=f"{', '.join(MODELS)}: the kernel model, instead of {instead}")


def _replay(parser: Parser) -> None:
    words = "take what the commands of a snapshot lead to now, where that is not what it was when it was saved"
    parser.add_argument("--replay", action="store_true", help=words)


def _json(parser: Parser, words: str = "print one JSON object") -> None:
    parser.add_argument("--json", action="store_true", help=words)


def _look(parser: Parser) -> None:
    """How text for people looks."""
    parser.add_argument(
        "--color", choices=COLORS, default="auto", help="auto (on a terminal without NO_COLOR), always, never"
    )
    parser.add_argument("--width", metavar="N", type=_columns, help="columns (those of the terminal)")


def _columns(word: str) -> int:
    if not word.isdecimal() or not _LEAST_WIDTH <= int(word[:6]) < 10_000:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of columns; give {_LEAST_WIDTH} to 9999")
    return int(word)


# -- see a machine ------------------------------------------------------------------------------------------------------


def _open(parser: Parser) -> None:
    _machine(parser)
    _replay(parser)
    _look(parser)


def _show(parser: Parser) -> None:
    _machine(parser)
    _replay(parser)
    _json(parser)
    _look(parser)


def _lsmem(parser: Parser) -> None:
    parser.add_argument("words", metavar="[MACHINE] OPTION", nargs="*", help="see altmap lsmem --help")


def _read(parser: Parser) -> None:
    _machine(parser, optional=False)
    _replay(parser)
    paths = "/proc/buddyinfo, /proc/pagetypeinfo, or a file below /sys"
    parser.add_argument("paths", metavar="PATH", nargs="+", help=paths)
    _json(parser)


def _check(parser: Parser) -> None:
    _machine(parser)
    _replay(parser)
    _json(parser)


def _machines(parser: Parser) -> None:
    _json(parser)


# -- change it ----------------------------------------------------------------------------------------------------------


def _run(parser: Parser) -> None:
    _machine(parser, optional=False)
    _replay(parser)
    parser.add_argument(
        "script", metavar="SCRIPT", help="a JSON array of commands, or lines as in a shell; - for standard input"
    )
    _model(parser, "the machine's own")
    _json(parser, "print what came of each command and what it changed, a JSON object a line")
    parser.add_argument("--full", action="store_true", help="with --json: print the whole machine after each command")
    parser.add_argument(
        "--events", action="store_true", help="print all that the kernel does on the way, as JSON Lines"
    )
    parser.add_argument("--save", metavar="FILE", help="save the machine when the script has ended")
    _look(parser)
    from altmap.engine.commands import ROWS

    parser.explain("Lines of a script (altmap help script tells more)", ((r.example, r.about) for r in ROWS.values()))


# -- ask ----------------------------------------------------------------------------------------------------------------


def _why(parser: Parser) -> None:
    _machine(parser, optional=False)
    _replay(parser)
    parser.add_argument(
        "words", metavar="WORD", nargs="+", help="a line as in a script: offline 40, add 4G at 8G node 1"
    )
    _model(parser, "the machine's own")
    _json(parser)
    _look(parser)


def _compare(parser: Parser) -> None:
    from altmap.engine import PLACEMENTS
    from altmap.engine.protocol.vocabulary import ONLINE_TYPES

    _machine(parser)
    _replay(parser)
    parser.add_argument("--add", metavar="SIZE", required=True, help="how much to add")
    where = "where (on a whole GiB or block behind all System RAM, at 4G or above)"
    parser.add_argument("--at", metavar="ADDRESS", help=where)
    parser.add_argument("--node", metavar="N", type=int, default=0, help="to which node (0)")
    parser.add_argument("--placement", metavar="PLACEMENT,..", help=f"only these of {', '.join(PLACEMENTS)}")
    parser.add_argument("--block-size", metavar="SIZE,..", help="memory blocks of these sizes for the added range")
    _model(parser, "the machine's own, or several", "MODEL,..")
    parser.add_argument(
        "--online",
        choices=ONLINE_TYPES,
        default="online_movable",
        help="how the blocks go online (online_movable)",
    )
    _json(parser)
    _look(parser)


def _diff(parser: Parser) -> None:
    _machine(parser, "before", "A", optional=False)
    parser.add_argument("after", metavar="B", help="another, in the same ways")
    _replay(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 if anything differs")
    _json(parser)
    _look(parser)


# -- take home ----------------------------------------------------------------------------------------------------------


def _capture(parser: Parser) -> None:
    from altmap.engine.kernels.architectures import ARCHITECTURES

    parser.add_argument("--root", metavar="DIR|TAR", default="/", help="the tree to read (/)")
    written = "the snapshot to write (.json, .msgpack, each also .gz); else JSON on standard output"
    parser.add_argument("-o", "--output", metavar="FILE", help=written)
    _model(parser, "what proc/version says")
    arch = f"{', '.join(ARCHITECTURES)}: the architecture, instead of what proc/version says"
    parser.add_argument("--arch", metavar="ARCH", help=arch)
    _json(parser, "with -o: print what was captured as one JSON object")


def _export(parser: Parser) -> None:
    _machine(parser)
    _replay(parser)
    _json(parser)


def _schema(parser: Parser) -> None:
    from .forms.kinds import KINDS

    kinds = f"{', '.join(KINDS)}; without one, they are told one a line"
    parser.add_argument("document", metavar="KIND", nargs="?", help=kinds)


# -- about altmap --------------------------------------------------------------------------------------------------------


def _help(parser: Parser) -> None:
    parser.add_argument("topic", metavar="COMMAND", nargs="?", help="one of altmap's commands, or script")


# -- the rows -----------------------------------------------------------------------------------------------------------

GROUPS: Final[tuple[tuple[str, tuple[Verb, ...]], ...]] = (
    (
        "See a machine",
        (
            Verb(
                "open",
                "open a machine in the explorer; without a terminal, show it",
                ("altmap open small-guest", "altmap small-guest"),
                "machines.enter",
                _open,
            ),
            Verb(
                "show",
                "print a machine: its zones, memory blocks and where their memmap lies",
                ("altmap show small-guest", "altmap capture | altmap show -"),
                "machines.show",
                _show,
            ),
            Verb(
                "lsmem",
                "list memory as lsmem does, with lsmem's own options",
                ("altmap lsmem mixed-guest --output-all",),
                "machines.list_memory",
                _lsmem,
                own_options=True,
            ),
            Verb(
                "read",
                "print a file of the machine as its kernel would",
                (
                    "altmap read mixed-guest /proc/buddyinfo",
                    "altmap read mixed-guest /sys/devices/system/memory/memory32/valid_zones",
                ),
                "machines.read",
                _read,
            ),
            Verb(
                "check",
                "check that a machine's numbers and pages agree",
                ("altmap check mine.json",),
                "machines.check",
                _check,
            ),
            Verb(
                "machines",
                "list the bundled machines",
                ("altmap machines",),
                "machines.list_bundled",
                _machines,
            ),
        ),
    ),
    (
        "Change it",
        (
            Verb(
                "run",
                "run a script on a machine and tell what comes of each line",
                ("altmap run small-guest steps.txt --save after.json", "echo 'offline 1' | altmap run small-guest -"),
                "script_runs.run",
                _run,
            ),
        ),
    ),
    (
        "Ask",
        (
            Verb(
                "why",
                "say whether a command would succeed, and if not, why and what would clear it",
                ("altmap why small-guest offline 1", "altmap why small-guest add 4G at 8G node 0"),
                "questions.why",
                _why,
            ),
            Verb(
                "compare",
                "put the placements of one add side by side",
                ("altmap compare numa-guest --add 1G --node 2", "altmap compare --add 64G --model rfc-v2,6.12"),
                "questions.alternatives",
                _compare,
            ),
            Verb(
                "diff",
                "say what changed between two machines",
                ("altmap diff before.json after.json",),
                "questions.drift",
                _diff,
            ),
        ),
    ),
    (
        "Take home",
        (
            Verb(
                "capture",
                "save a running machine, or a saved /proc and /sys; it only reads",
                ("altmap capture -o mine.json", "altmap capture --root saved.tar.xz -o it.msgpack.gz"),
                "take_home.save_running",
                _capture,
            ),
            Verb(
                "export",
                "print the commands of a machine's history as lines for the real one",
                ("altmap export changed.json > steps.sh",),
                "take_home.export",
                _export,
            ),
        ),
    ),
    (
        "About altmap",
        (
            Verb(
                "help",
                "explain a command, or all that a line of a script may say",
                ("altmap help run", "altmap help script"),
                "help.explain",
                _help,
            ),
            Verb(
                "schema",
                "print the JSON Schema of what --json prints, or list the kinds of documents",
                ("altmap schema", "altmap schema step"),
                "schemas.print_schema",
                _schema,
            ),
        ),
    ),
)

VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for _, verbs in GROUPS for verb in verbs}
