"""Questions about a machine that change nothing, and their answers: why not, which of several, how much, what a log means."""
