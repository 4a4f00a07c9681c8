"""Walking a tour: the machine of each station, before and after what is played there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from altmap.engine import BadInput, Film, Machine, Outcome, open_machine, reboot

from .stations import Station, Tour, read_tour

BUNDLED: Final = "memmap.tour"
_MOST_BYTES: Final = 1 << 20


class Walk:
    """The stations of a tour with their machines, each made when it is asked for."""

    def __init__(self, tour: Tour) -> None:
        self.tour = tour
        self._starts: dict[int, Machine] = {}

    def __len__(self) -> int:
        return len(self.tour.stations)

    def station(self, number: int) -> Station:
        """A station; they are numbered from 0."""
        return self.tour.stations[number]

    def start(self, number: int) -> Machine:
        """The machine before anything is played at a station. Raises `BadInput` if it cannot be opened or booted so, or if
        a command before it makes no sense to the engine."""
        if number not in self._starts:
            station = self.station(number)
            if station.machine is not None:
                beside = Path(self.tour.folder, station.machine)
                machine = open_machine(beside if beside.exists() else station.machine)
                self._starts[number] = reboot(machine, station.options) if station.options else machine
            else:
                self._starts[number] = self.after(number - 1)
        return self._starts[number]

    def film(self, number: int) -> Film:
        """What is played at a station."""
        return Film(self.start(number), self.station(number).commands)

    def outcomes(self, number: int) -> tuple[Outcome, ...]:
        """What comes of the commands of a station."""
        return self.film(number).to_end()

    def after(self, number: int) -> Machine:
        """The machine when all is played at a station. Raises as `start`."""
        machine = self.start(number).copy()
        for command in self.station(number).commands:
            machine.apply(command)
        return machine


def open_tour(path: str | None = None) -> Tour:
    """The tour in a file; without one the bundled tour. Raises `BadInput` for what is no tour, `OSError` for what cannot be
    read."""
    here = Path(path) if path is not None else Path(__file__).with_name(BUNDLED)
    with here.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise BadInput(f"{path} is larger than {_MOST_BYTES >> 20} MiB; a tour is far smaller")
    try:
        tour = read_tour(data.decode("utf-8-sig"), path or BUNDLED)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not text in UTF-8: there is a wrong byte at {error.start}") from None
    return msgspec.structs.replace(tour, folder=str(here.parent))
