"""Give back so much memory: which blocks together (`give_back`), and that in words (`describe_give_back`)."""

from .plan import GiveBack, HeldBlocks, give_back
from .words import describe_give_back

__all__ = ["GiveBack", "HeldBlocks", "describe_give_back", "give_back"]
