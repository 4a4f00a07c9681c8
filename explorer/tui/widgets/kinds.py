"""What a page of each kind looks like in the page map, and its word in the list."""

from __future__ import annotations

from typing import Final, NamedTuple


class KindLook(NamedTuple):
    """Letter on the page map, and the word in the list of kinds."""

    letter: str
    word: str


KINDS: Final = {
    "free": KindLook("·", "free"),
    "pcp": KindLook("·", "free (per CPU)"),
    "memmap": KindLook("#", "memmap head"),
    "vmemmap": KindLook("v", "memmap of others"),
    "movable": KindLook("m", "movable"),
    "pinned": KindLook("!", "pinned"),
    "kernel": KindLook("k", "kernel"),
    "slab": KindLook("s", "slab"),
    "pagetable": KindLook("t", "page tables"),
    "reserved": KindLook("r", "reserved"),
    "assumed": KindLook("?", "kernel/reserved"),
    "huge": KindLook("h", "hugetlb"),
    "poisoned": KindLook("x", "poisoned"),
    "offline": KindLook("~", "withheld"),
    "absent": KindLook(" ", "hole"),
    "": KindLook("░", "not online"),
}
"""In the order of the list; "" stands for pages that no zone has."""


def role_of(kind: str) -> str:
    """The role that paints a kind."""
    return f"kind-{kind or 'none'}"
