"""When an app has nothing left to do, told by its event loop.

Textual's pilot asks the clock and the processor: a process that computed little for 20 ms is done. That costs 40 ms a key on
an idle machine, and is wrong on a busy one, where a process computes little because others do.
"""

from __future__ import annotations

import asyncio

from textual._context import active_app


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
        elif app._screen_stacks[app._current_mode] and app.screen._update_timer._active.is_set():
            app.screen._on_timer_update()
        else:
            return True
