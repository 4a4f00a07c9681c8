"""The mechanisms of mm/: page allocation, isolation, migration, the memmap of hot-added sections."""
