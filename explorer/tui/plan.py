"""The plan: the way from the first state to the present one as chips, one a verb. Pure."""

from __future__ import annotations

from typing import NamedTuple

from altmap.engine import Machine, about_bytes

from .. import facts
from ..printable import printable
from .session import Session
from .widgets.title import Role, Word

BARS = "▁▂▃▄▅▆▇█"


class Chip(NamedTuple):
    """One verb: its label, the state after its last command, and whether the kernel refused something of it ("ok", or
    the first errno)."""

    label: str
    number: int
    result: str


def chips(session: Session) -> list[Chip]:
    """The verbs on the way to the present state, oldest first."""
    found: list[Chip] = []
    before: tuple[int, str] | None = None
    for step in session.machine.timeline.path():
        verb = session.verb_of(step)
        if step.outcome is None or verb is None:
            continue
        result = step.outcome.result
        if verb == before and found[-1].result != "ok":
            result = found[-1].result
        chip = Chip(step.name or verb[1], step.number, result)
        found[len(found) - (verb == before) :] = [chip]
        before = verb
    return found


def words(session: Session, width: int) -> list[Word]:
    """The chips as words of a strip, the latest in full; what does not fit is one dot dot dot after the first."""
    made = chips(session)
    present = session.machine.timeline.present.number
    start = [
        Word(" plan  ", "dim"),
        Word(f"{session.begun} ", "strong" if not made else "text", "go_to_state(0)"),
        Word("●", "accent"),
    ]
    tail: list[list[Word]] = []
    for chip in made:
        good = chip.result == "ok"
        sign, action = "✓" if good else f"✗ {chip.result}", f"go_to_state({chip.number})"
        if chip.number == present:
            role: Role = "here-good" if good else "here-bad"
            tail.append([Word(" ─", "faint"), Word(f" {short(chip.label)} ", "here", action), Word(f"{sign} ", role)])
        else:
            role = "good" if good else "bad"
            tail.append([Word(" ─ ", "faint"), Word(f"{short(chip.label)} ", "text", action), Word(sign, role)])
    left_out = False
    while len(tail) > 1 and sum(len(word.text) for chip in tail for word in chip) + 24 > width:
        del tail[0]
        left_out = True
    dots = [Word(" ─ …", "faint", "verb('states')")] if left_out else []
    return [*start, *dots, *(word for chip in tail for word in chip)]


def short(label: str) -> str:
    """A label of at most 28 characters, all of them to be seen."""
    whole = printable(label)
    return whole if len(whole) <= 28 else f"{whole[:27]}…"


def free_words(machine: Machine, alarm: str) -> list[Word]:
    """MemFree, beside the chips; with an alarm if there is one."""
    free = about_bytes(facts.totals(machine).free)
    return [Word(f"! MemFree {free} ", "bad", "verb('pane_parameters')") if alarm else Word(f"MemFree {free} ", "dim")]
