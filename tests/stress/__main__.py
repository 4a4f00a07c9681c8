"""A long run: ``python -m tests.stress --commands 100000 --seed 1``; ends with 1 and the way to the fault if there is one."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from .course import Fault, courses
from .shrink import keep, shrunk
from .starts import starts


def main() -> int:
    """Run the commands and print how they ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description="seeded random commands, all checked")
    parser.add_argument("--commands", type=int, default=100_000, help="how many (default 100000)")
    parser.add_argument("--seed", default="0", help="any text; the same seed gives the same run")
    parser.add_argument("--start", help="one start alone; --start ? lists them")
    parser.add_argument("--keep", action="store_true", help="shrink a failing course and keep it as a seed file")
    given = parser.parse_args()
    if given.start is not None and given.start not in starts():
        print("\n".join(starts()))
        return 2
    results: Counter[str] = Counter()
    times: Counter[str] = Counter()
    hidden: list[str] = []  # what goes wrong while a command is given up, where no caller sees it
    sys.unraisablehook = lambda one: hidden.append(f"{type(one.exc_value).__name__}: {one.exc_value} in {one.object!r}")
    try:
        for course in courses(given.commands, given.seed, start=given.start):
            results.update(course.results)
            times.update(course.walk.times)
            if hidden:
                raise course.walk.fault(f"while a command was given up: {hidden[0]}")
            if sys.stderr.isatty():
                print(
                    f"\r{results.total()} of {given.commands} commands, {course.start}\x1b[K", end="", file=sys.stderr
                )
    except Fault as fault:
        print(fault)
        if given.keep:
            seed = shrunk(fault)
            print(f"{keep(seed)}: {len(seed.moves)} moves")
        return 1
    print(f"{results.total()} commands, every state sound:", _listed(results))
    print("states", _listed(times))
    return 0


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


if __name__ == "__main__":
    sys.exit(main())
