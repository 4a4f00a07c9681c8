"""What if: the alternatives of one add side by side as pictures; what varies is chosen, and what one picks is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import ClassVar, Final, TypeVar

from altmap.engine import VARIES, Add, BadInput, Machine, Varied, describe, running, vary
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen

from ...comparison_table import comparison_lines, comparison_text
from ...picture.compared import ComparedPicture, Look, in_sight, poster, question
from ...picture.lines import Line, Span
from ...picture.needed import needs, released
from ...picture.svg import svg
from ...taken_home import Thing
from .. import words
from ..picked import Picked, picked
from ..portrait import Portrayed
from ..status import status
from ..widgets.bars import Offer, ResultBar
from ..widgets.drawn import Drawn, look, palette_of
from ..widgets.heading import CLOSE, Heading
from ..widgets.keys import Keys
from ..widgets.prose import Prose
from ..widgets.title import Strip
from ..worded import Word
from .dialog import Dialog
from .error import ErrorScreen
from .take_home import TakeHomeDialog, TakenHome

T = TypeVar("T")

GLANCE: Final = 0.1
"""Seconds between two looks how far it is; it decides how smooth the screen is, never what is said."""
_NAMED: Final = 110
"""Columns from which on what can vary is called by its whole name, and the screen by its own."""


class _LeftError(Exception):
    """Nobody waits for the comparison any more."""


class Table(Dialog[None]):
    """All numbers of a comparison."""

    def __init__(self, varied: Varied) -> None:
        super().__init__()
        self._varied = varied

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -tall"):
            yield Heading(f"All numbers: {self._varied.what}", CLOSE)
            yield Prose(
                lambda width: [
                    running(line, indent=0)
                    for line in comparison_lines(self._varied.comparison, width, self._varied.models)
                ]
            )

    def on_mount(self) -> None:
        self.query_one(Prose).focus()


class Pictures(Drawn):
    """The alternatives side by side."""

    def __init__(self) -> None:
        super().__init__(id="pictures")
        self.picture: ComparedPicture | None = None
        self.chosen = 0
        self.first = 0
        self.waiting = ""
        self._known: tuple[object, list[Line]] | None = None

    def row(self, y: int) -> Line:
        if self.picture is None:
            return (Span(self.waiting, *look("dim", palette_of(self.app))),) if y == 1 else ()
        size = (self.size.width, self.size.height)
        key = (self.picture, size, palette_of(self.app), self.halves, self.chosen, self.first)
        if self._known is None or self._known[0] != key:
            wanted = Look(size, palette_of(self.app), self.halves, self.chosen, self.first)
            self._known = key, self.picture.lines(wanted)
        lines = self._known[1]
        return lines[y] if y < len(lines) else ()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._known = None


def _usual(varied: Varied) -> int:
    """The alternative that the machine's kernel has by itself; else the first that takes no other boot."""
    rows = varied.comparison.alternatives
    usual = [at for at, row in enumerate(rows) if row.chosen] or [at for at, row in enumerate(rows) if not row.boots]
    return usual[0] if usual else 0


WHAT: Final = f"The same add once more, told apart by something else: {', '.join(VARIES)}."
RELEASED: Final = "Only the alternatives that a released kernel has, or all of them again."
"""What keys do that no word in the footer has room for."""


class ComparisonScreen(Portrayed, Screen[Picked]):
    """The pictures. Each alternative is tried on a copy of the machine, beside the screen, so that a big request can be left
    before its end. The answer is what was picked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "do", "Do it", priority=True),
        Binding("left", "choose(-1)", "Left", priority=True),
        Binding("right", "choose(1)", "Right", priority=True),
        Binding("tab", "what(1)", "What varies", priority=True, tooltip=WHAT),
        Binding("shift+tab", "what(-1)", show=False, priority=True),
        Binding("t", "table", "All numbers"),
        Binding("p", "released", "Released", tooltip=RELEASED),
        Binding("y", "take_home", "Take home"),
        Binding("k", "vary('kernel models')", "Kernels"),
        Binding("s,escape", "leave", "Size"),
    ]

    def __init__(self, machine: Machine, request: Add) -> None:
        super().__init__()
        self._machine = machine
        self._request = request
        self._what = next(iter(VARIES))
        self._found: dict[str, Varied] = {}
        self._released = False
        self._left = False
        self._progress = ""
        self._title_of = ""
        """What varied when the pictures were made last."""

    def compose(self) -> ComposeResult:
        yield Strip("status")
        yield Strip("compare-title")
        yield Pictures()
        yield ResultBar()
        yield Keys(("do", "leave"))

    def on_mount(self) -> None:
        self._ask()

    # -- asking -----------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Find out what comes of what varies now."""
        self._title()
        self.run_worker(self._compare(self._what), exclusive=True, exit_on_error=False)

    def _choose(self, number: int) -> None:
        """Show the alternatives, and of them choose the one of a number, if it is shown."""
        if (varied := self.varied) is not None:
            shown = self._shown(varied)
            self.query_one(Pictures).chosen = shown.index(number) if number in shown else 0
            self._show()

    async def _compare(self, what: str) -> None:
        pictures = self.query_one(Pictures)
        pictures.picture = None
        self._progress = ""
        trial = partial(vary, self._machine.copy(), self._request, what, watched=self._watched)
        task = asyncio.create_task(asyncio.to_thread(trial))
        while not task.done():
            pictures.waiting = f" Comparing {what}{self._progress} … esc stops"
            pictures.refresh()
            await asyncio.wait([task], timeout=GLANCE)
        try:
            self._found[what] = task.result()
        except _LeftError:
            return
        except BadInput as error:
            pictures.waiting = f" {error}"
            pictures.refresh()
            return
        except Exception as error:
            self.app.push_screen(ErrorScreen(f"compare {what}", error))
            return
        if what == self._what:
            self._choose(_usual(self._found[what]))

    def _watched(self, ways: Sequence[T]) -> Iterable[T]:
        """In the thread that tries them: says how far it is, and stops where nobody waits."""

        def each() -> Iterator[T]:
            for number, way in enumerate(ways, 1):
                if self._left:
                    raise _LeftError
                self._progress = f": {number} of {len(ways)}"
                yield way

        return each()

    # -- showing ----------------------------------------------------------------------------------------------------

    @property
    def varied(self) -> Varied | None:
        """What is shown; None as long as it is not known."""
        return self._found.get(self._what)

    @property
    def chosen(self) -> int | None:
        """The number of the chosen alternative among all of the comparison."""
        pictures = self.query_one(Pictures)
        return pictures.picture.shown[pictures.chosen] if pictures.picture is not None else None

    def _shown(self, varied: Varied) -> list[int]:
        """The alternatives that are shown: all, or those that a released kernel has, if there is one."""
        kept = [at for at, row in enumerate(varied.comparison.alternatives) if released(row)] if self._released else []
        return kept or [*range(len(varied.names))]

    def _show(self) -> None:
        varied = self.varied
        if varied is None:
            return
        pictures = self.query_one(Pictures)
        shown = self._shown(varied)
        if pictures.picture is None or pictures.picture.shown != tuple(shown) or self._title_of != self._what:
            pictures.picture = ComparedPicture(self._machine, varied, shown)
            self._title_of = self._what
        pictures.chosen = max(0, min(pictures.chosen, len(shown) - 1))
        count = in_sight(len(shown), pictures.size.width or self.app.size.width)
        pictures.first = max(min(pictures.first, pictures.chosen), pictures.chosen - count + 1)
        pictures.refresh()
        self._title()
        self._say()

    def _title(self) -> None:
        varied, pictures = self.varied, self.query_one(Pictures)
        asked = question(varied) if varied is not None else describe(self._request)
        wide = self.app.size.width
        name = {what: what if wide >= _NAMED else what.split()[-1] for what in VARIES}
        left = [
            Word("▌", "accent"),
            *([Word("compare  ", "strong")] if wide >= _NAMED else []),
            Word(f"{asked} ", "text"),
        ]
        if varied is not None and pictures.picture is not None:
            shown = len(pictures.picture.shown)
            count = in_sight(shown, pictures.size.width or self.app.size.width)
            if count < shown:
                left.append(Word(f" {pictures.chosen + 1} of {shown} ", "warn"))
        right = [
            Word(f" {name[what]} ", "chosen" if what == self._what else "dim", f"screen.vary('{what}')")
            for what in VARIES
        ]
        self.query_one("#compare-title", Strip).set(left, right)

    def _say(self) -> None:
        """What the chosen alternative takes, and what doing it means."""
        varied, at = self.varied, self.chosen
        if varied is None or at is None:
            return
        row, bar = varied.comparison.alternatives[at], self.query_one(ResultBar)
        name = varied.names[at]
        offers = [
            Offer("t", "all numbers", "numbers", "screen.table"),
            Offer("s", "another size", "size", "screen.leave"),
        ]
        if not row.ok:
            bar.say(f"✗ {name}", f"{row.result}: it would be refused", "refused", "comparing changes nothing")
            bar.offer(offers)
            return
        plan = picked(varied.comparison, at)
        assumed = "assumed: it hangs on pages that no one saw or counted" if row.certainty == "not known" else ""
        against = pictures.against(at) if (pictures := self.query_one(Pictures).picture) is not None else ""
        bar.say(f"≈ {name}" if assumed else name, "; ".join(filter(None, (needs(row), assumed, against))), "plain")
        bar.offer([Offer("enter", f"does it {plan.said}", "does it", "screen.do"), *offers])

    def on_resize(self) -> None:
        self.query_one("#status", Strip).set(*status(self._machine, self.app.size.width))
        self._show()

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_choose(self, by: int) -> None:
        """The next alternative, or the one before."""
        self.query_one(Pictures).chosen += by
        self._show()

    def action_what(self, by: int) -> None:
        """The next thing that can vary, or the one before."""
        whats = [*VARIES]
        self.action_vary(whats[(whats.index(self._what) + by) % len(whats)])

    def action_vary(self, what: str) -> None:
        """Vary something else."""
        if what != self._what:
            self._what = what
            self.query_one(Pictures).first = 0
            if (varied := self.varied) is None:
                self._ask()
            else:
                self._choose(_usual(varied))

    def action_released(self) -> None:
        """Only what a released kernel has, or all again."""
        varied, at = self.varied, self.chosen
        if varied is None or at is None:
            return
        self._released = not self._released
        self._choose(at)

    def action_table(self) -> None:
        """All numbers."""
        if self.varied is not None:
            self.app.push_screen(Table(self.varied))

    def action_take_home(self) -> None:
        """The comparison as a picture and as a table."""
        if (varied := self.varied) is None:
            return
        size, palette = (120, 40), palette_of(self.app)
        title = f"{question(varied)}: {varied.what}"
        lines = poster(self._machine, varied, Look(size, palette, 2, -1))
        things = [
            Thing(
                "table",
                "all numbers as text",
                ".txt",
                lambda name: comparison_text(varied.comparison, models=varied.models).encode(),
            ),
            Thing("picture", "the alternatives as SVG", ".svg", lambda name: svg(lines, size[0], title).encode()),
        ]
        name = f"{words.file_name(self._machine)}-compared"
        self.app.push_screen(TakeHomeDialog(things, name), self._taken_home)

    def _taken_home(self, result: TakenHome | None) -> None:
        if result is not None:
            self.query_one(ResultBar).say(*result)

    def action_do(self) -> None:
        """Close with the chosen alternative; one that is refused is not done."""
        varied, at = self.varied, self.chosen
        if varied is None or at is None:
            return
        row = varied.comparison.alternatives[at]
        if row.ok:
            self.dismiss(picked(varied.comparison, at))
        else:
            self.query_one(ResultBar).hint(f"{varied.names[at]} would be refused with {row.result}")

    def action_leave(self) -> None:
        """Back to the size of the request."""
        self._left = True
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A column is chosen; twice, it is done."""
        pictures = self.query_one(Pictures)
        if pictures.picture is None or event.screen_y < pictures.region.y or event.screen_y >= pictures.region.bottom:
            return
        number = pictures.picture.at(event.screen_x - pictures.region.x, pictures.size.width, pictures.first)
        if number is not None:
            again = number == pictures.chosen and event.chain == 2
            pictures.chosen = number
            self._show()
            if again:
                self.action_do()

    def on_mouse_scroll_down(self) -> None:
        self.action_choose(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_choose(-1)
