"""
Leases blocks of ports, so that many private servers live side by side without asking twice.

Asterisk must be told its ports before it starts, and must find them free again after a restart. So
the ports lie below those that the kernel gives to outgoing connections, and a block is held by an
abstract Unix socket: the kernel lets one process hold it, in the same network namespace as the
ports themselves, and drops it when that process dies, however it dies.
"""

import contextlib
import errno
import random
import socket
from types import TracebackType
from typing import Self

from lab.asterisk_errors import PortsExhaustedError

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20000
BLOCK_PORTS = 500
BLOCKS_MAX = 25
NAMED_PORTS = 20
"""The first ports of a block have names; the rest carry audio, two for each leg of a call."""


class PortLease:
    """
    A block of ports that is ours until `release()` or the end of the process.

    `sip` is UDP, `manager`, `http`, `agi` and `web` are TCP; audio runs on the even UDP ports from
    `rtp_first` to `rtp_last`. `agi` and `web` are for the daemon that belongs to the Asterisk.
    """

    def __init__(self, first: int, holder: socket.socket) -> None:
        self._holder = holder
        self.sip, self.manager, self.http, self.agi, self.web = range(first, first + 5)
        self.rtp_first = first + NAMED_PORTS
        self.rtp_last = first + BLOCK_PORTS - 1

    def release(self) -> None:
        """Let others have the block. Releasing twice is harmless."""
        self._holder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lease_ports() -> PortLease:
    """Lease a block in which nothing listens. Raises PortsExhaustedError when there is none."""
    blocks = list(range(FIRST_PORT, FIRST_PORT + BLOCKS_MAX * BLOCK_PORTS, BLOCK_PORTS))
    random.shuffle(blocks)
    for first in blocks:
        holder = _hold(first)
        if holder is None:
            continue
        if _is_free(first):
            return PortLease(first, holder)
        holder.close()
    raise PortsExhaustedError(
        f"all {BLOCKS_MAX} blocks of {BLOCK_PORTS} ports from {FIRST_PORT} on are in use"
    )


def _hold(first: int) -> socket.socket | None:
    """Take the block's abstract socket; None when another process has it."""
    holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        holder.bind(f"\0cordboard-ports-{first}")
    except OSError as error:
        holder.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise
    return holder


def _is_free(first: int) -> bool:
    """Tell whether every port of the block can be bound on loopback."""
    wanted = [(socket.SOCK_DGRAM, first + offset) for offset in range(BLOCK_PORTS)]
    wanted += [(socket.SOCK_STREAM, first + offset) for offset in range(NAMED_PORTS)]
    return all(_can_bind(kind, port) for kind, port in wanted)


def _can_bind(kind: socket.SocketKind, port: int) -> bool:
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
        if kind == socket.SOCK_STREAM:
            # Connections that ended a moment ago do not keep a server from listening.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
