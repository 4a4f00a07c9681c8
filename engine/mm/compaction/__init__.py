"""Compaction (mm/compaction.c): when a zone is worth it, and its two scanners."""
