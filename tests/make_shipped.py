"""Make what ships for shells anew, ``python -m tests.make_shipped``: completion for bash, zsh and fish, and the manual page.

Both are made from the command line's own parser and rows. Completion is shtab's work; the page is written here, because it
tells in groups, once each, what an argument list alone does not say: machines, scripts, exit codes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from altmap.engine import MODELS, PLACEMENTS, machine_names
from altmap.engine.commands import ROWS
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.explorer import __version__
from altmap.explorer.headless.arguments import SHELLS
from altmap.explorer.headless.exits import MEANINGS
from altmap.explorer.headless.forms.kinds import KINDS
from altmap.explorer.headless.help import ABOUT_SCRIPTS, SCRIPT
from altmap.explorer.headless.parser import ABOUT, USAGE, WITHOUT_COMMAND, parser
from altmap.explorer.headless.shared_arguments import MACHINE_WORDS
from altmap.explorer.headless.verb_parser import Parser
from altmap.explorer.headless.verbs import GROUPS, VERBS

SHIPPED: Final = Path(__file__).parents[1] / "explorer" / "shipped"


# -- completion ---------------------------------------------------------------------------------------------------------

_MACHINE: Final = {
    "bash": "_altmap_machine_or_file",
    "zsh": "_altmap_machine_or_file",
    "fish": "(_altmap_machine_or_file)",
}
_NAMES: Final = " ".join(machine_names())
_PREAMBLE: Final = {
    "bash": f'_altmap_machine_or_file() {{\n  compgen -W "{_NAMES}" -- "$1"\n  compgen -f -- "$1"\n}}',
    "zsh": f"_altmap_machine_or_file() {{\n  _alternative 'machines:machine:({_NAMES})' 'files:file:_files'\n}}",
    "fish": "function _altmap_machine_or_file\n"
    f"  printf '%s\\n' {_NAMES}\n  __fish_complete_path (commandline -ct)\nend",
}
_MACHINES: Final = ("MACHINE", "A", "B", "[MACHINE] OPTION")
_FILES: Final = ("FILE", "SCRIPT", "DIR|TAR", "PATH")
"""What stands for a machine and for a file, where an argument is described."""


def _line_words() -> list[str]:
    """The words of a line of a script, but for numbers, addresses and names."""
    parts = [part for row in ROWS.values() for part in row.form.usage]
    words = [word for part in parts for word in part.strip("[]").replace("|", " ").split()]
    return sorted({word for word in words if word.islower() and word[0].isalpha()})


def completion(shell: str) -> str:
    """The script that completes altmap's words in a shell."""
    import shtab  # of the test extra, and needed for this alone

    top = parser()
    known: dict[str, tuple[Iterable[str], str]] = {
        "MODEL": (MODELS, "a kernel model"),
        "MODEL,..": (MODELS, "kernel models"),
        "ARCH": (ARCHITECTURES, "an architecture"),
        "PLACEMENT,..": (PLACEMENTS, "placements"),
        "WORD": (_line_words(), "a word of a script's line"),
        "KIND": (KINDS, "a kind of document"),
        "TOPIC": ((*VERBS, SCRIPT), "a command, or script"),
    }
    for action in (action for one in (top, *_verbs(top).values()) for action in one._actions):
        if action.metavar in _MACHINES:
            action.complete, action.help = _MACHINE, "a machine"
        elif action.metavar in _FILES:
            action.complete = shtab.FILE
        elif action.metavar in known:
            words, action.help = known[str(action.metavar)]
            action.choices = list(words)
    return str(shtab.complete(top, shell, preamble=_PREAMBLE))  # type: ignore[arg-type]


def _verbs(top: Parser) -> dict[str, Any]:
    (verbs,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return dict(verbs.choices)


# -- the manual page ----------------------------------------------------------------------------------------------------

_COMMON: Final = 3
"""Commands from which on an option that they share is told once for all."""
_FILES_OF_MACHINES: Final = (
    ("a bundled machine", f"by its name: {', '.join(machine_names())}"),
    ("a snapshot", "a file that altmap saved: .json or .msgpack, each also with .gz"),
    ("a capture", "a folder with the files of /proc and /sys of a running machine, or a tar of one"),
    ("-", "a snapshot on standard input"),
)
_ENVIRONMENT: Final = (
    ("NO_COLOR", "no colours on a terminal, unless --color asks for them"),
    ("COLUMNS", "how wide the terminal is"),
    ("LSMEM_COLUMNS", "the columns of altmap lsmem, as of lsmem(1)"),
)


def page() -> str:
    """The manual page, as roff."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    verbs = _verbs(parser())
    options = Counter(_told(option) for verb in verbs.values() for option in _options(verb))
    common = [told for told, count in options.items() if count >= _COMMON]
    yield f'.TH ALTMAP 1 "" "altmap {__version__}" "Linux memory hotplug, rehearsed"'
    yield from (".nh", ".ad l", ".SH NAME", f"altmap \\- {_plain(ABOUT.rstrip('.'))}")
    yield ".SH SYNOPSIS"
    for number, usage in enumerate(USAGE):
        yield from ([".br"] if number else []) + [f".B {_plain(usage)}"]
    yield from (".SH DESCRIPTION", *_text(ABOUT))
    yield from (".PP", *_text(WITHOUT_COMMAND))
    yield from (".PP", *_text(f"MACHINE is {MACHINE_WORDS}."))
    yield ".SH MACHINES"
    yield from _pairs(_FILES_OF_MACHINES)
    for title, rows in GROUPS:
        yield f".SH {_plain(title.upper())}"
        for row in rows:
            yield from _verb(verbs[row.name], row.about, row.examples, common)
    yield ".SH OPTIONS OF SEVERAL COMMANDS"
    yield from _pairs(common)
    yield ".SH SCRIPTS"
    for number, paragraph in enumerate(ABOUT_SCRIPTS):
        yield from ([".PP"] if number else []) + [*_text(paragraph)]
    for one in ROWS.values():
        yield from (
            ".TP",
            f".B {_plain(' '.join(one.form.usage))}",
            *_text(f"{one.about}."),
            ".br",
            *_text(f"As in: {one.example}"),
        )
    yield ".SH EXIT STATUS"
    yield from _pairs((str(code), meaning) for code, meaning in MEANINGS.items())
    yield ".SH ENVIRONMENT"
    yield from _pairs(_ENVIRONMENT)
    yield from (".SH SEE ALSO", ".BR lsmem (1),", ".BR chmem (8)")


def _verb(one: Parser, about: str, examples: Iterable[str], common: list[tuple[str, str]]) -> Iterator[str]:
    positional = [action for action in one._actions if not action.option_strings]
    told = [(option.required, _told(option)[0]) for option in _options(one)]
    words = [word if required else f"[{word}]" for required, word in told]
    usage = [one.prog, *words, *(_positional(action) for action in positional)]
    yield from (f".SS {_plain(' '.join(usage))}", *_text(f"{about[:1].upper()}{about[1:]}."))
    yield from _pairs(
        [
            *((_positional(action), _help(action)) for action in positional if action.metavar != "MACHINE"),
            *(pair for option in _options(one) if (pair := _told(option)) not in common),
        ]
    )
    yield from (".PP", ".nf", *(f".B {_plain(line)}" for line in examples), ".fi")


def _options(one: Parser) -> list[argparse.Action]:
    return [action for action in one._actions if action.option_strings and action.dest != "help"]


def _told(option: argparse.Action) -> tuple[str, str]:
    """An option as it is written, and what it does."""
    value = f"{{{','.join(option.choices)}}}" if option.choices else option.metavar
    written = ", ".join(option.option_strings)
    return (f"{written} {value}" if option.nargs != 0 else written), _help(option)


def _help(action: argparse.Action) -> str:
    """What an argument does, in which argparse takes a percent sign for one that is doubled."""
    return str(action.help).replace("%%", "%")


def _positional(action: argparse.Action) -> str:
    name = str(action.metavar)
    return {"?": f"[{name}]", "+": f"{name} ...", "*": f"{name} ..."}.get(str(action.nargs), name)


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for thing, words in pairs:
        yield from (".TP", f".B {_plain(thing)}", *_text(words))


def _text(words: str) -> list[str]:
    """A paragraph; lines do not begin with what roff would take for a request."""
    return [f"\\&{_plain(words)}" if words[0] in ".'" else _plain(words)]


def _plain(text: str) -> str:
    return text.replace("\\", "\\e").replace("-", "\\-")


def write() -> None:
    """Write the four files."""
    for shell in SHELLS:
        (SHIPPED / f"altmap.{shell}").write_text(completion(shell))
    (SHIPPED / "altmap.1").write_text(page())


if __name__ == "__main__":
    write()
