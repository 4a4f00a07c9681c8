"""The kernels that can be modelled: every release from 4.18 on, and the RFC's of 2017, which was never released."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ..numbers.errors import BadInput
from .distributions import build_in
from .model import KernelModel, Release
from .releases import CHANGES, FIRST, RELEASES, Change, between, models

_RFC: Final = KernelModel(
    name="rfc-v2",
    title="Hocko's RFC v2 (2017), with its removal mended",
    release=(4, 13),
    released=False,
    pool="range",
    opt_in=("acpi", "balloon", "probe", "dlpar", "sclp"),
    heads_present=False,
    head_flags=("reserved", "vmemmap"),
    heads_unmovable=False,
    movable_shortcut=True,
    tolerates_existing=True,
    adds_sections=True,
    offline_deadline=120,
    offline_retries=5,
    gigantic_gives_way="any",
    late_node_state=True,
    memoryless_first=True,
    online_words=("offline", "online"),
    unhandlable_page=None,
)

MODELS: Final[Mapping[str, KernelModel]] = MappingProxyType(
    {
        model.name: model
        for model in (
            _RFC,
            msgspec.structs.replace(
                _RFC,
                name="rfc-v2-as-posted",
                title="Hocko's RFC v2 (2017) to the letter",
                removal_defect=True,
                veto_drops_blocks=True,
            ),
            *models(),
        )
    }
)
"""Every kernel model by name: the RFC's two, then releases of Linux, oldest first."""

_NAMES: Final = [name for name, model in MODELS.items() if model.released]
KNOWN_MODELS: Final = f"rfc-v2, rfc-v2-as-posted or a release of Linux from {_NAMES[0]} to {_NAMES[-1]}"
"""What a model can be, in words."""

_RELEASE: Final = r"(\d{1,4}\.\d{1,4})(?:[.+-].*)?"
_VERSION: Final = r"Linux version (\d{1,4})\.(\d{1,4})(?!\d)"


def find_model(name: str) -> KernelModel:
    """The model of that name; of a longer version, such as ``6.8.0-45-generic``, that of its release, or the one that a
    distribution's build is nearest to. Raises `BadInput`."""
    if (built := build_in(name)) is not None:
        return nearest_model(built.like)
    release = re.fullmatch(_RELEASE, name)
    model = MODELS.get(release[1] if release else name)
    if model is None:
        raise BadInput(f"{name!r} is not a kernel model; it is {KNOWN_MODELS}")
    return model


def changes_between(first: str | None, last: str) -> Iterator[Change]:
    """The changes that came after the release `first` and up to the release `last`, oldest first; where `first` is None, those
    that came with `last`. Both are names in `MODELS`; there are no changes up to a model that is no release, as the RFC's."""
    if not MODELS[last].released:
        return iter(())
    release = MODELS[last].release
    return between(MODELS[first].release, release) if first is not None else (c for c in CHANGES if c.since == release)


def nearest_model(release: Release) -> KernelModel:
    """The model of a release; of one that is not known, the newest that is not newer, or else the oldest."""
    known = max((one for one in RELEASES if one <= release), default=FIRST)
    return MODELS[_name(known)]


def release_in(version: str | None) -> Release | None:
    """The release that the text of /proc/version names; None where that is missing or names none."""
    match = re.search(_VERSION, version or "")
    return (int(match[1]), int(match[2])) if match else None


def release_like(version: str | None) -> Release | None:
    """The release of Linux whose ways a kernel has by what it calls itself; None where that is missing or names none."""
    built = build_in(version)
    return built.like if built is not None else release_in(version)


def models_from(since: Release, until: Release) -> Iterator[KernelModel]:
    """The models of some releases between two, these among them: one that changes what others do not is not left out for
    long."""
    between = [release for release in RELEASES if since <= release <= until]
    for release in dict.fromkeys((*between[:1], *(one for one in _MILESTONES if one in between), *between[-1:])):
        yield MODELS[_name(release)]


_MILESTONES: Final[tuple[Release, ...]] = ((5, 4), (5, 10), (5, 15), (6, 1), (6, 8), (6, 12), (6, 18))
"""Releases that differ in what they refuse."""


def _name(release: Release) -> str:
    return f"{release[0]}.{release[1]}"
