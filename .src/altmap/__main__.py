"""``altmap``, and ``python -m altmap``: Ctrl-C ends it silently from the first line on, whatever is imported, read or printed."""

from __future__ import annotations

import gc
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INTERRUPTED = 130
"""The exit code, as shells have it of a program that Ctrl-C ended."""


COLLECTED = 200_000
"""New objects after which garbage is looked for: what is imported and read at the start, half as many, is none."""


def main() -> int:
    """Run altmap as a program of its own; returns the exit code."""
    watched = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it runs in the background
    if watched:
        sys.excepthook = _unless_interrupted(sys.excepthook)
        sys.unraisablehook = _unless_interrupted(sys.unraisablehook)
        signal.signal(signal.SIGINT, _interrupt)
    gc.set_threshold(COLLECTED)
    from .explorer.headless.cli import main as answer

    code = answer()
    gc.freeze()  # the end frees everything: nothing need be looked through for garbage before
    if code == INTERRUPTED:
        os._exit(code)  # without a word on output that nobody reads any more
    if watched:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


def _interrupt(number: int, frame: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl-C does not wait for the first
    raise KeyboardInterrupt


def _unless_interrupted(hook: Any) -> Any:
    """The hook for what nothing caught, but for Ctrl-C, of which nothing is said."""

    def unless_interrupted(*what: Any) -> None:
        if issubclass(what[0] if isinstance(what[0], type) else what[0].exc_type, KeyboardInterrupt):
            os._exit(INTERRUPTED)
        hook(*what)

    return unless_interrupted


if __name__ == "__main__":
    sys.exit(main())
