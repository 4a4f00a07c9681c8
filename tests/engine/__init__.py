"""Tests of the engine, by mechanism."""
