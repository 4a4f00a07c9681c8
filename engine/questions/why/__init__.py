"""Why not: would a command succeed, what is in its way, and what would clear that (`why_not`); as text (`describe`,
`describe_all` for a range of blocks, and in two parts `finding` and `told`)."""

from .ask import why_not
from .together import describe_all
from .verdict import Blocker, Remedy, Verdict, answer, describe, finding, told

__all__ = ["Blocker", "Remedy", "Verdict", "answer", "describe", "describe_all", "finding", "told", "why_not"]
