"""What every reason is made of: a frozen Struct whose class is its code."""

from __future__ import annotations

import re

import msgspec


def _code(name: str) -> str:
    """``NotOneBlock`` as ``not_one_block``."""
    return re.sub("(?<!^)(?=[A-Z])", "_", name).lower()


class Coded(msgspec.Struct, frozen=True, tag_field="code", tag=_code, gc=False):
    """A reason. In JSON it is ``{"code": "not_one_block", ...}`` with its fields; `code` is the same word."""

    @property
    def code(self) -> str:
        """Which reason it is."""
        return str(self.__struct_config__.tag)
