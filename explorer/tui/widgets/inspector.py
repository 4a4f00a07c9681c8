"""The inspector: everything there is to know about the selected memory block."""

from __future__ import annotations

from collections.abc import Sequence

from altmap.engine import Machine, about_bytes, format_address, format_bytes

from ... import facts
from .. import words
from .kinds import KINDS, role_of
from .painted import Line, Painted, wrapped

LABEL = 8
"""Columns of the names on the left."""

PICTURE = ((36, 12), (28, 6), (16, 4), (12, 2), (0, 1))
"""Least height of the pane, and lines that the picture of the pages then gets."""


class Inspector(Painted):
    """One block: state, zones, place of its memmap, and its pages by kind with a picture of where they are."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.block = 0
        self.fault: int | None = None

    def show(self, block: int, fault: int | None) -> None:
        """Show a block; `fault` is the page (pfn) at which the last command was refused."""
        if block != self.block:
            self.scroll_to(y=0, animate=False)
        self.block, self.fault = block, fault
        self.reload()

    def lines(self, width: int) -> Sequence[Line]:
        machine, block = self.machine, self.block
        if not any(nr in machine.sections for nr in facts.sections_of(machine, block)):
            return wrapped("No memory here.", "muted", width)
        roomy = self.size.height >= 16
        parts = [self._identity(width, roomy), self._memmap(width), self._pages(width)]
        gap: list[Line] = [()] if roomy else []
        return [line for part in parts for line in (*part, *gap)]

    def _identity(self, width: int, roomy: bool) -> list[Line]:
        machine, block = self.machine, self.block
        size, start = machine.geometry.block_size, facts.block_address(machine, block)
        state, state_role = words.state_of(machine, block)
        here = machine.blocks.get(block)
        nodes = ", ".join(f"node {node}" for node in here.nodes) if here else ""
        lines: list[Line] = [(("state".ljust(LABEL), "muted"), (state, state_role))]
        if nodes and LABEL + len(state) + len(nodes) + 3 <= width:
            lines[0] = (*lines[0], (f" · {nodes}", "text"))
        elif nodes:
            lines.append(((" " * LABEL, "muted"), (nodes, "text")))
        lines += _row("range", f"{format_address(start)}-{format_address(start + size - 1)}", width)
        if roomy:
            lines += _row("size", f"{format_bytes(size)}, {machine.geometry.pages_per_block:,} pages", width)
            lines += _row("from", words.origin_of(machine, block), width)
        if here:
            lines += _row("zones", words.zones_of(machine, block), width)
        return lines

    def _memmap(self, width: int) -> list[Line]:
        geometry = self.machine.geometry
        size = f"{format_bytes(geometry.memmap_bytes_per_block)} = {geometry.memmap_pages_per_block:,} pages"
        lines: list[Line] = [(("memmap".ljust(LABEL), "muted"), (size, "text"))]
        lines += _row("", words.memmap_place(self.machine, self.block), width, "memmap")
        if guests := facts.guests_of(self.machine, self.block):
            lines += _row("holds", f"memmap of {words.block_names(guests)}", width, "memmap")
        return lines

    def _pages(self, width: int) -> list[Line]:
        machine, block = self.machine, self.block
        lines = [*_row("pages", words.pages_of(machine, block), width), *self._picture(width)]
        counts = facts.kinds_of(machine, block)
        page = machine.geometry.page_size
        digits = max(len(f"{count:,}") for count in counts.values())
        for kind, look in KINDS.items():
            if count := counts.get(kind, 0):
                number = f"{count:,}".rjust(digits)
                size = about_bytes(count * page).rjust(8)
                word = look.word[: max(4, width - digits - 14)]
                lines.append(
                    (
                        (f" {look.letter} ", role_of(kind)),
                        (f" {word}".ljust(max(5, width - digits - 12)), "text"),
                        (number, "strong"),
                        (size, "muted"),
                    )
                )
        if self._fault_cell(width) is not None:
            lines.append(((" ✗ ", "fault"), (f" refused at pfn {self.fault:#x}", "bad")))
        return lines

    def _fault_cell(self, cells: int) -> int | None:
        return None if self.fault is None else facts.page_cell(self.machine, self.block, cells, self.fault)

    def _picture(self, width: int) -> list[Line]:
        rows = next(rows for least, rows in PICTURE if self.size.height >= least)
        cells = facts.page_cells(self.machine, self.block, rows * width)
        pieces = [(KINDS[kind].letter, role_of(kind)) for kind in cells]
        if (at := self._fault_cell(len(cells))) is not None:
            pieces[at] = ("✗", "fault")
        return [tuple(pieces[row * width : (row + 1) * width]) for row in range(rows)]


def _row(label: str, text: str, width: int, role: str = "text") -> list[Line]:
    return wrapped(text, role, width, label.ljust(LABEL), " " * LABEL)
