"""Whole units: what rounding up and down and counting them have to do with each other, below zero and at any size."""

from __future__ import annotations

from altmap.engine.numbers.rounding import ceil, down, up
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.integers(-(1 << 80), 1 << 80)
UNITS = st.integers(1, 1 << 40)


@given(NUMBERS, UNITS)
def test_a_number_lies_between_the_multiples_around_it(number: int, unit: int) -> None:
    low, high = down(number, unit), up(number, unit)
    assert low % unit == high % unit == 0
    assert low <= number <= high
    assert high - low == (unit if number % unit else 0)


@given(NUMBERS, UNITS)
def test_so_many_units_just_hold_a_number(number: int, unit: int) -> None:
    count = ceil(number, unit)
    assert (count - 1) * unit < number <= count * unit
