"""From data to sentences: the only place in the engine that writes English about what the kernel does.

The command line, the explorer, logs and JSON all take their sentences from here; whoever decides something looks at the data.
"""

from .achieved import achieved
from .events import event_words, stepped_over
from .lines import GAP, Line, plain, running
from .moments import Moment, moment
from .placement import placed
from .reason import page_of, sentence
from .story import Said, assumption, memmap_places, story
from .unknown import unknown_words
from .words import block_names, block_numbers, counted, node_names, section_names, some_names

__all__ = [
    "GAP",
    "Line",
    "Moment",
    "Said",
    "achieved",
    "assumption",
    "block_names",
    "block_numbers",
    "counted",
    "event_words",
    "memmap_places",
    "moment",
    "node_names",
    "page_of",
    "placed",
    "plain",
    "running",
    "section_names",
    "sentence",
    "some_names",
    "stepped_over",
    "story",
    "unknown_words",
]
