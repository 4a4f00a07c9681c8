"""Random walks through the explorer: keys, clicks, words and sizes, seeded; nothing may fail, and no machine end unsound."""
