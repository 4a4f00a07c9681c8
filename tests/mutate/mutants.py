"""Ways to spoil a captured tree: values, words, lines, files and folders, thrown from a seed."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

MEMORY: Final = "sys/devices/system/memory"
NODES: Final = "sys/devices/system/node"
NUMBERS: Final = (
    *("0", "1", "2", "3", "7", "12", "255", "256", "300", "511", "512", "4095", "4096", "32768", "65535", "65536"),
    *(str(1 << power) for power in (20, 31, 32, 40, 52, 53, 62, 63, 64, 70)),
    *(str((1 << power) - 1) for power in (31, 32, 52, 63, 64)),
    *("-1", "0x10", "1e9", "007", "9" * 5000, "", "ffffffffffffffff", "\N{ARABIC-INDIC DIGIT SEVEN}"),
)
WORDS: Final = (
    *("DMA", "DMA32", "Normal", "HighMem", "Movable", "Device", "none", "Foo", "online", "offline", "going-offline"),
    *(
        "Isolate",
        "CMA",
        "Y",
        "N",
        "force",
        "auto-movable",
        "x86_64",
        "aarch64",
        "System",
        "RAM",
        "\x1b[31m",
        "\udc80",
        "é",
    ),
)
LISTS: Final = ("0-4095", "0-65535", "5000", "0,0,0", "3-1", "1-", "-", ",", "0-1,3-9", "", "4095", "4096")
POOLS: Final = (
    "hugepages-0kB",
    "hugepages-3kB",
    "hugepages-4kB",
    "hugepages-64kB",
    "hugepages-1048576kB",
    "hugepages-999999999999kB",
)
_NUMBER: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"[A-Za-z_]\w+")


class Mutant:
    """One tree, spoilt in a few ways; `said` names them."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.chance = chance
        self.said: list[str] = []
        found = (Path(folder) / name for folder, _, names in os.walk(root) for name in sorted(names))
        self.files = sorted(path for path in found if not path.is_symlink())
        self.few = [path for path in self.files if not re.search(r"/memory\d+/", str(path))]

    def spoil(self, times: int) -> None:
        """Do so many things to it."""
        for _ in range(times):
            self.chance.choices(list(WAYS), list(WAYS.values()))[0](self)

    # -- inside a file -------------------------------------------------------------------------------------------------

    def _edit(self, pattern: re.Pattern[str], values: tuple[str, ...], count: int = 1) -> None:
        """Replace some matches in a file."""
        path = self._file()
        text = self._read(path)
        found = list(pattern.finditer(text))
        if not found:
            return
        for match in sorted(self.chance.sample(found, min(count, len(found))), key=lambda one: -one.start()):
            value = self.chance.choice(values)
            text = text[: match.start()] + value + text[match.end() :]
            self._say(path, f"{match[0][:20]!r} became {value[:20]!r}")
        self._write(path, text)

    def number(self) -> None:
        self._edit(_NUMBER, NUMBERS)

    def numbers(self) -> None:
        self._edit(_NUMBER, NUMBERS, 5)

    def near(self) -> None:
        """A number that is a little off."""
        path = self._file()
        text = self._read(path)
        if found := [one for one in _NUMBER.finditer(text) if len(one[0]) < 20]:
            match = self.chance.choice(found)
            value = max(0, int(match[0]) + self.chance.choice((-512, -2, -1, 1, 2, 512, 32768, int(match[0]))))
            self._write(path, f"{text[: match.start()]}{value}{text[match.end() :]}")
            self._say(path, f"{match[0]} became {value}")

    def word(self) -> None:
        self._edit(_WORD, WORDS)

    def line(self) -> None:
        """A line gone, twice, or in another place."""
        path = self._file()
        lines = self._read(path).splitlines(keepends=True)
        if not lines:
            return
        at, to = self.chance.randrange(len(lines)), self.chance.randrange(len(lines) + 1)
        line = lines[at]
        way = self.chance.choice(("gone", "twice", "moved"))
        if way != "twice":
            del lines[at]
        if way != "gone":
            lines.insert(min(to, len(lines)), line)
        self._write(path, "".join(lines))
        self._say(path, f"line {at + 1} {way}")

    def torn(self) -> None:
        """A file that ends early."""
        path = self._file()
        text = self._read(path)
        self._write(path, text[: self.chance.randrange(len(text) + 1)])
        self._say(path, "torn")

    def noise(self) -> None:
        path = self._file()
        path.write_bytes(self.chance.randbytes(self.chance.choice((0, 1, 8, 100))))
        self._say(path, "noise")

    def other(self) -> None:
        """What another file says."""
        path, source = self._file(), self._file()
        path.write_bytes(source.read_bytes())
        self._say(path, f"says what {source.name} says")

    # -- files and folders ---------------------------------------------------------------------------------------------

    def gone(self) -> None:
        path = self._file()
        path.unlink()
        self.files.remove(path)
        self.few = [one for one in self.few if one != path]
        self._say(path, "gone")

    def folder(self) -> None:
        """A whole folder gone, or a folder in place of a file."""
        path = self._file()
        if self.chance.random() < 0.5 and len(path.relative_to(self.root).parts) > 3:
            shutil.rmtree(path.parent)
            self._say(path.parent, "gone")
        else:
            path.unlink()
            path.mkdir()
            self._say(path, "is a folder")
        self.files = [one for one in self.files if one.is_file()]
        self.few = [one for one in self.few if one.is_file()]

    def renumber(self) -> None:
        """A block or a node of another number."""
        folder, word = self.chance.choice(((MEMORY, "memory"), (NODES, "node")))
        found = sorted(path for path in (self.root / folder).glob(f"{word}[0-9]*"))
        if found:
            path = self.chance.choice(found)
            target = path.with_name(word + self.chance.choice(NUMBERS[:-8]))
            if not os.path.lexists(target):
                path.rename(target)
                self._say(path, f"is {target.name[:30]}")
        self.files = [one for one in self.files if one.is_file()]
        self.few = [one for one in self.few if one.is_file()]

    def link(self) -> None:
        """A block says that it is on some node, or a node that it has some block."""
        nodes = ("node0", "node1", "node7", "node4095", "node4096", "node99999")
        blocks = sorted((self.root / MEMORY).glob("memory[0-9]*"))
        if self.chance.random() < 0.5 and blocks:
            path = self.chance.choice(blocks) / self.chance.choice(nodes)
        else:
            path = self.root / NODES / self.chance.choice(nodes) / f"memory{self.chance.choice((0, 1, 32, 500))}"
        if not os.path.lexists(path) and not path.parent.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to("../nowhere")
            self._say(path, "is linked")

    def list(self) -> None:
        path = self.root / NODES / self.chance.choice(("possible", "online", "has_cpu", "has_memory"))
        if path.parent.is_dir() and not path.is_dir():
            text = self.chance.choice(LISTS)
            path.write_text(text + "\n")
            self._say(path, f"says {text!r}")

    def distance(self) -> None:
        path = self.root / NODES / "node0" / "distance"
        if path.parent.is_dir() and not path.is_dir():
            text = self.chance.choice(("300", "10 256", "255", "10 20 30 40", "0", "", "10 -20"))
            path.write_text(text + "\n")
            self._say(path, f"says {text!r}")

    def pool(self) -> None:
        """A pool of huge pages, of a size that there may not be."""
        base = self.chance.choice((self.root / "sys/kernel/mm/hugepages", self.root / NODES / "node0/hugepages"))
        folder = base / self.chance.choice(POOLS)
        if not base.is_file() and not folder.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("nr_hugepages", "free_hugepages", "surplus_hugepages"):
                if not (folder / name).is_dir():
                    (folder / name).write_text(self.chance.choice(NUMBERS[:30]) + "\n")
            self._say(folder, "is a pool")

    def block_size(self) -> None:
        path = self.root / MEMORY / "block_size_bytes"
        if path.parent.is_dir() and not path.is_dir():
            text = self.chance.choice(
                ("1000", "8000000", "10000000", "40000000", "80000000", "1000000000", "3", "0", "x")
            )
            path.write_text(text + "\n")
            self._say(path, f"says {text!r}")

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _file(self) -> Path:
        """Files of blocks are many and alike; the others come more often."""
        return self.chance.choice(self.few if self.few and self.chance.random() < 0.8 else self.files)

    def _read(self, path: Path) -> str:
        return path.read_text(encoding="utf-8", errors="surrogateescape")

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogateescape")

    def _say(self, path: Path, what: str) -> None:
        self.said.append(f"{path.relative_to(self.root)}: {what}")


WAYS: Final[dict[Callable[[Mutant], None], int]] = {
    Mutant.number: 30,
    Mutant.numbers: 10,
    Mutant.near: 20,
    Mutant.word: 12,
    Mutant.line: 10,
    Mutant.torn: 3,
    Mutant.noise: 2,
    Mutant.other: 3,
    Mutant.gone: 5,
    Mutant.folder: 2,
    Mutant.renumber: 5,
    Mutant.link: 5,
    Mutant.list: 5,
    Mutant.distance: 2,
    Mutant.pool: 4,
    Mutant.block_size: 2,
}
"""How likely each way is."""
