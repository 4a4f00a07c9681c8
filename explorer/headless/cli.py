"""The command line: from words to an answer, and the exit code of every answer.

Textual is imported only to open the explorer, rich only to print for people, and the engine not even for ``--help``.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import typing
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import Final

from ..aside import remark
from .exits import BAD_INPUT, FINE, INTERRUPTED, PIPE_CLOSED, Misused
from .output import drop_output, fill_closed_streams
from .parser import parser, verb_parser
from .verb_parser import Parser
from .verbs import VERBS

_LONGEST_WORD: Final = 300
"""Letters of a word that a sentence repeats; names of files have at most 255."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run altmap; returns the exit code. What is wrong with the input is said in one sentence on standard error."""
    fill_closed_streams()
    try:
        if sys.stdout is None:
            raise Misused("standard output is closed")
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
    except Misused as error:
        return _sorry(*error.args)
    except OSError as error:
        if error.filename is not None:
            return _sorry(f"{os.fsdecode(error.filename)}: {error.strerror}")
        drop_output()
        return _sorry(f"input or output failed: {error.strerror or error}")
    return code


def _answer(argv: list[str]) -> int:
    for word in argv:
        _passed(word)
    if not argv or argv[0] == "-" or not (argv[0] in VERBS or argv[0].startswith("-")):
        argv = ["open", *_machine_alone(argv)]
    verb = VERBS.get(argv[0])
    if verb is not None:
        _import_msgspec()
    arguments = argparse.Namespace(words=argv[1:])
    if verb is None or not verb.own_options:
        asked = parser(declared=False) if verb is None else verb_parser(verb)
        read = asked.parse_known_args if verb is None else asked.parse_known_intermixed_args
        arguments, others = read(argv[verb is not None :])
        if others or verb is None:
            raise Misused(_not_taken((others or argv)[0], asked))
    from altmap.engine import BadInput

    module, _, function = verb.answer.partition(".")
    answer: Callable[[argparse.Namespace], int] = getattr(import_module(f".{module}", __package__), function)
    try:
        return answer(arguments)
    except BadInput as error:
        raise Misused(*error.args) from error


def _import_msgspec() -> None:
    """msgspec takes get_type_hints, Required and NotRequired from typing_extensions, which takes longer to import than msgspec
    itself. typing has these three since Python 3.11, so it stands in while msgspec is imported; and for platform, with its
    patterns, what can answer the one question of uuid, which msgspec imports: whether this is AIX.

    datetime comes first: where Ctrl-C ends msgspec's own import of it, msgspec goes on without, and crashes later."""
    import datetime  # noqa: F401

    system = ModuleType("platform")
    vars(system)["system"] = lambda: os.uname().sysname
    standing_in = {"typing_extensions": typing, "platform": system}
    spared = {name: module for name, module in standing_in.items() if name not in sys.modules}
    sys.modules |= spared
    import msgspec  # noqa: F401

    for name in spared:
        del sys.modules[name]


def _not_taken(word: str, asked: Parser) -> str:
    """The sentence on a word that a verb, or altmap itself, has no use for."""
    meant = ""
    if word.startswith("-"):
        from altmap.engine.numbers.errors import did_you_mean

        option = word.partition("=")[0]
        meant = _in_a_line(option, asked) or did_you_mean(option, asked.names)
    what = f"{word} is no option of {asked.prog}" if word.startswith("-") else f"{asked.prog} takes no {word!r} here"
    return f"{what}{meant or ';'} {asked.prog} --help tells what may be asked"


def _in_a_line(option: str, asked: Parser) -> str:
    """Where a verb takes the words of a line, and one of these was written as an option: how it is written there."""
    if "words" not in asked.names:
        return ""
    from altmap.engine.commands import ROWS

    written = next(filter(None, (row.form.part(option.lstrip("-")) for row in ROWS.values())), "")
    return f"; in a line it goes without hyphens: {written};" if written else ""


def _passed(word: str) -> None:
    """Could a program get this as an argument? What cannot be the name of a file either is `Misused`."""
    try:
        whole = b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        whole = False
    if not whole:
        raise Misused(f"{word!r} holds what no argument of a program can")


def _machine_alone(argv: list[str]) -> list[str]:
    """The words behind `open` where none is a verb. Raises `Misused` where the first was meant to be one."""
    if not argv:
        return []
    others = [word for word in argv[1:] if not word.startswith("-")]
    if others or not (argv[0] == "-" or os.path.lexists(argv[0])):
        from altmap.engine import machine_names
        from altmap.engine.commands import ROWS
        from altmap.engine.numbers.errors import did_you_mean

        if others and argv[0] in {row.form.verb for row in ROWS.values()}:
            line = " ".join(argv)[:60]
            raise Misused(f"{argv[0]!r} begins a line of a script; to ask what comes of one: altmap why MACHINE {line}")
        meant = did_you_mean(argv[0], VERBS)
        if others or (meant and argv[0] not in machine_names()):
            raise Misused(f"{argv[0]!r} is not a command{meant or ';'} altmap --help tells what may be asked")
    return argv


def _sorry(*sentences: str) -> int:
    remark(f"altmap: {' '.join(map(_not_too_long, sentence.split()))}" for sentence in sentences)
    return BAD_INPUT


def _not_too_long(word: str) -> str:
    """A word as a person can read it; what was given by mistake may have any length."""
    return word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD // 2]}…{word[-_LONGEST_WORD // 4 :]}"
