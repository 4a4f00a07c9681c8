"""The explorer in a browser: textual-serve starts one explorer for each page that is opened."""

from __future__ import annotations

import argparse
import shlex
import sys
from importlib.util import find_spec

from altmap.engine import BadInput

from ..aside import remark
from .exits import FINE
from .shared_arguments import DEFAULT_MACHINE
from .streams import STDIN, machine_named


def serve(arguments: argparse.Namespace) -> int:
    """Serve a machine, or without one the list of those that can be opened, until Ctrl-C. Raises `BadInput` for a machine that
    cannot be opened, and where nothing can be served."""
    if arguments.machine == STDIN:
        raise BadInput(
            "each page that is opened reads the machine anew, so it cannot come from standard input; give a file"
        )
    if find_spec("textual_serve") is None:
        raise BadInput("a browser needs the package textual-serve; install altmap with its extra: altmap[web]")
    named = arguments.machine or (DEFAULT_MACHINE if arguments.model is not None else None)
    if named is not None:
        machine_named(named, arguments.model, replay=arguments.replay)
    from textual_serve.server import Server

    words = [sys.executable, "-m", "altmap", "open", *([named] if named is not None else [])]
    words += ["--model", arguments.model] if arguments.model else []
    words += ["--replay"] if arguments.replay else []
    address = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    url, name = f"http://{address}:{arguments.port}", named or "altmap"
    title = f"altmap: {name}" if named is not None else name

    class Quiet(Server):
        def initialize_logging(self) -> None:
            """No line for each file that a page asks for."""

        async def on_startup(self, app: object) -> None:
            remark([f"altmap: {name} is at {url} until Ctrl-C; who can reach that can use altmap as you can"])

    server = Quiet(shlex.join(words), arguments.host, arguments.port, title=title, public_url=url)
    try:
        server.serve()
    except OSError as error:
        raise BadInput(f"{url} cannot be served: {error.strerror or error}; choose another --port or --host") from None
    return FINE
