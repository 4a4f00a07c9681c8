"""A machine's history as a script for the real machine (`export`), step by step (`exported`), for those who do it (`TARGETS`)."""

from .script import TARGETS, Exported, export, exported

__all__ = ["TARGETS", "Exported", "export", "exported"]
