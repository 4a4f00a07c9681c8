"""A long walk: ``python -m tests.walk --actions 5000 --seed 1``; ends with 1 and the way to the fault if there is one."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from .course import Fault, walks


def main() -> int:
    """Walk, and say how far on which machines."""
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description="random keys, clicks and sizes, seeded")
    parser.add_argument("--actions", type=int, default=5000, help="how many (default 5000)")
    parser.add_argument("--seed", default="0", help="any text; the same seed gives the same walk")
    given = parser.parse_args()
    steps: Counter[str] = Counter()
    try:
        for machine, count in walks(given.actions, given.seed):
            steps[machine] += count
            print(f"{steps.total()} of {given.actions} actions, {machine}", file=sys.stderr, flush=True)
    except Fault as fault:
        print(fault)
        raise
    print(f"{steps.total()} actions, every machine sound:", ", ".join(f"{n} on {name}" for name, n in steps.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
