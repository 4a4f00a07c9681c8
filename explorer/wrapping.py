"""Text in lines: between words, and a word that is wider than a line behind its slashes, as a path is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator


def wrap(text: str, width: int) -> list[str]:
    """Text in lines of at most `width` characters; none of no text."""
    return textwrap.wrap(re.sub(rf"\S{{{width + 1},}}", lambda word: " ".join(_parts(word[0], width)), text), width)


def _parts(word: str, width: int) -> Iterator[str]:
    """A word in parts that no line holds two of, each as long as can be."""
    while len(word) > width:
        end = word.rfind("/", 1, width) + 1 or width
        yield word[:end]
        word = word[end:]
    yield word
