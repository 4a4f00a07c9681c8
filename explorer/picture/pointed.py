"""What points things out on a map, for its legend: only what is in sight of it."""

from __future__ import annotations

from collections.abc import Iterator

from .colour import between
from .lines import Span
from .overlay import CHANGED, LINKED, MARKED, Overlay, Places, whole
from .palette import LETTERS
from .scope import Scope
from .view import Entry, Paint, Scene


def pointed(scene: Scene, scope: Scope, over: Overlay, halves: int, edged: bool) -> list[Entry]:
    """What is laid over a map, as entries of its legend. `edged`: blocks have edges, at which it is shown what is true of all
    of one; `halves`: 1 where there are letters in place of colours."""
    palette = scene.palette
    linked = palette.cursor if scope.level == "page" else palette.kinds["memmap"]
    found = [
        Entry(Paint(palette.ground, " "), word, sample)
        for places, signs, edge, brackets, word in (
            (over.happening.changed, CHANGED, palette.accent, "<>", over.happening.word),
            (over.linked, LINKED, linked, "{}", "linked to it" if scope.level == "page" else "its struct pages"),
        )
        if (sample := tuple(_sample(scene, scope, places, halves, edged, (signs, edge, brackets))))
    ]
    if over.marks and not edged and scope.level != "page":
        back = palette.kinds["free"]
        reversed_ = Span("m", palette.ground, palette.cursor)
        sample = (reversed_,) if halves == 1 else (Span(MARKED[2], palette.cursor, back, True),)
        found.append(Entry(Paint(palette.ground, " "), "marked", sample))
    return found


def _sample(
    scene: Scene, scope: Scope, places: Places, halves: int, edged: bool, looks: tuple[str, int, str]
) -> Iterator[Span]:
    """How pages are pointed out: at the edges of blocks of which they are all, elsewhere in the cells."""
    geometry, palette = scene.machine.geometry, scene.palette
    size, (signs, edge, brackets) = geometry.pages_per_section, looks
    sections = [nr for nr in places if nr * size < scope.start + scope.pages and (nr + 1) * size > scope.start]
    blocks = {nr // geometry.sections_per_block for nr in sections}
    if scope.pages <= geometry.pages_per_block and all(whole(block, places, geometry) for block in blocks):
        return  # all that is in sight is: that is not shown
    edges = {block for block in blocks if edged and whole(block, places, geometry)}
    if edges:
        yield Span(brackets, bold=True) if halves == 1 else Span("▐", edge, None, True)
    if blocks - edges:
        if halves == 1:
            yield Span("m", palette.ground, palette.cursor, True)
        elif scope.level == "page":
            kind, share = ("memmap", 0.85) if signs == LINKED else ("movable", 0.55)
            yield Span(LETTERS[kind], palette.ground, between(palette.kinds[kind], palette.cursor, share), True)
        else:
            each = "".join(dict.fromkeys(signs))
            yield Span(each, palette.cursor, palette.kinds["free"], True)
