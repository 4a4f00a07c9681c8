"""What if: the alternatives of one add request side by side (`compare`, `vary`); in words (`describe_comparison`), in the numbers
to choose by (`figures`)."""

from .alternatives import Combination, compare
from .comparison import AlikeBlocks, Alternative, AutoMovable, Comparison, MemmapShare, MemoryTotals, StuckBlocks
from .doing import Doing, doing
from .figures import Figure, figures
from .varied import VARIES, Varied, vary
from .words import Sheet, describe_comparison

__all__ = [
    "VARIES",
    "AlikeBlocks",
    "Alternative",
    "AutoMovable",
    "Combination",
    "Comparison",
    "Doing",
    "Figure",
    "MemmapShare",
    "MemoryTotals",
    "Sheet",
    "StuckBlocks",
    "Varied",
    "compare",
    "describe_comparison",
    "doing",
    "figures",
    "vary",
]
