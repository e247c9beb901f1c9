"""
A UDP socket on loopback that says when the kernel received each datagram.

A test machine is busy: this process may be woken 100 ms after a packet came. Gaps in music and the
order of a screen pop and an INVITE are judged by arrival, so the arrival is taken from the kernel
(`SO_TIMESTAMPNS`) and not from the moment of reading. This module knows nothing of SIP or RTP.
"""

import asyncio
import socket
import struct
import time
from collections.abc import Callable

from lab.phone.errors import PhoneError

Address = tuple[str, int]
OnDatagram = Callable[[bytes, Address, int], None]
"""Takes the datagram, its sender, and its arrival on the monotonic clock in nanoseconds."""

DATAGRAMS_PER_WAKE_MAX = 64
"""Read at one go, so that one flooded socket cannot starve the other phones of the process."""
EVEN_PORT_ATTEMPTS_MAX = 100
RECEIVE_BUFFER_BYTES = 1 << 20
AGE_NS_MAX = 10_000_000_000
"""No datagram lies unread for this long; a stamp that says so is from before a clock was set."""

_SO_TIMESTAMPNS = 35  # Linux; Python 3.11 has no name for it
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)


class DatagramSocket:
    """
    A bound UDP socket, read by the running event loop from the moment it is made.

    Args:
        host: the local IPv4 address.
        port: the local port; 0 takes a free one.
        on_datagram: called for each datagram, in order of arrival.
        even_port: with port 0, take an even port (RFC 3550, section 11).
        datagram_bytes_max: longer datagrams are cut off there.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_datagram: OnDatagram,
        *,
        even_port: bool = False,
        datagram_bytes_max: int = 65_535,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_datagram = on_datagram
        self._datagram_bytes_max = datagram_bytes_max
        self._socket = _bound_even(host) if even_port and port == 0 else _bound(host, port)
        self.host: str = host
        self.port: int = self._socket.getsockname()[1]
        self.unsent = 0
        """Datagrams the kernel would not take; they count as lost on the way."""
        self._loop.add_reader(self._socket, self._readable)

    def send(self, data: bytes, to: Address) -> None:
        """Send one datagram now; one that the kernel refuses is lost, as any datagram may be."""
        if self.closed:
            return
        try:
            self._socket.sendto(data, to)
        except OSError:
            self.unsent += 1

    @property
    def closed(self) -> bool:
        """Whether the socket has been closed."""
        return self._socket.fileno() < 0

    def close(self) -> None:
        """Stop reading and give the port back; may be called twice."""
        if not self.closed:
            self._loop.remove_reader(self._socket)
            self._socket.close()

    def _readable(self) -> None:
        for _ in range(DATAGRAMS_PER_WAKE_MAX):
            if self.closed:  # by the handler of the datagram before
                return
            try:
                data, ancillary, _, sender = self._socket.recvmsg(
                    self._datagram_bytes_max, _ANCILLARY_BYTES
                )
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._on_datagram(data, sender, _arrival(ancillary))


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> int:
    now_ns = time.monotonic_ns()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            age_ns: int = time.time_ns() - (seconds * 1_000_000_000 + nanoseconds)
            return now_ns - age_ns if 0 <= age_ns < AGE_NS_MAX else now_ns
    return now_ns


def _bound(host: str, port: int) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)  # noqa: FBT003 - the standard library takes it by position
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        udp.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        udp.bind((host, port))
    except OSError:
        udp.close()
        raise
    return udp


def _bound_even(host: str) -> socket.socket:
    for _ in range(EVEN_PORT_ATTEMPTS_MAX):
        udp = _bound(host, 0)
        if udp.getsockname()[1] % 2 == 0:
            return udp
        udp.close()
    raise PhoneError(f"no free even port in {EVEN_PORT_ATTEMPTS_MAX} attempts")
