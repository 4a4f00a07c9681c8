"""The shortest way to a fault: moves that it does not need are left out, halves first (delta debugging)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from .course import Fault, Move, Walk

SEEDS = Path(__file__).parent / "seeds"


class Seed(msgspec.Struct, frozen=True):
    """Moves that once led to a fault, and what it was."""

    start: str
    what: str
    moves: tuple[Move, ...]


def fault_of(start: str, moves: Sequence[Move]) -> Fault | None:
    """The fault that these moves lead to, reopening at the end included."""
    try:
        walk = Walk(start)
        for move in moves:
            walk.make(move)
        walk.make(Move(way="reopen"))
    except Fault as fault:
        return fault
    return None


def shortest(moves: Sequence[Move], fails: Callable[[Sequence[Move]], bool]) -> list[Move]:
    """Moves that still fail, of which none can be left out."""
    left, parts = list(moves), 2
    while len(left) > 1:
        size = max(1, len(left) // parts)
        for at in range(0, len(left), size):
            fewer = left[:at] + left[at + size :]
            if fails(fewer):
                left, parts = fewer, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(left), parts * 2)
    return left


def shrunk(fault: Fault) -> Seed:
    """A fault as the shortest sequence of moves that leads to one of its kind (up to the numbers in it)."""
    kind = fault.what.split()[:1]

    def fails(moves: Sequence[Move]) -> bool:
        found = fault_of(fault.start, moves)
        return found is not None and found.what.split()[:1] == kind

    if not fails(fault.trail):
        return Seed(fault.start, fault.what, tuple(fault.trail))
    return Seed(fault.start, fault.what, tuple(shortest(fault.trail, fails)))


def keep(seed: Seed, folder: Path = SEEDS) -> Path:
    """Write a seed file; the suite walks it from then on."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{len(list(folder.glob('*.json'))) + 1:03}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(seed), indent=1) + b"\n")
    return path


def read(path: Path) -> Seed:
    return msgspec.json.decode(path.read_bytes(), type=Seed)
