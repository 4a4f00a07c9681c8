"""What verbs need of the screen that they work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from altmap.engine import Command, Machine

from .session import Batch, Session


class Desk(Protocol):
    """A machine, a cursor and marks on its blocks, and the dialogs that can be opened."""

    session: Session

    @property
    def machine(self) -> Machine:
        """The machine of the session."""

    @property
    def live(self) -> bool:
        """Is it the running machine, which is only looked at?"""

    def go_live(self) -> None:
        """Show the running machine, and what differs there from this one."""

    def rehearse(self) -> None:
        """Leave the running machine for a copy of it."""

    @property
    def cursor(self) -> int:
        """The selected block."""

    @property
    def marks(self) -> frozenset[int]:
        """The marked blocks."""

    @property
    def refused(self) -> Batch | None:
        """What was refused last, as long as the cursor and the marks stay as they were then."""

    def mark(self, blocks: frozenset[int]) -> None:
        """Mark exactly these blocks."""

    def unmark(self) -> None:
        """Take all marks away."""

    def perform(self, label: str, commands: Sequence[Command]) -> None:
        """Run commands and show what comes of them."""

    def watch_next(self) -> None:
        """Play the next verb instead of doing it at once, or no longer."""

    def watch_again(self) -> None:
        """Play the last verb again."""

    def take_tour(self) -> None:
        """Open the bundled tour."""

    def take_back(self) -> None:
        """Undo the last verb; where there is none, the boot."""

    def do_again(self) -> None:
        """Redo what was undone."""

    def ask_add(self, compares: bool = False) -> None:
        """Open the dialog for new memory; `compares`: to compare placements."""

    def explain(self, refused: Batch) -> None:
        """Show why commands were refused, and what can be done now."""

    def ask_why(self, commands: Sequence[Command]) -> None:
        """Show what would come of commands, each for itself."""

    def ask_line(self) -> None:
        """Open the command line."""

    def ask_state(self) -> None:
        """Open the tree of states."""

    def ask_file(self) -> None:
        """Open the dialog for a file to save to."""

    def ask_machine(self) -> None:
        """Open the dialog for another machine."""

    def take_home(self) -> None:
        """Open the dialog for what can be taken along."""

    def ask_block(self) -> None:
        """Open the dialog for a block to go to."""

    def jump(self) -> None:
        """Show a letter on everything that can be given the keys or clicked."""

    def show_help(self) -> None:
        """Open the list of all verbs."""

    @property
    def pane(self) -> str:
        """The pane that has the keys."""

    def ask_parameter(self) -> None:
        """Open the dialog for the chosen parameter."""

    def show_pane(self, pane: str) -> None:
        """Bring a pane into sight and give it the keys."""

    def leave(self) -> None:
        """End the explorer, or ask first if states would be lost."""

    def zoom(self, inwards: bool) -> None:
        """A level in at the cursor, or out."""

    @property
    def depth(self) -> int:
        """Levels that the map is zoomed in."""

    @property
    def can_zoom_in(self) -> bool:
        """Is there a level further in?"""

    def change_view(self, by: int) -> None:
        """The next view, or the one before."""

    def fold(self) -> None:
        """Fold runs of blocks that are alike, or unfold them."""

    @property
    def fault(self) -> int | None:
        """The page (pfn) that was in the way of the last command; else the first in the way of the selected block."""

    def show_fault(self) -> None:
        """Zoom to the page in the way."""

    @property
    def hits(self) -> frozenset[int] | None:
        """The blocks that the search found; None if there is none."""

    def ask_search(self) -> None:
        """Open the search line."""

    def next_hit(self, by: int) -> None:
        """To the next block that was found, or the one before."""

    def end_search(self) -> None:
        """Take the search away."""

    def memmap_link(self) -> tuple[tuple[tuple[int, int], ...], bool]:
        """The pages that hold the struct pages of what is under the cursor, or (True) that are described by it."""

    def go_host(self) -> None:
        """To the memmap of what is under the cursor, or to what it describes, and back."""

    def mark_others(self) -> None:
        """Mark the blocks that can go instead of the one under the cursor."""
