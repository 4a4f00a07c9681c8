"""A machine's history as a script for the real machine (`export_shell`, `script_of`), step by step (`exported`), for those who
do it (`TARGETS`)."""

from .script import TARGETS, Exported, export_shell, exported, script_of

__all__ = ["TARGETS", "Exported", "export_shell", "exported", "script_of"]
