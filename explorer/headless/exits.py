"""How a command line ends: the exit codes, what each means, and the one way in which a misused line is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FINE: Final = 0
REFUSED: Final = 1
DIFFERENT: Final = 1
"""What `diff --exit-code` says, as git and diff do."""
BAD_INPUT: Final = 2
UNKNOWN: Final = 3
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
"""Nobody reads the output any more: what a shell says of a program that SIGPIPE ended."""

OF_ANSWERS: Final[Mapping[str, int]] = {"yes": FINE, "no": REFUSED, "not known": UNKNOWN}
"""How a question ends, by its answer."""
MEANINGS: Final[Mapping[int, str]] = {
    FINE: "yes, or all went as expected",
    REFUSED: "no: the kernel refuses it, or something is broken",
    BAD_INPUT: "the command line or a file cannot be understood",
    UNKNOWN: "not known: what was seen of the machine does not tell",
}
"""As the help says them."""


class Misused(Exception):
    """The command line makes no sense: the sentence that ends it with `BAD_INPUT`."""
