"""Why not: would a command succeed, what is in its way, and what would clear that (`why_not`); as text (`describe`)."""

from .ask import why_not
from .verdict import Blocker, Remedy, Verdict, describe

__all__ = ["Blocker", "Remedy", "Verdict", "describe", "why_not"]
