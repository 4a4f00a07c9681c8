"""What if: the alternatives of one add request side by side (`compare`); in words (`describe_comparison`)."""

from .alternatives import compare
from .comparison import Comparison, Memory, Plan, Row, Share, Stuck
from .words import Sheet, describe_comparison

__all__ = ["Comparison", "Memory", "Plan", "Row", "Share", "Sheet", "Stuck", "compare", "describe_comparison"]
