"""What comes of a command or a question: values whose signature is as short in `help` as in their source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # only help asks for signatures, and it takes long to import
    from inspect import Signature


class _Signed(msgspec.StructMeta):
    """Types of fields stand in a signature by the names that the source has for them: a `Reason` is one of two hundred."""

    @property
    def __signature__(cls) -> Signature:
        whole: Signature = super().__signature__
        written = {name: hint for base in cls.__mro__ for name, hint in vars(base).get("__annotations__", {}).items()}
        return whole.replace(
            parameters=[
                one.replace(annotation=written.get(one.name, one.annotation)) for one in whole.parameters.values()
            ]
        )


class Answered(msgspec.Struct, frozen=True, metaclass=_Signed):
    """What comes of a command or a question."""
