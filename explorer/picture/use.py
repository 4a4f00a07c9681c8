"""The view of what pages are used for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from altmap.engine import Summary

from .colour import between
from .mix import leading, mixed
from .palette import LETTERS, WORDS, Palette
from .view import ISOLATED, Entry, Paint, Scene, View, offline_entries, offline_paint


@lru_cache(maxsize=65536)
def _use(uses: int, pages: int, palette: Palette) -> Paint:
    kinds = {str(kind): n for kind, n in Summary(0, pages, uses, ()).kinds.items()}
    kind, share = leading(kinds)
    letter = LETTERS[kind]
    return Paint(mixed(kinds, palette), letter.upper() if share >= 0.5 and letter.isalpha() else letter)


class Use(View):
    name, key = "use", "1"
    sentence = "What pages are used for: free, movable, the kernel's, memmap, pinned, huge, withheld, reserved."

    @classmethod
    def paint(cls, scene: Scene, cell: Summary) -> Paint:
        if (off := offline_paint(scene, cell)) is not None:
            return off
        here, paint = cell.pages - cell.missing, _use(cell.uses, cell.pages, scene.palette)
        if cell.types.get("Isolate", 0) * 2 <= here:
            return paint
        if cell.of("free") + cell.of("pcp") == here:
            return cls.vacated(scene)
        return paint._replace(hatch=(between(paint.colour, scene.palette.ground, 0.5), paint.colour))

    @classmethod
    def vacated(cls, scene: Scene) -> Paint:
        palette = scene.palette
        free = palette.kinds["free"]
        hatch = between(free, palette.kinds[ISOLATED], 0.4), between(free, palette.ground, 0.35)
        return Paint(between(hatch[1], hatch[0], 0.25), LETTERS[ISOLATED], hatch)

    @classmethod
    def arrived(cls, scene: Scene) -> Paint:
        return Paint(scene.palette.kinds["movable"], LETTERS["movable"].upper())

    @classmethod
    def entries(cls, scene: Scene, whole: Summary) -> list[Entry]:
        found: dict[str, int] = {}
        for kind in whole.kinds:
            group = {"pcp": "free", "slab": "kernel", "pagetable": "kernel"}.get(kind, kind)
            found.setdefault(group, scene.palette.kinds[kind if group == kind else group])
        entries = [Entry(Paint(found[kind], LETTERS[kind]), WORDS[kind]) for kind in _LEGEND if kind in found]
        if whole.types.get("Isolate"):
            entries.insert(0, Entry(cls.vacated(scene), "isolated"))
        return entries + offline_entries(scene, whole)


_LEGEND: Final = (
    "free", "movable", "pinned", "huge", "kernel", "memmap", "vmemmap", "reserved", "assumed", "offline", "poisoned"
)  # fmt: skip
