"""Recorded real kernels as judges of the engine, in process: see fixtures/traces/README.md for what a recording holds."""
