"""
The way to Asterisk: one UDP socket for many calls, the kernel's times of arrival, repeats.

A datagram's moment is the kernel's, so that it is exact however busy this process is. Requests are
repeated as RFC 3261 wants it (T1 of 500 ms, doubling), to the tenth of a second.
"""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lab.ports import LOOPBACK

T1_S: Final = 0.5
REPEATS_MAX: Final = 6
"""How often a message is repeated; after that, it has never been answered."""
SWEEP_S: Final = 0.1
DATAGRAM_BYTES_MAX: Final = 8_192
DATAGRAMS_A_TURN_MAX: Final = 64
"""How many datagrams are read before the loop may do something else."""
BUFFER_BYTES: Final = 4 * 1024 * 1024
_SO_TIMESTAMPNS: Final = 35
"""Of <asm-generic/socket.h>; Python's socket module does not name it."""
_TIMESPEC: Final = struct.Struct("ll")
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class _Unanswered:
    message: bytes
    due_s: float
    pause_s: float = T1_S
    repeats: int = 0


class Link:
    """
    A socket at Asterisk's port; an asynchronous context manager's work is `open` and `close`.

    `on_message` gets each datagram and its moment in nanoseconds of `time.time_ns`. `repeated`
    counts what had to be sent again, `given_up` what was never answered.
    """

    def __init__(self, server: tuple[str, int], on_message: Callable[[bytes, int], None]) -> None:
        self._on_message = on_message
        self._unanswered: dict[str, _Unanswered] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self.repeated = 0
        self.given_up = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.bind((LOOPBACK, 0))
        self._socket.connect(server)
        self.port: int = self._socket.getsockname()[1]

    def open(self) -> None:
        """Begin to read."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._read)
        self._sweep()

    def close(self) -> None:
        """Stop, and give the port back."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def send(self, message: bytes) -> int:
        """Send a datagram; one that cannot be sent is lost, as on any network."""
        with contextlib.suppress(OSError):
            self._socket.send(message)
        return time.time_ns()

    def send_until_answered(self, transaction: str, message: bytes) -> int:
        """Send a datagram, and again until `answered` is told of its transaction."""
        now = asyncio.get_running_loop().time()
        self._unanswered[transaction] = _Unanswered(message, now + T1_S)
        return self.send(message)

    def answered(self, transaction: str) -> bool:
        """Repeat it no more; whether it was still being repeated."""
        return self._unanswered.pop(transaction, None) is not None

    def _read(self) -> None:
        for _ in range(DATAGRAMS_A_TURN_MAX):
            try:
                message, ancillary, _, _ = self._socket.recvmsg(DATAGRAM_BYTES_MAX, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._on_message(message, _moment(ancillary))

    def _sweep(self) -> None:
        """Repeat what has not been answered for so long."""
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)
        now = loop.time()
        for transaction, waiting in tuple(self._overdue(now)):
            if waiting.repeats == REPEATS_MAX:
                self.given_up += 1
                del self._unanswered[transaction]
                continue
            self.repeated += 1
            waiting.repeats += 1
            waiting.pause_s *= 2
            waiting.due_s = now + waiting.pause_s
            self.send(waiting.message)

    def _overdue(self, now: float) -> Iterator[tuple[str, _Unanswered]]:
        for transaction, waiting in self._unanswered.items():
            if waiting.due_s <= now:
                yield transaction, waiting


def _moment(ancillary: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds) * _NS + int(nanoseconds)
    return time.time_ns()


def silent_socket() -> socket.socket:
    """Return a socket that sound may be sent to: the kernel drops what nobody reads."""
    sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sink.bind((LOOPBACK, 0))
    return sink
