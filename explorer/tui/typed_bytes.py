"""Bytes that come from the terminal and are no UTF-8, as a paste in another encoding has them.

Textual's drivers end the program with a traceback at the first; here each is the replacement character, which is no key.
"""

from __future__ import annotations

import codecs
import sys
from functools import partial

from textual.driver import Driver


def forgive(driver: type[Driver]) -> None:
    """Let a driver of Textual, which decodes strictly, read on behind such bytes."""
    names = vars(sys.modules[driver.__module__])
    if "getincrementaldecoder" in names:
        names["getincrementaldecoder"] = _lenient


def _lenient(encoding: str) -> partial[codecs.IncrementalDecoder]:
    return partial(codecs.getincrementaldecoder(encoding), errors="replace")
