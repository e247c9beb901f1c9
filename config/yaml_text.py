"""
The text of a YAML file before it is YAML, and what is said where it is none.

Refuses what no editor shows: other encodings, byte order marks, control characters.
"""

import re
from typing import Final, Protocol

from config.errors import Position
from config.nodes import KeyPath
from cti.language import _

# YAML 1.2, production [1] c-printable: the rest may not stand in a file
_NOT_PRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_HINTS: Final = {
    "mapping values are not allowed in this context": (
        _(
            "a second colon in one line, or an indent that does not fit; "
            'text that holds ": " needs quotes'
        )
    ),
    "could not find expected ':'": _("a key needs a colon and a blank after it"),
    "did not find expected key": _("the indent does not fit, or a quote or bracket is not closed"),
    "found unexpected end of stream": _("a quote is not closed"),
    "found character that cannot start any token": (
        _("text that begins with this character needs quotes")
    ),
    "did not find expected node content": (
        _("a value is missing, or begins with a character that needs quotes")
    ),
    "found unknown escape character": (
        _("a backslash within double quotes is written twice; within single quotes, once")
    ),
    "found incompatible YAML document": _("YAML 1.1 and 1.2 are read"),
}


class Mark(Protocol):
    """A place as libyaml's and PyYAML's own parser tell it; all count from 0."""

    index: int
    line: int
    column: int


class StopReading(Exception):  # noqa: N818 - not an error by itself: it carries one out
    """The rest of the file cannot be made sense of, or is not worth the cost."""

    def __init__(self, message: str, position: Position, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.path = path


class NotYaml(StopReading):
    """libyaml cannot read on."""


def decoded(data: bytes) -> str:
    """Return the text; refuses other encodings, byte order marks and control characters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise StopReading(_("is UTF-16; save it as UTF-8"), Position())
    if data.startswith(b"\xef\xbb\xbf"):
        raise StopReading(
            _("begins with a byte order mark; save it as UTF-8 without one"), Position()
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        raise StopReading(
            _("is not UTF-8: byte 0x{byte} here; save it as UTF-8").format(
                byte=f"{data[error.start]:02x}"
            ),
            _position_after(before),
        ) from error
    bad = _NOT_PRINTABLE.search(text)
    if bad is not None:
        raise StopReading(
            _(
                "the character U+{code} may not stand in a file; "
                'in double quotes it can be written "\\uXXXX"'
            ).format(code=f"{ord(bad[0]):04X}"),
            _position_after(text[: bad.start()]),
        )
    return text


def _position_after(text: str) -> Position:
    lines = _LINE_BREAK.split(text)
    return Position(line=len(lines), column=len(lines[-1]) + 1)


def explained(problem: str, text: str, mark: Mark | None) -> str:
    """Return libyaml's complaint, with what to do about it where we know."""
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        return _("a tab stands here; indent with blanks")
    hint = _HINTS.get(problem)
    words = _("is not YAML: {problem} ({hint})") if hint else _("is not YAML: {problem}")
    return words.format(problem=problem, hint=hint)


def mark_position(mark: Mark) -> Position:
    """Return a place of libyaml's as editors count it."""
    return Position(line=mark.line + 1, column=mark.column + 1)
