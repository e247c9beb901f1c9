"""
Commands a CPU second with 50 sessions: our FastAGI server, and panoramisk's, on the same loop.

The commands are those that a call has here, over and over in each session, over TCP. Asterisk's
side is played between the server's steps: it answers the commands of all sessions, then the server
is let go on until it has written the next ones. Only the latter is counted, so that the speed of
the other side makes no difference; the kernel's part of it is included, about half, and the same
for both.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import process_time
from typing import Final

from panoramisk.fast_agi import Application, Request

from protocols.agi.commands import (
    COMMAND_BYTES_MAX,
    AgiCommand,
    execute,
    get_variable,
    set_music,
    set_variable,
    stream_file,
    wait_for_digit,
)
from protocols.agi.server import AgiServer
from protocols.agi.session import AgiSession
from tests.bench.figure import Comparison, alternately
from tests.fakes.agi_client import environment, opening_block

CALL: Final[list[tuple[AgiCommand, bytes]]] = [
    (set_variable("__CORD_CALL", "0199a1f3c0de7000"), b"200 result=1\n"),
    (
        get_variable("PJSIP_HEADER(read,From)"),
        b'200 result=1 ("Ann Caller" <sip:4930123456@pbx.example>;tag=2f7d1c4b)\n',
    ),
    (set_variable("CALLERID(name)", "Ann Caller"), b"200 result=1\n"),
    (stream_file("/var/lib/cordboard/prompts/welcome", "0123456789*#"), b"200 result=0 endpos=9\n"),
    (wait_for_digit(5_000), b"200 result=49\n"),
    (set_music(on=True), b"200 result=0\n"),
    (set_variable("CORD_STATE", "queued:sales:1795337574"), b"200 result=1\n"),
    (execute("Dial", "PJSIP/a1,20,mg"), b"200 result=0\n"),
    (get_variable("DIALSTATUS"), b"200 result=1 (ANSWER)\n"),
    (get_variable("HANGUPCAUSE"), b"200 result=1 (16)\n"),
    (set_variable("CORD_STATE", "done"), b"200 result=1\n"),
]
"""The commands of a call, and Asterisk's answers."""
ANSWERS: Final = {command.wire: answer for command, answer in CALL}
PATIENCE_S: Final = 60.0
"""What has not happened by then will not."""
BLOCK_BYTES: Final = 1_048_576
"""More than asyncio's streams take for each read, 256 KiB."""


class Sessions:
    """Some sessions with one server: Asterisk's side of them, and what the handlers count."""

    def __init__(self) -> None:
        self.opened = 0
        self.answered = 0
        self.over = False
        self._sockets: list[socket.socket] = []

    async def open(self, port: int, count: int) -> None:
        """Open so many sessions, and have them begin their first call."""
        for _ in range(count):
            sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
            sock.sendall(opening_block(environment()))
            self._sockets.append(sock)
        async with asyncio.timeout(PATIENCE_S):
            while self.opened < count:
                await asyncio.sleep(0)

    async def rate(self, calls: int) -> float:
        """Go through so many calls in each session, and return the commands a CPU second."""
        first, spent = self.answered, 0.0
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(calls * len(CALL)):
                self._answer()
                expected = self.answered + len(self._sockets)
                began = process_time()
                while self.answered < expected:
                    await asyncio.sleep(0)
                spent += process_time() - began
        return (self.answered - first) / spent

    async def end(self) -> None:
        """End every session after one more call."""
        self.over = True
        await self.rate(calls=1)
        for sock in self._sockets:
            sock.close()

    def _answer(self) -> None:
        for sock in self._sockets:
            sock.sendall(ANSWERS[sock.recv(COMMAND_BYTES_MAX)])


async def measure(*, sessions: int = 50, calls: int = 20, rounds: int = 31) -> Comparison:
    """Compare the two servers by so many calls in each session a round."""
    # A process that has freed such a block keeps the memory for the next. In one that has not, each
    # read of panoramisk's maps its memory anew, and takes it twice as long: every larger program
    # has, so let this one.
    bytes(BLOCK_BYTES)
    async with _ours(sessions) as our_sessions, _panoramisk(sessions) as their_sessions:
        ours, peer = await alternately(
            lambda: our_sessions.rate(calls), lambda: their_sessions.rate(calls), rounds=rounds
        )
    return Comparison(
        name="fastagi",
        ours=ours,
        peer=peer,
        peer_name="panoramisk.fast_agi",
        unit="commands per CPU second",
    )


@asynccontextmanager
async def _ours(count: int) -> AsyncIterator[Sessions]:
    sessions = Sessions()
    commands = [command for command, _ in CALL]

    async def handler(session: AgiSession) -> None:
        sessions.opened += 1
        while not sessions.over:
            for command in commands:
                reply = await session.run(command)
                if not reply.ok:
                    raise RuntimeError(reply)
                sessions.answered += 1

    server = AgiServer(handler, allowed_peers=["127.0.0.1"])
    try:
        await sessions.open(await server.start("127.0.0.1", 0), count)
        yield sessions
        await sessions.end()
    finally:
        await server.close()


@asynccontextmanager
async def _panoramisk(count: int) -> AsyncIterator[Sessions]:
    sessions = Sessions()
    lines = [command.wire.decode().removesuffix("\n") for command, _ in CALL]

    async def endpoint(request: Request) -> None:
        sessions.opened += 1
        while not sessions.over:
            for line in lines:
                reply = await request.send_command(line)
                if "error" in reply:
                    raise RuntimeError(reply)
                sessions.answered += 1

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("call", endpoint)
    async with await asyncio.start_server(application.handler, "127.0.0.1", 0) as server:
        await sessions.open(server.sockets[0].getsockname()[1], count)
        yield sessions
        await sessions.end()
