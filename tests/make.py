"""Make all anew that is made of the code's own rows: ``python -m tests.make``.

These are the stub of the engine's public names, the JSON Schemas, completion and manual page, and tables of the README. A test
compares each with the rows. Pictures and machines are made apart, as someone has to look at them.
"""

from __future__ import annotations

from . import make_schemas, make_shipped, make_stub, make_tables

if __name__ == "__main__":
    for made in (make_stub, make_schemas, make_shipped, make_tables):
        made.write()
