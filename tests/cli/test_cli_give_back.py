"""`altmap why MACHINE offline SIZE`: as text, as JSON, and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.captures import FIRECRACKER, unpacked

from .conftest import Run


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 24 GiB machine without its page flags, as an ordinary user captures it."""
    tree = unpacked(FIRECRACKER, tmp_path_factory.mktemp("unseen"))
    for file in tree.rglob("kpageflags.runs.json"):
        file.unlink()
    return tree


def test_it_answers_in_words_and_with_the_exit_code(altmap: Run) -> None:
    said = altmap("why", "firecracker-24g", "offline", "2G")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("offline 2G: yes, 16 blocks of 128M can go together\n")
    assert altmap("why", "firecracker-24g", "offline", "20G", "node", "0").code == 1


def test_pages_that_no_one_saw_make_it_not_known(altmap: Run, unseen: Path) -> None:
    said = altmap("why", unseen, "offline", "4G")
    assert said.code == 3
    assert said.out.startswith("offline 4G: not known; nothing is sure to go")
    assert "capture the machine as root, which sees /proc/kpageflags" in said.out


def test_who_captured_all_pages_as_root_is_not_told_to_do_so(altmap: Run) -> None:
    """Pages without a flag are what no file tells."""
    said = altmap("why", "firecracker-24g", "offline", "3500M")
    assert said.code == 3
    assert said.out.startswith(
        "offline 3500M: not known; 3.25G can go for sure, the rest hangs on what no file tells\n"
    )
    assert "capture" not in said.out
    assert "show no flag" in said.out
    (doubted, *_) = json.loads(altmap("why", "firecracker-24g", "offline", "3500M", "--json").out)["unknown"]
    assert doubted["reason"]["code"] == "no_flags"
    assert str(doubted["block"]) in said.out


def test_the_counters_prove_that_it_is_too_much(altmap: Run, unseen: Path) -> None:
    document = json.loads(altmap("why", unseen, "offline", "16G", "--json").out)
    assert document["answer"] == "no"
    assert document["sure"] == 0
    assert 4 << 30 < document["most"] < 8 << 30  # 132 of its blocks at least hold what the boot reserved


def test_json_has_the_blocks_and_what_holds_the_rest(altmap: Run) -> None:
    document = json.loads(altmap("why", "firecracker-24g", "offline", "20G", "--json").out)
    assert (document["kind"], document["version"], document["answer"]) == ("give_back", 1, "no")
    assert document["size"] == len(document["blocks"]) << 27
    assert [row["kind"] for row in document["held"]] == ["reserved", "slab", "pagetable", None]
    assert document["lines"][0] == "offline 1-23"


def test_a_script_says_where_sizes_are_answered(altmap: Run, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("offline 2G\n")
    said = altmap("run", "firecracker-24g", script)
    assert said.code == 2
    assert "altmap why MACHINE offline SIZE" in said.err
    shutil.rmtree(tmp_path)
