"""Counting from the journal's records."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from acd.commands import OfferCall, OfferReason, OverflowCall, TurnAwayCall, TurnAwayCause
from acd.facts import CallerLeft, CallQueued, OfferAnswered, OfferEnded, OfferOutcome, TalkEnded
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallArrived,
    CallCleared,
    ClearReason,
    HungUpBy,
    ScreenPopped,
)
from cti.ids import CallId, LegId, OfferId, PartyKey, QueueName
from cti.instants import Duration, Time, seconds
from cti.operations.queue_stays import Exit
from cti.operations.tally import _NOTHING_TO_COUNT, Past, Tally
from storage.journal import Journal
from storage.open_call import AgentTold, CallerTold
from tests.cti.floors import ANN, PBX, START, after_s, open_journal, phone

SALES, SUPPORT, GONE = QueueName("sales"), QueueName("support"), QueueName("removed")
OFFER = OfferId(1)
AGENT_LEG = LegId(PBX, "a1")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path) as opened:
        yield opened


@pytest.fixture
def tally() -> Tally:
    return Tally(services={"8000"}, queues={SALES, SUPPORT})


def tell(tally: Tally, *told: tuple[float, object]) -> None:
    for at_s, body in told:
        tally.learn(after_s(at_s), body)
    tally.settle()


def arrived(call: str = "c1", service: str = "8000") -> CallArrived:
    return CallArrived(
        call=CallId(call), leg=LegId(PBX, f"u-{call}"), service=service, party=PartyKey("p")
    )


def queued(call: str = "c1", queue: QueueName = SALES, since_s: float | None = None) -> CallQueued:
    entered_at = None if since_s is None else after_s(since_s)
    return CallQueued(call=CallId(call), queue=queue, entered_at=entered_at)


def offered(offer: int = 1, call: str = "c1", queue: QueueName = SALES) -> OfferCall:
    reason = OfferReason(
        rule="longest_idle",
        sort_key=(0, ANN),
        next_best=None,
        ready=1,
        excluded=(),
        waited=Duration(0),
        policy_version="v1",
    )
    return OfferCall(
        offer=OfferId(offer),
        call=CallId(call),
        agent=ANN,
        device=phone(ANN),
        queue=queue,
        ring_time=seconds(20),
        reason=reason,
    )


def rang(offer: int = 1, call: str = "c1") -> AgentLegRang:
    return AgentLegRang(call=CallId(call), offer=OfferId(offer), leg=AGENT_LEG)


def cleared(
    call: str = "c1",
    by: HungUpBy = HungUpBy.CALLER,
    reason: ClearReason = ClearReason.HUNG_UP,
) -> CallCleared:
    return CallCleared(call=CallId(call), hung_up_by=by, cause=16, reason=reason)


def left(call: str = "c1") -> CallerLeft:
    return CallerLeft(call=CallId(call))


TALKED = (
    (0.0, arrived()),
    (1.0, queued()),
    (4.0, offered()),
    (4.1, ScreenPopped(call=CallId("c1"), offer=OFFER, found=True)),
    (5.0, rang()),
    (8.0, OfferAnswered(offer=OFFER)),
    (60.0, AgentLegEnded(call=CallId("c1"), leg=AGENT_LEG, cause=16, hung_up_by=HungUpBy.AGENT)),
    (60.0, TalkEnded(call=CallId("c1"), agent=ANN)),
    (61.0, left()),
    (61.0, cleared()),
)


def test_an_answered_call_is_counted_with_its_wait_its_ringing_and_its_talk(tally: Tally) -> None:
    tell(tally, *TALKED)

    assert tally.arrived == {"8000": 1}
    assert tally.ended == {("8000", "answered"): 1}
    assert tally.entered == {SALES: 1}
    assert tally.left == {(SALES, Exit.ANSWERED): 1}
    assert (tally.offers, tally.offers_ended) == ({SALES: 1}, {})
    assert tally.pops == {True: 1}
    assert tally.answered_after[SALES].total == 7
    assert tally.rang[SALES].total == 3
    assert tally.talked[SALES].total == 52
    assert sum(tally.abandoned_after[SALES].counts) == 0


def test_it_is_answered_when_it_is_and_not_only_when_the_talk_has_ended(tally: Tally) -> None:
    tell(tally, *TALKED[:6])

    assert tally.left == {(SALES, Exit.ANSWERED): 1}
    assert tally.ended == {}


@pytest.mark.parametrize(
    ("end", "way", "outcome"),
    [
        (cleared(), Exit.ABANDONED, "abandoned"),
        (cleared(by=HungUpBy.SYSTEM), Exit.ENDED, "ended_by_system"),
        (cleared(by=HungUpBy.UNKNOWN, reason=ClearReason.FALLBACK), Exit.ENDED, "fallback"),
        (
            cleared(by=HungUpBy.SYSTEM, reason=ClearReason.SWITCH_RESTARTED),
            Exit.ENDED,
            "lost_by_switch",
        ),
        (
            cleared(by=HungUpBy.UNKNOWN, reason=ClearReason.GONE_FROM_SWITCH),
            Exit.ENDED,
            "ended_unseen",
        ),
    ],
)
def test_who_leaves_while_he_waits_has_abandoned_unless_something_else_ended_the_call(
    tally: Tally, end: CallCleared, way: Exit, outcome: str
) -> None:
    tell(tally, (0, arrived()), (1, queued()), (13, left()), (13, end))

    assert tally.left == {(SALES, way): 1}
    assert tally.ended == {("8000", outcome): 1}
    assert tally.abandoned_after[SALES].total == (12 if way is Exit.ABANDONED else 0)


def test_an_offer_that_comes_to_nothing_leaves_the_caller_in_his_queue(tally: Tally) -> None:
    missed = OfferEnded(offer=OFFER, outcome=OfferOutcome.NO_ANSWER)
    tell(tally, (0, arrived()), (0, queued()), (1, offered()), (2, rang()), (22, missed))
    tell(tally, (22, missed), (23, offered(2)), (24, OfferAnswered(offer=OfferId(2))))

    assert tally.offers == {SALES: 2}
    assert tally.offers_ended == {(SALES, "no_answer"): 1}
    assert (sum(tally.rang[SALES].counts), tally.rang[SALES].total) == (1, 20)
    assert tally.answered_after[SALES].total == 24


def test_overflow_is_an_exit_and_an_entry_and_each_wait_is_its_queues_own(tally: Tally) -> None:
    moved = OverflowCall(call=CallId("c1"), from_queue=SALES, to_queue=SUPPORT, waited=seconds(30))
    tell(tally, (0, arrived()), (0, queued()), (30, moved), (31, queued(queue=SUPPORT)))
    tell(tally, (35, left()), (35, cleared()))

    assert tally.entered == {SALES: 1, SUPPORT: 1}
    assert tally.left == {(SALES, Exit.OVERFLOWED): 1, (SUPPORT, Exit.ABANDONED): 1}
    assert tally.abandoned_after[SUPPORT].total == 5


def test_whom_a_full_queue_does_not_take_was_turned_away_and_has_not_abandoned(
    tally: Tally,
) -> None:
    away = TurnAwayCall(call=CallId("c1"), queue=SALES, cause=TurnAwayCause.QUEUE_FULL)
    tell(tally, (0, arrived()), (1, queued()), (1, away), (3, left()), (3, cleared()))

    assert tally.left == {(SALES, Exit.TURNED_AWAY): 1}
    assert tally.ended == {("8000", "turned_away"): 1}


def test_a_wait_that_began_before_we_knew_of_it_counts_from_its_beginning(tally: Tally) -> None:
    tell(tally, (10, arrived()), (10, queued(since_s=2)), (12, left()), (12, cleared()))

    assert tally.abandoned_after[SALES].total == 10


def test_what_is_not_configured_is_never_a_label(tally: Tally) -> None:
    tell(
        tally,
        (0, arrived(service="'; DROP TABLE")),
        (0, queued(queue=GONE)),
        (1, offered(queue=GONE)),
        (2, rang()),
        (3, OfferAnswered(offer=OFFER)),
        (9, left()),
        (9, cleared()),
    )

    assert (tally.arrived, tally.ended) == ({"": 1}, {("", "answered"): 1})
    assert tally.entered == tally.left == tally.offers == Counter()
    assert set(tally.rang) == {SALES, SUPPORT}


def test_what_is_passed_over_tells_the_call_log_nothing_either() -> None:
    told = get_args(CallerTold | AgentTold)

    assert _NOTHING_TO_COUNT.isdisjoint(told)
    assert _NOTHING_TO_COUNT.isdisjoint({CallCleared, OfferAnswered, OfferEnded})


def test_facts_that_come_twice_late_or_of_nowhere_count_once_or_not_at_all(tally: Tally) -> None:
    tell(tally, *TALKED, *TALKED[2:])
    tell(tally, (70, left("c9")), (70, OfferAnswered(offer=OfferId(9))), (70, rang(9, "c9")))

    assert tally.left == {(SALES, Exit.ANSWERED): 1}
    assert tally.ended == {("8000", "answered"): 1}
    assert sum(tally.answered_after[SALES].counts) == 1


def journalled(journal: Journal, *told: tuple[float, object]) -> None:
    journal.append([(after_s(at_s), "fact", body) for at_s, body in told])


async def counted(tally: Tally, past: Past | None) -> None:
    """Let the tally's task run until it has looked back."""
    running = asyncio.ensure_future(tally.run(past))
    for _ in range(1_000):
        await asyncio.sleep(0)
    running.cancel()


async def test_calls_of_before_the_start_end_as_what_they_were_and_count_only_then(
    tally: Tally, journal: Journal
) -> None:
    older = [(float(-100 - n), arrived(f"old{n}")) for n in range(50, 0, -1)]
    journalled(journal, *older, *TALKED[:6])
    past = Past(journal=journal, end=journal.last_position, since=START)
    tell(tally)
    tally.learn(after_s(60), TALKED[7][1])

    await counted(tally, past)
    before = Counter(tally.ended)
    tell(tally, *TALKED[8:])

    assert (before, tally.arrived, tally.left) == ({}, {}, {})
    assert tally.ended == {("8000", "answered"): 1}
    assert tally.talked[SALES].total == 52


async def test_a_past_that_cannot_be_read_costs_figures_and_nothing_else(
    tally: Tally, journal: Journal, tmp_path: Path
) -> None:
    journalled(journal, *TALKED[:6])
    journal._connection.execute("UPDATE records SET name = 'CallBeamed'")

    await counted(tally, Past(journal=journal, end=journal.last_position, since=START))
    tell(tally, (100, arrived("c2")), (101, left("c2")), (101, cleared("c2")))

    assert tally.ended == {("8000", "left_in_flow"): 1}


async def test_nothing_is_counted_twice_while_the_past_is_looked_up(
    tally: Tally, journal: Journal
) -> None:
    journalled(journal, *TALKED[:6])
    running = asyncio.ensure_future(
        tally.run(Past(journal=journal, end=journal.last_position, since=Time(0)))
    )
    await asyncio.sleep(0)
    tally.learn(after_s(90), arrived("c2"))
    tally.settle()
    await counted(tally, None)
    running.cancel()
    tally.settle()

    assert tally.arrived == {"8000": 1}
