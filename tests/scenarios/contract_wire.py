"""
The three wires of the contract test: AMI, FastAGI and SIP, spoken by hand.

Deliberately not built on the project's own protocol code: the contract is about what Asterisk does,
and must not pass or fail with what we make of it. Every wait has an end (`WAIT_S_MAX`).
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

WAIT_S_MAX = 5.0
QUIET_S = 0.3
"""How long nothing must come before we say that nothing comes."""

LOOPBACK = "127.0.0.1"

Message = Mapping[str, str]


class RawManager:
    """One AMI connection. Events are kept in order; an event is looked for from the beginning."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._arrived = asyncio.Condition()
        self.messages: list[dict[str, str]] = []

    async def read_for_ever(self) -> None:
        """Collect messages until the connection ends. Several `ChanVariable` lines are joined."""
        message: dict[str, str] = {}
        async for line in self._reader:
            text = line.decode(errors="replace").rstrip("\r\n")
            if text:
                name, _, value = text.partition(": ")
                message[name] = f"{message[name]},{value}" if name in message else value
                continue
            async with self._arrived:
                self.messages.append(message)
                self._arrived.notify_all()
            message = {}

    async def action(self, name: str, **fields: str) -> Message:
        """Send an action and return its response."""
        number = await self.send(name, **fields)
        return await self.message(lambda m: m.get("ActionID") == number and "Response" in m)

    async def send(self, name: str, **fields: str) -> str:
        """Send an action and return its id."""
        number = str(next(self._ids))
        lines = [("Action", name), ("ActionID", number), *fields.items()]
        text = "".join(f"{key}: {value}\r\n" for key, value in lines)
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()
        return number

    async def message(self, wanted: Callable[[Message], bool]) -> Message:
        """Return the first message that is wanted, waiting for it."""

        def found() -> Message | None:
            return next((message for message in self.messages if wanted(message)), None)

        async with asyncio.timeout(WAIT_S_MAX), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
        result = found()
        assert result is not None
        return result

    async def event(self, name: str, **fields: str) -> Message:
        """Return the first event of that name and with these fields."""
        wanted = {"Event": name, **fields}
        return await self.message(lambda m: wanted.items() <= m.items())

    async def variable(self, channel: str, name: str) -> str:
        """Return a channel's variable as AMI sees it."""
        return (await self.action("Getvar", Channel=channel, Variable=name))["Value"]


@asynccontextmanager
async def raw_manager(port: int, secret: str, user: str = "observer") -> AsyncIterator[RawManager]:
    """Log in; the observer sees every event."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    await reader.readline()  # the greeting
    manager = RawManager(reader, writer)
    reading = asyncio.create_task(manager.read_for_ever())
    try:
        await manager.action("Login", Username=user, Secret=secret)
        yield manager
    finally:
        writer.close()
        await reading
        await writer.wait_closed()


class RawScript:
    """One FastAGI session: the environment it began with, lines out, lines in."""

    def __init__(
        self,
        environment: Mapping[str, str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.environment = environment
        self._reader = reader
        self._writer = writer

    @property
    def channel(self) -> str:
        """The name of the channel that the session controls."""
        return self.environment["agi_channel"]

    async def send(self, text: str) -> None:
        """Write a text and a line feed in one segment."""
        self._writer.write(f"{text}\n".encode())
        await self._writer.drain()

    async def line(self) -> str | None:
        """Return the next line; None when Asterisk has closed the connection."""
        async with asyncio.timeout(WAIT_S_MAX):
            raw = await self._reader.readline()
        return raw.decode(errors="replace").rstrip("\n") if raw else None

    async def ask(self, command: str) -> str | None:
        """Send a command and return the next line."""
        await self.send(command)
        return await self.line()

    async def rest(self) -> list[str]:
        """Return all lines up to the end of the connection."""
        lines = []
        while (line := await self.line()) is not None:
            lines.append(line)
        return lines

    async def is_quiet(self) -> bool:
        """Tell that no line comes for a while."""
        try:
            async with asyncio.timeout(QUIET_S):
                await self._reader.readline()
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        """Close the connection, as the end of a daemon would."""
        self._writer.close()
        await self._writer.wait_closed()


class ScriptServer:
    """Takes FastAGI sessions and hands them out in the order they came."""

    def __init__(self) -> None:
        self._sessions: asyncio.Queue[RawScript] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self._closing = False
        self.port = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the environment, which ends with an empty line."""
        self._writers.append(writer)
        if self._closing:  # it came with the last breath
            writer.close()
            return
        environment = {}
        while line := (await reader.readline()).decode(errors="replace").strip():
            name, _, value = line.partition(": ")
            environment[name] = value
        session = RawScript(environment, reader, writer)
        self._sessions.put_nowait(session)

    async def session(self) -> RawScript:
        """Return the next session, waiting for it."""
        async with asyncio.timeout(WAIT_S_MAX):
            return await self._sessions.get()

    async def close_sessions(self) -> None:
        """Close every connection that was ever taken, of those too that have not begun to speak."""
        self._closing = True
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def script_server() -> AsyncIterator[ScriptServer]:
    """Listen for FastAGI on a free port."""
    scripts = ScriptServer()
    server = await asyncio.start_server(scripts.take, LOOPBACK, 0)
    scripts.port = server.sockets[0].getsockname()[1]
    try:
        yield scripts
    finally:
        server.close()
        await scripts.close_sessions()
        await server.wait_closed()


class ScriptedPhone(asyncio.DatagramProtocol):
    """
    A SIP phone of the simplest kind: rings, and gives one answer (RFC 3261, UDP, one call).

    `final` is the status sent after 180 Ringing; None rings until `answer()` or CANCEL.
    """

    def __init__(self, final: int | None) -> None:
        self._final = final
        self._invite: list[str] = []
        self._asterisk = (LOOPBACK, 0)
        self._transport: asyncio.DatagramTransport | None = None
        self.ringing = asyncio.Event()
        self.connected = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.released = asyncio.Event()

    @property
    def port(self) -> int:
        """The UDP port that the phone listens on."""
        assert self._transport is not None
        port = self._transport.get_extra_info("sockname")[1]
        assert isinstance(port, int)
        return port

    def plug_in(self, transport: asyncio.DatagramTransport) -> None:
        """Give the phone its socket (asyncio's own is no DatagramTransport by its type)."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        lines = data.decode(errors="replace").split("\r\n")
        self._asterisk = addr
        match lines[0].split(" ")[0]:
            case "INVITE":
                self._invite = lines
                self._respond(lines, 180)
                self.ringing.set()
                if self._final is not None:
                    self._respond(lines, self._final)
            case "CANCEL":
                self._respond(lines, 200)
                self._respond(self._invite, 487)
                self.cancelled.set()
            case "BYE":
                self._respond(lines, 200)
                self.released.set()
            case "ACK":
                self.connected.set()

    def answer(self) -> None:
        """Lift the receiver."""
        self._respond(self._invite, 200)

    def _respond(self, request: list[str], status: int) -> None:
        copied = ("via:", "from:", "to:", "call-id:", "cseq:", "record-route:")
        headers = [line for line in request if line.lower().startswith(copied)]
        headers = [f"{h};tag=phone" if _lacks_tag(h) else h for h in headers]
        body = ""
        if status == 200 and request[0].startswith("INVITE"):
            body = (
                f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
                f"m=audio {self.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
            )
            headers.append("Content-Type: application/sdp")
        headers.append(f"Contact: <sip:phone@{LOOPBACK}:{self.port}>")
        headers.append(f"Content-Length: {len(body)}")
        text = "\r\n".join([f"SIP/2.0 {status} -", *headers, "", body])
        assert self._transport is not None
        self._transport.sendto(text.encode(), self._asterisk)


def _lacks_tag(header: str) -> bool:
    return header.lower().startswith("to:") and ";tag=" not in header


@asynccontextmanager
async def scripted_phone(final: int | None = None) -> AsyncIterator[ScriptedPhone]:
    """Put a phone on a free port."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(
        lambda: ScriptedPhone(final), local_addr=(LOOPBACK, 0)
    )
    phone.plug_in(transport)
    try:
        yield phone
    finally:
        transport.close()
