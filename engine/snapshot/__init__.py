"""Saved machines: the schema, and from a machine's state to a file and back."""
