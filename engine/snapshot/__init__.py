"""Saved machines: reading real ones, the schema, and from counters back to pages."""
