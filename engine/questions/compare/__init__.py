"""What if: the alternatives of one add request side by side (`compare`); in words (`describe`)."""

from .alternatives import compare
from .comparison import Comparison, Memory, Plan, Row, Share, Stuck
from .words import Sheet, describe

__all__ = ["Comparison", "Memory", "Plan", "Row", "Share", "Sheet", "Stuck", "compare", "describe"]
