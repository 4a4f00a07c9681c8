"""Watching: what the kernel does, moment after moment, as lines; for the explorer and for a terminal alone."""
