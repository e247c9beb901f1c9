import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.commands import DivertCall, OverflowCall, TurnAwayCall, TurnAwayCause
from acd.facts import (
    AgentMadeReady,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    TalkEnded,
)
from acd.ways import Cause, Target, TargetKind
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallArrived,
    CallCleared,
    ChoiceMade,
    ClearReason,
    FlowEntered,
    FlowLeft,
    HungUpBy,
    ScreenPopped,
)
from cti.ids import CallId, LegId, OfferId
from cti.instants import Time, seconds
from storage import call_log
from storage.call_log import CallLog
from storage.call_record import CallOutcome, CallRecord, PathStep, QueueExit, QueueStay
from tests.storage.builders import (
    ANN,
    BEN,
    CALL,
    CALLER_LEG,
    OTHER_CALL,
    PARTY,
    PBX,
    SALES,
    SUPPORT,
    at,
    offer_of,
)

AGENT_LEG = LegId(PBX, "1700000000.9")
ARRIVED = CallArrived(call=CALL, leg=CALLER_LEG, service="hotline", party=PARTY)
CLEARED = CallCleared(call=CALL, hung_up_by=HungUpBy.CALLER, cause=16)
QUEUED = CallQueued(call=CALL, queue=SALES)


def diverted(kind: TargetKind) -> DivertCall:
    target = Target(kind=kind, name="elsewhere")
    return DivertCall(
        call=CALL, from_queue=SALES, cause=Cause.OVERFLOW, target=target, waited=seconds(1)
    )


def one(offer: int = 1) -> OfferId:
    return OfferId(offer)


ANSWERED_CALL: list[tuple[float, object]] = [
    (0, ARRIVED),
    (1, FlowEntered(call=CALL, flow="welcome")),
    (4, ChoiceMade(call=CALL, flow="welcome", choice="sales")),
    (4, FlowLeft(call=CALL, flow="welcome", outcome="queue", queue=SALES)),
    (5, QUEUED),
    (10, offer_of()),
    (10.1, ScreenPopped(call=CALL, offer=one(), found=True)),
    (10.2, AgentLegRang(call=CALL, offer=one(), leg=AGENT_LEG)),
    (14, OfferAnswered(offer=one())),
    (64, AgentLegEnded(call=CALL, leg=AGENT_LEG, cause=16, hung_up_by=HungUpBy.AGENT)),
    (64.1, TalkEnded(call=CALL, agent=ANN)),
    (64.2, CallerLeft(call=CALL)),
    (65, CallCleared(call=CALL, hung_up_by=HungUpBy.AGENT, cause=16)),
]


def folded(*history: tuple[float, object], log: CallLog | None = None) -> list[CallRecord]:
    log = log or CallLog()
    return [
        record
        for position, (second, body) in enumerate(history, 1)
        for record in log.fold(position, at(second), body)
    ]


def only(*history: tuple[float, object]) -> CallRecord:
    (record,) = folded(*history)
    return record


def test_an_answered_call_is_told_from_its_arrival_to_its_end() -> None:
    record = only(*ANSWERED_CALL)
    (offer,) = record.offers

    assert (
        record.call,
        record.service,
        record.party,
        record.outcome,
        record.queue,
        record.agent,
        record.hung_up_by,
        record.clear_reason,
        record.cause,
        record.position,
    ) == (
        CALL,
        "hotline",
        PARTY,
        CallOutcome.ANSWERED,
        SALES,
        ANN,
        HungUpBy.AGENT,
        ClearReason.HUNG_UP,
        16,
        13,
    )
    assert (record.arrived_at, record.answered_at, record.talk_ended_at, record.cleared_at) == (
        at(0),
        at(14),
        at(64),
        at(65),
    )
    assert (record.waited, record.talked) == (seconds(9), seconds(50))
    assert record.path == (
        PathStep(at=at(1), flow="welcome"),
        PathStep(at=at(4), flow="welcome", choice="sales"),
    )
    assert record.queues == (
        QueueStay(queue=SALES, entered_at=at(5), left_at=at(14), exit=QueueExit.ANSWERED),
    )
    assert (offer.agent, offer.queue, offer.pop_found, offer.outcome) == (ANN, SALES, True, None)
    assert (
        offer.offered_at,
        offer.popped_at,
        offer.rang_at,
        offer.answered_at,
        offer.ended_at,
    ) == (at(10), at(10.1), at(10.2), at(14), at(64))


def test_a_call_has_no_record_before_it_has_ended() -> None:
    log = CallLog()

    assert folded(*ANSWERED_CALL[:-1], log=log) == []
    assert (log.open_calls(), log.oldest_position()) == (1, 1)


def test_every_fact_coming_twice_changes_nothing() -> None:
    twice = [told for told in ANSWERED_CALL for _ in range(2)]
    (record,) = folded(*twice)
    (expected,) = folded(*ANSWERED_CALL)

    assert [
        (expected.outcome, expected.waited, expected.talked, len(expected.offers)),
        expected.queues,
    ] == [(record.outcome, record.waited, record.talked, len(record.offers)), record.queues]


def test_facts_after_the_end_make_no_second_record() -> None:
    log = CallLog()
    folded(*ANSWERED_CALL, log=log)

    assert folded(*ANSWERED_CALL, log=log) == []
    assert log.open_calls() == 0


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        ([], CallOutcome.LEFT_IN_FLOW),
        ([(1, FlowEntered(call=CALL, flow="welcome"))], CallOutcome.LEFT_IN_FLOW),
        (
            [(1, FlowLeft(call=CALL, flow="welcome", outcome="hang_up"))],
            CallOutcome.FLOW_ENDED,
        ),
        ([(1, QUEUED)], CallOutcome.ABANDONED),
        ([(1, QUEUED), (2, CallerLeft(call=CALL))], CallOutcome.ABANDONED),
        ([(1, QUEUED), (2, offer_of())], CallOutcome.ABANDONED),
        (
            [
                (1, QUEUED),
                (2, TurnAwayCall(call=CALL, queue=SALES, cause=TurnAwayCause.QUEUE_FULL)),
            ],
            CallOutcome.TURNED_AWAY,
        ),
        ([(1, QUEUED), (2, diverted(TargetKind.VOICEMAIL))], CallOutcome.DIVERTED),
        ([(1, QUEUED), (2, diverted(TargetKind.FLOW))], CallOutcome.ABANDONED),
        ([(1, QUEUED), (2, diverted(TargetKind.NUMBER)), (3, QUEUED)], CallOutcome.ABANDONED),
        (
            [(1, QUEUED), (2, offer_of()), (3, OfferAnswered(offer=one()))],
            CallOutcome.ANSWERED,
        ),
    ],
)
def test_the_outcome_says_how_far_the_caller_came(
    history: list[tuple[float, object]], outcome: CallOutcome
) -> None:
    assert only((0, ARRIVED), *history, (10, CLEARED)).outcome is outcome


@pytest.mark.parametrize(
    ("reason", "hung_up_by", "outcome"),
    [
        (ClearReason.FALLBACK, HungUpBy.UNKNOWN, CallOutcome.FALLBACK),
        (ClearReason.SWITCH_RESTARTED, HungUpBy.UNKNOWN, CallOutcome.LOST_BY_SWITCH),
        (ClearReason.GONE_FROM_SWITCH, HungUpBy.UNKNOWN, CallOutcome.ENDED_UNSEEN),
        (ClearReason.HUNG_UP, HungUpBy.SYSTEM, CallOutcome.ENDED_BY_SYSTEM),
        (ClearReason.HUNG_UP, HungUpBy.UNKNOWN, CallOutcome.ABANDONED),
    ],
)
def test_the_end_of_a_waiting_call_is_told_by_its_reason(
    reason: ClearReason, hung_up_by: HungUpBy, outcome: CallOutcome
) -> None:
    end = CallCleared(call=CALL, hung_up_by=hung_up_by, cause=0, reason=reason)

    assert only((0, ARRIVED), (1, QUEUED), (9, end)).outcome is outcome


def test_the_agent_hung_up_where_the_callers_end_does_not_say() -> None:
    end = CallCleared(call=CALL, hung_up_by=HungUpBy.UNKNOWN, cause=16)

    assert only(*ANSWERED_CALL[:-1], (65, end)).hung_up_by is HungUpBy.AGENT


def test_a_caller_who_leaves_while_it_rings_ends_the_offer() -> None:
    record = only((0, ARRIVED), (1, QUEUED), (2, offer_of()), (5, CLEARED))
    (offer,) = record.offers

    assert (offer.outcome, offer.ended_at, record.waited) == (
        OfferOutcome.CALLER_LEFT,
        at(5),
        seconds(4),
    )


def test_a_missed_offer_and_the_next_are_both_kept() -> None:
    record = only(
        (0, ARRIVED),
        (0, QUEUED),
        (1, offer_of(offer=1)),
        (16, OfferEnded(offer=one(), outcome=OfferOutcome.NO_ANSWER)),
        (16, offer_of(offer=2, agent=BEN)),
        (18, OfferAnswered(offer=one())),
        (20, OfferAnswered(offer=one(2))),
        (20, OfferEnded(offer=one(2), outcome=OfferOutcome.FAILED)),
        (30, CLEARED),
    )

    assert [(it.agent, it.outcome, it.answered_at, it.ended_at) for it in record.offers] == [
        (ANN, OfferOutcome.NO_ANSWER, None, at(16)),
        (BEN, None, at(20), at(30)),
    ]
    assert (record.agent, record.waited, record.talked) == (BEN, seconds(20), seconds(10))


def test_a_diversion_ends_the_stay_and_the_wait() -> None:
    record = only((0, ARRIVED), (10, QUEUED), (70, diverted(TargetKind.NUMBER)), (100, CLEARED))

    assert record.queues == (
        QueueStay(queue=SALES, entered_at=at(10), left_at=at(70), exit=QueueExit.DIVERTED),
    )
    assert record.waited == seconds(60)


def test_an_overflow_is_a_second_stay_in_one_wait() -> None:
    record = only(
        (0, ARRIVED),
        (10, QUEUED),
        (70, OverflowCall(call=CALL, from_queue=SALES, to_queue=SUPPORT, waited=seconds(60))),
        (100, CLEARED),
    )

    assert record.queues == (
        QueueStay(queue=SALES, entered_at=at(10), left_at=at(70), exit=QueueExit.OVERFLOWED),
        QueueStay(queue=SUPPORT, entered_at=at(70), left_at=at(100), exit=QueueExit.LEFT),
    )
    assert (record.queue, record.waited) == (SUPPORT, seconds(90))


def test_a_requeued_call_has_two_waits_and_two_talks() -> None:
    """The second queueing keeps the call's age; the first wait is not counted again."""
    record = only(
        (0, ARRIVED),
        (0, QUEUED),
        (5, offer_of(offer=1)),
        (10, OfferAnswered(offer=one())),
        (40, TalkEnded(call=CALL, agent=ANN)),
        (40, CallQueued(call=CALL, queue=SUPPORT, entered_at=at(0))),
        (50, offer_of(offer=2, agent=BEN, queue=SUPPORT)),
        (55, OfferAnswered(offer=one(2))),
        (75, CLEARED),
    )

    assert (record.waited, record.talked) == (seconds(10 + 15), seconds(30 + 20))
    assert (record.answered_at, record.talk_ended_at, record.agent) == (at(10), at(75), BEN)
    assert [(stay.queue, stay.exit) for stay in record.queues] == [
        (SALES, QueueExit.ANSWERED),
        (SUPPORT, QueueExit.ANSWERED),
    ]


def test_a_call_that_waited_before_the_journal_knew_it_has_its_whole_wait() -> None:
    known_again = CallQueued(call=CALL, queue=SALES, entered_at=at(-60))
    record = only((0, known_again), (10, CLEARED))

    assert (record.waited, record.arrived_at, record.service) == (seconds(70), at(0), None)


def test_a_recovered_call_that_is_queued_again_where_it_is_goes_on_waiting() -> None:
    again = CallQueued(call=CALL, queue=SALES, entered_at=at(1))
    record = only((0, ARRIVED), (1, QUEUED), (5, again), (11, CLEARED))

    assert (len(record.queues), record.waited) == (1, seconds(10))


def test_a_call_known_by_its_end_alone_still_has_a_record() -> None:
    assert only((3, CLEARED)).arrived_at == at(3)


def test_facts_about_unknown_calls_offers_and_agents_mean_nothing() -> None:
    strangers: list[tuple[float, object]] = [
        (0, TalkEnded(call=CALL, agent=ANN)),
        (0, OfferAnswered(offer=one(9))),
        (0, offer_of()),
        (0, AgentMadeReady(agent=ANN)),
        (0, "no fact at all"),
    ]
    log = CallLog()

    assert (folded(*strangers, log=log), log.open_calls()) == ([], 0)


def test_a_pop_or_ring_of_an_offer_that_was_never_made_means_nothing() -> None:
    record = only(
        (0, ARRIVED),
        (1, ScreenPopped(call=CALL, offer=one(7), found=True)),
        (1, AgentLegRang(call=CALL, offer=one(7), leg=AGENT_LEG)),
        (1, AgentLegEnded(call=CALL, leg=AGENT_LEG, cause=16, hung_up_by=HungUpBy.AGENT)),
        (2, CLEARED),
    )

    assert (record.offers, record.hung_up_by) == ((), HungUpBy.CALLER)


def test_an_offer_id_that_comes_again_belongs_to_the_newer_call() -> None:
    """As after a journal whose last records were lost with the machine."""
    other_end = CallCleared(call=OTHER_CALL, hung_up_by=HungUpBy.CALLER, cause=16)
    records = folded(
        (0, ARRIVED),
        (0, CallQueued(call=OTHER_CALL, queue=SALES)),
        (1, offer_of(CALL)),
        (2, offer_of(OTHER_CALL)),
        (3, CLEARED),
        (4, OfferAnswered(offer=one())),
        (9, other_end),
    )

    assert [record.talked for record in records] == [0, seconds(5)]


def test_a_call_whose_end_never_comes_is_closed_for_its_age() -> None:
    log = CallLog()
    day = 24 * 3600
    (record,) = folded(
        (0, ARRIVED), (1, QUEUED), (day, CallQueued(call=OTHER_CALL, queue=SALES)), log=log
    )

    assert (record.call, record.outcome, record.clear_reason, record.cleared_at) == (
        CALL,
        CallOutcome.ENDED_UNSEEN,
        None,
        at(day),
    )
    assert log.oldest_position() == 3


def test_only_a_limited_number_of_ended_calls_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(call_log, "CLEARED_CALLS_KEPT", 2)
    log = CallLog()
    ends = [
        CallCleared(call=CallId(f"c{number}"), hung_up_by=HungUpBy.CALLER, cause=16)
        for number in range(4)
    ]

    assert len(folded(*((0, end) for end in ends), log=log)) == 4
    assert len(folded((0, ends[3]), (0, ends[2]), log=log)) == 0
    assert len(folded((0, ends[0]), log=log)) == 1


def history_of(chance: random.Random, calls: int) -> list[tuple[float, object]]:
    """Histories of several calls, each in order, shuffled into one."""
    histories = []
    for number in range(calls):
        call, offer = CallId(f"call-{number}"), OfferId(number + 1)
        story: list[object] = [
            CallArrived(call=call, leg=CALLER_LEG, service="hotline", party=PARTY),
            CallQueued(call=call, queue=SALES),
            offer_of(call, offer=offer),
            OfferAnswered(offer=offer),
            TalkEnded(call=call, agent=ANN),
        ]
        story = story[: chance.randint(1, len(story))]
        story.append(CallCleared(call=call, hung_up_by=HungUpBy.CALLER, cause=16))
        histories.append([told for told in story for _ in range(chance.choice((1, 1, 2)))])
    mixed: list[tuple[float, object]] = []
    while any(histories):
        mixed.append((len(mixed), chance.choice([it for it in histories if it]).pop(0)))
    return mixed


@settings(deadline=None)  # a busy machine is no defect
@given(st.randoms(use_true_random=False), st.integers(1, 8), st.data())
def test_folding_again_from_the_oldest_open_call_gives_the_same_records(
    chance: random.Random, calls: int, data: st.DataObject
) -> None:
    """As the shipper does after it was killed at any record."""
    history = history_of(chance, calls)
    expected = folded(*history)
    killed_after = data.draw(st.integers(0, len(history)))
    log = CallLog()
    records: list[CallRecord] = []
    fold_from = 1
    for position, (second, body) in enumerate(history[:killed_after], 1):
        records += log.fold(position, at(second), body)
        fold_from = log.oldest_position() or position + 1
    fresh = CallLog()
    for position, (second, body) in enumerate(history, 1):
        if position >= fold_from:
            ended = fresh.fold(position, at(second), body)
            records += ended if position > killed_after else []
    by_call: dict[CallId, CallRecord] = {}
    for record in records:
        by_call.setdefault(record.call, record)

    assert len(expected) == calls
    assert by_call == {record.call: record for record in expected}


def test_oldest_positions_never_go_back() -> None:
    log = CallLog()
    oldest = []
    for position, (second, body) in enumerate(history_of(random.Random(3), 30), 1):  # noqa: S311 - a history, no secret
        log.fold(position, at(second), body)
        oldest.append(log.oldest_position() or position + 1)

    assert all(before <= after for before, after in pairwise(oldest))
    assert isinstance(at(0), int)
    assert Time(0) < at(0)


def test_a_call_is_stamped_with_the_rules_under_which_it_came_and_was_decided() -> None:
    log = CallLog()
    records = []
    for position, (second, body) in enumerate(ANSWERED_CALL, 1):
        version = "old" if second <= 5 else "new"  # another policy came while he waited
        records += log.fold(position, at(second), body, version)
    (record,) = records

    assert [stay.policy_version for stay in record.queues] == ["old"]
    assert [offer.policy_version for offer in record.offers] == ["v1"]
