"""The running machine: the main screen over one reading after the other, without the verbs that change something."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from altmap.engine import BadInput, Command, Machine
from textual import work
from textual.binding import Binding, BindingType
from textual.timer import Timer

from ...picture.overlay import Happening
from ..live import News, Reader, Reading
from ..manual import Entry
from ..session import Session
from ..widgets.bars import ResultBar
from ..widgets.inspector import Inspector
from ..widgets.live_log import LiveLog
from ..widgets.overview import OverviewLine
from ..widgets.painted import Scroller
from ..widgets.parameters import Parameters
from ..widgets.zone_table import ZoneTable
from ..worded import Word
from .error import ErrorScreen
from .main import MainScreen

if TYPE_CHECKING:
    from .command_line import Typed


class Holder(Protocol):
    """What shows a machine."""

    machine: Machine


class LiveScreen(MainScreen):
    """The machine of the session is the last reading; marks, view and zoom stay from one to the next. While something else
    covers the screen nothing is read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "read", "Read now"),
        Binding("p", "pages", "Every page"),
    ]
    OWN_KEYS = (
        Entry("F5", "Read now", "Read the machine once more, at once.", "read"),
        Entry(
            "p", "Every page", "Look at every page in each reading, or no longer; the kernel lets root alone.", "pages"
        ),
    )
    LOG = "readings"
    live = True

    def __init__(self, session: Session, reader: Reader) -> None:
        super().__init__(session)
        self.reader = reader
        self._timer: Timer | None = None

    def log_pane(self, **options: Any) -> Scroller:
        return LiveLog(self.reader, **options)

    # -- reading ----------------------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._wait()

    def on_screen_suspend(self) -> None:
        if self._timer is not None:
            self._timer.stop()

    def _wait(self) -> None:
        """Read again after a while."""
        if self._timer is not None:
            self._timer.stop()
        if self.reader.every and self.is_current:
            self._timer = self.set_timer(self.reader.every, self.action_read)

    @work(group="live", exclusive=True)
    async def action_read(self) -> None:
        """Read the machine once more, beside the screen."""
        try:
            reading = await asyncio.to_thread(self.reader.read)
        except (BadInput, OSError) as error:
            self.query_one(ResultBar).say("✗ not read", f"{error}; it is tried again", "refused")
        except Exception as error:
            self.app.push_screen(ErrorScreen("reading the machine", error))
            return
        else:
            self._take(reading)
        self._wait()

    def _take(self, reading: Reading) -> None:
        """Show a reading."""
        machine = reading.machine
        self.session = Session(machine, self.session.before, self.session.begun)
        self.verdicts.hold(machine)
        self._map.hold(machine)
        shown: list[Holder] = [*self.query(OverviewLine), *self.query(Inspector)]
        shown += [*self.query(ZoneTable), *self.query(Parameters)]
        for widget in shown:
            widget.machine = machine
        self._show_machine()
        self._map.show_happening(Happening(reading.pages))
        self._announce(reading.news)
        self.post_message(self.Entered(self.session))

    def action_pages(self) -> None:
        """Look at every page from now on, or no longer."""
        if not self.reader.every_page and not self.reader.may_see_pages:
            self.query_one(ResultBar).hint("every page: /proc/kpageflags can be read by root alone")
            return
        self.reader.every_page = looks = not self.reader.every_page
        self.query_one(ResultBar).hint(
            "every page: it takes a while to read them" if looks else "every page: no longer"
        )
        self.action_read()

    # -- what is seen -----------------------------------------------------------------------------------------------

    def _greet(self) -> None:
        self._announce(self.reader.news[-1])

    def planned(self, alarm: str) -> tuple[list[Word], list[Word]]:
        reader = self.reader
        pages = "every page is looked at" if reader.every_page else "pages laid out to meet the counters"
        if not reader.every_page:
            pages += "; p looks at every page" if reader.may_see_pages else "; every page needs root"
        often = f"every {reader.every:g} s" if reader.every else "when F5 asks"
        left = [Word(" live ", "chosen"), Word(f" read {often}, never written  ", "dim"), Word(pages, "dim")]
        return left, [Word(f"reading {reader.news[-1].number:,} ", "strong")]

    def _announce(self, news: News) -> None:
        """What changed, in a line; and how much differs from the plan."""
        said = "; ".join(news.changed) or "nothing changed since the reading before"
        if news.number == 1:
            said = "The running machine: what changes is lit and told here. l leaves for a copy, where everything can be tried."
        apart = ""
        if self.reader.plan is not None:
            things = len(news.apart)
            apart = f"{things:,} thing{'s' * (things != 1)} differ{'s' * (things == 1)} from the plan; 3 tells all"
        self.query_one(ResultBar).say("● live", said, "busy" if news.changed else "plain", apart)

    def forget_changed(self) -> None:
        """What changed stays lit until the next reading."""

    # -- what is done -----------------------------------------------------------------------------------------------

    def perform(
        self, label: str, commands: Sequence[Command], typed: Typed | None = None, signal: tuple[int, int] | None = None
    ) -> None:
        """Nothing is done to a running machine."""
        self.query_one(ResultBar).hint(f"{label}: the running machine is only looked at; l leaves for a copy")

    def rehearse(self) -> None:
        """Leave for a copy of the last reading."""
        self.post_message(self.Booted(self.machine.copy(), "copied"))
