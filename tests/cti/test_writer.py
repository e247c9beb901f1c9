"""The one writer: orders facts, journals them, and only then hands the commands out."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acd.commands import AcdCommand, OfferCall, PlaceCall, ShowAgentState, WithdrawOffer
from acd.distributor import Distributor
from acd.facts import AgentMadeNotReady, CallerLeft, CallQueued, PolicyApplied
from acd.picture import FloorPicture
from cti import writer as limits
from cti.call_facts import CallArrived
from cti.calls import CallBook
from cti.clock import Clock
from cti.ids import CallId, PartyKey
from cti.instants import Time, seconds
from cti.writer import Fact, Writer
from storage.errors import JournalUnavailableError
from storage.journal import Journal
from storage.journal_file import RecordKind
from storage.records import TimersAdvanced, journal_codec
from tests.cti.floors import ANN, POLICY, Desk, after_s, arrived, desk, open_journal, queued, works


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def running(writer: Writer) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(writer.run())
        yield
        life.cancel()


class BrittleJournal(Journal):
    """A journal whose disk can be full; counts how often it was tried."""

    full = False
    tries = 0

    def append(self, records: Sequence[tuple[Time, RecordKind, object]]) -> int:
        self.tries += 1
        if self.full:
            raise JournalUnavailableError("disk full")
        return super().append(records)

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        if self.full:
            raise JournalUnavailableError("disk full")
        super().remember_party(key, number, name)


@pytest.fixture
def brittle(tmp_path: Path) -> Iterator[BrittleJournal]:
    with BrittleJournal.open(tmp_path / "journal.sqlite", journal_codec()) as opened:
        yield opened


def facts_of(floor: Desk) -> list[object]:
    return [record.body for record in floor.journal.read() if record.kind == "fact"]


# Order


def test_facts_are_journalled_in_the_order_in_which_they_were_posted(journal: Journal) -> None:
    floor = desk(journal)
    facts: list[Fact] = [arrived("c1"), queued("c1"), arrived("c2"), queued("c2")]

    floor.writer.post(*facts[:2])
    floor.writer.post(*facts[2:])
    floor.writer.settle()

    assert facts_of(floor) == [PolicyApplied(policy=POLICY), *facts]
    assert [call.call for call in floor.calls.living()] == ["c1", "c2"]


def test_the_switchs_facts_go_before_those_of_clients(journal: Journal) -> None:
    floor = desk(journal)
    logged_on, ready = works(ANN)

    floor.writer.post_client(logged_on)
    floor.writer.post_client(ready)
    floor.writer.post(queued("c1"))
    floor.writer.settle()

    assert facts_of(floor)[1:] == [queued("c1"), logged_on, ready]


def test_each_fact_is_followed_by_the_commands_that_it_brought_forth(journal: Journal) -> None:
    floor = desk(journal)

    floor.writer.post(*works(ANN), queued("c1"), queued("c2"))
    floor.writer.settle()

    kinds = [type(body) for body in floor.journalled()]
    assert kinds == [
        PolicyApplied,
        *(type(works(ANN)[0]), ShowAgentState),
        *(type(works(ANN)[1]), ShowAgentState),
        *(CallQueued, PlaceCall, OfferCall, ShowAgentState),
        *(CallQueued, PlaceCall),
    ]


def test_watchers_learn_everything_that_is_journalled_before_sinks_act(journal: Journal) -> None:
    floor = desk(journal)
    told: list[object] = []
    floor.writer.watchers[:] = [lambda _at, body: told.append(body)]
    floor.writer.sinks[:] = [_Teller(told), _Teller(told)]

    floor.writer.post(queued("c1"))
    floor.writer.settle()

    fact, command = floor.journalled()[1:]
    assert told == [fact, command, command, command]


class _Teller:
    def __init__(self, told: list[object]) -> None:
        self._told = told

    def carry_out(self, command: AcdCommand) -> None:
        self._told.append(command)


# Timers


def test_timers_that_are_due_are_journalled_and_advance_the_core(journal: Journal) -> None:
    floor = desk(journal)
    floor.writer.post(*works(ANN), queued("c1"))
    floor.writer.settle()

    floor.hands.pass_s(60)
    floor.writer.settle()

    timer, withdrawal = list(floor.journal.read())[-2:]
    assert (timer.kind, timer.body) == ("timer", TimersAdvanced(to=after_s(60)))
    assert isinstance(withdrawal.body, WithdrawOffer)
    assert withdrawal.body == floor.heard.commands[-1]


def test_nothing_is_journalled_while_nothing_happens(journal: Journal) -> None:
    floor = desk(journal)
    floor.hands.pass_s(3600)

    floor.writer.settle()

    assert floor.journalled() == [PolicyApplied(policy=POLICY)]


# Journalled first


def test_a_command_is_in_the_journal_when_it_is_handed_out(journal: Journal) -> None:
    floor = desk(journal)
    seen: list[bool] = []

    class Reader:
        def carry_out(self, command: AcdCommand) -> None:
            seen.append(command in floor.journalled())

    floor.writer.sinks.append(Reader())
    floor.writer.post(*works(ANN), queued("c1"))
    floor.writer.settle()

    assert seen == [True] * len(floor.heard.commands)
    assert any(isinstance(command, OfferCall) for command in floor.heard.commands)


def test_a_fact_that_a_sink_posts_is_handled_after_those_that_wait(journal: Journal) -> None:
    floor = desk(journal)

    class Hasty:
        def carry_out(self, command: AcdCommand) -> None:
            if isinstance(command, OfferCall):
                floor.writer.post(CallerLeft(call=command.call))

    floor.writer.sinks.append(Hasty())
    floor.writer.post(*works(ANN), queued("c1"), arrived("c2"))
    floor.writer.settle()

    assert facts_of(floor)[-2:] == [arrived("c2"), CallerLeft(call=CallId("c1"))]


# The journal fails


def test_calls_go_on_while_the_journal_cannot_be_written(brittle: BrittleJournal) -> None:
    floor = desk(brittle)
    brittle.full = True

    floor.writer.post(*works(ANN), queued("c1"))
    floor.writer.settle()

    assert any(isinstance(command, OfferCall) for command in floor.heard.commands)
    assert floor.writer.journal_failing
    assert floor.journalled() == [PolicyApplied(policy=POLICY)]


def test_what_waited_is_written_in_order_when_the_journal_works_again(
    brittle: BrittleJournal,
) -> None:
    floor = desk(brittle)
    brittle.full = True
    floor.writer.post(*works(ANN))
    floor.writer.settle()
    floor.writer.post(queued("c1"))
    floor.writer.settle()

    brittle.full = False
    floor.hands.pass_s(2)
    floor.writer.post(queued("c2"))
    floor.writer.settle()

    assert floor.journalled()[1:] == [body for _, body in floor.heard.records]
    assert not floor.writer.journal_failing


def test_a_failing_journal_is_not_tried_with_every_fact(brittle: BrittleJournal) -> None:
    floor = desk(brittle)
    brittle.full = True
    floor.writer.post(arrived("c0"))
    floor.writer._turn()
    tries = brittle.tries

    for number in range(1, 50):
        floor.writer.post(arrived(f"c{number}"))
        floor.writer._turn()

    assert brittle.tries == tries


async def test_what_waits_is_written_by_itself_when_no_fact_comes(
    brittle: BrittleJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY", seconds(0.03))
    clock = Clock()
    writer = Writer(clock=clock, journal=brittle, distributor=Distributor(), calls=CallBook())
    brittle.full = True
    writer.post(arrived("c1"))
    async with running(writer):
        while not writer.journal_failing:
            await asyncio.sleep(0)
        brittle.full = False
        brittle.appended.clear()
        async with asyncio.timeout(5):
            await brittle.appended.wait()

    assert [record.body for record in brittle.read()] == [arrived("c1")]


def test_a_stopping_writer_tries_once_more(brittle: BrittleJournal) -> None:
    floor = desk(brittle)
    brittle.full = True
    floor.writer.post(arrived("c1"))
    floor.writer.settle()
    brittle.full = False

    floor.writer.settle()

    assert floor.journalled()[1:] == [arrived("c1")]


def test_a_writer_that_can_keep_no_more_ends_rather_than_forget(
    brittle: BrittleJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNWRITTEN_RECORDS_MAX", 10)
    floor = desk(brittle)
    brittle.full = True
    floor.writer.post(*(arrived(f"c{number}") for number in range(10)))
    floor.writer.settle()

    floor.writer.post(arrived("one more"))
    with pytest.raises(JournalUnavailableError, match="disk full"):
        floor.writer.settle()


def test_a_long_backlog_is_written_whole(
    brittle: BrittleJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "APPEND_RECORDS_MAX", 7)
    floor = desk(brittle)
    brittle.full = True
    facts = [arrived(f"c{number}") for number in range(30)]
    floor.writer.post(*facts)
    floor.writer.settle()
    brittle.full = False

    floor.writer.settle()

    assert floor.journalled()[1:] == facts


def test_a_caller_whose_party_cannot_be_written_is_served_and_written_later(
    brittle: BrittleJournal,
) -> None:
    floor = desk(brittle)
    brittle.full = True
    floor.writer.remember_party(PartyKey("p1"), "0301", "Ann")

    assert floor.writer.journal_failing

    brittle.full = False
    floor.hands.pass_s(2)
    floor.writer.remember_party(PartyKey("p2"), "0302", "Ben")

    assert [brittle.party(PartyKey(key)) is not None for key in ("p1", "p2")] == [True, True]
    assert not floor.writer.journal_failing


# Inboxes


def test_clients_facts_are_shed_when_too_many_wait(journal: Journal) -> None:
    floor = desk(journal)
    wish = AgentMadeNotReady(agent=ANN, reason="lunch")

    taken = [floor.writer.post_client(wish) for _ in range(limits.CLIENT_FACTS_MAX + 2)]

    assert taken == [True] * limits.CLIENT_FACTS_MAX + [False, False]
    floor.writer.settle()
    assert floor.writer.post_client(wish)


def test_a_switch_that_tells_too_much_is_told_so_and_none_of_its_facts_is_lost(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SWITCH_FACTS_MAX", 500)
    floor = desk(journal)
    facts = [arrived(f"c{number}") for number in range(1_000)]
    for _ in range(limits.CLIENT_FACTS_MAX + 1):
        floor.writer.post_client(AgentMadeNotReady(agent=ANN, reason="lunch"))

    told: list[str] = []
    floor.writer.on_overfull = lambda: told.append("overfull")

    floor.writer.post(*facts[:500])
    assert told == []
    floor.writer.post(*facts[500:])
    assert told == ["overfull"]
    floor.writer.settle()
    assert [body for body in facts_of(floor) if isinstance(body, CallArrived)] == facts


# Running


async def test_the_loop_breathes_between_two_batches(journal: Journal) -> None:
    floor = desk(journal)
    batches: list[int] = []
    floor.writer.post(*(arrived(f"c{number}") for number in range(3 * limits.BATCH_FACTS_MAX)))

    async with running(floor.writer):
        while len(floor.heard.records) < 3 * limits.BATCH_FACTS_MAX:
            batches.append(len(floor.heard.records))
            await asyncio.sleep(0)

    whole = limits.BATCH_FACTS_MAX
    assert sorted(set(batches)) == [0, whole, 2 * whole]


async def test_a_running_writer_takes_a_fact_at_once(journal: Journal) -> None:
    floor = desk(journal)
    async with running(floor.writer):
        await asyncio.sleep(0)
        floor.writer.post(queued("c1"))
        async with asyncio.timeout(5):
            while not floor.heard.commands:
                await asyncio.sleep(0)

    assert isinstance(floor.heard.commands[0], PlaceCall)


class _Alarm(Distributor):
    """A core with one timer, and an event for when it went off."""

    def __init__(self, due: Time) -> None:
        super().__init__()
        self._due: Time | None = due
        self.went_off = asyncio.Event()
        self.at = Time(0)

    def next_deadline(self) -> Time | None:
        return self._due

    def advance(self, now: Time) -> list[AcdCommand]:
        self._due, self.at = None, now
        self.went_off.set()
        return []

    def picture(self, now: Time) -> FloorPicture:
        raise AssertionError(now)


async def test_a_running_writer_wakes_at_the_cores_deadline(journal: Journal) -> None:
    clock = Clock()
    due = Time(clock.now() + 30_000)
    core = _Alarm(due)
    writer = Writer(clock=clock, journal=journal, distributor=core, calls=CallBook())

    async with running(writer), asyncio.timeout(5):
        await core.went_off.wait()

    assert due <= core.at
    (record,) = journal.read()
    assert record.body == TimersAdvanced(to=core.at)
