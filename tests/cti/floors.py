"""A writer with its core, a clock that stands still, and who listens to it, for these tests."""

from dataclasses import dataclass, field
from pathlib import Path

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.facts import AgentLoggedOn, AgentMadeReady, CallQueued, PolicyApplied
from cti.call_facts import CallArrived
from cti.calls import CallBook
from cti.clock import Clock
from cti.ids import AgentId, CallId, DeviceId, LegId, PartyKey, PbxId, QueueName
from cti.instants import MICROSECONDS_PER_SECOND, Time, seconds
from cti.writer import Fact, Writer
from storage.journal import Journal
from storage.records import journal_codec
from tests.acd.script import policy

PBX = PbxId("main")
ANN, BEN = AgentId("ann"), AgentId("ben")
SALES = QueueName("sales")
START_S = 1_700_000_000
START = Time(seconds(START_S))
POLICY = policy("ann:sales ben:sales,support")


class Hands:
    """
    The hands of a clock, moved by the test.

    A clock that is made later, as after a restart, shows what has passed since the first one.
    """

    def __init__(self) -> None:
        self.monotonic_ns = 0
        self.wall_start = START

    def pass_s(self, count: float) -> None:
        self.monotonic_ns += round(count * 1_000_000_000)

    def clock(self, *, not_before: Time = Time(0)) -> Clock:  # noqa: B008 - an int
        return Clock(
            not_before=not_before,
            wall_ns=lambda: self.wall_start * 1_000 + self.monotonic_ns,
            monotonic_ns=lambda: self.monotonic_ns,
        )


def open_journal(folder: Path) -> Journal:
    return Journal.open(folder / "journal.sqlite", journal_codec())


def phone(agent: AgentId) -> DeviceId:
    return DeviceId(PBX, f"PJSIP/{agent}")


def arrived(name: str) -> CallArrived:
    return CallArrived(
        call=CallId(name), leg=LegId(PBX, f"u-{name}"), service="8000", party=PartyKey(f"p-{name}")
    )


def queued(name: str) -> CallQueued:
    return CallQueued(call=CallId(name), queue=SALES)


def works(agent: AgentId) -> tuple[Fact, Fact]:
    """Return what makes an agent ready at his phone."""
    return AgentLoggedOn(agent=agent, device=phone(agent)), AgentMadeReady(agent=agent)


@dataclass(slots=True)
class Listener:
    """A sink and a watcher that keeps what it was told."""

    commands: list[AcdCommand] = field(default_factory=list)
    records: list[tuple[Time, object]] = field(default_factory=list)

    def carry_out(self, command: AcdCommand) -> None:
        self.commands.append(command)

    def learn(self, at: Time, body: object) -> None:
        self.records.append((at, body))


@dataclass(slots=True)
class Desk:
    """A writer on a floor where Ann and Ben serve sales, and all that stands around it."""

    writer: Writer
    journal: Journal
    core: Distributor
    calls: CallBook
    hands: Hands
    heard: Listener

    def journalled(self) -> list[object]:
        return [record.body for record in self.journal.read()]


def desk(journal: Journal) -> Desk:
    hands, core, calls, heard = Hands(), Distributor(), CallBook(), Listener()
    writer = Writer(clock=hands.clock(), journal=journal, distributor=core, calls=calls)
    writer.post(PolicyApplied(policy=POLICY))
    writer.settle()
    writer.sinks.append(heard)
    writer.watchers.append(heard.learn)
    return Desk(writer, journal, core, calls, hands, heard)


def after_s(count: float) -> Time:
    """Return the instant so many seconds after the clock's start."""
    return Time(START + round(count * MICROSECONDS_PER_SECOND))
