"""Figures told as things happen, against the call log, which tells when all is over."""

from collections import Counter

import pytest

from acd.commands import AcdCommand
from acd.facts import AcdFact, CallerLeft, CallQueued
from cti.call_facts import CallCleared, HungUpBy
from cti.ids import CallId, QueueName
from cti.instants import Time, as_seconds, seconds
from cti.operations.queue_stays import Exit
from cti.operations.tally import Tally
from storage.call_log import CallLog
from storage.call_record import CallRecord, QueueExit
from tests.simulation.chance import World

QUEUES = [QueueName(name) for name in ("sales", "support", "night")]
STEPS = 400
AS_THE_LOG_SAYS = {
    QueueExit.ANSWERED: Exit.ANSWERED,
    QueueExit.OVERFLOWED: Exit.OVERFLOWED,
    QueueExit.DIVERTED: Exit.DIVERTED,
    QueueExit.MOVED: Exit.MOVED,
    QueueExit.TURNED_AWAY: Exit.TURNED_AWAY,
    QueueExit.LEFT: Exit.ABANDONED,
}


class Recorded(World):
    """A day by chance, with everything going wrong, of which the daemon keeps the journal."""

    call_backs = False  # it carries none out

    def __init__(self, seed: int) -> None:
        self.journal: list[tuple[Time, object]] = []
        super().__init__(seed)

    def _enter(self, fact: AcdFact | None, commands: list[AcdCommand]) -> None:
        if fact is not None:
            self.journal.append((self.now, fact))
        self.journal += [(self.now, command) for command in commands]
        super()._enter(fact, commands)

    def end(self) -> None:
        """Let every call end that has not."""
        calls = dict.fromkeys(fact.call for _, fact in self.journal if isinstance(fact, CallQueued))
        at = Time(self.now + seconds(1))
        for call in calls:
            self.journal += [(at, CallerLeft(call=call)), (at, cleared(call))]


def cleared(call: CallId) -> CallCleared:
    return CallCleared(call=call, hung_up_by=HungUpBy.CALLER, cause=16)


@pytest.mark.parametrize("seed", range(8))
def test_both_tell_the_same_of_queues_waits_and_offers(seed: int) -> None:
    day = Recorded(seed)
    day.run(STEPS)
    day.end()
    tally, log = Tally(services=(), queues=QUEUES), CallLog()
    records: list[CallRecord] = []
    for position, (at, body) in enumerate(day.journal, start=1):
        tally.learn(at, body)
        records += log.fold(position, at, body)
    tally.settle()
    stays = [stay for record in records for stay in record.queues if stay.queue in QUEUES]
    offers = [offer for record in records for offer in record.offers if offer.queue in QUEUES]

    assert len(stays) > STEPS / 10
    assert tally.left == Counter((stay.queue, AS_THE_LOG_SAYS[stay.exit]) for stay in stays)
    assert tally.entered == Counter(stay.queue for stay in stays)
    assert tally.offers == Counter(offer.queue for offer in offers)
    for name in QUEUES:
        waits = [
            as_seconds(stay.left_at - stay.entered_at)
            for stay in stays
            if (stay.queue, stay.exit) == (name, QueueExit.ANSWERED)
        ]
        assert tally.answered_after[name].total == pytest.approx(sum(waits))
    assert tally.ended == {("", record.outcome.value): 0 for record in records} | Counter(
        ("", record.outcome.value) for record in records
    )
