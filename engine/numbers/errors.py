"""What a person or a file gave us cannot be understood. (The kernel's own refusal is `protocol.reasons.HotplugError`.)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class BadInput(ValueError):
    """Something that a person or a file gave makes no sense. Its text is a sentence on what is wrong, where, and what would
    be right; `args` holds one such sentence for each wrong thing. The command line exits with 2."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)

    def __str__(self) -> str:
        return "\n".join(self.args)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Put `where` in front of the sentences of a `BadInput` that is raised inside."""
    try:
        yield
    except BadInput as error:
        raise BadInput(*(f"{where}: {sentence}" for sentence in error.args)) from None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """The end of a sentence about a word that is none of these: the nearest of them, if one is near enough."""
    from difflib import get_close_matches

    near = get_close_matches(word[:100], list(words), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
