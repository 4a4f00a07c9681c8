"""When an app has nothing left to do, told by its event loop; and that it is drawn then, once.

Textual's pilot asks the clock and the processor: a process that computed little for 20 ms is done. That costs 40 ms a key on
an idle machine, and is wrong on a busy one, where a process computes little because others do. It also draws after every
step of the way from a key to what comes of it, more often the slower the machine is: most of what a test would compute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from textual._context import active_app
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.tokenize import tokenize_values
from textual.css.tokenizer import Token
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

_DRAW: Final = Screen._compositor_refresh
_PARSE: Final = Stylesheet._parse_rules
_DISPATCH: Final = MessagePump._get_dispatch_methods


async def quiet(*_: object) -> bool:
    """Wait until nothing is ready to run and the screen is laid out and drawn, which Textual leaves to timers; only another
    clock, a thread or a person brings more."""
    loop, app = asyncio.get_running_loop(), active_app.get()
    while True:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        if app._exit:
            return True
        if app._batch_count:
            await asyncio.sleep(0.01)  # Textual draws nothing for a moment; it is over when this count is 0
        elif app._resize_timer is not None:
            app._check_resize()
        elif not app._screen_stacks[app._current_mode]:
            return True
        elif app.screen._update_timer._active.is_set():
            app.screen._on_timer_update()
        elif app.screen._compositor._dirty_regions and not _undrawn:
            _DRAW(app.screen)
        else:
            return True


@contextmanager
def undrawn() -> Iterator[None]:
    """Meanwhile screens are laid out and not drawn, which who takes pictures of them does."""
    _undrawn.append(True)
    try:
        yield
    finally:
        _undrawn.pop()


def leave(screen: Screen[Any]) -> None:
    """Leave it to `quiet` to draw a screen, which no terminal shows before; what is seen behind another is that one's to
    draw."""
    if screen is not screen.app.screen:
        _DRAW(screen)
        return
    screen._dirty_widgets.clear()
    screen.app._update_mouse_over(screen)


def parse(sheet: Stylesheet, css: str, *place: Any, **more: Any) -> list[RuleSet]:
    """The rules of a style sheet: they are those of the last app that had it under the same theme."""
    asked = (css, place, *more.items(), *sheet._variables.items())
    if asked not in _parsed:
        _parsed[asked] = _PARSE(sheet, css, *place, **more)
    return _parsed[asked]


def tokens(values: dict[str, str]) -> dict[str, list[Token]]:
    """The variables of a theme for its style sheets: each app would take them to pieces anew."""
    asked = (*values.items(),)
    if asked not in _tokens:
        _tokens[asked] = tokenize_values(values)
    return _tokens[asked]


def handlers(pump: MessagePump, name: str, message: Message) -> Iterator[tuple[type, Callable[[Message], Any]]]:
    """The handlers of a message, for which Textual looks into every class of the widget at each message. What it found once for
    a kind of widget and a kind of message holds for all of these, unless some handler is for certain messages alone (``on``)."""
    kind = (type(pump), type(message), name)
    if kind not in _handlers:
        _handlers[kind] = None if message._no_default_action else _found(pump, name, message)
    if (known := _handlers[kind]) is None:
        yield from _DISPATCH(pump, name, message)
        return
    for owner, method in known:
        if message._no_default_action:
            break
        yield owner, method.__get__(pump, owner)


def _found(pump: MessagePump, name: str, message: Message) -> list[tuple[type, Any]] | None:
    """The handlers that Textual finds, by class; None where some may be for certain messages alone."""
    if any(vars(owner).get("_decorated_handlers") for owner in type(pump).__mro__):
        return None
    return [(owner, method.__func__) for owner, method in _DISPATCH(pump, name, message)]  # type: ignore[attr-defined]


_undrawn: list[bool] = []
_handlers: dict[tuple[type[MessagePump], type[Message], str], list[tuple[type, Any]] | None] = {}
_parsed: dict[tuple[object, ...], list[RuleSet]] = {}
_tokens: dict[tuple[tuple[str, str], ...], dict[str, list[Token]]] = {}

INSTEAD: Final[dict[str, object]] = {
    "textual.app.wait_for_idle": quiet,
    "textual.pilot.wait_for_idle": quiet,
    "textual.pilot.Pilot._wait_for_screen": quiet,
    "textual.screen.Screen._compositor_refresh": leave,
    "textual.message_pump.MessagePump._get_dispatch_methods": handlers,
    "textual.css.stylesheet.Stylesheet._parse_rules": parse,
    "textual.css.stylesheet.tokenize_values": tokens,
    "textual.css.model.RuleSet.__hash__": object.__hash__,  # it is by identity in Textual as well, a million times a minute
    "textual.app.App.CLICK_CHAIN_TIME_THRESHOLD": 3600.0,
    "altmap.explorer.tui.widgets.levels.REST": 0,
    "altmap.explorer.tui.screens.play.FRAMES": 1 / 3600,
}
"""What stands where while apps are tested; the cursor rests at once, a film stands still until a key moves it, and clicks at one
place belong together however long each takes."""
