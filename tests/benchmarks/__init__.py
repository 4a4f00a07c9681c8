"""What things cost, as ratios against something measured in the same run: ``python -m tests.benchmarks``."""
