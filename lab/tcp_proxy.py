"""
A TCP proxy on loopback that can do to a connection what networks and stuck programs do.

It carries bytes and understands none of them. `client` is whoever connects here, `server` whom the
proxy connects to for him.
"""

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

from lab.ports import LOOPBACK

BUFFER_BYTES = 4096
"""How much the proxy itself holds back of a stalled stream: the rest fills the server's buffers."""
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST instead of FIN (socket(7))."""


class _Flow:
    """One direction of one connection, which can be held up."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.open = asyncio.Event()

    async def run(self) -> None:
        """Carry bytes until the stream ends, and then end it for the other side too."""
        while True:
            await self.open.wait()
            data = await self._reader.read(BUFFER_BYTES)
            await self.open.wait()  # held up while it was read: it is not passed on any more
            if not data:
                break
            self._writer.write(data)
            await self._writer.drain()
        self._writer.close()


class _Carried:
    """One connection: the client's end, the server's, and a flow for each direction."""

    def __init__(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.writers = (client[1], server[1])
        self.to_server = _Flow(client[0], server[1])
        self.to_client = _Flow(server[0], client[1])
        self.dead = False

    async def run(self) -> None:
        """Carry both ways until both have ended, or one was reset."""
        try:
            async with asyncio.TaskGroup() as flows:
                flows.create_task(self.to_server.run())
                flows.create_task(self.to_client.run())
        except* ConnectionError:
            pass
        finally:
            for writer in self.writers:
                writer.transport.abort()

    def reset(self) -> None:
        """End it by RST, both ways."""
        for writer in self.writers:
            _reset(writer)
        self.pass_on()  # whoever is held up sees the end

    def pass_on(self) -> None:
        """Hold nothing up."""
        self.to_server.open.set()
        self.to_client.open.set()


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):  # it has ended already
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


class TcpProxy:
    """
    Carries connections to `server`; an asynchronous context manager, on a free port of its own.

    `stall`, `refuse` and `half_open` last until `pass_on`; half-open connections never recover.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener: asyncio.Server
        self._carried: set[_Carried] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._stalled = False
        self.accepted = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(
            self._accept, LOOPBACK, 0, limit=BUFFER_BYTES // 2
        )
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        self.refuse()
        if self._handlers:
            await asyncio.wait(self._handlers)
        await self._listener.wait_closed()

    def stall(self) -> None:
        """Read no more of what the server sends: its buffers fill. The other way still passes."""
        self._stalled = True
        for carried in self._carried:
            carried.to_client.open.clear()

    def reset(self) -> None:
        """End all connections by RST; new ones are carried."""
        for carried in tuple(self._carried):
            carried.reset()

    def refuse(self) -> None:
        """End all connections by RST, and every new one at once."""
        self._refusing = True
        self.reset()

    def half_open(self) -> None:
        """Carry nothing more on the present connections, and tell nobody; new ones are carried."""
        for carried in self._carried:
            carried.dead = True
            carried.to_server.open.clear()
            carried.to_client.open.clear()

    def pass_on(self) -> None:
        """Carry again whatever is held up, and everything new."""
        self._refusing = self._stalled = False
        for carried in self._carried:
            if not carried.dead:
                carried.pass_on()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        if handler is None:
            raise RuntimeError("the server runs this in a task")
        self._handlers.add(handler)
        self.accepted += 1
        try:
            await self._carry(reader, writer)
        finally:
            writer.transport.abort()
            self._handlers.discard(handler)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            _reset(writer)
            return
        try:
            server = await self._connected()
        except OSError:
            return  # nobody listens there: the client sees his connection end
        carried = _Carried((reader, writer), server)
        carried.to_server.open.set()
        if not self._stalled:
            carried.to_client.open.set()
        self._carried.add(carried)
        try:
            await carried.run()
        finally:
            self._carried.discard(carried)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the server with a small window, so that a stall is felt there soon."""
        with contextlib.ExitStack() as undo:
            sock = undo.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.settimeout(0)
            await asyncio.get_running_loop().sock_connect(sock, (LOOPBACK, self._server_port))
            streams = await asyncio.open_connection(sock=sock, limit=BUFFER_BYTES // 2)
            undo.pop_all()
        return streams
