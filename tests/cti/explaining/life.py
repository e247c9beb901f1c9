"""A life that journals are made of, for these tests: three calls, four agents, one who is away."""

from pathlib import Path

from acd.facts import (
    AgentLoggedOn,
    AgentMadeNotReady,
    CallerLeft,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
    TalkEnded,
)
from cti.call_facts import CallCleared, HungUpBy
from cti.ids import AgentId, CallId, OfferId
from cti.recovery import save
from cti.writer import Fact
from storage.journal import Journal
from storage.records import journal_codec
from tests.acd.script import policy
from tests.cti.floors import ANN, BEN, Desk, arrived, desk, phone, queued, works

CODEC = journal_codec()
DAN = AgentId("dan")
LUNCH = "lunch \x1b[31m"
"""Words of an agent's that a terminal would obey."""
EVERYBODY = policy("ann:sales ben:sales,support cat:support dan:sales")


class Life:
    """A desk at which things happen one after the other; a second passes after each."""

    def __init__(self, folder: Path, *, version: str = "0.1.0") -> None:
        self.path = folder / "journal.sqlite"
        self.journal = Journal.open(self.path, CODEC, core_version=version)
        self.desk: Desk = desk(self.journal)

    def go(self, *facts: Fact, then_s: float = 1) -> None:
        self.desk.writer.post(*facts)
        self.desk.writer.settle()
        self.desk.hands.pass_s(then_s)
        self.desk.writer.settle()

    def keep_state(self) -> None:
        now = self.desk.hands.clock().now()
        save(self.journal, CODEC, self.desk.core, self.desk.calls, now)


def lived(folder: Path, *, version: str = "0.1.0") -> Life:
    """Return a life: c1 is talked with, c2 is missed by Ben and answered by Ann, c22 leaves."""
    life = Life(folder, version=version)
    life.go(PolicyApplied(policy=EVERYBODY))
    life.go(*works(ANN))
    life.go(*works(BEN))
    life.go(AgentLoggedOn(agent=DAN, device=phone(DAN)))
    life.go(AgentMadeNotReady(agent=DAN, reason=LUNCH))
    life.go(arrived("c1"), queued("c1"))  # 22:13:25
    life.go(OfferAnswered(offer=OfferId(1)), then_s=20)
    life.keep_state()
    life.go(arrived("c2"), queued("c2"))  # 22:13:46
    life.go(OfferEnded(offer=OfferId(2), outcome=OfferOutcome.NO_ANSWER))
    life.go(arrived("c22"), queued("c22"), then_s=3)  # 22:13:48
    life.go(TalkEnded(call=CallId("c1"), agent=ANN), then_s=10.5)  # 22:13:51
    life.go(OfferAnswered(offer=OfferId(3)), then_s=5)
    life.go(
        CallerLeft(call=CallId("c22")),
        CallCleared(call=CallId("c22"), hung_up_by=HungUpBy.CALLER, cause=16),
    )
    life.go(OfferEnded(offer=OfferId(4), outcome=OfferOutcome.CALLER_LEFT))
    return life
