"""Tests of saved machines: reading trees, from counters to pages, the file and back."""
