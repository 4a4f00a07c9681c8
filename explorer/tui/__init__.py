"""The explorer in the terminal (Textual)."""
