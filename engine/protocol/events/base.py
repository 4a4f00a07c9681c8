"""What all events share."""

from __future__ import annotations

import msgspec


class EventBase(msgspec.Struct, frozen=True, tag_field="event", gc=False):
    """One thing that the kernel did; the key "event" of its JSON says which."""
