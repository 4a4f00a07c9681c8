"""Tests of the explorer: pictures, verbs, and the pure parts beneath them."""
