"""When an app has nothing left to do, told by its event loop.

Textual's pilot asks the clock and the processor: a process that computed little for 20 ms is done. That costs 40 ms a key on
an idle machine, and is wrong on a busy one, where a process computes little because others do.
"""

from __future__ import annotations

import asyncio

from textual._context import active_app


async def quiet(*_: object) -> bool:
    """Wait until nothing is ready to run and the screen is drawn: only a clock, a thread or a person brings more."""
    loop, app = asyncio.get_running_loop(), active_app.get()
    while True:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        if not app._screen_stacks[app._current_mode] or not app.screen._update_timer._active.is_set():
            return True
        app.screen._on_timer_update()
