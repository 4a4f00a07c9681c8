"""The plan: the way from the first state to the present one as chips, one a verb. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec
from altmap.engine import about_bytes

from ..picture.lines import cut
from ..printable import printable
from .graphs import bars
from .session import Session
from .worded import Role, Word

MOST: Final = 12
"""States of the course of MemFree."""


class Chip(msgspec.Struct, frozen=True):
    """One verb: its label, the state after its last command, whether the kernel refused something of it ("ok", or the first
    errno), and how many other ways go on from its states."""

    label: str
    number: int
    result: str
    others: int = 0


def chips(session: Session) -> list[Chip]:
    """The verbs on the way to the present state, oldest first."""
    found: list[Chip] = []
    before: tuple[int, str] | None = None
    steps = session.machine.timeline.steps
    following = Counter([step.parent for step in steps])
    path = [steps[session.machine.timeline.number]]
    while (parent := path[-1].parent) is not None:
        path.append(steps[parent])
    for step in reversed(path):
        verb = session.shown_verb(step)
        if step.outcome is None or verb is None:
            continue
        others = max(0, following[step.number] - (step is not path[0]))
        result = step.outcome.result
        if verb == before:
            last = found.pop()
            result, others = last.result if last.result != "ok" else result, others + last.others
        found.append(Chip(step.name or verb[1], step.number, result, others))
        before = verb
    return found


def words(session: Session, made: Sequence[Chip], width: int) -> list[Word]:
    """The chips as words of a strip, the latest in full; what does not fit is one dot dot dot after the first."""
    present = session.machine.timeline.number
    start = [
        Word(" plan  ", "dim"),
        Word(f"{session.begun} ", "strong" if not made else "text", "go_to_state(0)"),
        Word("●", "accent"),
    ]
    tail: list[list[Word]] = []
    for chip in made[-width:]:
        good = chip.result == "ok"
        sign, action = "✓" if good else f"✗ {chip.result}", f"go_to_state({chip.number})"
        if chip.number == present:
            role: Role = "here-good" if good else "here-bad"
            tail.append([Word(" ─", "faint"), Word(f" {short(chip.label)} ", "here", action), Word(f"{sign} ", role)])
        else:
            role = "good" if good else "bad"
            tail.append([Word(" ─ ", "faint"), Word(f"{short(chip.label)} ", "text", action), Word(sign, role)])
        if chip.others:
            tail[-1].append(Word(f" +{chip.others}", "dim", "verb('states')"))
    left_out = len(made) > width
    while len(tail) > 1 and sum(len(word.text) for chip in tail for word in chip) + 24 > width:
        del tail[0]
        left_out = True
    dots = [Word(" ─ …", "faint", "verb('states')")] if left_out else []
    return [*start, *dots, *(word for chip in tail for word in chip)]


def short(label: str) -> str:
    """A label of at most 28 characters, all of them to be seen."""
    return cut(printable(label), 28)


def free_words(session: Session, made: Sequence[Chip], alarm: str, room: int) -> list[Word]:
    """MemFree, beside the chips, with its course where there is room; with an alarm if there is one."""
    page = session.machine.geometry.page_size
    measures = session.measured_so_far([0, *(chip.number for chip in made)])
    free = [one.free for one in measures]
    now, begun = about_bytes(free[-1] * page), about_bytes(free[0] * page)
    if alarm:
        return [Word(f"! MemFree {now} ", "bad", "verb('pane_parameters')")]
    course = bars([float(one) for one in free[-MOST:]])
    words = f" {begun}→{now} " if begun != now else f" {now} "
    if len(free) < 2 or len("MemFree ") + len(course) + len(words) >= room:
        return [Word(f"MemFree {now} ", "dim")]
    return [Word("MemFree ", "dim", "verb('states')"), Word(course, "accent", "verb('states')"), Word(words, "dim")]
