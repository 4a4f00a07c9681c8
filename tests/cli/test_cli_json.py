"""Every JSON document that the command line prints: its envelope, its schema, and what a program can do with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from altmap.engine import machine_names, open_machine, rename, save_machine
from altmap.engine.memory.state import state_of
from altmap.engine.run.invariants import INVARIANTS
from altmap.explorer import __version__
from altmap.explorer.headless.forms.kinds import KINDS, schema_of

from tests.make_schemas import FILES, FOLDER

STORY = """\
add 128M at 4G
online 32 online_movable
offline 99 expect ENOENT
offline 0
add 256M at 8G
echo online > /sys/devices/system/memory/memory64/state
allocate 20M movable
pin 1M
free 4M
offline 64
hugepages 4 of 2M
compact
poison 0x200000000
echo online > /sys/devices/system/memory/auto_online_blocks
add 128M at 16G caller probe
virtio-mem 64M at 32G
eject 128M at 4G
remove 256M at 8G
unpin 1M
"""
MACHINES = ("tiny-guest", "mixed-guest", "numa-guest", "arm64-guest")

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def matching() -> Callable[..., None]:
    """Fails unless a document is of a kind that there is and has exactly the keys and values of that kind's schema."""
    known: dict[str, Any] = {}
    found_right: set[tuple[str, str]] = set()

    def match(document: Any, kind: str = "") -> None:
        kind = kind or document["kind"]
        if (written := (kind, json.dumps(document))) in found_right:
            return
        if kind not in known:
            schema = json.loads(schema_of(KINDS[kind]))
            _close(schema)
            known[kind] = _validator(schema)
        error = next(known[kind].iter_errors(document), None)
        assert error is None, f"{kind}: {error and error.message}"
        found_right.add(written)

    return match


def _validator(schema: dict[str, Any]) -> Any:
    """Of the hundreds of kinds of event and reason that a value may be, only those are tried whose constants it has."""
    jsonschema = pytest.importorskip("jsonschema")
    every = jsonschema.Draft202012Validator.VALIDATORS["anyOf"]
    constants = {
        f"#/$defs/{name}": [(key, one["enum"]) for key, one in part.get("properties", {}).items() if "enum" in one]
        for name, part in schema.get("$defs", {}).items()
    }

    def any_of(validator: Any, choices: list[Any], value: Any, where: Any) -> Iterator[Any]:
        likely = choices
        if isinstance(value, dict):
            likely = [
                choice
                for choice in choices
                if all(
                    value.get(key) in allowed for key, allowed in constants.get(choice.get("$ref"), ()) if key in value
                )
            ]
        return every(validator, likely or choices, value, where)  # type: ignore[no-any-return]

    return jsonschema.validators.extend(jsonschema.Draft202012Validator, {"anyOf": any_of})(schema)


def _close(part: Any) -> None:
    """No key is there by accident: objects have the keys that are named, and no others."""
    if isinstance(part, dict):
        if "properties" in part:
            part.setdefault("additionalProperties", False)
        for inner in part.values():
            _close(inner)
    elif isinstance(part, list):
        for inner in part:
            _close(inner)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story"
    path.write_text(STORY)
    return path


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A captured folder with little in it: two blocks of 128 MiB."""
    memory = tmp_path / "tree" / "sys/devices/system/memory"
    for block in (0, 1):
        (memory / f"memory{block}").mkdir(parents=True)
        (memory / f"memory{block}" / "state").write_text("online\n")
    (memory / "block_size_bytes").write_text("8000000\n")
    return tmp_path / "tree"


def questions(machine: str, story: Path, end: Path) -> Iterator[list[str | Path]]:
    """Every way to be answered in JSON; the machine after the story is saved as `end`."""
    yield ["show", machine]
    yield ["check", machine]
    yield ["read", machine, "/proc/buddyinfo", "/sys/devices/system/memory/memory0/state", "/proc/nothing"]
    yield ["run", machine, story, "--save", end]
    yield ["run", machine, story, "--full"]
    yield ["run", machine, story, "--events"]
    yield ["why", machine, "offline", "0-2"]
    yield ["why", machine, "add", "1G", "at", "64G"]
    yield ["why", machine, "eject", "128M", "at", "4G"]
    yield ["compare", machine, "--add", "2G", "--model", "rfc-v2,6.1,6.12"]
    yield ["why", machine, "offline", "256M"]
    yield ["grow", machine, "--step", "2G", "--to", "4G"]
    yield [
        "explain",
        "Block size [0x8000000] unaligned hotplug range: start 0x100200000, size 0x7e00000",
        "--machine",
        machine,
    ]
    yield ["compare", machine, "--add", "100M"]
    yield ["show", end]
    yield ["export", end]
    yield ["diff", machine, end]
    yield ["diff", machine, "tiny-guest"]


def documents(altmap: Run, *argv: str | Path) -> list[Any]:
    said = altmap(*argv, "--json")
    assert said.code in (0, 1, 3), said.err
    return [json.loads(line) for line in said.out.splitlines()]


def reasons_in(part: Any) -> Iterator[Any]:
    """Every reason of a document, as data."""
    if isinstance(part, dict):
        reason = part.get("reason")
        if isinstance(reason, dict) and reason:
            assert part["sentence"]
            yield reason
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from reasons_in(inner)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_answer_matches_the_schema_of_its_kind(
    altmap: Run, matching: Callable[..., None], machine: str, story: Path, tmp_path: Path
) -> None:
    kinds = set()
    for argv in questions(machine, story, tmp_path / "end.json"):
        found = documents(altmap, *argv)
        assert found, argv
        for document in found:
            assert [*document][:3] == ["kind", "version", "altmap"]
            assert document["version"] == KINDS[document["kind"]].version
            assert document["altmap"] == __version__
            matching(document)
            kinds.add(document["kind"])
            for reason in reasons_in(document):
                matching(reason, "reason")
                kinds.add("reason")
    assert kinds == KINDS.keys() - {"snapshot", "machines", "capture"}
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    validator(json.loads(schema_of(KINDS["snapshot"]))).validate(json.loads((tmp_path / "end.json").read_bytes()))


def test_what_comes_along_and_what_was_captured_match_too(
    altmap: Run, matching: Callable[..., None], capture: Path, tmp_path: Path
) -> None:
    (listed,) = documents(altmap, "machines")
    matching(listed)
    assert [row["name"] for row in listed["machines"]] == machine_names()
    said = altmap("capture", "--root", capture, "-o", tmp_path / "it.json", "--json")
    assert (said.code, said.err) == (0, "")
    captured = json.loads(said.out)
    matching(captured)
    assert (captured["path"], captured["name"]) == (str(tmp_path / "it.json"), "it")
    assert captured["blocks"] == len(open_machine(tmp_path / "it.json").blocks)


def test_a_snapshot_on_standard_output_is_no_answer_about_it(altmap: Run, capture: Path) -> None:
    said = altmap("capture", "--root", capture, "--json")
    assert (said.code, said.out) == (2, "")
    assert "--json tells of the file that -o names" in said.err


# -- schemas ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_schema_is_current(altmap: Run, kind: str) -> None:
    said = altmap("schema", kind)
    assert (said.code, said.err) == (0, "")
    assert FILES[kind].read_text() == said.out, "write the files anew: python -m tests.make"
    for part in parts_of(json.loads(said.out)):
        check_schema(part)


def parts_of(schema: dict[str, Any]) -> Iterator[str]:
    """A schema without its properties and definitions, and these, each of which is a schema as well; kinds have most of them in
    common."""
    yield json.dumps({key: value for key, value in schema.items() if key not in ("properties", "$defs")})
    for part in (*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()):
        yield from parts_of(part)


@cache
def check_schema(part: str) -> None:
    pytest.importorskip("jsonschema").Draft202012Validator.check_schema(json.loads(part))


def test_a_schema_that_is_none_is_found() -> None:
    right, wrong = {"type": "null"}, {"type": "nothing"}
    *sound, unsound = parts_of({"type": "object", "$defs": {"right": {"properties": {"one": right, "other": wrong}}}})
    for part in sound:
        check_schema(part)
    with pytest.raises(pytest.importorskip("jsonschema").SchemaError):
        check_schema(unsound)


def test_what_is_not_of_its_kind_is_found(altmap: Run, matching: Callable[..., None], story: Path) -> None:
    first, second, third, *_ = documents(altmap, "run", "tiny-guest", story, "--events")
    for document in (first, second, third):
        matching(document)
        for wrong in ({**document, "more": 1}, {**document, "event": "nothing"}, {**document, "step": "one"}):
            with pytest.raises(AssertionError):
                matching(wrong)


def test_no_other_schema_is_committed() -> None:
    assert set(FOLDER.iterdir()) == set(FILES.values())


def test_the_kinds_are_listed_with_their_versions(altmap: Run) -> None:
    said = altmap("schema")
    assert said.code == 0
    rows = [line.split(maxsplit=2) for line in said.out.splitlines()]
    assert [row[:2] for row in rows] == [[kind.name, str(kind.version)] for kind in KINDS.values()]
    assert all(len(line) <= 100 for line in said.out.splitlines())


def test_another_kind_is_refused_with_the_nearest(altmap: Run) -> None:
    said = altmap("schema", "steps")
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("; did you mean 'step'?\n")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("machine", ["show", "numa-guest"]),
        ("step", ["run", "numa-guest", "STORY"]),
        ("full_step", ["run", "numa-guest", "STORY", "--full"]),
        ("why", ["why", "numa-guest", "offline", "0-11"]),
    ],
)
def test_a_form_reads_what_it_wrote(altmap: Run, story: Path, kind: str, words: list[str]) -> None:
    """A Python program may take the Structs instead of dictionaries."""
    said = altmap(*(story if word == "STORY" else word for word in words), "--json")
    assert said.out
    for line in said.out.splitlines():
        assert msgspec.json.encode(msgspec.json.decode(line, type=KINDS[kind].form)).decode() == line


# -- what a program can do ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
def test_the_changes_of_all_steps_lead_from_the_first_machine_to_the_last(
    altmap: Run, machine: str, story: Path, tmp_path: Path
) -> None:
    steps = documents(altmap, "run", machine, story, "--save", tmp_path / "end.json")
    (first,), (last,) = (documents(altmap, "show", name) for name in (machine, tmp_path / "end.json"))
    parameters = dict(first["parameters"])
    for step in steps:
        for change in step["changes"]["parameters"]:
            assert parameters[change["name"]] == change["before"]
            parameters[change["name"]] = change["after"]
    assert parameters == last["parameters"]
    for things, keys in (
        ("nodes", ["node"]),
        ("zones", ["node", "zone"]),
        ("blocks", ["block"]),
        ("sections", ["section"]),
    ):
        present = {tuple(row[key] for key in keys): row for row in first[things]}
        for step in steps:
            for change in step["changes"][things]:
                key = tuple(change[name] for name in keys)
                assert present.pop(key, None) == change["before"], (step["line"], key)
                if change["after"] is not None:
                    present[key] = change["after"]
        assert [present[key] for key in sorted(present)] == sorted(
            last[things], key=lambda row: tuple(row[key] for key in keys)
        )


def test_a_command_in_a_document_is_a_command_of_a_script(altmap: Run, story: Path, tmp_path: Path) -> None:
    steps = documents(altmap, "run", "small-guest", story)
    again = tmp_path / "again.json"
    again.write_text(json.dumps([step["command"] for step in steps]))
    assert documents(altmap, "run", "small-guest", again) == steps
    again.write_text("\n".join(step["line"] for step in steps))
    without = [{**step, "expected": None, "command": {**step["command"], "expect": None}} for step in steps]
    assert [{**step, "expected": None} for step in documents(altmap, "run", "small-guest", again)] == without


def test_a_line_costs_what_changed(altmap: Run, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("add 128M at 2T\nonline 16384 movable\noffline 16384\n")
    lines = altmap("run", "terabyte-server", script, "--json").out.splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) < 8192


def test_refusals_and_files_that_are_not_there_are_data(altmap: Run) -> None:
    (found,) = documents(altmap, "read", "tiny-guest", "/proc/buddyinfo", "/proc/nothing")
    there, missing = found["files"]
    assert there["text"] == open_machine("tiny-guest").read("/proc/buddyinfo")
    assert (there["refusal"], missing["text"], missing["refusal"]["errno"]) == (None, None, "ENOENT")
    assert altmap("read", "tiny-guest", "/proc/nothing", "--json").code == 1


def test_broken_invariants_are_data(altmap: Run, matching: Callable[..., None], tmp_path: Path) -> None:
    machine = open_machine("tiny-guest")
    zone = machine.zones[0, "DMA32"]
    state_of(machine).zones.put(zone.key, zone.plus(free=1))
    save_machine(machine, tmp_path / "broken.json")
    (found,) = documents(altmap, "check", tmp_path / "broken.json")
    matching(found)
    assert found["sound"] is False
    assert [(row["invariant"], row["sentence"]) for row in found["broken"]] == [
        (broken.invariant, broken.sentence) for broken in machine.check()
    ]
    assert found["broken"][0]["rule"] == INVARIANTS[found["broken"][0]["invariant"]]
    assert altmap("check", tmp_path / "broken.json", "--json").code == 1


def test_nothing_that_a_file_says_reaches_a_terminal_raw(altmap: Run, story: Path, tmp_path: Path) -> None:
    """Whatever controls are in its texts, each line is printed as it is; and the text comes back."""
    hostile = "\x1b]52;c;aGk=\x07\x9b31m\u202egnp\u2066\x7f"
    machine = open_machine("tiny-guest")
    rename(machine, hostile, hostile, hostile)
    save_machine(machine, tmp_path / "hostile.json")
    for argv in questions(str(tmp_path / "hostile.json"), story, tmp_path / "end.json"):
        said = altmap(*argv, "--json")
        assert all(line.isprintable() for line in said.out.splitlines()), argv
    (shown,) = documents(altmap, "show", tmp_path / "hostile.json")
    assert (shown["name"], shown["description"], shown["source"]) == (hostile, hostile, hostile)
    assert (tmp_path / "hostile.json").read_text().replace("\n", "").isprintable(), "nor in the file"


def test_an_argument_that_is_no_text_breaks_nothing(altmap: Run) -> None:
    (found,) = documents(altmap, "read", "tiny-guest", "/proc/\udcff")
    assert found["files"][0]["path"] == "/proc/\N{REPLACEMENT CHARACTER}"
