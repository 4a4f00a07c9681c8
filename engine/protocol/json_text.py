"""JSON as it is written: for terminals and files alike, without a character that a terminal could obey or hide; and its
schema."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

_ASCII_CONTROLS: Final = rb"[\x00-\x09\x0b-\x1f\x7f]"
_PERHAPS: Final = r"[^\n\x20-\x7e]"
"""What is not sure to be printed as itself, and no end of a line."""
_SURROGATE: Final = r"[\ud800-\udfff]"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def encoded(value: object) -> bytes:
    """One line of JSON, without its end. Bytes of a name or an argument that are no text stand as U+FFFD."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_text_alone(msgspec.to_builtins(value)))


def harmless(data: bytes) -> bytes:
    r"""The same JSON with every character that is not printed as itself (controls, also C1 and those of bidirectional text;
    what has no width) as ``\uXXXX``, so that it says what it said; ends of lines stay. JSON escapes C0 by itself."""
    if data.isascii() and not re.search(_ASCII_CONTROLS, data):
        return data
    return re.sub(_PERHAPS, _escape, data.decode()).encode()


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    if letter.isprintable():
        return letter
    units = letter.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _text_alone(part: Any) -> Any:
    if isinstance(part, str):
        return re.sub(_SURROGATE, "\N{REPLACEMENT CHARACTER}", part)
    if isinstance(part, dict):
        return {_text_alone(name): _text_alone(value) for name, value in part.items()}
    return [_text_alone(one) for one in part] if isinstance(part, list | tuple) else part


def schema_text(schema: dict[str, Any]) -> bytes:
    """A JSON Schema of `msgspec` as a file holds it: with its dialect, indented, in an order that never changes."""
    whole = {"$schema": _DIALECT, **_cleaned(schema)}
    return msgspec.json.format(msgspec.json.encode(whole, order="deterministic"), indent=2) + b"\n"


def _cleaned(part: Any) -> Any:
    """Descriptions are docstrings, which Python 3.13 stores without the indentation that earlier ones keep."""
    from inspect import cleandoc  # for whoever reads no schema it would be a slow start

    if isinstance(part, dict):
        return {
            name: cleandoc(value) if name == "description" and isinstance(value, str) else _cleaned(value)
            for name, value in part.items()
        }
    return [_cleaned(one) for one in part] if isinstance(part, list) else part
