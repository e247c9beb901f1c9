"""Sessions on real sockets, with a test or a channel that reads ahead on the other side."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from protocols.agi.commands import (
    AgiCommand,
    execute,
    get_variable,
    noop,
    set_music,
    set_variable,
    stream_file,
    wait_for_digit,
)
from protocols.agi.connection import AgiFuture, SessionEnd
from protocols.agi.errors import (
    ChannelGoneError,
    CommandInterruptedError,
    CommandRunningError,
    PeerTimeoutError,
    SessionEndedError,
    UnexpectedLineError,
)
from protocols.agi.limits import AgiLimits
from protocols.agi.replies import AgiReply, Interrupted
from protocols.agi.server import AgiServer
from protocols.agi.session import AgiSession
from tests.fakes.agi_client import AgiCaller, FakeChannel

DONE = AgiReply(code=200, result="0")
DIAL = execute("Dial", "PJSIP/a1,20,mg")
STREAM = stream_file("/p/a", "0123456789*#")


@dataclass
class Desk:
    """A server whose sessions are handed to the test."""

    port: int
    server: AgiServer
    sessions: asyncio.Queue[AgiSession] = field(default_factory=asyncio.Queue)


@contextlib.asynccontextmanager
async def serving(limits: AgiLimits | None = None) -> AsyncIterator[Desk]:
    async def handler(session: AgiSession) -> None:
        desk.sessions.put_nowait(session)
        await session.wait_ended()

    server = AgiServer(handler, allowed_peers=["127.0.0.1"], limits=limits)
    desk = Desk(port=await server.start("127.0.0.1", 0), server=server)
    try:
        yield desk
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def called(limits: AgiLimits | None = None) -> AsyncIterator[tuple[AgiSession, AgiCaller]]:
    """A session, with the test as Asterisk on the other side."""
    async with serving(limits) as desk, await AgiCaller.call(desk.port) as caller:
        yield await desk.sessions.get(), caller


@contextlib.asynccontextmanager
async def channelled(channel: FakeChannel) -> AsyncIterator[AgiSession]:
    """A session, with a channel that behaves like Asterisk's on the other side."""
    async with serving() as desk, asyncio.TaskGroup() as tasks:
        tasks.create_task(channel.run(desk.port))
        session = await desk.sessions.get()
        yield session
        await session.close()


async def test_commands_are_written_and_answered_one_by_one() -> None:
    async with called() as (session, caller), asyncio.TaskGroup() as tasks:
        music = tasks.create_task(session.run(set_music(on=True)))
        await caller.answer("SET MUSIC on default", "200 result=0")
        assert await music == DONE

        value = tasks.create_task(session.run(get_variable("DIALSTATUS")))
        await caller.answer("GET VARIABLE DIALSTATUS", "200 result=1 (BUSY)")
        assert (await value).value == "BUSY"


async def test_a_session_knows_what_it_was_opened_for() -> None:
    async with (
        serving() as desk,
        await AgiCaller.call(desk.port, script="call", arguments=["1", "q:3"]),
    ):
        session = await desk.sessions.get()

        assert (session.request.script, session.request.arguments) == ("call", ("1", "q:3"))
        assert (session.peer, session.hung_up, session.ended) == ("127.0.0.1", False, None)


async def test_a_second_command_is_refused_and_not_written() -> None:
    async with called() as (session, caller):
        dial = session.begin(DIAL)
        with pytest.raises(CommandRunningError):
            session.begin(noop())
        with pytest.raises(CommandRunningError):
            await session.run(noop())

        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "200 result=0")
        assert await dial == DONE
        answered = session.begin(set_variable("X", "1"))
        await caller.answer('SET VARIABLE X "1"', "200 result=1")
        assert (await answered).result == "1"  # type: ignore[union-attr]


async def test_waiting_for_a_key_is_interrupted_by_the_next_command() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        key = session.begin(wait_for_digit())
        await channel.started("WAIT FOR DIGIT")

        assert await session.run(DIAL) == DONE
        assert await key == Interrupted()
        assert channel.commands == ["WAIT FOR DIGIT -1", "NOOP", 'EXEC Dial "PJSIP/a1,20,mg"']


async def test_a_file_is_interrupted_by_the_next_file() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        first = session.begin(STREAM)
        await channel.started("STREAM FILE")
        second = session.begin(stream_file("/p/b", ""))
        await channel.started('STREAM FILE "/p/b"')
        channel.play_out()

        assert await first == Interrupted()
        assert await second == AgiReply(code=200, result="0", endpos=16000)


async def test_a_key_that_was_pressed_before_the_interruption_is_not_lost() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        key = session.begin(wait_for_digit())
        await channel.started("WAIT FOR DIGIT")
        channel.press("5")

        assert await session.run(DIAL) == DONE
        assert (await key).key == "5"  # type: ignore[union-attr]


async def test_a_file_that_ends_as_we_interrupt_it_has_played_to_its_end() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        file = session.begin(STREAM)
        await channel.started("STREAM FILE")
        channel.play_out()

        assert await session.run(wait_for_digit(1)) == DONE
        assert await file == AgiReply(code=200, result="0", endpos=16000)


@pytest.mark.parametrize("interruptible", [wait_for_digit(), STREAM])
@pytest.mark.parametrize("following", [DIAL, wait_for_digit(1)])
async def test_an_interruption_that_asterisk_read_ahead_is_noticed_and_repeated(
    interruptible: AgiCommand, following: AgiCommand
) -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        channel.busy = True
        first = session.begin(interruptible)
        second = session.begin(following)
        # Both are in Asterisk's socket before it reads: what it reads ahead it does not see.
        async with asyncio.timeout(5):
            while channel.unread < 2:
                await channel.stirred()
            channel.read_again()

            assert await second == DONE
        assert await first == Interrupted()
        assert channel.commands.count("NOOP") > 1


async def test_the_wanted_command_waits_for_the_last_line_of_an_interruption() -> None:
    async with called() as (session, caller):
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1")
        assert await key == Interrupted()
        assert not dial.done()

        caller.say("200 result=0")
        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "200 result=0")
        assert await dial == DONE


async def test_a_platform_without_quick_acknowledgements_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("TCP_QUICKACK", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"):
        monkeypatch.delattr(socket, name, raising=False)
    async with called() as (session, caller):
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1")
        assert await key == Interrupted()
        caller.say("200 result=0")
        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "200 result=0")

        assert await dial == DONE


async def test_an_interruption_whose_last_line_never_comes_breaks_the_session() -> None:
    async with called(AgiLimits(interrupt_s_max=0.02)) as (session, caller):
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1")

        assert await key == Interrupted()
        with pytest.raises(PeerTimeoutError):
            await dial


async def test_a_key_that_ends_the_wait_does_not_end_the_nudging() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        channel.busy = True
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        while channel.unread < 2:
            await channel.stirred()
        channel.press("5")
        channel.read_again()

        assert (await key).key == "5"  # type: ignore[union-attr]
        assert await dial == DONE


async def test_a_held_command_gives_way_to_a_later_one() -> None:
    async with called() as (session, caller):
        waiting = session.begin(wait_for_digit())
        file = session.begin(STREAM)
        dial = session.begin(DIAL)

        assert await file == Interrupted()
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1", "200 result=0")
        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "200 result=0")
        assert (await waiting, await dial) == (Interrupted(), DONE)


async def test_a_held_command_that_is_not_interruptible_stays() -> None:
    async with called() as (session, caller):
        session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        with pytest.raises(CommandRunningError, match="EXEC is about to run"):
            session.begin(wait_for_digit())

        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1", "200 result=0")
        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "200 result=0")
        assert await dial == DONE


async def test_a_held_command_whose_waiter_is_gone_is_not_written() -> None:
    async with called() as (session, caller):
        waiting = session.begin(wait_for_digit())
        session.begin(DIAL).cancel()
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1", "200 result=0")
        assert await waiting == Interrupted()

        session.begin(noop())
        await caller.answer("NOOP", "200 result=0")


async def test_a_cancelled_held_command_gives_way_to_a_later_one() -> None:
    async with called() as (session, caller):
        session.begin(wait_for_digit())
        session.begin(DIAL).cancel()
        music = session.begin(set_music(on=False))
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1", "200 result=0")
        await caller.answer("SET MUSIC off default", "200 result=0")

        assert await music == DONE


async def test_run_tells_that_it_was_interrupted() -> None:
    async with called() as (session, caller):
        waiting = asyncio.ensure_future(session.run(wait_for_digit()))
        await caller.answer("WAIT FOR DIGIT -1")
        session.begin(DIAL)
        await caller.answer("NOOP", "200 result=1", "200 result=0")

        with pytest.raises(CommandInterruptedError):
            await waiting


async def test_the_answer_of_a_cancelled_command_is_read_and_dropped() -> None:
    async with called() as (session, caller):
        dialling = asyncio.ensure_future(session.run(DIAL))
        assert await caller.hear() == 'EXEC Dial "PJSIP/a1,20,mg"'
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling
        with pytest.raises(CommandRunningError):
            session.begin(noop())

        caller.say("200 result=0")
        await until(lambda: session._connection._running is None)
        value = asyncio.ensure_future(session.run(get_variable("X")))
        await caller.answer("GET VARIABLE X", "200 result=1 (mine)")
        assert (await value).value == "mine"


async def test_an_interruptible_command_whose_waiter_is_gone_is_interrupted_as_well() -> None:
    async with called() as (session, caller):
        session.begin(wait_for_digit()).cancel()
        dial = session.begin(DIAL)
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=1", "200 result=0")
        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "200 result=0")

        assert await dial == DONE


async def test_a_hangup_ends_the_session() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        key = session.begin(wait_for_digit())
        await channel.started("WAIT FOR DIGIT")
        channel.hang_up()

        assert (await key).result == "-1"  # type: ignore[union-attr]
        assert await session.wait_ended() is SessionEnd.HANGUP
        assert (session.hung_up, session.ended) == (True, SessionEnd.HANGUP)
        with pytest.raises(ChannelGoneError):
            await session.run(noop())


async def test_a_hangup_line_is_never_an_answer_and_closes_the_session_to_commands() -> None:
    async with called() as (session, caller):
        dial = session.begin(DIAL)
        await caller.answer('EXEC Dial "PJSIP/a1,20,mg"', "HANGUP")
        await until(lambda: session.hung_up)
        assert (dial.done(), session.ended) == (False, None)
        with pytest.raises(ChannelGoneError):
            session.begin(noop())

        caller.say("200 result=-1")
        assert (await dial).result == "-1"  # type: ignore[union-attr]


async def test_a_hangup_that_is_not_followed_by_the_end_is_ended_by_us() -> None:
    channel = FakeChannel(exit_on_hangup=False)
    async with serving(AgiLimits(hangup_s_max=0.02)) as desk, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(channel.run(desk.port))
        session = await desk.sessions.get()
        channel.hang_up()

        assert await session.wait_ended() is SessionEnd.HANGUP
        await running


async def test_a_held_command_is_not_written_to_a_dead_channel() -> None:
    async with called() as (session, caller):
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.answer("NOOP", "200 result=-1", "HANGUP", "200 result=0")

        assert (await key).result == "-1"  # type: ignore[union-attr]
        with pytest.raises(ChannelGoneError):
            await dial


async def test_a_death_of_asterisk_ends_the_session_and_every_command() -> None:
    async with called() as (session, caller):
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        await caller.answer("WAIT FOR DIGIT -1")
        await caller.hang_up()

        for outcome in (key, dial):
            with pytest.raises(SessionEndedError, match="closed_by_asterisk"):
                await outcome
        assert await session.wait_ended() is SessionEnd.CLOSED_BY_ASTERISK
        with pytest.raises(SessionEndedError):
            await session.run(noop())


async def test_a_reset_by_the_network_ends_the_session() -> None:
    async with called() as (session, caller):
        await caller.reset()

        assert await session.wait_ended() is SessionEnd.CONNECTION_LOST


async def test_closing_ends_the_session_and_what_runs() -> None:
    async with called() as (session, caller):
        key = session.begin(wait_for_digit())
        await session.close()
        await session.close()

        with pytest.raises(SessionEndedError, match="closed_by_us"):
            await key
        assert session.ended is SessionEnd.CLOSED_BY_US
        assert await caller.hear() == "WAIT FOR DIGIT -1"
        assert await caller.closed_by_server()


async def test_a_value_with_a_line_feed_breaks_the_session_and_misleads_nobody() -> None:
    channel = FakeChannel(variables={"X": "a\n200 result=1 (forged"})
    async with serving() as desk, asyncio.TaskGroup() as tasks:
        tasks.create_task(channel.run(desk.port))
        session = await desk.sessions.get()

        with pytest.raises(UnexpectedLineError):
            await session.run(get_variable("X"))
        assert await session.wait_ended() is SessionEnd.PROTOCOL_BROKEN
        assert desk.server.counts.broken == 1


async def test_an_interruption_that_is_never_answered_breaks_the_session() -> None:
    async with called(AgiLimits(interrupt_s_max=0.05)) as (session, caller):
        key = session.begin(wait_for_digit())
        dial = session.begin(DIAL)
        for outcome in (key, dial):
            with pytest.raises(PeerTimeoutError):
                await outcome

        assert await caller.hear() == "WAIT FOR DIGIT -1"
        assert await caller.hear() == "NOOP"


async def test_many_interruptions_in_a_row_end_every_command_once() -> None:
    channel = FakeChannel()
    async with channelled(channel) as session:
        outcomes: list[AgiFuture] = []
        for number in range(200):
            outcomes.append(session.begin(wait_for_digit() if number % 2 else STREAM))
            if number % 3:
                await channel.stirred()
        assert await session.run(DIAL) == DONE

        assert {outcome.result() for outcome in outcomes} == {Interrupted()}


async def until(is_true: Callable[[], bool]) -> None:
    """Let the loop run until something is so; the test's time limit ends it otherwise."""
    while not is_true():
        await asyncio.sleep(0)
