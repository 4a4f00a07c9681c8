"""What each verb of the command line takes: one function a verb, called when the verb's parser is needed.

Only then may it look into the engine for what it lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import shared_arguments as shared
from . import word_types
from .shared_arguments import DEFAULT_MACHINE

if TYPE_CHECKING:
    from .verb_parser import Parser

SHELLS: Final = ("bash", "zsh", "fish")


# -- see a machine ------------------------------------------------------------------------------------------------------


def of_open(parser: Parser) -> None:
    """altmap open."""
    usual = f"without one, all that can be opened are shown; where there is no terminal, {DEFAULT_MACHINE}"
    shared.machine(parser, instead=usual, default=None)
    shared.model(parser, "the machine's own")
    shared.devices(parser)
    shared.replay(parser)
    shared.look(parser)


def of_tour(parser: Parser) -> None:
    """altmap tour."""
    from ..tour.lines import TOUR_LINES

    parser.add_argument("file", metavar="FILE", nargs="?", help="a tour of your own (the bundled one)")
    shared.look(parser)
    parser.explain("A tour is a text file", TOUR_LINES)


def of_live(parser: Parser) -> None:
    """altmap live."""
    parser.add_argument(
        "plan", metavar="PLAN", nargs="?", help="what it should become, a MACHINE as for show; what differs is told"
    )
    shared.replay(parser)
    root = "the tree to read (/); a folder that something else renews"
    parser.add_argument("--root", metavar="DIR", default="/", help=root)
    every = "seconds from one reading to the next (3)"
    parser.add_argument("--every", metavar="SECONDS", type=word_types.seconds, default=3.0, help=every)
    shared.look(parser)


def of_serve(parser: Parser) -> None:
    """altmap serve."""
    shared.machine(parser, instead="without one, all that can be opened are shown", default=None)
    shared.model(parser, "the machine's own")
    shared.replay(parser)
    where = "where to listen (127.0.0.1: this machine alone)"
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help=where)
    parser.add_argument("--port", metavar="N", type=word_types.port, default=8000, help="on which port (8000)")


def of_show(parser: Parser) -> None:
    """altmap show."""
    shared.machine(parser)
    shared.model(parser, "the machine's own")
    shared.devices(parser)
    shared.replay(parser)
    shared.json(parser)
    shared.look(parser)


def of_lsmem(parser: Parser) -> None:
    """altmap lsmem."""
    parser.add_argument("words", metavar="[MACHINE] OPTION", nargs="*", help="see altmap lsmem --help")


def of_read(parser: Parser) -> None:
    """altmap read."""
    shared.machine(parser, optional=False)
    shared.replay(parser)
    paths = "/proc/buddyinfo, /proc/pagetypeinfo, or a file below /sys"
    parser.add_argument("paths", metavar="PATH", nargs="+", help=paths)
    shared.json(parser)


def of_check(parser: Parser) -> None:
    """altmap check."""
    shared.machine(parser)
    shared.replay(parser)
    shared.json(parser)


def of_machines(parser: Parser) -> None:
    """altmap machines."""
    parser.add_argument("--pictures", action="store_true", help="each with a picture of its memory, and what it is")
    shared.json(parser)
    shared.look(parser)


def of_svg(parser: Parser) -> None:
    """altmap svg."""
    from ..picture.scope import LEVELS
    from ..picture.views import VIEWS

    shared.machine(parser, optional=False)
    parser.add_argument(
        "script", metavar="SCRIPT", nargs="?", help="a script to run first, as for altmap run; - for standard input"
    )
    shared.replay(parser)
    views = ", ".join(view.name.replace(" ", "-") for view in VIEWS)
    parser.add_argument("--view", metavar="VIEW", help=f"what the map shows: {views}")
    where = (
        "where the cursor is: a block, an address, pfn 0x150c31, node 1, a zone, as in the explorer; or which moment of the "
        "script's last line is shown, as watching shows it: 'event 5', 40%%, last; may be given twice"
    )
    parser.add_argument("--at", metavar="PLACE|EVENT", action="append", default=[], help=where)
    parser.add_argument("--zoom", metavar="LEVEL", help=f"how much is seen there: {', '.join(LEVELS)}")
    shared.size(parser, "columns and lines of the screen")
    themes = "altmap-dark, altmap-light, altmap-contrast, no-colour, or one of Textual's (altmap-dark)"
    parser.add_argument("--theme", metavar="THEME", default="altmap-dark", help=themes)
    words = "the picture to write (.svg); - or none: standard output"
    parser.add_argument("-o", "--output", metavar="FILE", help=words)


# -- change it ----------------------------------------------------------------------------------------------------------


def of_run(parser: Parser) -> None:
    """altmap run."""
    shared.machine(parser, optional=False)
    shared.replay(parser)
    parser.add_argument(
        "script", metavar="SCRIPT", help="a JSON array of commands, or lines as in a shell; - for standard input"
    )
    shared.model(parser, "the machine's own")
    shared.devices(parser)
    shared.json(parser, "print what came of each command and what it changed, a JSON object a line")
    parser.add_argument("--full", action="store_true", help="with --json: print the whole machine after each command")
    parser.add_argument(
        "--events", action="store_true", help="print all that the kernel does on the way, as JSON Lines"
    )
    watch = (
        "show what the last line does moment after moment: one over the other on a terminal, else a few that tell most"
    )
    parser.add_argument("--watch", action="store_true", help=watch)
    parser.add_argument("--save", metavar="FILE", help="save the machine when the script has ended")
    shared.look(parser)
    from altmap.engine.commands import ROWS

    parser.explain("Lines of a script (altmap help script tells more)", ((r.example, r.about) for r in ROWS.values()))


def of_new(parser: Parser) -> None:
    """altmap new."""
    words = "how much memory each NUMA node has; 0: none, firmware only announced it (2G)"
    parser.add_argument("--nodes", metavar="SIZE,..", help=words)
    parser.add_argument(
        "--arch", metavar="ARCH", help="x86_64, arm64, s390x, arm64-64k or others (what --qemu says, or x86_64)"
    )
    parser.add_argument("--kernel", metavar="RELEASE", default="6.12", help="its kernel, such as 6.8 (6.12)")
    parser.add_argument("--block-size", metavar="SIZE", help="of a memory block (what is usual there)")
    parser.add_argument("--append", metavar="WORDS", default="", help="the kernel's command line")
    windows = "addresses that firmware keeps for CXL memory"
    parser.add_argument("--cxl-window", metavar="SIZE@START", action="append", default=[], help=windows)
    words = "instead of --nodes: as QEMU has it, -m 2G,maxmem=64G -numa node,mem=1G -device pc-dimm,..."
    parser.add_argument("--qemu", metavar="WORDS", help=words)
    shared.snapshot(parser)
    shared.json(parser)
    shared.look(parser)


def of_boot(parser: Parser) -> None:
    """altmap boot."""
    from altmap.engine import BOOT_KEYS

    shared.machine(parser, optional=False)
    shared.replay(parser)
    parser.add_argument(
        "options", metavar="KEY=VALUE", nargs="*", help=f"what the boot decides: {', '.join(BOOT_KEYS)}"
    )
    shared.snapshot(parser)
    shared.json(parser)
    shared.look(parser)


# -- ask ----------------------------------------------------------------------------------------------------------------


def of_why(parser: Parser) -> None:
    """altmap why."""
    shared.machine(parser, optional=False)
    shared.replay(parser)
    line = (
        "a line as in a script: offline 40, add 4G at 8G node 1 caller dax; altmap help script tells all of them; or a size "
        "to give back: offline 40G [node 1]; or a place in the block to go offline: memory40, pfn 0x50000"
    )
    parser.add_argument("words", metavar="WORD", nargs="*", help=line)
    shared.model(parser, "the machine's own")
    shared.devices(parser)
    shared.json(parser)
    shared.look(parser)


def of_compare(parser: Parser) -> None:
    """altmap compare."""
    from altmap.engine import PLACEMENTS, VARIES
    from altmap.engine.protocol.vocabulary import ONLINE_TYPES

    shared.machine(parser)
    shared.replay(parser)
    parser.add_argument("--add", metavar="SIZE", required=True, help="how much to add")
    where = "where (on a whole GiB or block behind all System RAM, at 4G or above)"
    parser.add_argument("--at", metavar="ADDRESS", help=where)
    shared.adder(parser)
    where = f"where the memmap goes: only these of {', '.join(PLACEMENTS)} (altmap help script)"
    parser.add_argument("--placement", metavar="PLACEMENT,..", help=where)
    parser.add_argument("--block-size", metavar="SIZE,..", help="memory blocks of these sizes for the added range")
    shared.model(parser, "the machine's own", "MODEL,..", "the kernels whose rules hold, one or several")
    types = f"how the blocks go online: {', '.join(ONLINE_TYPES)} (online_movable)"
    parser.add_argument("--online", metavar="TYPE,..", default="online_movable", help=types)
    whats = tuple(what.replace(" ", "-") for what in VARIES)
    parser.add_argument("--vary", choices=whats, help="what differs, in place of naming each")
    parser.add_argument("-o", "--output", metavar="FILE", help="a picture of them (.svg); - for standard output")
    shared.size(parser, "its columns and lines")
    parser.add_argument("--theme", choices=("altmap-dark", "altmap-light"), default="altmap-dark", help="its colours")
    shared.json(parser)
    shared.look(parser)


def of_grow(parser: Parser) -> None:
    """altmap grow."""
    from altmap.engine import AUTO_ONLINE

    shared.machine(parser)
    shared.replay(parser)
    parser.add_argument("--step", metavar="SIZE", default="1G", help="how much at a time (1G)")
    parser.add_argument("--to", metavar="SIZE", default="1T", help="how much in all, at most (1T)")
    words = f"what added blocks do by themselves: {', '.join(AUTO_ONLINE)} (what auto_online_blocks says)"
    parser.add_argument("--online", metavar="TYPE", type=word_types.long, choices=AUTO_ONLINE, help=words)
    shared.adder(parser)
    shared.model(parser, "the machine's own")
    shared.devices(parser)
    shared.json(parser)
    shared.look(parser)


def of_explain(parser: Parser) -> None:
    """altmap explain."""
    parser.add_argument(
        "text", metavar="LINE|FILE", help="a line of the log, a file that holds it, or - for standard input"
    )
    parser.add_argument("--machine", metavar="MACHINE", help="the machine that it is of: says what is there now")
    shared.replay(parser)
    shared.json(parser)
    shared.look(parser)


def of_diff(parser: Parser) -> None:
    """altmap diff."""
    shared.machine(parser, "before", "A", optional=False)
    parser.add_argument("after", metavar="B", help="another, in the same ways")
    shared.replay(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 if anything differs")
    shared.json(parser)
    shared.look(parser)


# -- take home ----------------------------------------------------------------------------------------------------------


def of_capture(parser: Parser) -> None:
    """altmap capture."""
    from altmap.engine.kernels.architectures import ARCHITECTURES

    root = "the tree to read (/): a folder, tar or zip, or what lsmem printed"
    parser.add_argument("--root", metavar="DIR|FILE", default="/", help=root)
    written = "the snapshot to write (.json, .msgpack, each also .gz); else JSON on standard output"
    parser.add_argument("-o", "--output", metavar="FILE", help=written)
    shared.model(parser, "what proc/version says")
    shared.devices(parser)
    arch = f"{', '.join(ARCHITECTURES)}: the architecture, instead of what proc/version says"
    parser.add_argument("--arch", metavar="ARCH", help=arch)
    shared.json(parser, "with -o: print what was captured as one JSON object")


def of_collect(parser: Parser) -> None:
    """altmap collect."""


def of_export(parser: Parser) -> None:
    """altmap export."""
    from altmap.engine.faces.shell_export import TARGETS

    shared.machine(parser)
    shared.replay(parser)
    means = "; ".join(f"{name}: {target.about}" for name, target in TARGETS.items())
    parser.add_argument("--for", dest="target", choices=tuple(TARGETS), default="sysfs", help=f"{means} (sysfs)")
    faults = "put in hardware errors (poison), which are left out else"
    parser.add_argument("--faults", action="store_true", help=faults)
    shared.json(parser)


def of_schema(parser: Parser) -> None:
    """altmap schema."""
    from .forms.kinds import KINDS

    kinds = f"{', '.join(KINDS)}; without one, they are told one a line"
    parser.add_argument("document", metavar="KIND", nargs="?", help=kinds)


# -- about altmap --------------------------------------------------------------------------------------------------------


def of_models(parser: Parser) -> None:
    """altmap models."""
    words = "one: what came with it; two: what changed between them; none: all"
    parser.add_argument("models", metavar="MODEL", nargs="*", help=words)


def of_help(parser: Parser) -> None:
    """altmap help."""
    parser.add_argument(
        "topic", metavar="TOPIC", nargs="?", help="one of altmap's commands, script, or a command of a script"
    )


def of_completion(parser: Parser) -> None:
    """altmap completion."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
