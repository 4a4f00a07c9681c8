"""A long run: ``python -m tests.mutate --times 10000 --seed 1``; ends with 1 and what was done if something does not hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from .trial import Trouble, bases, firecracker, trial


def main() -> int:
    """Try the mutants and print how they ended."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutate", description="captured trees with something wrong in them"
    )
    parser.add_argument("--times", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--seed", default="0", help="any text; the same seed gives the same trees")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the number of the first (0)")
    parser.add_argument("--go-on", action="store_true", help="go on behind what does not hold")
    given = parser.parse_args()
    results: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        every = bases(Path(name))
        every += firecracker(Path(name))
        for number in range(given.first, given.first + given.times):
            try:
                results[trial(every[number % len(every)], f"{given.seed}/{number}", Path(name) / "mutant")] += 1
            except Trouble as trouble:
                print(trouble, flush=True)
                results["trouble"] += 1
                if not given.go_on:
                    return 1
    print(f"{results.total()} mutants: {', '.join(f'{count} {name}' for name, count in results.most_common())}")
    return 1 if results["trouble"] else 0


if __name__ == "__main__":
    sys.exit(main())
