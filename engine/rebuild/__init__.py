"""From what was read of a real machine to a state: what it is, how its memory lies, and what each page is."""
