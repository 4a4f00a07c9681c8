"""A film of what a verb does is played moment by moment: how far pages are on their way, what meters say, and where it stops."""

from __future__ import annotations

import pytest
from altmap.engine import Allocate, Compact, Eject, Film, Machine, Offline, Online, Outcome
from altmap.engine.protocol.events import IsolationUndone, MemmapSkipped, MigrationFailed, PagesMigrated
from altmap.explorer.picture.palette import DARK
from altmap.explorer.watching.moments import listed, moment_words
from altmap.explorer.watching.player import FRAMES, SPEEDS, Player

from .machines import busy, pinned, with_dimm


def player() -> Player:
    return Player(Film(busy(), [Offline(block=32)]))


def state(machine: Machine) -> str:
    return machine.blocks[32].state


def test_it_plays_to_the_end_by_frames_alone_and_faster_at_a_higher_speed() -> None:
    frames = {}
    for speed in (SPEEDS[0], SPEEDS[-1]):
        playing = player()
        playing.speed = speed
        frames[speed] = 0
        while playing.tick():
            frames[speed] += 1
        assert playing.ended
        assert not playing.playing
        assert isinstance(playing.present, Outcome)
    assert frames[SPEEDS[0]] > FRAMES
    assert 8 * frames[SPEEDS[-1]] < frames[SPEEDS[0]]


def test_pages_that_move_do_so_bit_by_bit() -> None:
    playing = player()
    at = next(number for number, told in enumerate(playing.moments) if isinstance(told, PagesMigrated))
    migrated = playing.moments[at]
    assert isinstance(migrated, PagesMigrated)
    playing.go_to(at)
    playing.playing = True
    seen = []
    while playing.at == at:
        seen.append(sum(playing.arrived().values()))
        assert sum(move.pages for move in playing.moving()) == seen[-1]
        playing.tick()
    assert seen == sorted(seen)
    assert len(set(seen)) > 10
    assert sum(playing.arrived().values()) == migrated.pages
    assert set(playing.arrived()) <= set(playing.machine.blocks) - {32}


def test_the_meters_are_full_at_the_end_and_empty_at_the_beginning() -> None:
    playing = player()
    assert {meter.word for meter in playing.meters()} >= {"isolated", "moved", "taken out"}
    assert all(meter.done == 0 for meter in playing.meters())
    playing.go_to(len(playing.moments))
    assert all(meter.done == meter.total for meter in playing.meters())


def test_the_rfc_steps_over_its_memmap_in_sight() -> None:
    machine = with_dimm("rfc-v2", movable=8)
    playing = Player(Film(machine, [Offline(block=32)]))
    assert any(isinstance(told, MemmapSkipped) for told in playing.moments)
    assert next(meter for meter in playing.meters() if meter.word == "memmap over").total >= 3


def test_isolated_pageblocks_empty_and_others_fill_while_pages_move() -> None:
    playing = player()
    at = next(number for number, told in enumerate(playing.moments) if isinstance(told, PagesMigrated))
    geometry = playing.machine.geometry
    assert geometry.sections_per_block == 1
    emptied = [0]
    for part in (0.25, 0.5, 0.75, 0.99):
        playing.show(at + part)
        seen = playing.happening()
        emptied.append(sum(pages.bit_count() for pages in seen.vacated.values()))
        assert seen.vacated.keys() <= {32}
        assert seen.arrived.keys() <= playing.arrived().keys()
        assert all(seen.arrived[nr] | pages == seen.arrived[nr] for nr, pages in seen.changed.items())
    assert emptied == sorted(set(emptied))
    playing.show(at + 1)
    assert not playing.happening().vacated


def test_what_several_blocks_leave_or_none_has_no_block_that_is_seen_closer() -> None:
    assert player().leaves == 32
    assert Player(Film(with_dimm(movable=2), [Eject(start="4G", size="1G")])).leaves is None
    assert Player(Film(with_dimm(), [Online(block=32)])).leaves is None


def test_the_scanners_of_compaction_go_towards_each_other() -> None:
    machine = with_dimm(movable=8)
    assert machine.apply(Allocate(size="300M", kind="movable", pattern="random", zone="Movable")).ok
    playing = Player(Film(machine, [Compact(node=0, zone="Movable")]))
    assert not playing.happening().scanners
    between = []
    for at in range(1, len(playing.moments) - 2, 40):
        playing.show(at + 0.5)
        (low, right), (high, left) = playing.happening().scanners
        assert (right, left) == ("▶", "◀")
        between.append(high - low)
        assert [sign for _, sign in playing.happening(letters=True).scanners] == [">", "<"]
    assert between == sorted(between, reverse=True)
    assert len(between) > 10
    playing.go_to(len(playing.moments))
    assert not playing.happening().scanners


def test_what_comes_after_very_many_moments_is_done_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("altmap.explorer.watching.player.MOST", 3)
    playing = player()
    assert len(playing.moments) == 4
    while playing.tick():
        pass
    assert playing.ended
    assert isinstance(playing.present, Outcome)
    assert state(playing.machine) == "offline"
    playing.go_to(3)
    assert state(playing.machine) == "going-offline"


def test_an_offline_that_only_a_signal_ends_is_waited_at_until_it_comes() -> None:
    playing = Player(Film(pinned(), [Offline(block=32)]))
    for _ in range(10_000):
        playing.tick()
    assert playing.waits
    assert isinstance(playing.present, MigrationFailed)
    assert state(playing.machine) == "going-offline"
    playing.signal()
    while playing.tick():
        pass
    assert playing.ended
    assert not playing.never_ends
    assert any(isinstance(told, IsolationUndone) for told in playing.moments)
    assert state(playing.machine) == "online"


def test_an_eject_that_no_signal_reaches_never_ends() -> None:
    playing = Player(Film(pinned(), [Eject(start="4G", size="1G")]))
    while playing.tick():
        pass
    assert playing.ended
    assert playing.never_ends
    assert state(playing.machine) == "going-offline"


@pytest.mark.parametrize("wide", [60, 80, 100])
def test_in_the_list_of_moments_words_come_before_the_function_but_of_the_present_one(wide: int) -> None:
    playing = player()
    playing.go_to(3)
    count = len(playing.moments)
    lines = ["".join(span.text for span in line) for line in listed(playing, DARK, wide, count)]
    assert len(lines) == count
    for number, line in enumerate(lines, 1):
        words, function = moment_words(playing.moments[number - 1])
        if number == 3:
            assert function in line
            continue
        assert ("…" in line) == (len(words) + 3 + len(f"{count}") + 2 > wide)
        assert "…" not in line or function not in line
