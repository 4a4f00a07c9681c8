"""`altmap capture -o`: what was written, and how well it is known."""

from __future__ import annotations

from altmap.engine import Machine

from .. import facts


def captured(machine: Machine, path: str) -> str:
    """Three lines on a machine that was saved to a file."""
    return "\n".join(
        (
            f"{path}: {len(machine.blocks)} blocks, {len(machine.sections)} sections",
            f"measured: {', '.join(machine.origin.measured) or 'nothing'}",
            f"estimated: {', '.join(facts.unmeasured(machine)) or 'nothing'}",
        )
    )
