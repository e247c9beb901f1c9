"""
Frames of RFC 6455: those that the server writes, and a guard over those that it receives.

The guard walks over headers only. It exists because the websocket reader behind it accepts unmasked
frames, and sees neither empty fragments nor control frames as anything to be counted, so that a
client could keep it busy for ever without ever completing a message.
"""

import struct
from enum import IntEnum
from typing import Final

from protocols.ws.codes import CloseCode
from protocols.ws.errors import FrameError

FRAGMENTS_MAX: Final = 64
"""Frames that one message may be cut into."""

_FINAL: Final = 0x80
_OPCODE: Final = 0x0F
_MASKED: Final = 0x80
_LENGTH: Final = 0x7F
_SHORT_MAX: Final = 125
_TWO_BYTES: Final = 126
_TWO_BYTES_MAX: Final = 0xFFFF
_MASK_BYTES: Final = 4
_CONTROL: Final = 0x8
_CLOSE_REASON_BYTES_MAX: Final = 123


class Opcode(IntEnum):
    """Frame kinds (RFC 6455 section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


def text_frame(payload: bytes) -> bytes:
    """Return one whole text message as a server sends it: final, unmasked, not compressed."""
    return _header(Opcode.TEXT, len(payload)) + payload


def close_frame(code: CloseCode, reason: str) -> bytes:
    """Return a close frame; the reason is cut to what a control frame holds."""
    said = reason.encode("ascii", "replace")[:_CLOSE_REASON_BYTES_MAX]
    payload = struct.pack("!H", code) + said
    return _header(Opcode.CLOSE, len(payload)) + payload


def _header(opcode: Opcode, length: int) -> bytes:
    first = _FINAL | opcode
    if length <= _SHORT_MAX:
        return bytes((first, length))
    if length <= _TWO_BYTES_MAX:
        return struct.pack("!BBH", first, _TWO_BYTES, length)
    return struct.pack("!BBQ", first, _TWO_BYTES + 1, length)


class FrameGuard:
    """
    Watches one client's stream of frames, in pieces of any size.

    `receive` returns how many frames began in the piece, for whoever counts their rate.
    """

    __slots__ = ("_fragments", "_header", "_message_bytes", "_message_bytes_max", "_skip")

    def __init__(self, *, message_bytes_max: int) -> None:
        self._message_bytes_max = message_bytes_max
        self._header = b""
        self._skip = 0
        self._fragments = 0
        self._message_bytes = 0

    def receive(self, data: bytes) -> int:
        """
        Walk over the next piece of the stream.

        Raises:
            FrameError: the stream must be closed with the error's code.
        """
        frames = 0
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            wanted = _header_bytes(self._header) - len(self._header)
            self._header += data[position : position + wanted]
            position += wanted
            if len(self._header) == _header_bytes(self._header):
                self._skip = self._check(self._header)
                self._header = b""
                frames += 1
        return frames

    def _check(self, header: bytes) -> int:
        length = _payload_bytes(header)
        if not header[1] & _MASKED:
            # RFC 6455 section 5.1: "The server MUST close the connection upon receiving a frame
            # that is not masked."
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a client's frames are masked")
        if header[0] & _CONTROL:
            if length > _SHORT_MAX:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "a control frame is short")
            return _MASK_BYTES + length
        self._fragments += 1
        self._message_bytes += length
        if self._message_bytes > self._message_bytes_max:
            raise FrameError(
                CloseCode.MESSAGE_TOO_BIG, f"a message has at most {self._message_bytes_max} bytes"
            )
        if self._fragments > FRAGMENTS_MAX:
            raise FrameError(
                CloseCode.POLICY_VIOLATION, f"a message has at most {FRAGMENTS_MAX} fragments"
            )
        if header[0] & _FINAL:
            self._fragments = self._message_bytes = 0
        return _MASK_BYTES + length


def _header_bytes(begun: bytes) -> int:
    if len(begun) < 2:  # noqa: PLR2004  two bytes say how long the rest is
        return 2
    length = begun[1] & _LENGTH
    return 2 if length <= _SHORT_MAX else 4 if length == _TWO_BYTES else 10


def _payload_bytes(header: bytes) -> int:
    length = header[1] & _LENGTH
    return length if length <= _SHORT_MAX else int.from_bytes(header[2:])
