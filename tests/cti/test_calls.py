"""The call model learns from facts in any order, and forgets calls that have ended."""

from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallArrived,
    CallAttached,
    CallCleared,
    CallFact,
    ChoiceMade,
    FlowEntered,
    FlowLeft,
    HungUpBy,
    ScreenPopped,
)
from cti.calls import Call, CallBook
from cti.ids import CallId, LegId, OfferId, PartyKey, PbxId
from cti.instants import Time

CALL = CallId("c1")
CALLER_LEG = LegId(PbxId("main"), "u1")
AGENT_LEG = LegId(PbxId("main"), "u2")
ARRIVED = CallArrived(call=CALL, leg=CALLER_LEG, service="8000", party=PartyKey("p1"))
RANG = AgentLegRang(call=CALL, offer=OfferId(7), leg=AGENT_LEG)


def told(*facts: CallFact) -> CallBook:
    book = CallBook()
    for number, fact in enumerate(facts):
        book.handle(fact, Time(number))
    return book


def known(book: CallBook) -> Call:
    call = book.call(CALL)
    assert call is not None
    return call


def test_a_call_is_found_by_its_id_and_by_each_of_its_legs() -> None:
    book = told(ARRIVED, RANG)

    assert known(book) == book.call_of_leg(CALLER_LEG)
    assert known(book) == book.call_of_leg(AGENT_LEG)


def test_a_call_remembers_its_flow_and_choices() -> None:
    book = told(
        ARRIVED,
        CallAttached(call=CALL, session=1),
        FlowEntered(call=CALL, flow="welcome"),
        ChoiceMade(call=CALL, flow="welcome", choice="sales"),
        ScreenPopped(call=CALL, offer=OfferId(7), found=True),
    )

    assert known(book).flow == "welcome"
    assert known(book).choices == ("sales",)
    assert known(book).sessions == 1


def test_a_flow_that_was_left_is_no_longer_his() -> None:
    left = FlowLeft(call=CALL, flow="welcome", outcome="queue")

    assert known(told(ARRIVED, FlowEntered(call=CALL, flow="welcome"), left)).flow is None


def test_an_agents_leg_is_dropped_when_it_ends() -> None:
    ended = AgentLegEnded(call=CALL, leg=AGENT_LEG, cause=16, hung_up_by=HungUpBy.AGENT)
    book = told(ARRIVED, RANG, ended, ended)

    assert known(book).agent_legs == ()
    assert book.call_of_leg(AGENT_LEG) is None


def test_a_cleared_call_is_gone_with_all_its_legs() -> None:
    book = told(ARRIVED, RANG, CallCleared(call=CALL, hung_up_by=HungUpBy.CALLER, cause=16))

    assert book.living() == ()
    assert book.call_of_leg(CALLER_LEG) is None
    assert book.call_of_leg(AGENT_LEG) is None


def test_facts_of_unknown_calls_and_second_arrivals_change_nothing() -> None:
    cleared = CallCleared(call=CALL, hung_up_by=HungUpBy.CALLER, cause=16)

    assert told(RANG, cleared).living() == ()
    assert told(ARRIVED, ARRIVED).living() == told(ARRIVED).living()
    assert told(ARRIVED, RANG, RANG).snapshot() == told(ARRIVED, RANG).snapshot()


def test_a_restored_book_goes_on_where_the_snapshot_was_taken() -> None:
    book = told(ARRIVED, RANG)
    restored = CallBook.restore(book.snapshot())

    assert book.snapshot() == restored.snapshot()
    assert restored.call_of_leg(AGENT_LEG) == known(restored)
