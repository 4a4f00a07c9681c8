"""Playing: a film over the map of its machine, with what the kernel does, how far it is, and keys to go on and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, TypeVar

from altmap.engine import Machine, Outcome, events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from ...picture.can_go import CanGo
from ...picture.lines import Line, cut
from ...picture.views import VIEWS
from ...watching.moments import Watched, listed, moment_words
from ...watching.player import FRAMES, SPEEDS, Player
from ...watching.telling import moment_of
from ..outlooks import Outlooks
from ..portrait import Portrayed
from ..widgets.bars import ResultBar
from ..widgets.close_up import CloseUp
from ..widgets.drawn import Redrawn, palette_of
from ..widgets.ground import Columns, Ground, Panes
from ..widgets.keys import Keys
from ..widgets.map_legend import MapLegend
from ..widgets.memory_map import MemoryMap
from ..widgets.overview import OverviewLine
from ..widgets.painted import Scroller
from ..widgets.title import Strip
from ..worded import Look, Role, Word
from . import titles
from .mapped import Mapped

Answer = TypeVar("Answer")

_CLOSE: Final = 6
"""So many parts of a moment pass from one look at the enlarged block to the next."""
_SELDOM: Final = 6
"""While it is played what tells of the whole machine is drawn in one of so many frames that show another moment."""
_PLAYS: Final = frozenset(("pause", "step", "end", "faster"))
"""Actions that need something to be played."""
FILMED: Final = [view for view in VIEWS if view is not CanGo]
"""The views of a film; what can go is asked of no moment."""
_DOTS: Final = 40
"""Moments that are drawn each for itself."""


SIGNAL: Final = "A signal comes at this moment: the kernel stops here, and how it undoes what was done is shown."
"""What a key does that its word in the footer does not explain."""


class Moments(Redrawn):
    """The moments around the present one."""

    def __init__(self, player: Player) -> None:
        super().__init__(id="moments")
        self._player = player

    def made(self) -> list[Line]:
        return listed(self._player, palette_of(self.app), self.size.width, self.size.height)


class Beside(Scroller):
    """The panel with how far it is."""

    hints = True

    def __init__(self, player: Player, text: Sequence[str]) -> None:
        super().__init__(id="beside")
        self._player = player
        self._text = text
        self._heading = ""

    def head(self, title: str) -> None:
        """Show a title above the text, that has no room in the row of titles."""
        if title != self._heading:
            self._heading = title
            self.reload()

    def drawn(self, width: int) -> Sequence[Line]:
        size = (width, self.scrollable_content_region.height)
        sheet = Watched(self._player, self._player.machine, palette_of(self.app), size, self.halves == 1)
        return sheet.lines(self._text, self._heading)


class PlayScreen(Ground, Portrayed, Mapped, Screen[Answer]):
    """Plays a film. `text` are paragraphs that stand beside it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Play", priority=True),
        Binding("s", "signal", "Signal", priority=True, tooltip=SIGNAL),
        Binding("left", "step(-1)", "Back", priority=True),
        Binding("right", "step(1)", "On", priority=True),
        Binding("plus", "faster(1)", "Faster"),
        Binding("minus", "faster(-1)", "Slower"),
        Binding("end", "end(True)", "End", priority=True),
        Binding("home", "end(False)", "Begin", priority=True, show=False),
        Binding("down", "read(1)", "Read on", priority=True, show=False),
        Binding("up", "read(-1)", show=False, priority=True),
        Binding("pagedown", "read(1, True)", show=False, priority=True),
        Binding("pageup", "read(-1, True)", show=False, priority=True),
        Binding("v", "next_view(1)", "View"),
        Binding("V", "next_view(-1)", show=False),
    ]
    AUTO_FOCUS = ""
    LAST: ClassVar[tuple[str, ...]]
    """The actions that no footer is too narrow for."""

    def __init__(self, label: str, player: Player, text: Sequence[str] = ()) -> None:
        super().__init__()
        self._label = label
        self._player = player
        self._text = text
        self._shown: tuple[int, float] = (-1, 0.0)
        self._frames_ago = _SELDOM
        self._parts = 0
        self._listed = -1
        self._keys: object = None

    def hint(self) -> str:
        """What a person can do now, in a line."""
        raise NotImplementedError

    def titled(self) -> tuple[list[Word], list[Word]]:
        """What stands above the panel."""
        raise NotImplementedError

    def aim(self, map_: MemoryMap) -> None:
        """Choose what the map shows, before it is drawn first."""

    @property
    def machine(self) -> Machine:
        """In the moment shown."""
        return self._player.machine

    def compose(self) -> ComposeResult:
        verdicts = Outlooks(self.machine)
        self._map = MemoryMap(self.machine, verdicts)
        self.aim(self._map)
        self._map.expect(self._player.memory)
        yield OverviewLine(self.machine, verdicts, self._player.memory)
        with Columns(id="body"):
            with Panes(id="left"):
                yield self._map
                yield MapLegend(self._map)
                yield Strip("moments-title")
                yield Moments(self._player)
            with Panes(id="right"):
                yield Beside(self._player, self._text)
                if (block := self._player.leaves) is not None:
                    yield CloseUp(self._map, self._player, block)
        yield Strip("transport")
        yield ResultBar()
        yield Keys(self.LAST)

    def on_mount(self) -> None:
        self._map.can_focus = False  # its keys are those of playing here
        self.query_one(Beside).entitle(*self.titled())
        self.show()
        self.set_interval(1 / FRAMES, self._tick)

    def action_next_view(self, by: int) -> None:
        """The next view of the map; but not what can go, which is asked of no moment and so stands in no title either."""
        super().action_next_view(by)
        if self._map.view is CanGo:
            super().action_next_view(by)

    def _tick(self) -> None:
        if self._player.tick():
            self.show()

    def show(self) -> None:
        """Draw the moment, if it is another than was drawn last."""
        player = self._player
        if (player.at, player.part) == self._shown:
            return
        moved, begins = player.at != self._shown[0], (player.part > 0) != (self._shown[1] > 0)
        self._shown = player.at, player.part
        if moved:
            self._map.show()
            self._frames_ago += 1
        if moved or begins:
            self.query_one(Moments).reload()
        if self._frames_ago >= _SELDOM or (self._frames_ago and not player.playing):
            self._frames_ago = 0
            self.query_one(MapLegend).refresh()
            self.query_one(OverviewLine).reload()
            self.query_one(OverviewLine).show(self._map.pfn, self._map.scope)
            self.query_one(OverviewLine).show_status()
            self._title()
        self._map.show_happening(player.happening(self._map.halves == 1))
        self.query_one(Beside).reload()
        self._parts += 1
        if moved or begins or not player.playing or self._parts % _CLOSE == 0:
            self._close_up()
        self._say()

    def _say(self) -> None:
        player = self._player
        count = len(player.moments)
        if self.keys != self._keys:
            self._keys = self.keys
            self.refresh_bindings()
        title = self.query_one("#moments-title", Strip)
        if count != self._listed:  # no more room than they need: the map has the rest
            self._listed = count
            self.query_one(Moments).styles.max_height = count
            title.set_class(not count, "-none")
        title.set(
            [Word("▌", "faint"), Word("what the kernel does", "strong")],
            [Word(f"moment {player.at:,} of {count:,} ", "dim")],
        )
        self.query_one("#transport", Strip).set(*self._transport())
        bar, what = self.query_one(ResultBar), player.present
        if what is None:
            said = f"{self._label}: the machine before it" if count else self._label
            bar.say("▶" if player.playing else "■", said, "plain", self.hint())
            return
        words, _ = moment_words(what)
        if moves := player.moving():
            total = sum(move.pages for move in player.moves[player.at + 1])
            last = self.machine.geometry.block_of(moves[-1].target)
            words = (
                f"{sum(move.pages for move in moves):,} of {total:,} pages have moved, the last ones to memory{last}"
            )
        look: Look = "plain" if not isinstance(what, Outcome) else "ok" if what.ok else "refused"
        room = self.app.size.width - 6  # one line: the other is for what a person can do
        bar.say("▶" if player.playing else "■", cut(words, room), look, self.hint())

    def _title(self) -> None:
        self._map.entitle(*titles.of_map(self._map, [view for view in VIEWS if view in (self._map.view, *FILMED)]))

    def _transport(self) -> tuple[list[Word], list[Word]]:
        player = self._player
        count, at = len(player.moments), player.at
        sign = "▶ playing" if player.playing else "■ ended" if player.ended else "❚❚ paused"
        if not count:
            return [Word(" nothing is played here ", "dim")], []
        left = [Word(f" {sign} ", "chosen", "screen.pause"), Word("  ")]
        if player.waits or player.never_ends:
            said = "never ends: no signal reaches it" if player.never_ends else "goes on until a signal"
            left = [Word(f" ↻ {said} ", "here-bad", "screen.signal"), Word("  ")]
        right = [Word("speed ", "dim")]
        right += [Word(f" {one}× ", "here" if one == player.speed else "dim", f"screen.speed({one})") for one in SPEEDS]
        count_word = Word(f"  {at:,}/{count:,}", "strong")
        room = max(8, self.app.size.width - 2 - sum(len(word.text) for word in (*left, count_word, *right)))
        if count <= min(_DOTS, room // 2):
            for number in range(1, count + 1):
                past, skipped = number <= at, isinstance(player.moments[number - 1], events.MemmapSkipped)
                role: Role = "faint" if not past else "memmap" if skipped else "accent"
                sign = ("◆" if past else "◇") if skipped else "●" if past else "○"
                left += [Word(sign, role, f"screen.to({number})"), Word("─", "faint")]
        else:
            done = room * at // count
            for place in range(0, room, 2):
                goal = (place + 1) * count // room
                left.append(
                    Word("━━" if place < done else "──", "accent" if place < done else "faint", f"screen.to({goal})")
                )
        return [*left, count_word], right

    def seek(self, moment: str) -> None:
        """To a moment that is named, and stay there. Raises `BadInput` if there is none of that name."""
        self._player.show(moment_of(moment, self._player))
        self.show()
        self._say()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A signal is sent where one is waited for, and nothing is stopped or played until then. Where nothing is played no key
        plays it."""
        if action in _PLAYS and not self._player.moments:
            return False
        if action == "signal":
            return self._player.waits
        return not self._player.waits if action == "pause" else super().check_action(action, parameters)

    @property
    def keys(self) -> object:
        """What the footer depends on."""
        return self._player.waits

    # -- keys -------------------------------------------------------------------------------------------------------

    def action_pause(self) -> None:
        """Stop playing, or go on."""
        if self._player.ended:
            self._player.go_to(0)
        self._player.playing = not self._player.playing
        self._close_up()
        self._say()

    def action_signal(self) -> None:
        """The signal that is waited for comes."""
        if self._player.waits:
            self._player.signal()
            self._say()

    def action_step(self, by: int) -> None:
        """One moment on, or back."""
        self.action_to(self._player.at + by)

    def action_to(self, at: int) -> None:
        """To a moment."""
        self._player.go_to(at)
        self.show()
        self._say()

    def action_end(self, last: bool) -> None:
        """To the last moment, or before the first."""
        self.action_to(len(self._player.moments) if last else 0)

    def action_faster(self, by: int) -> None:
        """The next speed, or the one before."""
        self._player.faster(by)
        self._say()

    def action_read(self, by: int, page: bool = False) -> None:
        """What stands beside it a line or a page on, or back."""
        beside = self.query_one(Beside)
        beside.scroll_relative(y=by * (max(1, beside.size.height - 1) if page else 1), animate=False)

    def action_speed(self, speed: int) -> None:
        """A speed."""
        self._player.speed = speed
        self._say()

    def _close_up(self) -> None:
        for one in self.query(CloseUp):
            self.set_class(one.closer, "-closer")
            one.reload()

    def on_memory_map_reshaped(self) -> None:
        self._close_up()
        self.query_one(MapLegend).refresh()
        self._title()
