"""What the inspector says where the map shows what can go: all the answers, then the block. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from altmap.engine import about_bytes, block_numbers

from ...picture.can_go import VERDICT_SIGNS
from ...picture.lines import Line, Span, joined
from ...wrapping import wrap
from ..prospects import Prospects
from .block import BlockSheet
from .place import Place


class ProspectsSheet(BlockSheet):
    """Counts of answers, reasons, what would go, what is closest to going."""

    def everything(self, block: int, place: Place, found: Prospects) -> Iterator[Line]:
        """What all the answers come to, then the block."""
        palette, unit = self.palette, self.machine.geometry.block_size
        yield self.title("can it go?", f"{found.asked:,} of {found.online:,} asked")
        bar = max(4, self.wide - 28)
        for answer, sign in VERDICT_SIGNS.items():
            blocks = len(found.answers.get(answer, ()))
            yield joined(
                (
                    Span(f"{sign} ", self.verdict(answer), bold=True),
                    Span(f"{answer:<11}"),
                    *self.measure(
                        blocks / max(1, found.online), bar, palette.verdicts[answer] if blocks else palette.strip
                    ),
                    Span(f"{blocks:>6,}", bold=True),
                    Span(f"{about_bytes(blocks * unit) if blocks else '0':>7}", palette.dim),
                )
            )
        if found.reasons:
            yield from self._in_the_way(found)
        yield ()
        yield self.title(f"memory{block}", "")
        yield from self.can_go(place)
        if going := found.answers.get("yes"):
            yield from self._going(going)
        if found.closest:
            yield from self._closest(found)

    def _in_the_way(self, found: Prospects) -> Iterator[Line]:
        """What holds how many blocks."""
        yield ()
        yield self.title("what is in the way", "blocks")
        for word, count in found.reasons[:6]:
            yield self.both((Span(word[: self.wide - 8]),), Span(f"{count:,}", self.palette.text, None, True))

    def _going(self, going: Sequence[int]) -> Iterator[Line]:
        """The blocks that would go, by zone."""
        palette, unit = self.palette, self.machine.geometry.block_size
        yield ()
        yield self.title("what would go", "b marks")
        zones: dict[str, list[int]] = {}
        for nr in going:
            there = self.machine.blocks.get(nr)
            zones.setdefault(there.zone[1] if there is not None and there.zone else "", []).append(nr)
        for zone, blocks_of in zones.items():
            count = len(blocks_of)
            yield joined(
                (
                    Span(f"{zone or 'no zone':<9}", palette.zones.get(zone, palette.text), bold=True),
                    Span(f"{count:,} block{'s' * (count != 1)}, {about_bytes(count * unit)}"),
                )
            )
            names = block_numbers(blocks_of, 12)
            yield from (self.text(f"  {part}", palette.dim) for part in wrap(names, self.wide - 2)[:2])

    def _closest(self, found: Prospects) -> Iterator[Line]:
        """The blocks with the fewest pages in the way."""
        yield ()
        yield self.title("closest to going", "pages in the way")
        most = max(pages for _, pages in found.closest[:5])
        for nr, pages in found.closest[:5]:
            digits = len(f"{most:,}")
            bar = max(4, self.wide - 14 - digits)
            yield joined(
                (
                    Span(f"memory{nr}"[:11].ljust(12)),
                    *self.measure(pages / most, bar, self.palette.kinds["slab"]),
                    Span(f"{pages:>{digits},}", bold=True),
                )
            )
