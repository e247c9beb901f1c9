"""The calendar: what it says at the start and at each change, by a clock that the tests move."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from acd.distributor import Distributor
from acd.facts import PolicyApplied, QueueClosed, QueueLeftToCalendar, QueueOpened, SaidBy
from config.opening import OpeningTimes
from config.settings import QueueHours
from cti.calendar import LOOK_EVERY, Calendar
from cti.call_facts import CallFact
from cti.ids import QueueName
from cti.instants import Duration, Time, as_seconds, from_datetime, later, seconds
from tests.acd.script import policy
from tests.cti.floors import POLICY, START, desk, open_journal

BERLIN = ZoneInfo("Europe/Berlin")
SALES, SUPPORT = QueueName("sales"), QueueName("support")
QUEUES = (SALES, SUPPORT)


def at(text: str) -> Time:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=BERLIN))


def hours(text: str, name: str = "office") -> QueueHours:
    return QueueHours(name=name, times=OpeningTimes(text, zone=BERLIN, country="DE"))


OFFICE = hours("Mo-Fr 09:00-17:30; PH off")


@dataclass(slots=True)
class Wall:
    """A clock on the wall that shows what it is set to; whoever waits by it moves it on."""

    time: Time
    waits: list[float] = field(default_factory=list)

    def read(self) -> Time:
        return self.time

    async def wait(self, woken: asyncio.Event, duration: Duration) -> None:
        """Let so much time pass at once, unless somebody wakes first."""
        await asyncio.sleep(0)
        self.waits.append(as_seconds(duration))
        if not woken.is_set():
            self.time = later(self.time, duration)


@dataclass(slots=True)
class Inbox:
    """Where the calendar's words go."""

    facts: list[object] = field(default_factory=list)

    def post(self, *facts: object) -> None:
        self.facts.extend(facts)

    def words(self) -> list[tuple[str, str]]:
        """Take what was said: queue, and `open` or `closed`."""
        words = [
            (str(fact.queue), "open" if isinstance(fact, QueueOpened) else "closed")
            for fact in self.facts
            if isinstance(fact, QueueOpened | QueueClosed)
        ]
        self.facts.clear()
        return words


def calendar(wall: Wall, inbox: Inbox) -> Calendar:
    return Calendar(inbox, wall=wall.read, wait=wall.wait)


def test_at_the_start_it_says_how_it_is() -> None:
    inbox = Inbox()
    calendar(Wall(at("2026-11-23 08:00")), inbox).put(
        {SALES: OFFICE, SUPPORT: hours("24/7")}, QUEUES
    )

    assert inbox.facts == [
        QueueClosed(queue=SALES, said_by=SaidBy.CALENDAR, note="office"),
        QueueOpened(queue=SUPPORT, said_by=SaidBy.CALENDAR, note="office"),
    ]


def test_queues_without_hours_are_not_spoken_of() -> None:
    inbox = Inbox()
    calendar(Wall(at("2026-11-23 08:00")), inbox).put({}, QUEUES)

    assert inbox.facts == []


def test_each_change_is_said_once_and_when_it_is_due() -> None:
    wall, inbox = Wall(at("2026-11-23 08:59:50")), Inbox()
    seen = calendar(wall, inbox)
    seen.put({SALES: OFFICE}, QUEUES)
    inbox.words()

    assert seen.look() == at("2026-11-23 09:00")
    wall.time = Time(at("2026-11-23 09:00") - 1)
    assert seen.look() == at("2026-11-23 09:00")
    assert inbox.words() == []
    wall.time = at("2026-11-23 09:00")
    seen.look()
    seen.look()
    assert inbox.words() == [("sales", "open")]
    wall.time = at("2026-11-23 17:30")
    seen.look()
    assert inbox.words() == [("sales", "closed")]


def test_where_nothing_is_due_it_looks_at_the_clock_all_the_same() -> None:
    wall, inbox = Wall(at("2026-11-23 12:00")), Inbox()
    seen = calendar(wall, inbox)
    seen.put({SALES: OFFICE}, QUEUES)

    assert seen.look() == later(wall.time, LOOK_EVERY)


@pytest.mark.parametrize(("jump", "word"), [("20:00", "closed"), ("06:00", "closed")])
def test_a_clock_that_is_put_forward_or_back_is_noticed(jump: str, word: str) -> None:
    wall, inbox = Wall(at("2026-11-23 12:00")), Inbox()
    seen = calendar(wall, inbox)
    seen.put({SALES: OFFICE}, QUEUES)
    inbox.words()
    wall.time = at(f"2026-11-23 {jump}")
    seen.look()

    assert inbox.words() == [("sales", word)]
    wall.time = at("2026-11-23 12:00")
    seen.look()
    assert inbox.words() == [("sales", "open")]


async def test_running_it_says_a_week_when_it_happens() -> None:
    wall, inbox = Wall(at("2026-12-23 12:00")), Inbox()
    seen = calendar(wall, inbox)
    seen.put({SALES: OFFICE}, QUEUES)
    inbox.words()
    said: list[tuple[Time, tuple[str, str]]] = []
    running = asyncio.create_task(seen.run())
    try:
        while wall.time < at("2026-12-28 12:00"):
            await asyncio.sleep(0)
            said.extend((wall.time, word) for word in inbox.words())
    finally:
        running.cancel()

    assert said == [
        (at("2026-12-23 17:30"), ("sales", "closed")),
        (at("2026-12-24 09:00"), ("sales", "open")),
        (at("2026-12-24 17:30"), ("sales", "closed")),
        (at("2026-12-28 09:00"), ("sales", "open")),
    ]
    assert max(wall.waits) <= as_seconds(LOOK_EVERY)


async def test_new_hours_wake_it() -> None:
    inbox, waiting, waits = Inbox(), asyncio.Event(), 0
    now = at("2026-11-23 08:59:50")

    async def wait(woken: asyncio.Event, _duration: Duration) -> None:
        nonlocal waits
        waits += 1
        waiting.set()
        await woken.wait()

    seen = Calendar(inbox, wall=lambda: now, wait=wait)
    running = asyncio.create_task(seen.run())
    await waiting.wait()
    waiting.clear()
    seen.put({SALES: OFFICE}, QUEUES)
    await waiting.wait()
    running.cancel()

    assert (waits, inbox.words()) == (2, [("sales", "closed")])


async def test_by_itself_it_waits_no_longer_than_it_is_told() -> None:
    seen = Calendar(Inbox(), wall=lambda: START)
    running = asyncio.create_task(seen.run())
    await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


class TestOtherHours:
    def test_only_what_is_different_is_said(self) -> None:
        inbox = Inbox()
        seen = calendar(Wall(at("2026-11-23 12:00")), inbox)
        seen.put({SALES: OFFICE, SUPPORT: OFFICE}, QUEUES)
        inbox.words()
        seen.put({SALES: hours("Mo-Fr 14:00-17:30"), SUPPORT: OFFICE}, QUEUES)

        assert inbox.words() == [("sales", "closed")]

    def test_a_closed_queue_that_has_no_hours_any_more_is_open(self) -> None:
        inbox = Inbox()
        seen = calendar(Wall(at("2026-11-22 12:00")), inbox)
        seen.put({SALES: OFFICE, SUPPORT: hours("24/7")}, QUEUES)
        inbox.words()
        seen.put({}, QUEUES)
        seen.put({}, QUEUES)

        assert inbox.facts == [QueueOpened(queue=SALES, said_by=SaidBy.CALENDAR)]

    def test_hours_of_a_queue_that_there_is_not_are_left_alone(self) -> None:
        inbox = Inbox()
        calendar(Wall(at("2026-11-22 12:00")), inbox).put({SALES: OFFICE}, [SUPPORT])

        assert inbox.facts == []

    @pytest.mark.parametrize("again", [{SALES: OFFICE}, {}])
    def test_a_queue_that_was_away_hears_anew(self, again: dict[QueueName, QueueHours]) -> None:
        inbox = Inbox()
        seen = calendar(Wall(at("2026-11-22 12:00")), inbox)
        seen.put({SALES: OFFICE}, QUEUES)
        seen.put({}, [SUPPORT])
        inbox.words()
        seen.put(again, QUEUES)

        assert inbox.words() == [("sales", "closed" if again else "open")]


class TestARestart:
    def core(self, word: QueueOpened | QueueClosed) -> Distributor:
        core = Distributor()
        core.handle(PolicyApplied(policy=policy("ann:sales,support")), START)
        core.handle(word, START)
        return Distributor.restore(core.snapshot())

    def test_what_was_said_before_is_not_said_again(self) -> None:
        inbox = Inbox()
        seen = calendar(Wall(at("2026-11-22 12:00")), inbox)
        core = self.core(QueueClosed(queue=SALES, said_by=SaidBy.CALENDAR, note="office"))
        seen.recall(core.picture(START))
        seen.put({SALES: OFFICE}, QUEUES)

        assert inbox.facts == []

    def test_what_has_changed_meanwhile_is_said(self) -> None:
        inbox = Inbox()
        seen = calendar(Wall(at("2026-11-23 12:00")), inbox)
        core = self.core(QueueClosed(queue=SALES, said_by=SaidBy.CALENDAR, note="office"))
        seen.recall(core.picture(START))
        seen.put({SALES: OFFICE}, QUEUES)

        assert inbox.words() == [("sales", "open")]

    def test_a_queue_whose_hours_have_gone_meanwhile_is_open(self) -> None:
        inbox = Inbox()
        seen = calendar(Wall(at("2026-11-22 12:00")), inbox)
        core = self.core(QueueClosed(queue=SALES, said_by=SaidBy.CALENDAR, note="office"))
        seen.recall(core.picture(START))
        seen.put({}, QUEUES)

        assert inbox.words() == [("sales", "open")]


def test_through_the_writer_a_queue_opens_and_closes_beneath_a_persons_word(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        floor = desk(journal)
        wall = Wall(at("2026-11-23 12:00"))
        seen = Calendar(floor.writer, wall=wall.read, wait=wall.wait)

        def is_open() -> bool:
            floor.writer.settle()
            (sales,) = (queue for queue in floor.core.picture(START).queues if queue.name == SALES)
            return sales.opening.is_open

        seen.put({SALES: OFFICE}, (queue.name for queue in POLICY.queues))
        story = [is_open()]
        floor.writer.post(QueueClosed(queue=SALES, said_by=SaidBy.PERSON, note="fire"))
        story.append(is_open())
        wall.time = at("2026-11-23 18:00")
        seen.look()
        wall.time = at("2026-11-24 10:00")
        seen.look()
        story.append(is_open())
        floor.writer.post(QueueLeftToCalendar(queue=SALES))
        story.append(is_open())
        words = [
            type(fact).__name__ for fact in floor.journalled() if not isinstance(fact, CallFact)
        ]

    assert story == [True, False, False, True]
    assert words[1:] == [
        "QueueOpened",
        "QueueClosed",
        "QueueClosed",
        "QueueOpened",
        "QueueLeftToCalendar",
    ]
    assert seconds(30) == LOOK_EVERY
