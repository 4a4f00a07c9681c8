"""The parameters of a machine: what each is, what it may be, and how it is changed, as rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from altmap.engine import MODELS, PARAMETER_FILES, HotplugError, Machine

How = Literal["write", "boot", "open", "fact"]
"""A running kernel takes it as a write to a file; a boot decides it; opening the machine does; or it is as it was found."""


class Value(NamedTuple):
    """What a parameter may be, and what that means."""

    text: str
    meaning: str = ""


class Row(NamedTuple):
    """One parameter; `key` is what a boot calls it. `path`: the file that a running kernel reads it from; `values`: what it may
    be (none: a number); `missing`: this kernel has no such parameter, and why it can still be shown."""

    name: str
    value: str
    how: How
    meaning: str
    values: tuple[Value, ...] = ()
    path: str = ""
    missing: bool = False
    key: str = ""

    @property
    def can_change(self) -> bool:
        """Is there another value to choose?"""
        return self.how != "fact" and not self.missing


MEANINGS: Final[Mapping[str, str]] = {
    "model": "The kernel whose rules decide what every command does.",
    "memmap_on_memory": "May a block that is added hold its own memmap? Read at boot only; the memory that is added later "
    "follows it.",
    "movable_node": "Memory that is hot-added goes into ZONE_MOVABLE, unless another zone is asked for.",
    "hugetlb_free_vmemmap": "Does each huge page give back the memmap that it does not need (HVO)?",
    "probe": "Was the kernel built with the file probe, through which memory can be added by hand?",
    "hugepages": "Huge pages that the boot set aside.",
    "kernelcore": "How much boot memory the kernel keeps for itself; the rest became ZONE_MOVABLE.",
    "movablecore": "How much boot memory became ZONE_MOVABLE.",
    "auto_online_blocks": "What happens to a block as soon as it was added.",
    "online_policy": "Into which zone a plain online goes.",
    "auto_movable_ratio": "For auto-movable: how much ZONE_MOVABLE there may be, in percent of the kernel's zones.",
    "movable_gigantic_pages": "Whether huge pages of 1 GiB may lie in ZONE_MOVABLE.",
    "auto_movable_numa_aware": "For auto-movable: is the ratio kept on each node, too?",
}
"""What each parameter is."""

VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "memmap_on_memory": {
        "N": "the memmap is taken from memory that is there",
        "Y": "in each block, if whole pageblocks remain",
        "force": "in each block, even if that wastes a part",
    },
    "movable_node": {"N": "plain online stays beside what is there", "Y": "plain online goes to ZONE_MOVABLE"},
    "hugetlb_free_vmemmap": {"off": "huge pages keep their memmap", "on": "huge pages give theirs back"},
    "probe": {"N": "there is no such file", "Y": "an address written to it adds a block"},
    "auto_online_blocks": {
        "offline": "stays offline until somebody acts",
        "online": "online, where the policy says",
        "online_kernel": "in a kernel zone, perhaps for good",
        "online_movable": "in ZONE_MOVABLE; it can go again",
    },
    "online_policy": {
        "contig-zones": "keep zones in one piece, if possible",
        "auto-movable": "ZONE_MOVABLE, as far as the ratio allows",
    },
    "movable_gigantic_pages": {"0": "huge pages of 1 GiB stay out of it", "1": "they may lie in it, and hold it back"},
    "auto_movable_numa_aware": {"Y": "on each node", "N": "for the whole machine only"},
}
"""What each value of a parameter means."""


def rows(machine: Machine) -> list[Row]:
    """All parameters: first those that a boot decides, then those that can be written, then what was found."""
    return [*_booted(machine), *_written(machine), *_found(machine)]


def model_row(machine: Machine | None) -> Row:
    """The kernel model with which a machine is opened; None for one that was not read yet."""
    name = machine.model.name if machine is not None else ""
    return Row("kernel model", name, "open", MEANINGS["model"], _models(), key="model")


def _models() -> tuple[Value, ...]:
    return tuple(Value(one.name, one.title) for one in MODELS.values())


def _booted(machine: Machine) -> Iterator[Row]:
    model = machine.model
    yield Row("kernel model", model.name, "boot", MEANINGS["model"], _models(), key="model")
    has = _has(machine, PARAMETER_FILES["memmap_on_memory"])
    yield _row("memmap_on_memory", machine.settings.memmap_on_memory, "boot", model.parameter_modes, missing=not has)
    yield _row("movable_node", "NY"[machine.boot.movable_node], "boot", ("N", "Y"))
    yield _row("hugetlb_free_vmemmap", machine.boot.hugetlb_free_vmemmap or "off", "boot", ("off", "on"))
    yield _row("probe", "NY"[machine.boot.probe], "boot", ("N", "Y"))


def _written(machine: Machine) -> Iterator[Row]:
    allowed: Mapping[str, tuple[str, ...]] = {
        "auto_online_blocks": machine.model.online_words,
        "online_policy": machine.model.policies,
        "auto_movable_ratio": (),
        "auto_movable_numa_aware": ("Y", "N"),
        **({"movable_gigantic_pages": ("0", "1")} if "movable_gigantic_pages" in machine.parameters else {}),
    }
    for name, texts in allowed.items():
        path = PARAMETER_FILES[name]
        yield _row(name, machine.parameters.get(name, ""), "write", texts, path, name not in machine.parameters)


def _found(machine: Machine) -> Iterator[Row]:
    for name in ("hugepages", "kernelcore", "movablecore"):
        if (text := machine.boot.texts().get(name)) is not None:
            yield _row(name, text, "fact")


def _row(name: str, value: str, how: How, texts: tuple[str, ...] = (), path: str = "", missing: bool = False) -> Row:
    values = tuple(Value(text, VALUES.get(name, {}).get(text, "")) for text in texts)
    return Row(name, "" if missing else value, how, MEANINGS[name], values, path, missing, name)


def _has(machine: Machine, path: str) -> bool:
    try:
        machine.read(path)
    except HotplugError:
        return False
    return True
