"""The words in which everything else speaks: what pages, zones and callers are called, events, and reasons as data."""
