"""The server: who may connect, how many, how long, and what a failing handler cannot reach."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import structlog

from protocols.agi.commands import noop, wait_for_digit
from protocols.agi.connection import AgiConnection
from protocols.agi.errors import CommandRunningError
from protocols.agi.limits import AgiLimits
from protocols.agi.server import AgiServer, Handler
from protocols.agi.session import AgiSession
from tests.fakes.agi_client import AgiCaller, environment, opening_block


async def answer_one(session: AgiSession) -> None:
    await session.run(noop())


@contextlib.asynccontextmanager
async def serving(
    handler: Handler = answer_one,
    *,
    allowed_peers: tuple[str, ...] = ("127.0.0.1",),
    limits: AgiLimits | None = None,
) -> AsyncIterator[tuple[AgiServer, int]]:
    server = AgiServer(handler, allowed_peers=allowed_peers, limits=limits)
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.close()
        assert server.connections == 0


async def works(port: int) -> None:
    async with await AgiCaller.call(port) as caller:
        await caller.answer("NOOP", "200 result=0")
        assert await caller.closed_by_server()


async def test_the_stream_ends_when_the_handler_is_done() -> None:
    async with serving() as (server, port):
        await works(port)

        assert server.counts.sessions == 1


@pytest.mark.parametrize("allowed", [(), ("10.0.0.0/8",), ("::1",)])
async def test_a_peer_that_is_not_configured_is_refused(allowed: tuple[str, ...]) -> None:
    async with serving(allowed_peers=allowed) as (server, port):
        with structlog.testing.capture_logs() as logs:
            async with await AgiCaller.call(port) as caller:
                assert await caller.closed_by_server()

        assert (server.counts.refused_peers, server.counts.sessions) == (1, 0)
        assert [log["event"] for log in logs] == ["agi_peer_refused"]


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("fe80::1%eth0", True),
        ("11.0.0.1", False),
        ("::1", False),
        ("", False),
        ("no address", False),
    ],
)
async def test_peers_are_addresses_or_networks(peer: str, expected: bool) -> None:
    server = AgiServer(answer_one, allowed_peers=["127.0.0.1", "10.0.0.0/8", "fe80::/10"])

    assert server.admit(AgiConnection(server, AgiLimits()), peer) is expected


def test_a_peer_that_is_no_address_is_found_when_the_server_is_built() -> None:
    with pytest.raises(ValueError, match="pbx"):
        AgiServer(answer_one, allowed_peers=["pbx.example"])


async def test_one_session_too_many_is_closed_at_once_and_the_next_fits_again() -> None:
    async with (
        serving(limits=AgiLimits(sessions_max=2)) as (server, port),
        await AgiCaller.call(port) as one,
        await AgiCaller.connect(port),
    ):
        assert await one.hear() == "NOOP"
        async with await AgiCaller.call(port) as three:
            assert await three.closed_by_server()
        one.say("200 result=0")
        assert await one.closed_by_server()

        assert server.counts.refused_full == 1
        await works(port)


async def test_an_opening_block_that_does_not_end_is_given_up() -> None:
    limits = AgiLimits(environment_s_max=0.02)
    async with serving(limits=limits) as (server, port):
        with structlog.testing.capture_logs() as logs:
            async with await AgiCaller.connect(port) as caller:
                caller.write(opening_block(environment())[:-1])
                assert await caller.closed_by_server()

        assert (server.counts.broken, server.counts.sessions) == (1, 0)
        assert [log["kind"] for log in logs] == ["PeerTimeoutError"]


async def test_an_opening_block_in_time_is_not_held_against_a_long_session() -> None:
    async with (
        serving(limits=AgiLimits(environment_s_max=0.01)) as (server, port),
        await AgiCaller.call(port) as caller,
    ):
        assert await caller.hear() == "NOOP"
        deadline_passed = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, deadline_passed.set)
        await deadline_passed.wait()
        caller.say("200 result=0")

        assert await caller.closed_by_server()
        assert server.counts.broken == 0


async def test_a_forged_opening_block_is_refused_without_its_content_in_the_message() -> None:
    async with serving() as (server, port):
        with structlog.testing.capture_logs() as logs:
            changes = {"agi_callerid": "10\r\nEvent: Hangup"}
            async with await AgiCaller.call(port, changes=changes) as caller:
                assert await caller.closed_by_server()

        (log,) = logs
        assert (log["event"], log["why"]) == ("agi_session_broken", "a line that is no agi_ field")
        assert log["pii_line"] == "b'Event: Hangup'"
        assert server.counts.sessions == 0
        await works(port)


async def test_lines_behind_the_opening_block_keep_the_handler_from_starting() -> None:
    started = []

    async def handler(session: AgiSession) -> None:
        started.append(session)

    async with serving(handler) as (server, port), await AgiCaller.connect(port) as caller:
        caller.write(opening_block(environment()) + b"200 result=0\n")

        assert await caller.closed_by_server()
        assert (server.counts.broken, started) == (1, [])


@pytest.mark.parametrize("error", [RuntimeError("a defect"), CommandRunningError("a defect")])
async def test_a_handler_that_fails_ends_its_own_session_only(error: Exception) -> None:
    async def handler(session: AgiSession) -> None:
        await session.run(noop())
        raise error

    async with serving(handler) as (server, port):
        async with await AgiCaller.call(port) as other:
            assert await other.hear() == "NOOP"
            with structlog.testing.capture_logs() as logs:
                await works(port)
                await until_failures(server, 1)
            other.say("200 result=0")
            assert await other.closed_by_server()

        assert [log["event"] for log in logs] == ["agi_handler_failed"]
        assert server.counts.sessions == 2


async def test_a_handler_whose_session_ended_has_not_failed() -> None:
    async with serving() as (server, port):
        async with await AgiCaller.call(port) as caller:
            assert await caller.hear() == "NOOP"

        await server.close()
        assert (server.counts.sessions, server.counts.handler_failures) == (1, 0)


async def test_a_thousand_sessions_come_and_go() -> None:
    async with serving() as (server, port):

        async def come_and_go() -> None:
            for _ in range(25):
                await works(port)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(40):
                tasks.create_task(come_and_go())

        assert server.counts.sessions == 1000
        assert (server.counts.broken, server.counts.handler_failures) == (0, 0)


async def test_a_thousand_peers_that_connect_and_vanish_leave_nothing() -> None:
    async with serving() as (_, port):

        async def connect_and_vanish(number: int) -> None:
            async with await AgiCaller.connect(port) as caller:
                caller.write(opening_block(environment())[: number % 600])

        for start in range(0, 1000, 100):
            async with asyncio.TaskGroup() as tasks:
                for number in range(start, start + 100):
                    tasks.create_task(connect_and_vanish(number))

        await works(port)


async def test_closing_the_server_ends_sessions_whose_handlers_wait() -> None:
    ends = []

    async def handler(session: AgiSession) -> None:
        try:
            await session.run(wait_for_digit())
        finally:
            ends.append(session.ended)

    async with serving(handler) as (server, port), await AgiCaller.call(port) as caller:
        assert await caller.hear() == "WAIT FOR DIGIT -1"
        await server.close()

        assert await caller.closed_by_server()
        assert [end.value for end in ends if end] == ["closed_by_us"]
        with pytest.raises(ConnectionRefusedError):
            await AgiCaller.connect(port)


async def test_closing_the_server_cancels_handlers_that_do_not_end() -> None:
    cancelled = asyncio.Event()

    async def handler(session: AgiSession) -> None:
        try:
            await session.run(noop())
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    limits = AgiLimits(close_s_max=0.02)
    async with (
        serving(handler, limits=limits) as (server, port),
        await AgiCaller.call(port) as caller,
    ):
        await caller.answer("NOOP", "200 result=0")
        await until_idle(server)
        await server.close()

        assert cancelled.is_set()


async def test_closing_the_server_leaves_and_logs_handlers_that_resist() -> None:
    started, let_go = asyncio.Event(), asyncio.Event()

    async def handler(session: AgiSession) -> None:
        started.set()
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()
        assert session.ended is not None

    limits = AgiLimits(close_s_max=0.02)
    server = AgiServer(handler, allowed_peers=["127.0.0.1"], limits=limits)
    async with await AgiCaller.call(await server.start("127.0.0.1", 0)):
        await started.wait()
        with structlog.testing.capture_logs() as logs:
            await server.close()
        let_go.set()
        await server.close()

    assert [log["event"] for log in logs] == ["agi_handlers_left"]


async def test_a_peer_that_does_not_read_cannot_hold_up_the_end() -> None:
    async with (
        serving(limits=AgiLimits(close_s_max=0.02)) as (server, port),
        await AgiCaller.call(port) as caller,
    ):
        assert await caller.hear() == "NOOP"
        (connection,) = server._connections
        caller.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection._transport.write(b"x" * 50_000_000)

        await server.close()

        assert server.connections == 0


async def test_a_server_that_never_listened_can_be_closed() -> None:
    await AgiServer(answer_one, allowed_peers=[]).close()


async def until_failures(server: AgiServer, failures: int) -> None:
    while server.counts.handler_failures < failures:
        await asyncio.sleep(0)


async def until_idle(server: AgiServer) -> None:
    (connection,) = server._connections
    while connection._running is not None:
        await asyncio.sleep(0)
