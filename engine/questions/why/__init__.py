"""Why not: would a command succeed, what is in its way, and what would clear that (`why_not`); as text (`describe_verdict`,
`describe_verdicts` for a range of blocks, and in two parts `describe_finding` and `describe_remedy`)."""

from .ask import why_not
from .verdict import Blocker, Remedy, Verdict
from .words import describe_answer, describe_finding, describe_remedy, describe_verdict, describe_verdicts

__all__ = [
    "Blocker",
    "Remedy",
    "Verdict",
    "describe_answer",
    "describe_finding",
    "describe_remedy",
    "describe_verdict",
    "describe_verdicts",
    "why_not",
]
