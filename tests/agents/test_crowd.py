"""Many desks at once, and some that do not read."""

import asyncio
import json
import time
from contextlib import AsyncExitStack

import pytest
from structlog.testing import capture_logs

from acd.commands import Occupation, Wish
from agents.connection import Connection
from agents.door import Visitor
from agents.settings import ConnectionSettings, WebSettings
from cti.ids import AgentId, CallId, OfferId, QueueName
from lab.desk import Desk, DeskClosedError, ScriptedAgent
from protocols.ws.codes import CloseCode
from protocols.ws.events import Caller, Customer, ScreenPop
from tests.agents.fakes import PASSWORD, entry, state
from tests.agents.house import House, RawSocket, house, raw, raw_websocket

CROWD = 200
WIDE = WebSettings(port=0, connection=ConnectionSettings(strangers_per_address_max=CROWD))


def pop(offer: int, note: str = "") -> ScreenPop:
    return ScreenPop(
        offer=OfferId(offer),
        call=CallId(f"c-{offer}"),
        queue=QueueName("sales"),
        waited_s=1,
        service="hotline",
        caller=Caller(number="+4930123"),
        customer=Customer(id="1", name="Eve", note=note),
    )


async def sign_in(client: RawSocket, agent: str) -> None:
    client.say({"id": "1", "type": "sign_in", "data": {"agent": agent, "password": PASSWORD}})
    assert (await client.hear())["type"] == "done"
    assert (await client.hear())["event"] == "snapshot"


def visitor_of(here: House, agent: str) -> Visitor:
    connection = here.sessions._seats[AgentId(agent)].desk
    assert isinstance(connection, Connection)
    return connection._visitor


def waiting_for(visitor: Visitor) -> int:
    """Return how many bytes the transport still holds for the client."""
    assert visitor._transport is not None
    return visitor._transport.get_write_buffer_size()


async def flood(here: House, agent: str) -> int:
    """Pop an agent's screen with large records; return after how many he was dropped."""
    for sent in range(5_000):
        if not here.sessions.pop(AgentId(agent), pop(sent, "x" * 4_000)):
            return sent
        await asyncio.sleep(0)
    raise AssertionError("nobody was dropped")


async def test_two_hundred_desks_each_see_their_own_call() -> None:
    names = [f"agent{n}" for n in range(CROWD)]
    async with house(*map(entry, names), web=WIDE) as here, AsyncExitStack() as open_desks:
        desks = [await open_desks.enter_async_context(here.desk()) for _ in names]
        await asyncio.gather(
            *(desk.sign_in(name, PASSWORD) for desk, name in zip(desks, names, strict=True))
        )
        assert sorted(here.sessions.connected_agents()) == sorted(names)

        for number, name in enumerate(names):
            assert here.sessions.pop(AgentId(name), pop(number))
        seen = await asyncio.gather(*(desk.wait_for("screen_pop") for desk in desks))

        offers = [one.event.data.offer for one in seen if isinstance(one.event.data, ScreenPop)]
        assert offers == list(range(CROWD))


async def test_a_desk_that_does_not_read_is_dropped_and_makes_nobody_wait() -> None:
    async with (
        house() as here,
        raw_websocket(here.port) as sleeper,
        here.desk() as reader,
    ):
        await sign_in(sleeper, "ann")
        sleeper.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await reader.sign_in("ben", PASSWORD)

        begun = time.perf_counter()
        dropped_after = await flood(here, "ann")
        assert here.sessions.pop(AgentId("ben"), pop(9_999))
        await reader.wait_for("screen_pop")

        # What he costs: the kernel's buffers on both sides and ours, some megabytes at most.
        assert 0 < dropped_after < 3_000
        assert time.perf_counter() - begun < 5
        await here.leases.armed.wait()
        assert here.sessions.connected_agents() == [AgentId("ben")]


@pytest.mark.parametrize("how", ["replaced", "closed by itself"])
async def test_a_desk_that_does_not_read_cannot_outstay_its_end(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = WebSettings(port=0, connection=ConnectionSettings(close_s=0.05))
    async with house(web=web) as here, raw_websocket(here.port) as sleeper, here.desk() as desk:
        await sign_in(sleeper, "ann")
        sleeper.writer.transport.pause_reading()  # type: ignore[attr-defined]
        visitor = visitor_of(here, "ann")
        lost = asyncio.Event()
        connection_lost = visitor.connection_lost

        def noticed(error: Exception | None) -> None:
            connection_lost(error)
            lost.set()

        monkeypatch.setattr(visitor, "connection_lost", noticed)
        offer = 0
        while waiting_for(visitor) < 128 * 1024:
            offer += 1
            await asyncio.sleep(0)  # Lets the kernel take what it can.
            assert here.sessions.pop(AgentId("ann"), pop(offer, "x" * 4_000))

        if how == "replaced":
            await desk.sign_in("ann", PASSWORD)
        else:
            sleeper.frame(b"", opcode=8)
        async with asyncio.timeout(5):
            await lost.wait()


async def test_a_slow_desk_that_still_reads_gets_everything_in_order() -> None:
    async with house() as here, raw_websocket(here.port) as slow:
        await sign_in(slow, "ann")
        for number in range(40):
            assert here.sessions.pop(AgentId("ann"), pop(number, "x" * 4_000))

        heard = [await slow.hear() for _ in range(40)]
        assert [message["seq"] for message in heard] == list(range(1, 41))


async def test_the_pop_is_with_the_transport_when_the_call_returns() -> None:
    async with house() as here, raw_websocket(here.port) as client:
        await sign_in(client, "ann")
        for offer in range(100):
            # No step of the event loop lies between the pop and what the kernel has of it.
            assert here.sessions.pop(AgentId("ann"), pop(offer))
        assert waiting_for(visitor_of(here, "ann")) == 0

        offers = [json.dumps((await client.hear())["data"]) for _ in range(100)]
        assert len(set(offers)) == 100


async def test_an_agent_by_script_works_until_the_connection_ends() -> None:
    async with house(entry("ann", "a1")) as here:
        agent = ScriptedAgent(here.url, agent="ann", password=PASSWORD, phone="a1")
        work = asyncio.create_task(agent.work())
        await here.inbox.arrived(1)
        here.believe()
        await here.inbox.arrived(1)
        here.believe()
        await agent.desk.wait_state(wish="ready")

        here.show(state("ann", Wish.READY, Occupation.WRAPPING_UP, until_s=9))
        await here.inbox.arrived(1)
        here.believe()
        await agent.desk.wait_state(occupation="idle")

        here.sessions.close()
        [ended] = await asyncio.gather(work, return_exceptions=True)
        assert isinstance(ended, DeskClosedError)


async def test_a_desk_may_leave_without_a_word() -> None:
    async with house() as here:
        async with Desk(here.url) as desk:
            await desk.sign_in("ann", PASSWORD)
        await here.leases.armed.wait()

        assert here.sessions.connected_agents() == []


async def test_a_stopping_server_does_not_wait_for_strangers() -> None:
    async with AsyncExitStack() as clients:
        async with house() as here:
            half = await clients.enter_async_context(raw(here.port))
            half.writer.write(b"GET /ws/v1")
            stranger = await clients.enter_async_context(raw_websocket(here.port))
            closing = asyncio.create_task(stranger.close_code())
            closing.add_done_callback(lambda _done: stranger.close())

        assert await closing == CloseCode.GOING_AWAY
        assert await half.end() == b""


async def test_pings_from_a_client_that_was_dropped_disturb_nobody() -> None:
    with capture_logs() as logs:
        async with house() as here, raw_websocket(here.port) as sleeper:
            await sign_in(sleeper, "ann")
            sleeper.writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(50):
                sleeper.frame(b"x" * 125, opcode=9)
            await flood(here, "ann")
            await here.leases.armed.wait()

    assert {log["log_level"] for log in logs} <= {"debug", "info", "warning"}
