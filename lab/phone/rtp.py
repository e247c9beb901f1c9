"""
RTP packets and telephone events on the wire (RFC 3550, RFC 4733). Pure.

Decides what bytes mean, and counts what is missing by sequence numbers; it knows no sockets and no
time but the timestamps of the packets.
"""

import struct
from dataclasses import dataclass

PCMU = 0
TELEPHONE_EVENT = 101
"""The payload type that our own session descriptions give to telephone events."""
DIGITS = "0123456789*#ABCD"
"""A digit's place is its event code (RFC 4733, section 3.2)."""
EVENT_VOLUME = 10
"""Minus dBm0; what phones usually write."""

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VERSION = 0x80
_MARKER = 0x80
_END = 0x80
_SEQUENCE_NUMBERS = 1 << 16
_JUMP_MAX = 3_000
"""A larger step in the sequence is a new start of the source, not loss (RFC 3550, A.1)."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet, its header's padding, extensions and contributing sources taken off."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    source: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """One report of a key: `duration` is in samples and grows from packet to packet."""

    digit: str
    ended: bool
    duration: int


def build_packet(
    payload_type: int, sequence: int, timestamp: int, source: int, payload: bytes, *, marker: bool
) -> bytes:
    """Return a packet's bytes; sequence and timestamp wrap by themselves."""
    second = payload_type | (_MARKER if marker else 0)
    return (
        _HEADER.pack(_VERSION, second, sequence & 0xFFFF, timestamp & 0xFFFF_FFFF, source) + payload
    )


def parse_packet(data: bytes) -> RtpPacket | None:
    """Return the packet, or None for what is not RTP version 2."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
    if first & 0xC0 != _VERSION:
        return None
    start, end = _HEADER.size, len(data)
    if first != _VERSION:
        start += 4 * (first & 0x0F)
        if first & 0x10:
            if len(data) < start + 4:
                return None
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        if first & 0x20:
            end -= data[-1]
    if start > end:
        return None
    return RtpPacket(
        second & 0x7F, bool(second & _MARKER), sequence, timestamp, source, data[start:end]
    )


def build_event(digit: str, duration: int, *, ended: bool) -> bytes:
    """
    Return the payload that reports a key.

    Raises:
        ValueError: there is no such key.
    """
    code = DIGITS.find(digit)
    if code < 0 or len(digit) != 1:
        message = f"no such key: {digit!r}"
        raise ValueError(message)
    return _EVENT.pack(code, (_END if ended else 0) | EVENT_VOLUME, min(duration, 0xFFFF))


def parse_event(payload: bytes) -> TelephoneEvent | None:
    """Return the key that a payload reports, or None for other events (flash, tones) and noise."""
    if len(payload) < _EVENT.size:
        return None
    code, flags, duration = _EVENT.unpack_from(payload)
    if code >= len(DIGITS):
        return None
    return TelephoneEvent(DIGITS[code], bool(flags & _END), duration)


class Reception:
    """Counts what came and what is missing, over all sources that spoke one after the other."""

    def __init__(self) -> None:
        self.received = 0
        self.sources = 0
        self._lost_before = 0
        self._source: int | None = None
        self._first = 0
        self._highest = 0
        self._received_of_source = 0

    def count(self, packet: RtpPacket) -> None:
        """Count a packet."""
        self.received += 1
        step = (packet.sequence - self._highest) % _SEQUENCE_NUMBERS
        if packet.source != self._source or _JUMP_MAX < step < _SEQUENCE_NUMBERS - _JUMP_MAX:
            self._lost_before = self.lost
            self._source = packet.source
            self._first = self._highest = packet.sequence
            self._received_of_source = 0
            self.sources += 1
        elif step <= _JUMP_MAX:
            self._highest += step
        self._received_of_source += 1

    @property
    def lost(self) -> int:
        """Packets that never came; one that comes late is taken off again."""
        if self._source is None:
            return 0
        expected = self._highest - self._first + 1
        return self._lost_before + max(0, expected - self._received_of_source)
