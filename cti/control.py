"""
The daemon's own door for its administrator: a socket in the data folder, for the same user alone.

One line asks, one line of JSON answers. Who connects is known by the kernel (`SO_PEERCRED`): the
user that the daemon runs as, or root. There is one thing to ask for: that the configuration be read
again. Where the socket cannot be made, the daemon works without it; SIGHUP asks for the same.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import structlog

from cti.reload import Reloaded

SOCKET: Final = "control.sock"
RELOAD: Final = b"reload\n"
LINE_BYTES_MAX: Final = 1_024
ASK_S_MAX: Final = 5.0
"""How long who has connected may take to ask."""
ANSWER_S_MAX: Final = 60.0
ANSWER_BYTES_MAX: Final = 4_194_304
PATH_BYTES_MAX: Final = 107
"""Of a socket's path (unix(7)); a longer one is gone round by the folder's descriptor."""
_CREDENTIALS: Final = struct.Struct("3i")

log = structlog.get_logger(__name__)


class NoDaemonError(Exception):
    """Nobody answers at the socket, or not what could be understood."""


class Control:
    """The socket; `open` it and `close` it."""

    def __init__(self, data: Path, reload: Callable[[], Awaitable[Reloaded]]) -> None:
        self._path = data / SOCKET
        self._reload = reload
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen; where that cannot be, say so and go on without."""
        try:
            with _reachable(self._path) as address:
                listening = _bind(address)
        except OSError as error:
            log.warning("control_socket_unusable", reason=str(error))
            return
        self._server = await asyncio.start_unix_server(
            self._visit, sock=listening, limit=LINE_BYTES_MAX
        )

    async def close(self) -> None:
        """Listen no more; whoever waits for an answer gets none."""
        if self._server is None:
            return
        self._server.close()
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        await self._server.wait_closed()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        if visit is not None:
            self._visits.add(visit)
            visit.add_done_callback(self._visits.discard)
        try:
            if _user_of(writer) not in {os.geteuid(), 0}:
                return
            async with asyncio.timeout(ASK_S_MAX):
                asked = await reader.readline()
            if asked == RELOAD:
                answer = await self._reload()
                writer.write(json.dumps(asdict(answer)).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, OSError, ValueError) as error:  # ValueError: a line without end
            log.debug("control_visit_failed", reason=str(error))
        finally:
            writer.close()


def ask_to_reload(data: Path) -> Reloaded:
    """
    Ask the daemon that works in this data folder to read its configuration again, and wait.

    Raises:
        NoDaemonError: there is none, or none that may be asked; the message says why.
    """
    try:
        with (
            _reachable(data / SOCKET) as address,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as asking,
        ):
            asking.settimeout(ANSWER_S_MAX)
            asking.connect(address)
            asking.sendall(RELOAD)
            with asking.makefile("rb") as answer:
                line = answer.readline(ANSWER_BYTES_MAX)
    except OSError as error:
        raise NoDaemonError(error.strerror or str(error)) from error
    try:
        told: dict[str, Any] = json.loads(line)
        return Reloaded(
            folder=str(told["folder"]),
            version=str(told["version"]),
            problems=tuple(map(str, told["problems"])),
            changed=tuple(map(str, told["changed"])),
            restart=tuple(map(str, told["restart"])),
            asterisk=bool(told["asterisk"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NoDaemonError("no answer") from error


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """Yield an address of the socket that is short enough."""
    if len(os.fsencode(path)) <= PATH_BYTES_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _bind(address: str) -> socket.socket:
    """Return a socket for our user alone, in the place of one that a dead daemon left."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address)  # noqa: PTH108 - an address
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)
    try:
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    listening.setblocking(False)  # noqa: FBT003 - the socket's own name for it
    return listening


def _user_of(writer: asyncio.StreamWriter) -> int:
    connected: socket.socket = writer.get_extra_info("socket")
    size = _CREDENTIALS.size
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _pid, user, _group = _CREDENTIALS.unpack(told)
    return int(user)
