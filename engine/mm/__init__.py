"""The mechanisms of mm/: page allocation, isolation, migration, compaction, huge pages, the memmap of hot-added sections."""
