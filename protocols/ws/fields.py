"""
The kinds of values that messages are made of, with their limits.

Text that comes from a telephone network is shown, never believed: whatever it holds becomes text
that JSON can carry and a screen can show without being steered by it, and nothing raises.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints

COMMAND_ID_CHARS_MAX: Final = 64
NAME_CHARS_MAX: Final = 40
PASSWORD_CHARS_MAX: Final = 256
REASON_CHARS_MAX: Final = 64
SHOWN_CHARS_MAX: Final = 256
NOTE_CHARS_MAX: Final = 4_000

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
# C0 and C1 controls; the line and paragraph separators; the explicit embeddings, overrides and
# isolates of Unicode's bidirectional algorithm (UAX 9), by which a caller's name could turn the
# digits beside it around; lone surrogates, which UTF-8 cannot carry.
_STEERING: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_STEERING_BUT_LINES: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def as_shown(value: object) -> object:
    """Return text with every steering character replaced, cut to `SHOWN_CHARS_MAX`."""
    if not isinstance(value, str):
        return value
    return _STEERING.sub(_REPLACEMENT, value[:SHOWN_CHARS_MAX])


def as_note(value: object) -> object:
    """Return text of several lines with other steering replaced, cut to `NOTE_CHARS_MAX`."""
    if not isinstance(value, str):
        return value
    return _STEERING_BUT_LINES.sub(_REPLACEMENT, value[:NOTE_CHARS_MAX])


def _printable(text: str) -> str:
    if _STEERING.search(text):
        raise ValueError("must not hold control characters")
    return text


def _iso(moment: datetime) -> str:
    # Always six digits: texts of one length sort as the instants do.
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


CommandId = Annotated[
    str, StringConstraints(pattern=r"^[\x21-\x7e]+$", min_length=1, max_length=COMMAND_ID_CHARS_MAX)
]
"""The client's name for one command: printable ASCII without spaces."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=NAME_CHARS_MAX)]
"""A name as the configuration has it: of an agent, a phone, a queue."""
ReasonText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=REASON_CHARS_MAX),
    AfterValidator(_printable),
]
"""An agent's own reason for being not ready."""
ShownText = Annotated[str, BeforeValidator(as_shown)]
"""One line of text from outside, made harmless to show."""
NoteText = Annotated[str, BeforeValidator(as_note)]
"""Lines of text from outside, made harmless to show."""
Moment = Annotated[datetime, PlainSerializer(_iso, return_type=str)]
"""An instant: `2026-11-22T17:41:00.000001Z`."""
