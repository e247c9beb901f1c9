"""
The manager protocol as bytes: cuts what Asterisk sends into messages, and writes actions.

Decides where a message begins and ends, what it is, whether anybody wants it, and what may be
sent. Knows nothing of sockets, tasks or panoramisk. Total for input: `feed` never raises, takes
time linear in the bytes, and gives the same messages however TCP cut them. Framing is done on
bytes and text is decoded per message, so a character cut in two by TCP comes out whole.

A message ends with an empty line. Only CR LF ends a line: a lone CR or LF, NEL or U+2028 inside a
value is data. What a caller smuggles in as CR LF CR LF cannot be told from framing here; the
remains of the message it cut in two begin with neither `Event:` nor `Response:` and are counted
as noise (`asterisk` percent-decodes a SIP user part, so one call can do that).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from protocols.ami.counters import AmiCounters
from protocols.ami.errors import (
    HeaderRefusedError,
    LineTooLongError,
    TooManyHeadersError,
)
from protocols.ami.messages import AmiEvent, AmiResponse, HeaderValue, comes_several_times

BANNER_BYTES_MAX = 128
"""A first line longer than this is no Asterisk: framing lost."""

LINE_BYTES_MAX = 65_536
"""A received line longer than this is nothing that Asterisk writes: framing lost."""

MESSAGE_BYTES_MAX = 1_048_576
"""A longer message is dropped and counted; reading goes on after its empty line."""

HEADERS_MAX = 16_384
"""A message with more lines (a command's output, at most) is dropped and counted."""

ACTION_LINE_BYTES_MAX = 1_024
"""Asterisk's line buffer, CR LF included (main/manager.c, get_input): a longer line is lost."""

ACTION_HEADERS_MAX = 128
"""AST_MAX_MANHEADERS, Action and ActionID included: Asterisk refuses the rest."""

_CRLF = b"\r\n"
_END = b"\r\n\r\n"
_BANNER = b"Asterisk Call Manager/"
_EVENT = b"Event: "
_RESPONSE = b"Response: "
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
_FRAMING = re.compile(r"[\r\n\0]")
_OURS = frozenset({"action", "actionid"})


class MessageReader:
    """
    Turns the bytes of one connection into messages.

    Events whose name is not in `wanted` are dropped by looking at their first line only, unless
    they belong to a list being collected (`collect`). When `broken` is set, the bytes can no longer
    be trusted to be cut right: the connection must be closed, later bytes are ignored.
    """

    __slots__ = (
        "_buffer",
        "_collected",
        "_counters",
        "_line_start",
        "_lines_sought",
        "_searched",
        "_skipping",
        "_wanted",
        "banner",
        "broken",
    )

    def __init__(self, *, wanted: Collection[str], counters: AmiCounters) -> None:
        self._wanted = {name.encode(): name for name in wanted}
        self._counters = counters
        self._collected: dict[str, bytes] = {}
        self._buffer = bytearray()
        self._searched = 0  # no message ends before here
        self._line_start = 0  # the unfinished line begins here ...
        self._lines_sought = 0  # ... and has no end before here; kept for long messages only
        self._skipping = False  # the buffer is the rest of a message that is too long
        self.banner: str | None = None
        self.broken: str | None = None

    def collect(self, action_id: str) -> None:
        """Let entries of this action's list through, whatever their names."""
        self._collected[action_id] = f"\r\nActionID: {action_id}".encode()

    def stop_collecting(self, action_id: str) -> None:
        """Drop the entries of this action's list again (no matter whether it was collected)."""
        self._collected.pop(action_id, None)

    def feed(self, data: bytes) -> list[AmiEvent | AmiResponse]:
        """Take the next bytes and return the messages that they complete, in order."""
        if self.broken is not None:
            return []
        buffer = self._buffer
        buffer += data
        if self.banner is None and not self._take_banner():
            return []
        messages: list[AmiEvent | AmiResponse] = []
        end = buffer.rfind(_END, max(0, self._searched - 3))
        if end >= 0:
            # One copy and one split for all that is complete; the loop below then works on small
            # immutable bytes. `rest` is what follows the last end, read from the left.
            blocks = bytes(buffer[: end + 4]).split(_END)
            rest = len(blocks.pop())
            del buffer[: end + 4 - rest]
            self._line_start = self._lines_sought = 0
            for block in blocks:
                if len(block) > LINE_BYTES_MAX and not self._is_sane(block):
                    return messages
                message = self._judge(block)
                if message is not None:
                    messages.append(message)
        self._searched = len(buffer)
        if len(buffer) > LINE_BYTES_MAX:
            self._watch_long_message()
        return messages

    def _take_banner(self) -> bool:
        """Take the greeting, the one line that is no message. Return whether it was there."""
        line, end, _ = self._buffer.partition(_CRLF)
        if not end and len(line) <= BANNER_BYTES_MAX:
            return False
        if len(line) > BANNER_BYTES_MAX or not line.startswith(_BANNER):
            self._break("the first line is not Asterisk's greeting")
            return False
        self.banner = line.decode(errors="replace")
        del self._buffer[: len(line) + 2]
        return True

    def _is_sane(self, block: bytes) -> bool:
        """Return whether a long message is lines of a believable length, one that may be kept."""
        if max(map(len, block.split(_CRLF))) > LINE_BYTES_MAX:
            self._break("a line is too long")
            return False
        if len(block) > MESSAGE_BYTES_MAX and not self._skipping:
            self._skipping = True
            self._counters.messages_too_long += 1
        return True

    def _judge(self, block: bytes) -> AmiEvent | AmiResponse | None:
        """Return what one complete message is, its empty line cut off; None where it is dropped."""
        if self._skipping:
            self._skipping = False
            return None
        if block.startswith(_CRLF):
            block = block[2:]  # a stray empty line before the message
        if block.startswith(_EVENT):
            return self._event(block)
        if block.startswith(_RESPONSE):
            return self._response(block)
        if block:
            self._counters.noise += 1
        return None

    def _event(self, block: bytes) -> AmiEvent | None:
        self._counters.events += 1
        end = block.find(_CRLF)
        name = block[len(_EVENT) : end] if end >= 0 else block[len(_EVENT) :]
        wanted = self._wanted.get(name)
        if wanted is None and not (self._collected and self._is_collected(block)):
            self._counters.events_dropped_by_name += 1
            return None
        headers = self._headers(block)
        if headers is None:
            return None
        return AmiEvent(headers=headers, name=wanted or name.decode(errors="replace"))

    def _response(self, block: bytes) -> AmiResponse | None:
        self._counters.responses += 1
        headers = self._headers(block)
        if headers is None:
            return None
        status = block[len(_RESPONSE) :].partition(_CRLF)[0]
        return AmiResponse(headers=headers, status=status.decode(errors="replace"))

    def _is_collected(self, block: bytes) -> bool:
        # Every id is sought, not the first ActionID line read: a caller can put such a line into
        # the entry about his channel, before Asterisk's own.
        return any(line in block for line in self._collected.values())

    def _headers(self, block: bytes) -> Mapping[str, HeaderValue] | None:
        """Return the headers of a message, or None where there are too many to be true."""
        lines = block.decode(errors="replace").split("\r\n")
        if len(lines) > HEADERS_MAX:
            self._counters.messages_with_too_many_headers += 1
            return None
        pairs = [line.split(": ", 1) for line in lines]
        try:
            # The simple message, every line `Key: value` and no key twice, is read by C alone.
            headers = dict(pairs)
        except ValueError:  # a line of one part only
            pairs = self._without_stray_lines(pairs)
            headers = dict(pairs)
        if len(headers) == len(pairs):
            return headers
        return self._repeated_headers(cast("dict[str, HeaderValue]", headers), pairs)

    def _without_stray_lines(self, pairs: list[list[str]]) -> list[list[str]]:
        kept = []
        for pair in pairs:
            if len(pair) == 1 and pair[0].endswith(":"):
                kept.append([pair[0][:-1], ""])
            elif len(pair) == 1:
                self._counters.stray_lines += 1
            else:
                kept.append(pair)
        return kept

    def _repeated_headers(
        self, last_values: dict[str, HeaderValue], pairs: list[list[str]]
    ) -> Mapping[str, HeaderValue]:
        """
        Return the headers with lists where there are several values.

        Goes through the lines from the last, as Asterisk writes what it repeats (`ChanVariable`)
        near the end, and only until it has met as many repetitions as there are. Mostly these are
        the very last lines, all of one name.
        """
        remaining = len(pairs) - len(last_values)
        tail = pairs[-1 - remaining :]
        name = tail[0][0]
        values = [value for key, value in tail if key == name]
        if len(values) == len(tail):
            last_values[name] = values
            self._counters.doubled_headers += not comes_several_times(name)
            return last_values
        met: dict[str, list[str]] = {}
        repeated: dict[str, list[str]] = {}
        backwards = reversed(pairs)
        while remaining:
            key, value = next(backwards)
            if key in met:
                met[key].append(value)
                repeated[key] = met[key]
                remaining -= 1
            else:
                met[key] = [value]
        for several in repeated.values():
            several.reverse()
        self._counters.doubled_headers += not all(map(comes_several_times, repeated))
        return {**last_values, **repeated}

    def _watch_long_message(self) -> None:
        """Keep an unfinished long message from growing without bound, in linear time."""
        buffer = self._buffer
        while True:
            end = buffer.find(_CRLF, max(self._line_start, self._lines_sought - 1))
            if (len(buffer) if end < 0 else end) - self._line_start > LINE_BYTES_MAX + (end < 0):
                self._break("a line is too long")
                return
            if end < 0:
                break
            self._line_start = self._lines_sought = end + 2
        self._lines_sought = len(buffer)
        # Three bytes more than the limit may yet turn out to be the beginning of the message's end.
        if len(buffer) <= MESSAGE_BYTES_MAX + 3:
            return
        if not self._skipping:
            self._skipping = True
            self._counters.messages_too_long += 1
        # What is kept begins with the last line's CR LF: an empty line after it is the end.
        dropped = self._line_start - 2
        del buffer[:dropped]
        self._line_start -= dropped
        self._lines_sought -= dropped
        self._searched = len(buffer)

    def _break(self, why: str) -> None:
        self.broken = why
        self._counters.framing_lost += 1
        self._buffer.clear()


def encode_action(name: str, fields: Sequence[tuple[str, str]], action_id: str) -> bytes:
    """
    Return an action's bytes, refusing whatever Asterisk would read as something else.

    `fields` are headers in order, a name may repeat (`Variable`). `Action` and `ActionID` are
    ours alone: an answer is found by its id, so nobody may take another's.

    Raises:
        HeaderRefusedError: a name is no token, a value holds CR, LF or NUL, or is no Unicode text.
        LineTooLongError: a line is longer than `ACTION_LINE_BYTES_MAX` as UTF-8, CR LF included.
        TooManyHeadersError: there are more than `ACTION_HEADERS_MAX` headers, our two included.
    """
    if not _TOKEN.fullmatch(name):
        raise HeaderRefusedError("Action", "the action's name is no token")
    if len(fields) + 2 > ACTION_HEADERS_MAX:
        raise TooManyHeadersError(len(fields) + 2, ACTION_HEADERS_MAX)
    lines = [_line("Action", name), _line("ActionID", action_id)]
    for key, value in fields:
        if not _TOKEN.fullmatch(key):
            raise HeaderRefusedError(key, "the name is no token")
        if key.lower() in _OURS:
            raise HeaderRefusedError(key, "this header is the client's own")
        lines.append(_line(key, value))
    lines.append(_CRLF)
    return b"".join(lines)


def _line(key: str, value: str) -> bytes:
    if _FRAMING.search(value):
        raise HeaderRefusedError(key, "the value holds CR, LF or NUL")
    try:
        line = f"{key}: {value}\r\n".encode()
    except UnicodeEncodeError:
        # The chain is cut: Python's own message quotes the value, which may be a secret.
        raise HeaderRefusedError(key, "the value is no Unicode text") from None
    if len(line) > ACTION_LINE_BYTES_MAX:
        raise LineTooLongError(key, len(line), ACTION_LINE_BYTES_MAX)
    return line
