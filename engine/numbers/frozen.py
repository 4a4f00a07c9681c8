"""Dicts that stay what they are: values that can be shared, hashed and looked up as fast as any dict."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Closed(dict[K, V], Generic[K, V]):
    """A dict on which every way to change a dict raises `TypeError`, with a sentence of the class."""

    __slots__ = ()
    _closed: ClassVar[str]

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Change it as if it were any dict. Raises `TypeError`."""
        raise TypeError(self._closed)

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


class Frozen(Closed[K, V]):
    """A dict that cannot be changed, and so can be shared and hashed. To try to change it raises `TypeError`."""

    __slots__ = ("_hash",)
    _closed = "this is a value and cannot be changed; make another one"
    _hash: int

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(frozenset(self.items()))
            return self._hash

    def __repr__(self) -> str:
        return f"{type(self).__name__}({super().__repr__()})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self),)
