"""Questions about a machine that change nothing: why, which of several, does it fit."""
