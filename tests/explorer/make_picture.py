"""The picture in the README, drawn by the explorer itself: ``python -m tests.explorer.make_picture``."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from altmap import engine
from altmap.explorer import facts
from altmap.explorer.tui.app import ExplorerApp

from .machines import press

PICTURE = Path(engine.__file__).resolve().parents[1] / "fixtures" / "pictures" / "explorer.svg"
FONTS = re.compile(r"\s*@font-face \{.*?\}|<!--.*?-->\s*", re.DOTALL)
"""What Rich writes to load its font from the network, and its advertisement."""


def picture() -> str:
    """The bundled 24 GiB machine after 256 MiB were added to it and half of them went online, as SVG without fonts."""
    machine = engine.open_machine("firecracker-24g")
    size = 256 << 20
    start = facts.suggested_address(machine, size)

    async def draw() -> str:
        app = ExplorerApp(machine)
        async with app.run_test(size=(120, 40)) as pilot:
            await press(pilot, "a", *"256M", "enter", "m")
            block = start // machine.geometry.block_size
            assert machine.blocks[block].zone == (0, "Movable")
            assert machine.blocks[block + 1].state == "offline"
            return app.export_screenshot()

    return FONTS.sub("", asyncio.run(draw())) + "\n"


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
