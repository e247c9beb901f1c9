"""Every offer, talk and call ends exactly once, whoever tells of it first and in whatever order."""

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.facts import CallerLeft, OfferAnswered, OfferEnded, OfferOutcome, TalkEnded
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallAttached,
    CallCleared,
    ClearReason,
    HungUpBy,
)
from cti.ids import CallId, LegId, OfferId
from cti.switch.ledger import RINGING_MAX, Ledger
from cti.switch.lines import CallerLine, LineState, LiveOffer
from protocols.agi.session import AgiSession
from tests.cti.switchboard import ANN, ANNS_PHONE, CALL, OFFER, PBX, Facts, Remembered, offer_of

LEG = LegId(PBX, "u2")


class Books:
    """A ledger with one line and one offer."""

    def __init__(self) -> None:
        self.inbox = Facts()
        self.ledger = Ledger(PBX, self.inbox)
        self.line = self.ledger.open_line(CALL, "u1", "PJSIP/trunk-1")
        self.offer = self.ledger.begin(offer_of(CALL))

    def dialled(self) -> None:
        self.ledger.dialled(self.offer, LEG.uniqueid, "PJSIP/a1-1")

    def answered(self) -> None:
        self.ledger.answer(self.offer)

    def not_answered(self) -> None:
        self.ledger.settle(self.offer, OfferOutcome.NO_ANSWER, cause=19)

    def gone(self) -> None:
        self.ledger.settle(self.offer, OfferOutcome.FAILED, cause=16)

    def caller_gone(self) -> None:
        self.ledger.clear(self.line)


REPORTS: tuple[Callable[[Books], None], ...] = (
    Books.dialled,
    Books.answered,
    Books.not_answered,
    Books.gone,
    Books.caller_gone,
)


@given(st.permutations([*REPORTS, *REPORTS]))
def test_in_every_order_of_reports_each_end_comes_once(
    reports: list[Callable[[Books], None]],
) -> None:
    books = Books()
    for report in reports:
        report(books)

    inbox = books.inbox
    ends = [fact for fact in inbox.all if isinstance(fact, OfferEnded | TalkEnded)]
    assert len(ends) == 1
    assert isinstance(ends[0], TalkEnded) == bool(inbox.of(OfferAnswered))
    assert len(inbox.of(AgentLegEnded)) == len(inbox.of(AgentLegRang)) <= 1
    assert (len(inbox.of(CallerLeft)), len(inbox.of(CallCleared))) == (1, 1)
    assert (tuple(books.ledger.lines()), tuple(books.ledger.offers())) == ((), ())


@given(st.permutations([*REPORTS, *REPORTS]))
def test_in_every_order_beginnings_come_before_ends_and_the_calls_end_comes_last(
    reports: list[Callable[[Books], None]],
) -> None:
    books = Books()
    for report in reports:
        report(books)

    order = books.inbox.kinds()
    end = next(kind for kind in order if kind in {"OfferEnded", "TalkEnded"})
    for earlier, later in (
        ("AgentLegRang", "AgentLegEnded"),
        ("OfferAnswered", "TalkEnded"),
        ("AgentLegEnded", end),
        ("CallerLeft", "CallCleared"),
        (end, "CallCleared"),
    ):
        if earlier in order and later in order:
            assert order.index(earlier) < order.index(later)


def test_a_caller_who_leaves_while_an_agent_rings_has_left_before_the_offer_ends() -> None:
    books = Books()
    books.dialled()
    books.caller_gone()

    assert books.inbox.all == [
        AgentLegRang(call=CALL, offer=OFFER, leg=LEG),
        CallerLeft(call=CALL),
        AgentLegEnded(call=CALL, leg=LEG, cause=0, hung_up_by=HungUpBy.UNKNOWN),
        OfferEnded(offer=OFFER, outcome=OfferOutcome.CALLER_LEFT),
        CallCleared(call=CALL, hung_up_by=HungUpBy.CALLER, cause=0),
    ]


def test_an_agent_who_hangs_up_ends_the_talk_and_not_the_call() -> None:
    books = Books()
    books.dialled()
    books.answered()
    books.offer.agent_hung_up = True
    books.gone()

    assert books.inbox.all[1:] == [
        OfferAnswered(offer=OFFER),
        AgentLegEnded(call=CALL, leg=LEG, cause=16, hung_up_by=HungUpBy.AGENT),
        TalkEnded(call=CALL, agent=ANN),
    ]
    assert books.ledger.line(CALL) is books.line
    assert books.line.offer is None


def test_the_first_outcome_of_an_offer_counts() -> None:
    books = Books()
    books.not_answered()
    books.answered()
    books.gone()

    assert books.inbox.all == [OfferEnded(offer=OFFER, outcome=OfferOutcome.NO_ANSWER)]


def test_an_offer_that_has_ended_gets_no_leg_any_more() -> None:
    books = Books()
    books.not_answered()
    books.dialled()

    assert books.inbox.kinds() == ["OfferEnded"]
    assert books.ledger.offer_at(LEG.uniqueid) is None


def test_a_line_is_found_by_its_call_and_by_its_channel_while_it_lives() -> None:
    books = Books()

    assert books.ledger.line(CALL) is books.line
    assert books.ledger.line_at("u1") is books.line

    books.caller_gone()

    assert books.ledger.line(CALL) is None
    assert books.ledger.line_at("u1") is None


def test_orders_of_a_caller_who_has_gone_are_dropped() -> None:
    books = Books()
    books.line.order(offer_of(CALL))
    books.caller_gone()

    assert books.line.take_order() is None


def test_the_newest_session_has_the_line_and_each_is_counted() -> None:
    books = Books()
    first, second = cast("AgiSession", object()), cast("AgiSession", object())

    books.ledger.attach(books.line, first, "PJSIP/trunk-1")
    books.ledger.attach(books.line, second, "PJSIP/trunk-1")

    assert books.inbox.all == [CallAttached(call=CALL, session=number) for number in (1, 2)]
    ends = [(books.ledger.detach(books.line, it), books.line.state) for it in (first, second)]
    assert ends == [(False, LineState.ATTACHED), (True, LineState.DETACHED)]


def test_what_an_older_session_saw_is_forgotten_when_the_caller_comes_again() -> None:
    books = Books()
    books.line.caller_hung_up = books.line.session_hung_up = books.line.hangup_seen = True

    books.ledger.attach(books.line, cast("AgiSession", object()), "PJSIP/trunk-1")

    line = books.line
    assert [line.caller_hung_up, line.session_hung_up, line.hangup_seen] == [False] * 3


@pytest.mark.parametrize("answered", [False, True])
def test_an_offer_from_before_a_restart_goes_on(*, answered: bool) -> None:
    inbox = Facts()
    ledger = Ledger(PBX, inbox)
    line = ledger.open_line(CALL, "u1", "")
    offer = ledger.restore(Remembered(OFFER, CALL, ANN, ANNS_PHONE, answered))

    assert line.offer is offer
    ledger.settle(offer, OfferOutcome.NO_ANSWER)
    assert inbox.kinds() == ["TalkEnded" if answered else "OfferEnded"]


def test_an_offer_of_a_call_that_has_no_line_still_ends() -> None:
    inbox = Facts()
    ledger = Ledger(PBX, inbox)
    offer: LiveOffer = ledger.begin(offer_of(CallId("unknown"), offer=OfferId(9)))

    ledger.settle(offer, OfferOutcome.FAILED)

    assert inbox.all == [OfferEnded(offer=OfferId(9), outcome=OfferOutcome.FAILED)]


def _finished_by_us(line: CallerLine) -> None:
    line.ended_by = HungUpBy.SYSTEM
    line.caller_hung_up = True


def _agent_ended_it(line: CallerLine) -> None:
    line.ended_by = HungUpBy.AGENT


def _caller_asked(line: CallerLine) -> None:
    line.caller_hung_up = True


def _nothing(_: CallerLine) -> None:
    return


@pytest.mark.parametrize(
    ("seen", "reason", "expected"),
    [
        (_finished_by_us, ClearReason.HUNG_UP, HungUpBy.SYSTEM),
        (_agent_ended_it, ClearReason.GONE_FROM_SWITCH, HungUpBy.AGENT),
        (_caller_asked, ClearReason.GONE_FROM_SWITCH, HungUpBy.CALLER),
        (_caller_asked, ClearReason.SWITCH_RESTARTED, HungUpBy.CALLER),
        (_nothing, ClearReason.HUNG_UP, HungUpBy.CALLER),
        (_nothing, ClearReason.FALLBACK, HungUpBy.UNKNOWN),
        (_nothing, ClearReason.SWITCH_RESTARTED, HungUpBy.SYSTEM),
        (_nothing, ClearReason.GONE_FROM_SWITCH, HungUpBy.UNKNOWN),
    ],
)
def test_who_hung_up_is_what_was_done_on_purpose_then_what_was_seen(
    seen: Callable[[CallerLine], None], reason: ClearReason, expected: HungUpBy
) -> None:
    books = Books()
    seen(books.line)
    books.ledger.clear(books.line, reason=reason)

    (cleared,) = books.inbox.of(CallCleared)
    assert (cleared.hung_up_by, cleared.reason) == (expected, reason)


def test_the_cause_of_an_end_is_the_one_that_is_told_or_else_was_seen() -> None:
    seen, told = Books(), Books()
    seen.line.hangup_cause = told.line.hangup_cause = 16

    seen.ledger.clear(seen.line)
    told.ledger.clear(told.line, cause=34)

    assert [books.inbox.of(CallCleared)[0].cause for books in (seen, told)] == [16, 34]


def test_an_order_not_begun_can_be_taken_back() -> None:
    books = Books()
    books.line.order(offer_of(CALL))

    assert not books.line.drop_offer_order(OfferId(99))
    assert books.line.drop_offer_order(OFFER)
    assert books.line.take_order() is None


def test_a_phone_that_rings_before_it_is_told_whose_it_is_rang() -> None:
    books = Books()
    books.ledger.rings(LEG.uniqueid, None)
    books.dialled()

    assert books.offer.rang is True


def test_a_phone_of_which_no_ringing_is_told_did_not_ring() -> None:
    books = Books()
    for number in range(RINGING_MAX + 1):
        books.ledger.rings("u2" if number == 0 else f"x{number}", None)
    books.dialled()

    assert books.offer.rang is False
