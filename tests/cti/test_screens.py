"""The caller's record is on the agent's screen before his phone rings, and nothing waits for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from acd.facts import CallerLeft, OfferAnswered, OfferEnded, OfferOutcome, TalkEnded
from agents.sessions import AgentSessions
from agents.settings import SessionSettings
from cti.call_facts import AgentLegEnded, CallCleared, ChoiceMade, HungUpBy, ScreenPopped
from cti.calls import CallBook
from cti.floor import FloorMirror
from cti.ids import CallId, LegId, OfferId
from cti.instants import Time, seconds
from cti.screens import Screens
from storage.customers import Customer
from storage.errors import StorageUnavailableError
from tests.agents.fakes import Directory, FixedClock, Inbox, ManualTimers, PaperDesk, entry
from tests.cti.floors import arrived
from tests.cti.switchboard import ANN, CALL, OFFER, PBX, Facts, offer_of, shown

RECORD = Customer(
    id=17, name="Carla Cole", company="Cole Ltd", note="prefers mail", numbers=("+49301234567",)
)
CUSTOMER = {
    "id": "17",
    "name": "Carla Cole",
    "company": "Cole Ltd",
    "numbers": ["+49301234567"],
    "note": "prefers mail",
}


@dataclass(slots=True)
class Book:
    """The customers' book, which answers when the test lets it."""

    found: Customer | None = RECORD
    trouble: Exception | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def find_by_number(self, number: str) -> Customer | None:
        self.asked.append(number)
        await self.open.wait()
        self.answered.set()
        if self.trouble is not None:
            raise self.trouble
        return self.found


class Show:
    """Screens before an agent's desk."""

    def __init__(self) -> None:
        self.book, self.inbox, self.calls, self.desk = Book(), Facts(), CallBook(), PaperDesk()
        sessions = AgentSessions(
            directory=Directory(entry("ann")),
            inbox=Inbox(),
            floor=FloorMirror(),
            clock=FixedClock(),
            timers=ManualTimers(),
            settings=SessionSettings(),
        )
        sessions.join(entry("ann"), self.desk)
        self.screens = Screens(
            sessions=sessions, customers=self.book, calls=self.calls, inbox=self.inbox
        )

    def arrive(self, number: str = "0301234567", name: str = "Carla") -> None:
        self.calls.handle(arrived(CALL), Time(1))
        self.screens.caller_arrived(CALL, "8000", number, name)

    def offer(self) -> None:
        self.screens.carry_out(offer_of(CALL))

    def tell(self, *facts: object, at_s: float = 0) -> None:
        for fact in facts:
            self.screens.learn(Time(seconds(at_s)), fact)

    def seen(self) -> list[tuple[str, Any]]:
        """Return what the desk was shown after its snapshot."""
        messages = [json.loads(message) for message in self.desk.messages[1:]]
        return [(message["event"], message["data"]) for message in messages]

    def names(self) -> list[str]:
        return [name for name, _ in self.seen()]

    async def looked_up(self) -> None:
        self.book.open.set()
        async with asyncio.timeout(5):
            await self.book.answered.wait()
        await asyncio.sleep(0)


@asynccontextmanager
async def showing() -> AsyncIterator[Show]:
    show = Show()
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(show.screens.run())
        await asyncio.sleep(0)
        yield show
        life.cancel()


async def test_the_record_that_was_found_while_he_waited_is_in_the_pop() -> None:
    async with showing() as show:
        show.arrive()
        await show.looked_up()
        show.calls.handle(ChoiceMade(call=CALL, flow="welcome", choice="sales"), Time(2))
        show.offer()

    assert show.seen() == [
        (
            "screen_pop",
            {
                "offer": OFFER,
                "call": CALL,
                "queue": "sales",
                "waited_s": 2.5,
                "service": "8000",
                "choices": ["sales"],
                "caller": {"number": "0301234567", "name": "Carla", "verified": False},
                "customer": CUSTOMER,
            },
        )
    ]
    assert show.inbox.all == [ScreenPopped(call=CALL, offer=OFFER, found=True)]


async def test_a_record_that_comes_late_is_shown_as_an_update_of_the_pop() -> None:
    async with showing() as show:
        show.arrive()
        show.offer()
        assert show.inbox.all == [ScreenPopped(call=CALL, offer=OFFER, found=False)]
        await show.looked_up()

    (first, pop), (second, update) = show.seen()
    assert (first, pop["customer"]) == ("screen_pop", None)
    assert (second, update) == ("screen_pop_updated", {**pop, "customer": CUSTOMER})


async def test_a_record_that_comes_after_the_offer_is_shown_with_the_next_one() -> None:
    async with showing() as show:
        show.arrive()
        show.offer()
        show.tell(OfferEnded(offer=OFFER, outcome=OfferOutcome.NO_ANSWER))
        await show.looked_up()
        show.screens.carry_out(offer_of(CALL, offer=OfferId(8)))

    assert show.names() == ["screen_pop", "screen_pop_withdrawn", "screen_pop"]
    assert show.seen()[-1][1]["customer"] == CUSTOMER


async def test_a_record_that_comes_during_the_talk_is_still_shown() -> None:
    async with showing() as show:
        show.arrive()
        show.offer()
        show.tell(OfferAnswered(offer=OFFER))
        await show.looked_up()

    assert show.names() == ["screen_pop", "call_answered", "screen_pop_updated"]


async def test_a_record_that_comes_after_the_call_is_shown_to_nobody() -> None:
    async with showing() as show:
        show.arrive()
        show.tell(CallCleared(call=CALL, hung_up_by=HungUpBy.CALLER, cause=16))
        await show.looked_up()
        show.offer()

    assert show.names() == []


@pytest.mark.parametrize("trouble", [StorageUnavailableError("away"), ZeroDivisionError()])
async def test_a_look_up_that_fails_costs_the_record_and_nothing_else(trouble: Exception) -> None:
    async with showing() as show:
        show.book.trouble = trouble
        show.arrive()
        await show.looked_up()
        show.offer()

    ((name, pop),) = show.seen()
    assert (name, pop["customer"], pop["caller"]["number"]) == ("screen_pop", None, "0301234567")


async def test_a_caller_without_a_number_is_not_looked_up() -> None:
    async with showing() as show:
        show.arrive(number="", name="")
        show.offer()

    assert show.book.asked == []
    assert show.seen()[0][1]["caller"] == {"number": None, "name": None, "verified": False}


async def test_callers_of_before_a_restart_are_looked_up_when_it_begins() -> None:
    show = Show()
    show.arrive()
    assert show.book.asked == []

    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(show.screens.run())
        await show.looked_up()
        show.offer()
        life.cancel()

    assert show.seen()[0][1]["customer"] == CUSTOMER


@pytest.mark.parametrize("outcome", OfferOutcome)
async def test_the_pop_of_every_offer_that_fails_is_withdrawn_with_the_reason(
    outcome: OfferOutcome,
) -> None:
    async with showing() as show:
        show.arrive()
        show.offer()
        show.tell(OfferEnded(offer=OFFER, outcome=outcome))

    assert show.seen()[1:] == [
        ("screen_pop_withdrawn", {"offer": OFFER, "call": CALL, "why": outcome.value})
    ]


LEG_ENDED = AgentLegEnded(call=CALL, leg=LegId(PBX, "u2"), cause=16, hung_up_by=HungUpBy.AGENT)
ONLY_LEG_ENDED = AgentLegEnded(
    call=CALL, leg=LegId(PBX, "u2"), cause=16, hung_up_by=HungUpBy.UNKNOWN
)
TALK_ENDED = TalkEnded(call=CALL, agent=ANN)


@pytest.mark.parametrize(
    ("ends", "who"),
    [
        ((LEG_ENDED, TALK_ENDED), "agent"),
        ((CallerLeft(call=CALL), ONLY_LEG_ENDED, TALK_ENDED), "caller"),
        ((ONLY_LEG_ENDED, TALK_ENDED), "unknown"),
    ],
)
async def test_a_talks_end_says_how_long_it_was_and_who_hung_up(
    ends: tuple[object, ...], who: str
) -> None:
    async with showing() as show:
        show.arrive()
        show.offer()
        show.tell(OfferAnswered(offer=OFFER), at_s=10)
        show.tell(*ends, at_s=72.5)

    assert show.seen()[1:] == [
        ("call_answered", {"offer": OFFER, "call": CALL}),
        ("call_ended", {"call": CALL, "hung_up_by": who, "talked_s": 62.5}),
    ]


async def test_a_second_talk_of_the_same_caller_is_told_on_its_own() -> None:
    async with showing() as show:
        show.arrive()
        show.offer()
        show.tell(OfferAnswered(offer=OFFER), LEG_ENDED, TALK_ENDED)
        show.screens.carry_out(offer_of(CALL, offer=OfferId(8)))
        show.tell(OfferAnswered(offer=OfferId(8)), at_s=100)
        show.tell(CallerLeft(call=CALL), ONLY_LEG_ENDED, TALK_ENDED, at_s=110)

    assert show.seen()[-1] == (
        "call_ended",
        {"call": CALL, "hung_up_by": "caller", "talked_s": 10},
    )


async def test_facts_of_other_calls_show_nothing() -> None:
    other = CallId("other")
    async with showing() as show:
        show.tell(
            OfferAnswered(offer=OfferId(99)),
            OfferEnded(offer=OfferId(99), outcome=OfferOutcome.BUSY),
            TalkEnded(call=other, agent=ANN),
            CallerLeft(call=other),
            CallCleared(call=other, hung_up_by=HungUpBy.CALLER, cause=16),
        )
        show.screens.carry_out(offer_of(other))

    assert show.seen() == []
    assert show.inbox.all == []


async def test_an_agent_without_a_desk_is_not_said_to_have_seen_the_pop() -> None:
    async with showing() as show:
        show.desk.gone = True
        show.arrive()
        show.offer()

    assert show.inbox.all == []


async def test_an_agents_state_is_shown_when_the_core_says_it() -> None:
    async with showing() as show:
        show.screens.carry_out(shown(ANN))

    assert show.names() == ["agent_state_changed"]
