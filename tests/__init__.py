"""Tests of altmap. The folder is a package so that ``python -m tests.stress`` runs."""
