"""The two ways in which something does not happen.

`HotplugError` is the kernel's own refusal: an errno and the reason. `BadInput` is ours: what a person or a file gave us
cannot be understood, said in one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class BadInput(ValueError):
    """One sentence on what is wrong with an input, where, and what would be right, or one for each thing that is wrong with
    it (`args`); the command line exits with 2."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)

    def __str__(self) -> str:
        return "\n".join(self.args)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Say where a `BadInput` comes from that is raised inside."""
    try:
        yield
    except BadInput as error:
        raise BadInput(*(f"{where}: {sentence}" for sentence in error.args)) from None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """The end of a sentence about a word that is none of these: the nearest of them, if one is near enough."""
    near = get_close_matches(word[:100], list(words), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


class HotplugError(Exception):
    """The kernel refuses: errno by name, the reason in words, and the page (pfn) or range at fault where there is one."""

    def __init__(self, errno: str, reason: str, pfn: int | None = None) -> None:
        super().__init__(f"{errno}: {reason}")
        self.errno = errno
        self.reason = reason
        self.pfn = pfn
