"""Why not: would a command succeed, what is in its way, and what would clear that (`ask.why_not`); as text (`words`)."""
