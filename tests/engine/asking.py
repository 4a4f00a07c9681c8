"""Asking why not, and seeing that nothing changed, that the answer is the one that the command gets, and that remedies work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from altmap.engine import Command, Machine, Reason, sentence
from altmap.engine.memory.state import State, state_of
from altmap.engine.questions.why.ask import why_not
from altmap.engine.questions.why.verdict import Remedy, Verdict
from altmap.engine.questions.why.words import describe_verdict, lines

from .guests import read_back

BLOCK = 0x8000
"""Pages of a block of 128 MiB."""


def pictured(state: State) -> dict[str, dict[Any, Any]]:
    """Every table, by name."""
    return {table.name: dict(table) for table in state.tables}


def ask(machine: Machine, command: Command) -> Verdict:
    """Ask, and see that the machine is what it was, value by value; that the answer is true; and that the remedies work."""
    before, written = pictured(state_of(machine)), list(state_of(machine).journal.changes)
    verdict = why_not(machine, command)
    after = pictured(state_of(machine))
    assert after == before
    assert all(after[name][key] is value for name, table in before.items() for key, value in table.items())
    assert state_of(machine).journal.changes == written
    assert state_of(machine).section_numbers() == sorted(state_of(machine).sections)
    outcome = machine.apply(command)
    assert (verdict.result, verdict.reason, verdict.pfn) == (outcome.result, outcome.reason, outcome.pfn)
    assert verdict.taken == outcome.taken
    machine.undo()
    for remedy in verdict.remedies:
        assert words(remedy)
        if not remedy.given:
            results = [machine.apply(step) for step in remedy.commands]
            assert [step.result for step in results] == ["ok"] * len(results)
            assert machine.check() == []
            for _ in results:
                machine.undo()
    assert bool(verdict.blockers) or verdict.ok
    assert read_back(verdict) == verdict
    assert (
        describe_verdict(verdict)[0]
        .cells[0]
        .endswith((sentence(verdict.but) or "would succeed") if verdict.ok else f"no, {verdict.result}")
    )
    return verdict


def blockers(verdict: Verdict) -> dict[str, tuple[int, int | None]]:
    """Count and first pfn by kind."""
    return {blocker.kind: (blocker.count, blocker.first) for blocker in verdict.blockers}


def said(reasons: Sequence[Reason]) -> tuple[str, ...]:
    """The sentences of effects or warnings."""
    return tuple(map(sentence, reasons))


def words(remedy: Remedy) -> str:
    """What a remedy does."""
    return "; ".join(map(sentence, remedy.does))


def typed(verdict: Verdict) -> list[list[str]]:
    """The lines of each remedy."""
    return [list(lines(remedy.commands)) for remedy in verdict.remedies]
