"""Tours: stations with a machine, commands that are played, a place on the map and words; bundled, or from a file."""
