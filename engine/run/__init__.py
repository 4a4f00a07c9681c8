"""Running commands: which mechanism answers which command, rehearsals, the timeline, the invariants."""
