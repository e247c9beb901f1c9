"""A server on loopback, all that is behind it in the test's hands, and raw sockets against it."""

import asyncio
import base64
import json
import os
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from acd.commands import Occupation, ShowAgentState, Wish
from acd.facts import AgentEndedWrapUp, AgentLoggedOff, AgentLoggedOn, AgentMadeNotReady
from agents.auth import Authenticator
from agents.figures import Figures
from agents.ports import AgentEntry, AgentFact
from agents.server import AgentServer
from agents.sessions import AgentSessions
from agents.settings import AttemptSettings, SessionSettings, WebSettings
from lab.desk import Desk
from tests.agents.fakes import (
    Directory,
    FixedClock,
    Floor,
    Inbox,
    ManualTimers,
    Wellness,
    entry,
    state,
)

PATH = "/ws/v1"


@dataclass(slots=True, kw_only=True)
class House:
    """A running server and what stands behind it."""

    port: int
    sessions: AgentSessions
    inbox: Inbox
    floor: Floor
    leases: ManualTimers
    health: Wellness
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def desk(self, tls: ssl.SSLContext | None = None) -> Desk:
        return Desk(self.url, tls=tls)

    def show(self, shown: ShowAgentState) -> None:
        self.sessions.show_state(self.floor.put(shown))

    def believe(self) -> None:
        """Do with all posted facts what the core would, in the simplest way."""
        for fact in self.inbox.facts:
            self.show(_after(fact, self.floor.agent_state(fact.agent)))
        self.inbox.facts.clear()


def _after(fact: AgentFact, before: ShowAgentState | None) -> ShowAgentState:
    device = None if before is None else before.device
    match fact:
        case AgentLoggedOn():
            return state(fact.agent, Wish.NOT_READY, device=fact.device, reason="logged_on")
        case AgentLoggedOff():
            return state(fact.agent, Wish.LOGGED_OFF)
        case AgentMadeNotReady():
            return state(fact.agent, Wish.NOT_READY, device=device, reason=fact.reason)
        case AgentEndedWrapUp():
            return state(fact.agent, Wish.READY, Occupation.IDLE, device=device)
        case _:
            return state(fact.agent, Wish.READY, device=device)


@asynccontextmanager
async def house(
    *entries: AgentEntry,
    web: WebSettings | None = None,
    attempts: AttemptSettings | None = None,
    session: SessionSettings | None = None,
    figures: Figures | None = None,
) -> AsyncIterator[House]:
    loop = asyncio.get_running_loop()
    directory = Directory(*(entries or (entry("ann"), entry("ben"))))
    inbox, floor, leases = Inbox(), Floor(), ManualTimers()
    sessions = AgentSessions(
        directory=directory,
        inbox=inbox,
        floor=floor,
        clock=FixedClock(),
        timers=leases,
        settings=session or SessionSettings(),
    )
    health = Wellness(journal=True)
    web = web or WebSettings(port=0)
    server = AgentServer(
        settings=web,
        sessions=sessions,
        authenticator=Authenticator(directory, attempts or AttemptSettings(), timers=loop),
        health=health,
        timers=loop,
        figures=figures,
    )
    port = await server.start()
    try:
        yield House(
            port=port,
            sessions=sessions,
            inbox=inbox,
            floor=floor,
            leases=leases,
            health=health,
            scheme="http" if web.certificate is None else "https",
        )
    finally:
        await server.close()


class RawSocket:
    """A client that may do everything wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def frame(
        self,
        payload: bytes,
        *,
        opcode: int = 1,
        final: bool = True,
        masked: bool = True,
        length: int | None = None,
        reserved: int = 0,
    ) -> None:
        """Write a frame; `length` may lie."""
        claimed = len(payload) if length is None else length
        head = bytes(((0x80 if final else 0) | reserved | opcode,))
        mask_bit = 0x80 if masked else 0
        if claimed < 126:
            head += bytes((mask_bit | claimed,))
        elif claimed < 65536:
            head += struct.pack("!BH", mask_bit | 126, claimed)
        else:
            head += struct.pack("!BQ", mask_bit | 127, claimed)
        # A mask of zeros is a mask.
        self.writer.write(head + (bytes(4) if masked else b"") + payload)

    def say(self, message: object) -> None:
        self.frame(json.dumps(message).encode())

    async def hear_frame(self) -> tuple[int, bytes]:
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        return first & 0x0F, await self.reader.readexactly(length)

    async def hear(self) -> dict[str, object]:
        opcode, payload = await self.hear_frame()
        assert opcode == 1, (opcode, payload)
        message = json.loads(payload)
        assert isinstance(message, dict)
        return message

    async def close_code(self) -> int | None:
        """Read to the end; return the close frame's code, or None where there was none."""
        try:
            async with asyncio.timeout(10):
                while True:
                    opcode, payload = await self.hear_frame()
                    if opcode == 8:
                        (code,) = struct.unpack("!H", payload[:2])
                        return int(code)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def end(self) -> bytes:
        """Return all that comes until the server closes."""
        try:
            async with asyncio.timeout(10):
                return await self.reader.read()
        except ConnectionError:
            return b""

    def close(self) -> None:
        self.writer.transport.abort()


def head(port: int, path: str = PATH, **headers: str) -> bytes:
    """Return a handshake's request; `Origin=...` and the like are added."""
    named = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode()


@asynccontextmanager
async def raw(port: int) -> AsyncIterator[RawSocket]:
    """Connect, and say nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = RawSocket(reader, writer)
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def raw_websocket(port: int) -> AsyncIterator[RawSocket]:
    """Connect and shake hands."""
    async with raw(port) as client:
        client.writer.write(head(port))
        answer = await client.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 ")
        yield client
