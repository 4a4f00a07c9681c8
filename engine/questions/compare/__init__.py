"""What if: the alternatives of one add request side by side (`compare`); as a table of text (`describe`)."""

from .alternatives import compare
from .comparison import Comparison, Memory, Plan, Row, Share, Stuck
from .table import describe

__all__ = ["Comparison", "Memory", "Plan", "Row", "Share", "Stuck", "compare", "describe"]
