"""A journal replayed: whether its facts bring forth the very commands that stand in it."""

from dataclasses import replace

import pytest

from acd.commands import OfferCall, ShowAgentState
from acd.distributor import Distributor
from acd.facts import AcdFact, AgentLoggedOn, AgentMadeReady, CallQueued, PolicyApplied
from acd.policy import AgentPolicy, Policy, QueuePolicy
from cti.ids import AgentId, CallId, DeviceId, PbxId, QueueName
from cti.instants import Duration, Time
from cti.replay import Difference, first_difference
from storage.journal import JournalRecord
from storage.journal_file import RecordKind

ANN = AgentId("ann")
SALES = QueueName("sales")
FACTS: list[AcdFact] = [
    PolicyApplied(
        policy=Policy(
            version="1",
            queues=(
                QueuePolicy(
                    name=SALES,
                    ring_time=Duration(3_000_000),
                    wrap_up=Duration(0),
                    misses_max=2,
                    waiting_max=10,
                ),
            ),
            agents=(AgentPolicy(agent=ANN, queues=(SALES,)),),
        )
    ),
    AgentLoggedOn(agent=ANN, device=DeviceId(PbxId("main"), "PJSIP/a1")),
    AgentMadeReady(agent=ANN),
    CallQueued(call=CallId("c1"), queue=SALES),
]


@pytest.fixture
def journal() -> list[JournalRecord]:
    """What the writer would have written."""
    core = Distributor()
    written: list[JournalRecord] = []

    def write(kind: RecordKind, at: Time, body: object) -> None:
        written.append(
            JournalRecord(
                position=len(written) + 1,
                at=at,
                kind=kind,
                body=body,
                core_version="",
                policy_version="1",
            )
        )

    for second, fact in enumerate(FACTS):
        at = Time(second * 1_000_000)
        write("fact", at, fact)
        for command in core.handle(fact, at):
            write("command", at, command)
    return written


def test_a_journal_as_it_was_written_replays_to_itself(journal: list[JournalRecord]) -> None:
    assert first_difference(journal) is None


def test_a_command_that_would_be_decided_otherwise_is_found(journal: list[JournalRecord]) -> None:
    place = next(n for n, record in enumerate(journal) if isinstance(record.body, OfferCall))
    told = journal[place].body
    assert isinstance(told, OfferCall)
    other = replace(told, device=DeviceId(PbxId("main"), "PJSIP/a2"))
    journal[place] = replace(journal[place], body=other)

    assert first_difference(journal) == Difference(
        position=journal[place].position, replayed=told, journalled=other
    )


def test_a_command_that_is_missing_is_found(journal: list[JournalRecord]) -> None:
    missing = journal.pop()
    difference = first_difference(journal)

    assert isinstance(missing.body, ShowAgentState | OfferCall)
    assert difference == Difference(
        position=journal[-1].position, replayed=missing.body, journalled=None
    )


def test_a_command_that_nothing_brought_forth_is_found(journal: list[JournalRecord]) -> None:
    extra = replace(journal[-1], position=journal[-1].position + 1)

    assert first_difference([*journal, extra]) == Difference(
        position=extra.position, replayed=None, journalled=extra.body
    )
