"""How big memory blocks are, by release: where the memory of the boot ends, on bare metal, and by the advice of CXL windows."""

from __future__ import annotations

import pytest
from altmap.engine import BadInput, new_machine
from altmap.engine.kernels.architectures import ARCHITECTURES
from altmap.engine.kernels.block_sizes import block_size
from altmap.engine.kernels.models import find_model

GIB, MIB, TIB = 1 << 30, 1 << 20, 1 << 40


def probed(model: str, end: int, guest: bool, *windows: tuple[int, int]) -> int:
    return block_size(ARCHITECTURES["x86_64"], find_model(model), end, 128 * MIB, guest, windows) // MIB


@pytest.mark.parametrize(
    ("model", "end", "guest", "size"),
    [
        ("rfc-v2", 65 * GIB, True, 2048),  # no look at where memory ends
        ("4.18", 65 * GIB, False, 1024),  # always
        ("5.8", 65 * GIB, False, 1024),
        ("5.9", 65 * GIB, False, 2048),  # bare metal
        ("6.12", 65 * GIB, True, 1024),
        ("6.12", 66 * GIB, True, 2048),
        ("6.12", 64 * GIB + 512 * MIB, True, 512),
        ("6.12", 63 * GIB, False, 128),
    ],
)
def test_without_advice(model: str, end: int, guest: bool, size: int) -> None:
    assert probed(model, end, guest) == size


@pytest.mark.parametrize(
    ("model", "end", "guest", "windows", "size"),
    [
        ("6.15", 66 * GIB, False, [(TIB, TIB + 256 * MIB)], 2048),  # came with 6.16
        ("6.16", 66 * GIB, False, [(TIB, TIB + 256 * MIB)], 256),
        ("6.16", 66 * GIB, False, [(TIB, 2 * TIB), (2 * TIB, 2 * TIB + 512 * MIB)], 512),  # the smallest
        ("6.16", 65 * GIB, False, [(TIB, 2 * TIB)], 1024),  # memory's end counts on bare metal too
        ("6.16", 66 * GIB, False, [(TIB, TIB + 128 * MIB)], 2048),  # worse than the specification has it: none
        ("6.16", 32 * GIB, False, [(TIB, TIB + 256 * MIB)], 128),  # small machines have small blocks
    ],
)
def test_windows_of_cxl_memory_advise(
    model: str, end: int, guest: bool, windows: list[tuple[int, int]], size: int
) -> None:
    assert probed(model, end, guest, *windows) == size


def test_a_machine_from_words_has_them() -> None:
    assert new_machine(["128G"], kernel="6.12").geometry.block_size == GIB
    advised = new_machine(["128G"], kernel="6.16", cxl_windows=["16640M at 4T"])
    assert advised.geometry.block_size == 256 * MIB
    assert new_machine(["128G"], kernel="6.15", cxl_windows=["16640M@4T"]).geometry.block_size == GIB
    assert new_machine(["2G"], arch="arm64").geometry.block_size == 128 * MIB
    with pytest.raises(BadInput, match="write: 16G at 4T"):
        new_machine(["2G"], cxl_windows=["16G"])
