r"""
Asterisk's answers, as frozen values.

Decides what one line means by itself; which command it answers is the codec's business.

    200 result=0                        done
    200 result=53                       the key 5, after WAIT FOR DIGIT
    200 result=-1 endpos=0              hung up, or no such file, after STREAM FILE
    200 result=1 (a value (even so))    after GET VARIABLE, up to the last bracket of the line
    510, 511, 520                       no such command, not on a dead channel, wrong usage
"""

import re
from dataclasses import dataclass, field
from typing import Final

from protocols.agi.errors import UnexpectedLineError

SUCCESS: Final = 200
INVALID_COMMAND: Final = 510
DEAD_CHANNEL: Final = 511
USAGE: Final = 520

KEY_CODE_MIN: Final = 35
"""ASCII of `#`, the lowest of the keys. Lower results (-1, 0, 1) are never keys."""

# The result, the value, the position.
_SUCCESS_LINE = re.compile(r"200 result=([-0-9*#A-D]*)(?: \((.*)\))?(?: endpos=(\d{1,18}))?")
_FAILURE_LINE = re.compile(r"(?P<code>[345]\d\d)(?: (?P<text>.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiReply:
    """One answer. A code other than 200 is an outcome like any other: the session goes on."""

    code: int
    result: str = ""
    """What stands after `result=`, as text; empty unless the code is 200."""
    value: str | None = field(default=None, repr=False)
    """What stands in the brackets; undecodable bytes are U+FFFD."""
    endpos: int | None = None
    """Where STREAM FILE stopped, in samples."""
    text: str = field(default="", repr=False)
    """The message of a code other than 200, a 520's usage lines included."""

    @property
    def ok(self) -> bool:
        """Tell whether the command ran: no failure, the caller there, the application known."""
        return self.code == SUCCESS and not self.result.startswith("-")

    @property
    def key(self) -> str | None:
        """The key that was pressed, for answers of WAIT FOR DIGIT and STREAM FILE."""
        if not (self.result.isascii() and self.result.isdigit()):
            return None
        code = int(self.result[:4])
        return chr(code) if KEY_CODE_MIN <= code < 127 else None  # noqa: PLR2004 - end of ASCII


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The command ended because the next one interrupted it; no key was pressed."""


def read_reply(line: bytes) -> AgiReply:
    """
    Read one whole answer line, without its newline.

    Raises:
        UnexpectedLineError: it has no known form, for instance a value with a line feed in it.
    """
    if line in _FREQUENT:
        return _FREQUENT[line]
    text = line.decode("utf-8", errors="replace")
    if found := _SUCCESS_LINE.fullmatch(text):
        result, value, endpos = found.groups()
        return AgiReply(
            code=SUCCESS,
            result=result,
            value=value,
            endpos=None if endpos is None else int(endpos),
        )
    if found := _FAILURE_LINE.fullmatch(text):
        return AgiReply(code=int(found["code"]), text=found["text"] or "")
    raise UnexpectedLineError("a line that is no answer", line=line)


_FREQUENT: Final = {
    f"200 result={result}".encode(): AgiReply(code=SUCCESS, result=result)
    for result in ("0", "1", "-1")
}
