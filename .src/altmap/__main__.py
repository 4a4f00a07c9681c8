"""``python -m altmap`` is ``altmap``."""

import sys

from .explorer.headless.cli import main

sys.exit(main())
