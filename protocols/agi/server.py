"""
The FastAGI server: accepts Asterisk's connections and runs one handler for each session.

Decides who may connect and how many, and that nothing a handler or a peer does reaches another
session. It must not know what handlers say to Asterisk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import structlog

from protocols.agi.connection import AgiConnection
from protocols.agi.errors import RemoteProtocolError, SessionEndedError
from protocols.agi.limits import AgiLimits
from protocols.agi.request import AgiRequest
from protocols.agi.session import AgiSession

BACKLOG: Final = 1_024
"""Connections the kernel holds for us. A full one is silence for the caller: Asterisk's channel
thread is blocked for two seconds, and the music with it (measured)."""

_log = structlog.get_logger()

Handler = Callable[[AgiSession], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class AgiCounts:
    """What the server has seen since it was built."""

    sessions: int = 0
    """Sessions whose opening block was good."""
    refused_peers: int = 0
    refused_full: int = 0
    broken: int = 0
    """Sessions aborted because the other side broke the protocol."""
    handler_failures: int = 0
    commands: int = 0
    """Commands written to Asterisk, by all sessions; the NOOPs that interrupt are not counted."""


class AgiServer:
    """Listens for Asterisk and hands each session to the handler, in a task of its own."""

    def __init__(
        self,
        handler: Handler,
        *,
        allowed_peers: Iterable[str],
        limits: AgiLimits | None = None,
    ) -> None:
        """
        Build a server that does not listen yet.

        Raises:
            ValueError: an allowed peer is neither an address nor a network.
        """
        self._handler = handler
        self._allowed: list[IPv4Network | IPv6Network] = [ip_network(p) for p in allowed_peers]
        self._limits = limits or AgiLimits()
        self._connections: set[AgiConnection] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._closing = False
        self.counts = AgiCounts()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    async def start(self, host: str, port: int) -> int:
        """
        Listen, and return the port: the one the system chose when 0 is asked for.

        Raises:
            OSError: the address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: AgiConnection(self, self._limits), host, port, backlog=BACKLOG
        )
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """
        Stop listening and end every session, in three times `close_s_max` at most.

        Handlers learn it by SessionEndedError; those that go on regardless are cancelled, and those
        that resist even that are left and logged.
        """
        self._closing = True
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        await self._wait_for_handlers()
        for task in self._handlers:
            task.cancel()
        await self._wait_for_handlers()
        if self._handlers:
            _log.error("agi_handlers_left", handlers=len(self._handlers))
        await asyncio.gather(*(connection.wait_lost() for connection in list(self._connections)))
        if self._server is not None:
            await self._server.wait_closed()

    async def _wait_for_handlers(self) -> None:
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=self._limits.close_s_max)

    async def _serve(self, session: AgiSession) -> None:
        try:
            if session.ended is None:
                await self._handler(session)
        except (SessionEndedError, RemoteProtocolError):
            # The usual way for a handler to learn that there is nothing left to do.
            _log.debug("agi_handler_left", uniqueid=session.request.uniqueid)
        except Exception:  # noqa: BLE001 - a handler's defect must end only its session
            self.counts.handler_failures += 1
            _log.exception("agi_handler_failed", uniqueid=session.request.uniqueid)
        finally:
            await session.close()

    # What connections tell us.

    def admit(self, connection: AgiConnection, peer: str) -> bool:
        """Let in a configured peer while there is room."""
        if not self._is_allowed(peer):
            self.counts.refused_peers += 1
            _log.warning("agi_peer_refused", peer=peer)
            return False
        if self._closing or len(self._connections) >= self._limits.sessions_max:
            self.counts.refused_full += 1
            _log.warning("agi_session_refused", peer=peer, sessions=len(self._connections))
            return False
        self._connections.add(connection)
        return True

    def opened(self, connection: AgiConnection, request: AgiRequest) -> None:
        """Run the handler for a new session."""
        self.counts.sessions += 1
        # The set keeps the task, `close` awaits it, and `_serve` logs what fails in it.
        task = asyncio.get_running_loop().create_task(self._serve(AgiSession(connection, request)))
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)

    def wrote(self) -> None:
        """Count a command."""
        self.counts.commands += 1

    def broken(self, connection: AgiConnection, error: RemoteProtocolError) -> None:
        """Count and log a breach of the protocol."""
        self.counts.broken += 1
        _log.warning(
            "agi_session_broken",
            peer=connection.peer,
            why=str(error),
            kind=type(error).__name__,
            pii_line=repr(error.line),
        )

    def lost(self, connection: AgiConnection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def _is_allowed(self, peer: str) -> bool:
        try:
            address = ip_address(peer.partition("%")[0])  # a link-local IPv6 peer has a zone
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._allowed)
