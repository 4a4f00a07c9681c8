"""What if: the alternatives of one add request side by side (`compare`, `vary`); in words (`describe_comparison`), in the numbers
to choose by (`figures`)."""

from .alternatives import Way, compare
from .comparison import Comparison, Memory, Plan, Row, Share, Stretch, Stuck
from .doing import Doing, doing
from .figures import Figure, figures
from .varied import VARIES, Varied, vary
from .words import Sheet, describe_comparison

__all__ = [
    "VARIES",
    "Comparison",
    "Doing",
    "Figure",
    "Memory",
    "Plan",
    "Row",
    "Share",
    "Sheet",
    "Stretch",
    "Stuck",
    "Varied",
    "Way",
    "compare",
    "describe_comparison",
    "doing",
    "figures",
    "vary",
]
