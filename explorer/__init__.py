"""altmap for people: the command line, its text and JSON output, and the explorer in the terminal.

Textual and rich are imported only by what draws with them, so that the command line answers at once.
"""

from altmap import __version__ as __version__
