"""echo: something is written to a file of sysfs or procfs."""

import re
from collections.abc import Iterator
from typing import Final

from ..memory.state import State
from ..numbers.errors import BadInput
from ..numbers.kstrtobool import kstrtobool
from ..protocol.reasons.notes import Note
from ..protocol.vocabulary import ONLINE_TYPES
from ..sysfs.paths import MEMORY, MEMORY_BUS, NODE, NUMBER
from .block_state import Offline, Online
from .fields import Base
from .row import Row, Steps, Work
from .shell import Place, echo, quoted


class Write(Base, tag="write", frozen=True):
    """Write `data` to the file of sysfs or procfs at `path`, as ``echo DATA > PATH`` does."""

    path: str
    data: str


class Redirection(str):
    """A ``>`` of a line that is not quoted."""


class _Echo:
    """The spelling of a write: a shell's."""

    verb: Final = "echo"
    usage: Final = "echo", "[-n]", "TEXT", ">", "PATH"

    def part(self, word: str) -> str:
        """Each part is a word."""
        return word if word in self.usage else ""

    def read(self, words: list[str]) -> Iterator[Write]:
        """The line end that echo adds is left out, as the kernel does, unless it is all there is. Raises `BadInput`."""
        words = _without_tee(words)
        ends = [at for at, word in enumerate(words) if isinstance(word, Redirection)]
        if len(ends) != 1 or ends[0] != len(words) - 2:
            raise BadInput(f"an echo needs one place to write to; write: {' '.join(self.usage)}")
        text, bare = words[: ends[0]], words[0] == "-n"
        yield Write(path=words[-1], data=" ".join(text[bare:]) or ("" if bare else "\n"))

    def write(self, command: Write, last: int | None = None) -> str:
        """The line that says a command."""
        bare = "-n " if command.data in ("", "-n") else ""  # else it would be a line end, or the option
        return f"echo {bare}{quoted(command.data.removesuffix(_LINE_END))} > {quoted(command.path)}"


def _without_tee(words: list[str]) -> list[str]:
    """``TEXT | sudo tee PATH`` says the same as ``TEXT > PATH``."""
    if "|" not in words:
        return words
    at = words.index("|")
    text, behind = words[:at], [word for word in words[at + 1 :] if word != "sudo"]
    path = behind[1:2] if behind[:1] == ["tee"] and behind[2:] in ([], [">", "/dev/null"]) else []
    return [*text, Redirection(">"), *path] if path else words


_LINE_END: Final = "\n"
_BLOCK_FILE: Final = rf"(?:{MEMORY}|{MEMORY_BUS}|{NODE}/node[0-9]+)/+memory{NUMBER}/+(state|online)"


def meant(command: Base) -> Base:
    """The operation behind a write to a file of a block; any other command is meant as it is."""
    if not isinstance(command, Write) or (match := re.fullmatch(_BLOCK_FILE, command.path)) is None:
        return command
    number, word = int(match[1]), command.data.removesuffix(_LINE_END)
    if match[2] == "online" and (wanted := kstrtobool(word)) is not None:
        return Online(block=number) if wanted else Offline(block=number)
    if match[2] == "state" and word == "offline":
        return Offline(block=number)
    if match[2] == "state" and word in ONLINE_TYPES:
        return Online(block=number, type=word)
    return command


def _run(state: State, command: Write, notes: list[Note]) -> Steps:
    from ..hotplug import virtio_mem
    from ..sysfs import hotplug_files

    yield from hotplug_files.write(state, command.path, command.data)
    yield from virtio_mem.go_on(state)


def _export(command: Write, place: Place) -> Iterator[str]:
    yield echo(command.path, command.data)


ROW: Final = Row(
    Write,
    _Echo(),
    "write to a modelled file of sysfs or procfs, as a shell does",
    "echo online > /sys/devices/system/memory/auto_online_blocks",
    _run,
    _export,
    work=Work(begin=512, each=4),  # of what it may start; one to a block costs what onlining it does
)
