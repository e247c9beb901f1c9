"""
A manager interface on loopback that answers as Asterisk 22 does, or misbehaves as told.

It reads actions as main/manager.c does (a line ends at LF, 1,024 bytes per line, 128 headers) and
keeps them, so that a test can count what really arrived. It knows nothing of calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

SECRET = "open sesame"
BANNER = b"Asterisk Call Manager/9.0.0\r\n"

Answer = Callable[["AmiPeer", "ReceivedAction"], Awaitable[None]]


class Login(Enum):
    """What becomes of a login."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SHUTTING_DOWN = "shutting_down"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ReceivedAction:
    """An action as Asterisk read it: header lines in order."""

    headers: tuple[tuple[str, str], ...]

    def get(self, key: str) -> str:
        """Return the first header of this name, as astman_get_header does."""
        return next((value for name, value in self.headers if name.lower() == key.lower()), "")

    @property
    def name(self) -> str:
        return self.get("Action")

    @property
    def action_id(self) -> str:
        return self.get("ActionID")


def message(*lines: str) -> bytes:
    """Return a message of these lines as it stands on the wire."""
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def whole(data: bytes) -> Sequence[bytes]:
    """Send what is written in one piece."""
    return [data]


def byte_by_byte(data: bytes) -> Sequence[bytes]:
    """Send every byte in a segment of its own."""
    return [data[at : at + 1] for at in range(len(data))]


@dataclass(eq=False)
class AmiPeer:
    """The server's side of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: "AmiServer"
    authenticated: bool = False
    announcing: asyncio.Task[None] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, data: bytes) -> None:
        """Send these bytes, cut into segments as the server was told."""
        for piece in self.server.cut(data):
            self.writer.write(piece)
            await asyncio.sleep(0)  # lets the client read this piece alone
        await self.writer.drain()

    async def succeed(self, action: ReceivedAction, *lines: str) -> None:
        """Answer an action with success."""
        await self.send(message("Response: Success", f"ActionID: {action.action_id}", *lines))

    async def fail(self, action: ReceivedAction, text: str) -> None:
        """Answer an action with an error."""
        await self.send(
            message("Response: Error", f"ActionID: {action.action_id}", f"Message: {text}")
        )

    def drop(self) -> None:
        """Let the connection break, as kill -9 does."""
        self.writer.transport.abort()


class AmiServer:
    """
    The server. Its attributes may be changed at any time, and say how it behaves.

    `answers` replaces the answer to an action; `lost` names actions that are never answered;
    `mute` answers nothing at all (a half-open link); `booted` unset holds FullyBooted back.
    """

    def __init__(self) -> None:
        self.secret = SECRET
        self.login = Login.ACCEPTED
        self.booted = asyncio.Event()
        self.booted.set()
        self.mute = False
        self.banner = BANNER
        self.cut: Callable[[bytes], Sequence[bytes]] = whole
        self.lost: set[str] = set()
        self.answers: dict[str, Answer] = {}
        self.process = ("2026-11-22", "17:33:38")
        self.system_name = "pbx1"
        self.actions: list[ReceivedAction] = []
        self.peers: list[AmiPeer] = []
        self.port = 0
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()
        for peer in self.peers:
            await peer.ended.wait()

    def drop(self) -> None:
        """Drop all connections and go on listening."""
        for peer in self.peers:
            peer.drop()

    @property
    def peer(self) -> AmiPeer:
        """The newest connection."""
        return self.peers[-1]

    def received(self, name: str) -> list[ReceivedAction]:
        """Return the actions of this name that arrived, over all connections."""
        return [action for action in self.actions if action.name == name]

    async def until_received(self, name: str, count: int = 1) -> ReceivedAction:
        """Wait until `count` actions of this name arrived, and return the last."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.received(name)) >= count)
        return self.received(name)[-1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = AmiPeer(reader, writer, self)
        self.peers.append(peer)
        try:
            await peer.send(self.banner)
            while (action := await _read_action(reader)) is not None:
                self.actions.append(action)
                async with self._arrived:
                    self._arrived.notify_all()
                await self._answer(peer, action)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            if peer.announcing is not None:
                peer.announcing.cancel()
                await asyncio.wait({peer.announcing})
            writer.transport.abort()
            peer.ended.set()

    async def _answer(self, peer: AmiPeer, action: ReceivedAction) -> None:
        if self.mute or action.name in self.lost:
            return
        if action.name in self.answers:
            await self.answers[action.name](peer, action)
        elif action.name == "Login":
            await self._answer_login(peer, action)
        elif not peer.authenticated:
            await peer.fail(action, "Permission denied")
        elif action.name == "CoreStatus":
            date, time = self.process
            await peer.succeed(action, f"CoreStartupDate: {date}", f"CoreStartupTime: {time}")
        elif action.name == "CoreSettings":
            await peer.succeed(action, "AMIversion: 9.0.0", f"SystemName: {self.system_name}")
        elif action.name == "Ping":
            await peer.succeed(action, "Ping: Pong", "Timestamp: 1795337574.000000")
        else:
            await peer.succeed(action, "Message: done")

    async def _answer_login(self, peer: AmiPeer, action: ReceivedAction) -> None:
        if self.login is Login.IGNORED:
            return
        if self.login is Login.SHUTTING_DOWN:
            await peer.fail(action, "Asterisk is shutting down")
        elif self.login is Login.REFUSED or action.get("Secret") != self.secret:
            await peer.fail(action, "Authentication failed")
            peer.drop()
        else:
            peer.authenticated = True
            await peer.succeed(action, "Message: Authentication accepted")
            peer.announcing = asyncio.create_task(self._announce_boot(peer))

    async def _announce_boot(self, peer: AmiPeer) -> None:
        await self.booted.wait()
        await peer.send(
            message(
                "Event: FullyBooted",
                "Privilege: system,all",
                "Uptime: 3",
                "LastReload: 3",
                "Status: Fully Booted",
            )
        )


async def _read_action(reader: asyncio.StreamReader) -> ReceivedAction | None:
    headers: list[tuple[str, str]] = []
    while True:
        line = await reader.readline()
        if not line:
            return None
        assert len(line) <= 1_024, "Asterisk would have discarded this action: line too long"
        text = line.rstrip(b"\r\n").decode()
        if not text:
            assert len(headers) <= 128, "Asterisk would have refused this action: too many lines"
            return ReceivedAction(tuple(headers))
        key, _, value = text.partition(": ")
        headers.append((key, value))
