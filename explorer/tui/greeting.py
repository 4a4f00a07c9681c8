"""What is said of a machine when work on it begins. Pure."""

from __future__ import annotations

from .session import Session
from .worded import Look


def greeting(session: Session) -> tuple[str, str, Look]:
    """A badge, a sentence and a look, as the result bar takes them."""
    machine, before = session.machine, session.before
    origin = machine.origin
    if before is not None and session.begun == "derived":
        news = origin.notes[: len(origin.notes) - len(before.machine.origin.notes)]
        return "✓ a new machine", "; ".join(news), "ok"
    if session.begun == "copied":
        said = "of the running machine as it was read last; what is done here is done to the copy alone. u leads back."
        return "✓ a copy", said, "ok"
    if machine.warnings:
        return "! warning", " ".join(f"{warning}." for warning in machine.warnings), "busy"
    notes = [note for note in (origin.description, *origin.notes) if note]
    guessed = any(section.estimated for section in machine.sections.values())
    pages = "Pages are estimated from counters." if guessed else ""
    said = ". ".join(note.rstrip(".") for note in notes[:1])
    return "", " ".join(part for part in (said + "." if said else "", pages) if part), "plain"
