"""A machine's history as a script for the real machine (`export_shell`, `shell_script`), step by step (`exported`), for those who
do it (`TARGETS`)."""

from .script import TARGETS, Exported, export_shell, exported, shell_script

__all__ = ["TARGETS", "Exported", "export_shell", "exported", "shell_script"]
