"""The kernels that tests go through where they go through all: those between which the most changed."""

from __future__ import annotations

from typing import Final

KERNELS: Final = ("rfc-v2", "rfc-v2-as-posted", "5.10", "6.1", "6.6", "6.12", "7.3")
