"""Files of /sys and /proc as a shell printed them one after the other: each line behind its file's name, as `grep -r . FOLDER`
does, or below a line that names it, as `tail -n +1 FILES` does."""

from __future__ import annotations

import re
from typing import Final

from .mapped_tree import Budget, inside, leaves

_NAME: Final = r"/?((?:sys|proc)/[\w./:@,+-]*?\w)"
_GREP: Final = re.compile(rf"{_NAME}:(.*)")
_TAIL: Final = re.compile(rf"==> {_NAME} <==")
_BEGINS: Final = re.compile(rb"(?m)^(?:==> )?/?(?:sys|proc)/")
_FEW: Final = 3
"""Names in a text that is such a print."""


def is_printed(head: bytes) -> bool:
    """Do these bytes begin a print of files?"""
    return _BEGINS.search(head) is not None and len(_names(head.decode(errors="replace"))) >= _FEW


def files_of(text: str, source: str) -> dict[str, bytes]:
    """The files, by their paths below the root. Raises `BadInput` for more than a machine has."""
    budget, found, below = Budget(source), dict[str, list[str]](), ""
    for line in text.splitlines():
        heading, match = _TAIL.fullmatch(line.strip()), None if below else _GREP.fullmatch(line)
        if heading is not None:
            below = heading[1]
        elif below or match is not None:
            name, content = (below, line) if match is None else (match[1], match[2])
            if leaves(name):
                continue
            path = inside(name)
            if path not in found:
                budget.take(path, len(path), 0)
                found[path] = []
            found[path].append(content)
    return {path: ("\n".join(lines).rstrip() + "\n").encode() for path, lines in found.items()}


def _names(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if _TAIL.fullmatch(line) or _GREP.fullmatch(line)]
