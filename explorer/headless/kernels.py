"""The kernels that can be modelled, and what changed from one to another."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from altmap.engine import KNOWN_MODELS, MODELS, BadInput, Change, changes_between, find_model
from altmap.engine.kernels.distributions import BUILDS

from .exits import FINE
from .output import say

_KNOWN: Final = {
    "commit": "the commit was found in what was merged for it",
    "source": "the kernels before and after were read; the release between is the likeliest",
    "recorded": "kernels before and after were recorded",
    "configuration": "a choice of those who build the kernel",
}


def list_models(arguments: argparse.Namespace) -> int:
    """All models; of one, what came with it; of two, what changed between them."""
    names: list[str] = arguments.models
    if len(names) > 2:
        raise BadInput(f"{len(names)} kernels; name one or two, such as altmap models 6.1 6.12")
    lines = _all() if not names else _changes(*(find_model(name).name for name in names))
    for line in lines:
        say(line)
    return FINE


def _all() -> Iterator[str]:
    """The titles of those that differ from the one before."""
    yield f"A model is {KNOWN_MODELS}. Releases that change something:"
    for name, model in MODELS.items():
        changes = tuple(changes_between(None, name))
        if not changes and model.released:
            continue
        count = f"{len(changes)} change{'s' if len(changes) > 1 else ''}" if changes else ""
        yield f"  {name:<16}  {model.title}{f', {count}' if count else ''}"
    yield "Builds of distributions whose sources were read, and the release that they are nearest to:"
    for build in BUILDS:
        near = f"{build.name}: {build.like[0]}.{build.like[1]}"
        differs = f"; otherwise than there, {build.differs}" if build.differs else ""
        yield f"  {f'{build.base}-{build.build}.{build.dist}':<16}  {near}{differs}"


def _changes(first: str, last: str | None = None) -> Iterator[str]:
    for name in (first, last or first):
        if not MODELS[name].released:
            raise BadInput(
                f"{name} was posted in 2017 and never merged, so no change leads to it or from it; "
                f"altmap compare --model {name},6.12 shows what differs"
            )
    if last is None:
        changes = tuple(changes_between(None, first))
        yield f"{MODELS[first].title}: {'what came with it' if changes else 'nothing that is modelled came with it'}"
    else:
        back = MODELS[first].release > MODELS[last].release
        changes = tuple(changes_between(*((last, first) if back else (first, last))))
        yield f"from {MODELS[first].title} to {MODELS[last].title}"
        if back and changes:
            yield "an older kernel lacks these changes:"
    for change in changes:
        yield from _change(change)
    for known in (known for known in _KNOWN if any(change.known == known for change in changes)):
        yield f"  ({known}): {_KNOWN[known]}"
    if not changes and last is not None:
        yield "nothing that is modelled changed"


def _change(change: Change) -> Iterator[str]:
    yield f"  {change.since[0]}.{change.since[1]}  {change.words}"
    source = " ".join(filter(None, (change.commit, change.subject)))
    yield f"        {f'{source} ' if source else ''}({change.known})"
