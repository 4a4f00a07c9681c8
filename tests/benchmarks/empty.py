"""What every Textual app costs: one with a header and a footer and nothing else."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header


class Empty(App[None]):
    """Nothing happens in it."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield Footer()


if __name__ == "__main__":
    Empty().run()
