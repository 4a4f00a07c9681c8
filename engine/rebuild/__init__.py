"""From what was read of a real machine to its pages."""
