"""An explanation as plain values for JSON: instants as ISO 8601 in UTC, durations in seconds."""

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_type_hints

from cti.explaining.moments import as_iso
from cti.instants import Duration, Time, as_seconds

_KIND = "what"
"""Under which a record tells its class."""


def plain(value: object, hint: object = None) -> object:
    """Return a value as JSON has it; its type hint tells instants and durations from numbers."""
    hints = get_args(hint) or (hint,)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int) and not isinstance(value, bool):
        if Time in hints:
            return as_iso(Time(value))
        return as_seconds(value) if Duration in hints else value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        known = _hints(type(value))
        return {_KIND: type(value).__name__} | {
            field.name: plain(getattr(value, field.name), known[field.name])
            for field in fields(value)
        }
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
