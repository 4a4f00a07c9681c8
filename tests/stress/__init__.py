"""Seeded random commands on machines of every architecture and kernel model; ``python -m tests.stress`` for a long run."""
