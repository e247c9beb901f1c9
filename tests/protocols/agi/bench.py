"""
Commands per second of CPU with 50 sessions: this server beside panoramisk's, on the same loop.

    python -m tests.protocols.agi.bench [--seconds S] [--rounds N]

The commands are those of a call: music, a variable, a Dial, its result. The other side is a
process of its own that answers each line at once. What is counted is the CPU time of the server's
process, so that neither the other side's speed nor other work on the machine changes the figure
much. Rounds alternate between the two; the medians are printed.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Awaitable, Callable

from panoramisk.fast_agi import Application, Request

from protocols.agi.commands import execute, get_variable, set_music, set_variable
from protocols.agi.server import AgiServer
from protocols.agi.session import AgiSession
from tests.fakes.agi_client import environment, opening_block

SESSIONS = 50
COMMANDS = (
    set_music(on=True),
    set_variable("CORD_STATE", "q:1"),
    execute("Dial", "PJSIP/a1,20,mg"),
    get_variable("DIALSTATUS"),
)
ANSWERS = {
    b"SET MUSI": b"200 result=0\n",
    b"SET VARI": b"200 result=1\n",
    b"EXEC Dia": b"200 result=0\n",
    b"GET VARI": b"200 result=1 (ANSWER)\n",
}


class _Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(opening_block(environment()))

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWERS[data[:8]])


def _answer_lines(port: int) -> None:
    async def answer() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(SESSIONS):
            await loop.create_connection(_Echo, "127.0.0.1", port)
        await loop.create_future()

    asyncio.run(answer())


async def _measure(port: int, count: Callable[[], int], seconds: float) -> float:
    """Return commands per second of this process's CPU, after a moment to warm up."""
    peer = multiprocessing.get_context("spawn").Process(target=_answer_lines, args=(port,))
    peer.start()
    try:
        while count() < 10 * SESSIONS:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.05)
        first, began = count(), time.process_time()
        await asyncio.sleep(seconds)
        return (count() - first) / (time.process_time() - began)
    finally:
        peer.terminate()
        await asyncio.to_thread(peer.join)


async def measure_ours(seconds: float) -> float:
    """Return our commands per second of CPU."""
    commands = 0

    async def handler(session: AgiSession) -> None:
        nonlocal commands
        while True:
            for command in COMMANDS:
                assert (await session.run(command)).ok
                commands += 1

    server = AgiServer(handler, allowed_peers=["127.0.0.1"])
    try:
        return await _measure(await server.start("127.0.0.1", 0), lambda: commands, seconds)
    finally:
        await server.close()


async def measure_panoramisk(seconds: float) -> float:
    """Return panoramisk's commands per second of CPU."""
    commands = 0

    async def endpoint(request: Request) -> None:
        nonlocal commands
        lines = [command.wire.decode().removesuffix("\n") for command in COMMANDS]
        while True:
            for line in lines:
                assert (await request.send_command(line))["result"]
                commands += 1

    application = Application(loop=asyncio.get_running_loop())
    application.add_route("call", endpoint)
    server = await asyncio.start_server(application.handler, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        return await _measure(port, lambda: commands, seconds)
    finally:
        server.close()


def run(measure: Callable[[float], Awaitable[float]], seconds: float) -> float:
    """Run one measurement on a loop of its own."""

    async def measured() -> float:
        return await measure(seconds)

    return asyncio.run(measured())


def main() -> None:
    """Measure both in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(options.rounds):
        ours.append(run(measure_ours, options.seconds))
        theirs.append(run(measure_panoramisk, options.seconds))
    our_median, their_median = statistics.median(ours), statistics.median(theirs)
    print(f"ours       {our_median:9,.0f} commands per CPU second with {SESSIONS} sessions")
    print(f"panoramisk {their_median:9,.0f} commands per CPU second with {SESSIONS} sessions")
    print(f"ratio      {our_median / their_median:9.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
