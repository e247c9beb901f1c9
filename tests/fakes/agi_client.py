"""
Asterisk's side of FastAGI, for tests: a bare line client and a channel that behaves like res_agi.

`AgiCaller` says and expects lines, one by one: the test plays Asterisk. `FakeChannel` plays it by
itself, true to what was measured on Asterisk 22: it reads ahead into a buffer of its own but waits
for the socket, lets WAIT FOR DIGIT and STREAM FILE be interrupted, writes no line for an
interrupted STREAM FILE, and ends with `200 result=-1`, HANGUP, HANGUP when the caller leaves.
"""

import asyncio
import re
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Self

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_ESCAPED = re.compile(r"\\(.)")

OnExecute = Callable[[str, str], Awaitable[int]]
"""What runs an application: its name and options, and the result that is printed for it."""


def environment(
    *,
    script: str = "call",
    arguments: Sequence[str] = (),
    changes: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the fields of an opening block as Asterisk 22 writes them, in its order."""
    fields = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1:4573/{script}",
        "agi_channel": "PJSIP/trunk-00000001",
        "agi_language": "en",
        "agi_type": "PJSIP",
        "agi_uniqueid": "pbx1-1795337574.0",
        "agi_version": "22.10.1",
        "agi_callerid": "5551234",
        "agi_calleridname": "Ann Caller",
        "agi_callingpres": "0",
        "agi_callingani2": "0",
        "agi_callington": "0",
        "agi_callingtns": "0",
        "agi_dnid": "8000",
        "agi_rdnis": "unknown",
        "agi_context": "cord",
        "agi_extension": "8000",
        "agi_priority": "7",
        "agi_enhanced": "0.0",
        "agi_accountcode": "",
        "agi_threadid": "140735",
    }
    fields |= changes or {}
    fields |= {f"agi_arg_{n}": text for n, text in enumerate(arguments, start=1)}
    return fields


def opening_block(fields: Mapping[str, str]) -> bytes:
    """Return an opening block as bytes, its blank line included."""
    return "".join(f"{name}: {value}\n" for name, value in fields.items()).encode() + b"\n"


class AgiCaller:
    """A connection to a FastAGI server on which the test plays Asterisk, line by line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, host: str = "127.0.0.1") -> Self:
        """Connect, and say nothing yet."""
        return cls(*await asyncio.open_connection(host, port))

    @classmethod
    async def call(
        cls,
        port: int,
        *,
        script: str = "call",
        arguments: Sequence[str] = (),
        changes: Mapping[str, str] | None = None,
    ) -> Self:
        """Connect and write the whole opening block."""
        caller = await cls.connect(port)
        fields = environment(script=script, arguments=arguments, changes=changes)
        caller.write(opening_block(fields))
        return caller

    def write(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.writer.write(data)

    def say(self, *lines: str) -> None:
        """Write lines in one piece."""
        self.writer.write("".join(f"{line}\n" for line in lines).encode())

    async def hear(self) -> str:
        """Return the next line without its newline; empty at the end of the stream."""
        return (await self.reader.readline()).decode().removesuffix("\n")

    async def answer(self, expected: str, *lines: str) -> None:
        """Expect a command and answer it."""
        heard = await self.hear()
        assert expected == heard
        self.say(*lines)

    async def closed_by_server(self) -> bool:
        """Wait for the server to end the stream; tell whether it said nothing more before."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    async def reset(self) -> None:
        """Break the connection with a TCP reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the stream, as Asterisk does after HANGUP, and as the system does when it dies."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return

    async def __aenter__(self) -> Self:
        """Return the caller itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self.hang_up()


class _Line(asyncio.Protocol):
    """
    A socket read as res_agi reads it: `poll` looks at the kernel, `fgets` at a FILE's buffer.

    What `fgets` has read ahead is invisible to `poll`: the cause of commands that never run.
    """

    def __init__(self, stirred: asyncio.Event) -> None:
        self.transport: asyncio.Transport
        self.closed = False
        self._stirred = stirred
        self.waiting = b""
        """What lies in the kernel's buffer."""
        self._file = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        self._stirred.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.closed = True
        self._stirred.set()

    def print(self, line: str) -> None:
        self.transport.write(f"{line}\n".encode())

    @property
    def readable(self) -> bool:
        """What `poll` says: the socket has something, or has ended."""
        return bool(self.waiting) or self.closed

    def fgets(self) -> str | None:
        """Return the next line, reading ahead all the socket has; None when there is no whole."""
        if b"\n" not in self._file:
            self._file, self.waiting = self._file + self.waiting, b""
        line, newline, rest = self._file.partition(b"\n")
        if not newline:
            return None
        self._file = rest
        return line.decode()


class FakeChannel:
    """A caller in `AGI()`, who presses keys and hangs up when told to."""

    def __init__(
        self,
        *,
        variables: Mapping[str, str] | None = None,
        on_execute: OnExecute | None = None,
        exit_on_hangup: bool = True,
    ) -> None:
        self.variables = dict(variables or {})
        self.commands: list[str] = []
        """Every command that was started, in order, our NOOPs included."""
        self.music: str | None = None
        self.busy = False
        """True: Asterisk's thread does not come to read commands, as on a loaded machine."""
        self._on_execute = on_execute
        self._exit_on_hangup = exit_on_hangup
        self._stirred = asyncio.Event()
        self._line = _Line(self._stirred)
        self._keys: deque[str] = deque()
        self._played_out = False
        self._hung_up = False
        self._started = asyncio.Condition()

    async def run(self, port: int, fields: Mapping[str, str] | None = None) -> None:
        """Connect, and do as told until either side ends the session."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self._line, "127.0.0.1", port)
        self._line.transport.write(opening_block(fields or environment()))
        try:
            await self._follow()
        finally:
            self._line.transport.close()
            while not self._line.closed:
                await self.stirred()

    def press(self, keys: str) -> None:
        """Press keys, one after the other."""
        self._keys.extend(keys)
        self._stirred.set()

    def play_out(self) -> None:
        """Let the file that plays come to its end."""
        self._played_out = True
        self._stirred.set()

    def hang_up(self) -> None:
        """Hang up the caller's phone (or redirect him: the session sees the same)."""
        self._hung_up = True
        self._stirred.set()

    def read_again(self) -> None:
        """End being busy."""
        self.busy = False
        self._stirred.set()

    async def started(self, beginning: str, count: int = 1) -> None:
        """Wait until so many commands that begin so have been started, now or before."""
        async with self._started:
            await self._started.wait_for(
                lambda: sum(command.startswith(beginning) for command in self.commands) >= count
            )

    async def stirred(self) -> None:
        """Wait until something happens: bytes from us, a key, a hangup."""
        self._stirred.clear()
        await self._stirred.wait()

    @property
    def unread(self) -> int:
        """How many lines lie in the socket."""
        return self._line.waiting.count(b"\n")

    async def _follow(self) -> None:
        while not self._hung_up:
            if self.busy or not self._line.readable:
                await self.stirred()
                continue
            command = self._line.fgets()
            if command is not None:
                await self._obey(command)
            elif self._line.closed:
                return
        self._line.print("HANGUP")
        if self._exit_on_hangup:
            self._line.print("HANGUP")
        else:
            while not self._line.closed:
                await self.stirred()

    async def _obey(self, command: str) -> None:
        async with self._started:
            self.commands.append(command)
            self._started.notify_all()
        words = [bare or _ESCAPED.sub(r"\1", quoted) for quoted, bare in _WORD.findall(command)]
        match words:
            case ["WAIT", "FOR", "DIGIT", timeout_ms]:
                await self._wait_for_digit(int(timeout_ms))
            case ["STREAM", "FILE", _, stop_keys]:
                await self._stream_file(stop_keys)
            case ["EXEC", application, options]:
                result = 0
                if self._on_execute is not None:
                    result = await self._on_execute(application, options)
                self._line.print(f"200 result={result}")
            case ["GET", "VARIABLE", name]:
                value = self.variables.get(name)
                self._line.print("200 result=0" if value is None else f"200 result=1 ({value})")
            case ["GET", "FULL", "VARIABLE", text]:
                told = _REFERENCE.sub(lambda found: self.variables.get(found[1], ""), text)
                self._line.print(f"200 result=1 ({told})")
            case _:
                self._line.print(self._do_at_once(words))

    def _do_at_once(self, words: list[str]) -> str:
        match words:
            case ["SET", "VARIABLE", name, value]:
                self.variables[name] = value
                return "200 result=1"
            case ["SET", "MUSIC", switch, music_class]:
                self.music = music_class if switch == "on" else None
                return "200 result=0"
            case ["HANGUP"]:
                self.hang_up()
                return "200 result=1"
            case ["NOOP"] | ["ANSWER"]:
                return "200 result=0"
            case ["VERBOSE", _, _]:
                return "200 result=1"
            case _:
                return "510 Invalid or unknown command"

    async def _wait_for_digit(self, timeout_ms: int) -> None:
        try:
            async with asyncio.timeout(None if timeout_ms < 0 else timeout_ms / 1000):
                while not (self._hung_up or self._keys or self._line.readable):
                    await self.stirred()
        except TimeoutError:
            self._line.print("200 result=0")
            return
        if self._hung_up:
            self._line.print("200 result=-1")
        elif self._keys:
            self._line.print(f"200 result={ord(self._keys.popleft())}")
        else:
            self._line.print("200 result=1")

    async def _stream_file(self, stop_keys: str) -> None:
        self.music = None
        self._played_out = False
        while True:
            if self._hung_up:
                self._line.print("200 result=-1 endpos=800")
                return
            while self._keys:
                key = self._keys.popleft()
                if key in stop_keys:
                    self._line.print(f"200 result={ord(key)} endpos=1600")
                    return
            if self._played_out:
                self._line.print("200 result=0 endpos=16000")
                return
            if self._line.readable:
                return
            await self.stirred()
