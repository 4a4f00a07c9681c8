"""The application: one session, one main screen, the colours and the palette."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from altmap.engine import Machine
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingsMap, BindingType
from textual.events import Event, Key, MouseDown, Paste
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen

from ..card import recent_of
from ..printable import printable
from ..settings import Keeper, settings_path
from .guard import Guard
from .in_turn import TURNS, Answered, InTurn
from .leaving import run_to_the_end
from .portrait import Portrayed, behind
from .screens.asking import AskingScreen
from .screens.dialog import Dialog
from .screens.main import MainScreen
from .session import LEFT, Session
from .sizes import COLUMNS, ROWS, classes_of
from .themes import DARK, QUIET, THEMES
from .verbs import VERBS

if TYPE_CHECKING:
    from ..tour.walk import Walk
    from .jumping import Target
    from .live import Reader
    from .screens.open import Opened


_OTHERS: Final = Path(__file__).with_name("others.tcss")
"""The looks of all screens but the main one."""


class ExplorerApp(App[bool]):
    """altmap's explorer of one machine, chosen in it if none is given."""

    TITLE = "altmap"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help"),
        Binding("j", "jump", "Jump", show=False),
    ]
    CSS_PATH = Path(__file__).with_name("app.tcss")
    HORIZONTAL_BREAKPOINTS = COLUMNS
    VERTICAL_BREAKPOINTS = ROWS

    def __init__(
        self,
        machine: Machine | None,
        letters: bool | None = None,
        tour: Walk | None = None,
        keeper: Keeper | None = None,
        reader: Reader | None = None,
    ) -> None:
        """`letters`: tell with letters what colours tell elsewhere; if it is not given, NO_COLOR decides. `tour`: taken at
        once. `keeper`: what is remembered of the last time; without it nothing is, then and now. `reader`: the machine is the
        running one, read by this."""
        super().__init__()
        if letters is not None:
            self.no_color = letters
        self.session = Session(machine) if machine is not None else None
        self._typed = InTurn(self)
        self.keeper = keeper or Keeper()
        self._tour, self._reader = tour, reader
        self._guard, self._grey = Guard(), Monochrome()
        for one in THEMES:
            self.register_theme(one)
        theme = self.keeper.settings.theme if self.keeper.settings.theme in self.available_themes else DARK
        self.set_reactive(App.theme, theme)  # it is the first: there is nothing yet that would have to be made anew
        self.stylesheet.set_variables(self.get_css_variables())

    def on_mount(self) -> None:
        self.screen_change_signal.subscribe(self, lambda _: self.call_later(self._go_on))
        if self._tour is not None and isinstance(self.screen, MainScreen):
            self.screen.take_tour(self._tour)
        if self.session is None:
            from .screens.open import OpenScreen

            self.push_screen(OpenScreen(self.keeper.settings.recent), self._begin)
        if self.keeper.note:
            self.notify(printable(self.keeper.note), severity="warning", markup=False)

    if not TYPE_CHECKING:  # what a screen answers is checked by Textual's own types

        def push_screen(self, screen, *args, **kwargs):
            """Another screen on top, told before how much room there is and what it lies on, so that its rules are looked up
            once; how all look is read when the first one comes, for the main screen does not need it."""
            if isinstance(screen, Portrayed):
                over_map = bool(self.screen_stack and self.screen.query_children("#right"))
                screen.update_classes({**classes_of(self.size), "-over-map": over_map}, update=False)
            read_from = (str(_OTHERS), "")
            if not self.stylesheet.has_source(*read_from):
                self.stylesheet.add_source(_OTHERS.read_text(encoding="utf-8"), read_from)
            return super().push_screen(screen, *args, **kwargs)

    def _begin(self, opened: Opened | None) -> None:
        """The first machine was chosen, or none."""
        if opened is None:
            self.exit(LEFT)
        else:
            self.push_screen(self._main_of(Session(opened.machine), opened.reader))
            self._remember(opened.machine, opened.path)

    def _main_of(self, session: Session, reader: Reader | None = None) -> MainScreen:
        """The screen of a session; `reader`: of the running machine."""
        if reader is None:
            screen = MainScreen(session)
        else:
            from .screens.live import LiveScreen

            screen = LiveScreen(session, reader)
        return screen.update_classes(classes_of(self.size), update=False)  # now, so that it is laid out once

    def _remember(self, machine: Machine, path: str) -> None:
        """That a machine is in a file."""
        if path:
            self.keeper.opened(recent_of(machine, path))

    @property
    def _nearest(self) -> MainScreen | None:
        """The main screen that is seen, or that is below what is seen."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, MainScreen)), None)

    def exit(self, result: bool | None = None, return_code: int = 0, message: Any = None) -> None:
        """Remember the theme, and end."""
        if self.theme != (self.keeper.settings.theme or DARK):
            self.keeper.choose(self.theme)
        super().exit(result, return_code, message)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line of every widget passes."""
        others = (one for one in super().get_line_filters() if not isinstance(one, Monochrome))
        return [*others, *([self._grey] if self.no_color else []), self._guard]

    def get_key_display(self, binding: Binding) -> str:
        """What a key is called in footers: those at the top of the keyboard as in headings and in the help."""
        name = super().get_key_display(binding)
        return name.upper() if name[:1] == "f" and name[1:].isdigit() else name

    def copy_to_clipboard(self, text: str) -> None:
        """What another program may be given, such as a shell: no control characters but line ends."""
        super().copy_to_clipboard(printable(text))

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """The screen as SVG without seams; what Textual itself puts on top of it, in Textual's way."""
        screen = self.screen
        if not isinstance(screen, Portrayed):
            return super().export_screenshot(title=title, simplify=simplify)
        from ..picture.svg import svg

        return svg(screen.portrait(behind(self.screen_stack)), self.size.width, title or self.title)

    async def on_event(self, event: Event) -> None:
        """What is typed goes to the screen that the keys before it brought, however fast it comes: never lost, never a verb."""
        if isinstance(event, MouseDown):
            self._forget_changed()
        if isinstance(event, Key | Paste) and not event.is_forwarded and self.screen_stack:
            if isinstance(self.screen, MainScreen) and self.screen.stopped_by(event):
                self._typed.forget()  # nor is wanted what was to be done after it
            self._typed.add(event)
            await self._go_on()
        else:
            await super().on_event(event)

    async def _go_on(self) -> None:
        """Give the screen what was typed, as far as it can take it now."""
        while (event := self._typed.next(self._takes)) is not None:
            if isinstance(event, Key):
                self._forget_changed()
            screen, target = self.screen, self.focused or self.screen
            await super().on_event(event)
            self._typed.follow(*((target, TURNS) if event.is_forwarded else (screen, 1)))

    def _takes(self, event: Key | Paste) -> bool:
        """Can the screen answer that now?"""
        screen = self.screen
        return screen.takes(event) if isinstance(screen, MainScreen) else not isinstance(screen, Dialog) or screen.ready

    def _forget_changed(self) -> None:
        if self.screen_stack and isinstance(self.screen, MainScreen):
            self.screen.forget_changed()

    async def on_answered(self, message: Answered) -> None:
        self._typed.answered(message)
        await self._go_on()

    async def on_dialog_ready(self) -> None:
        await self._go_on()

    async def on_answering_screen_rested(self) -> None:
        await self._go_on()

    def on_asking_screen_booted(self, message: AskingScreen.Booted) -> None:
        """The machine before waits below, for who takes the boot back."""
        screen = self._main_of(Session(message.machine, self.session, message.begun), message.reader)
        self.push_screen(screen)
        self._remember(message.machine, message.path)
        if (first := message.first) is not None:
            screen.call_after_refresh(screen.perform, first.label, first.commands)

    def on_asking_screen_saved(self, message: AskingScreen.Saved) -> None:
        self._remember(message.machine, message.path)

    def on_asking_screen_returned(self, message: AskingScreen.Returned) -> None:
        self.push_screen(self._main_of(message.session))

    def on_asking_screen_entered(self, message: AskingScreen.Entered) -> None:
        self.session = message.session

    def action_help(self) -> None:
        """Tell the keys of the screen."""
        from textual.widgets import OptionList

        from .manual import Entry, of_keys
        from .screens.help import HelpScreen

        screen = self.screen
        if isinstance(screen, MainScreen):
            screen.show_help()
        elif not isinstance(screen, HelpScreen):
            usual = BindingsMap(Screen.BINDINGS).key_to_bindings.keys()
            keys = [
                Entry(binding.key, binding.description, binding.tooltip, binding.action)
                for key, (node, binding, enabled, _) in screen.active_bindings.items()
                if enabled and node is screen and key not in usual
            ]

            if isinstance(screen.focused, OptionList):
                keys.insert(0, Entry("up,down,enter", "Choose a line, and take it", ""))

            def asked(action: str | None) -> None:
                if action:
                    screen.call_later(screen.run_action, action)

            self.push_screen(HelpScreen(of_keys(keys)), asked)

    def action_jump(self) -> None:
        """Show a letter on everything that can be given the keys or clicked."""
        from .jumping import targets
        from .screens.jump import JumpScreen

        def jumped(target: Target | None) -> None:
            if target is not None:
                self.call_later(target.do)

        if not isinstance(self.screen, JumpScreen):
            self.push_screen(JumpScreen(targets(self.screen)), jumped)

    def action_help_quit(self) -> None:
        """Textual's key of old: it leaves nothing."""
        self.notify(
            "q leaves the explorer, and asks first where work would be lost", title="ctrl+c copies what is selected"
        )

    async def action_quit(self) -> None:
        """Textual's own key does as the verb does: it asks before states are lost; asked already, it leaves."""
        from .screens.leave import LeaveDialog

        main = self._nearest
        if main is None or isinstance(self.screen, LeaveDialog):
            self.exit(LEFT)
        else:
            main.leave()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return QUIET[self.current_theme.dark]

    def get_default_screen(self) -> Screen[Any]:
        return self._main_of(self.session, self._reader) if self.session is not None else Screen()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The verbs that are possible now, then Textual's own commands."""
        if isinstance(screen, MainScreen):
            for verb in VERBS:
                if verb.possible(screen):
                    yield SystemCommand(verb.title, verb.sentence, partial(screen.action_verb, verb.name))
        ours = {verb.title for verb in VERBS} | {"Keys"}
        yield from (command for command in super().get_system_commands(screen) if command.title not in ours)


def run_app(machine: Machine | None, tour: Walk | None = None, path: str = "", reader: Reader | None = None) -> int:
    """Open the explorer on a machine, or where one can be chosen; with a tour if one is given; until it is left or ended.
    `path`: the file or folder that the machine came from; `reader`: it is the running one. Returns the exit code."""
    keeper = Keeper(settings_path())
    if machine is not None and path:
        keeper.opened(recent_of(machine, path))
    app = ExplorerApp(machine, tour=tour, keeper=keeper, reader=reader)
    gc.freeze()  # what was imported and read so far stays until the end: no key waits until it was looked through for garbage
    return run_to_the_end(app, lambda: app.session, keeper)
