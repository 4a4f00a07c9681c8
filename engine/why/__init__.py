"""Why not: would a command succeed, what is in its way, and what would clear that (`why_not`); as text (`describe`, and
`describe_all` for a range of blocks)."""

from .ask import why_not
from .together import describe_all
from .verdict import Blocker, Remedy, Verdict, describe

__all__ = ["Blocker", "Remedy", "Verdict", "describe", "describe_all", "why_not"]
