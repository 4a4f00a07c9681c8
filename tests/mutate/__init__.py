"""Captured trees with something wrong in them; ``python -m tests.mutate`` for a long run."""
