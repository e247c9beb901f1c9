"""The mirror shows what the core last said, and after a restart what it knows."""

from pathlib import Path

from acd.commands import Occupation, PlaceCall, ShowAgentState, Wish, WithdrawCause, WithdrawOffer
from acd.distributor import Distributor
from acd.facts import (
    AgentLoggedOff,
    AgentOccupiedElsewhere,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    TalkEnded,
)
from cti.call_facts import AgentLegRang, CallAttached, CallCleared, HungUpBy
from cti.calls import CallBook
from cti.floor import FloorMirror, RememberedOffer
from cti.ids import AgentId, CallId, LegId, OfferId, QueueName
from cti.instants import Duration, Time
from tests.cti.floors import (
    ANN,
    BEN,
    PBX,
    SALES,
    Desk,
    arrived,
    desk,
    open_journal,
    phone,
    queued,
    works,
)

CALL = CallId("c1")


def shown(
    agent: AgentId, at: str | None = "PJSIP/ann", *, wish: Wish = Wish.READY
) -> ShowAgentState:
    return ShowAgentState(
        agent=agent,
        wish=wish,
        reason=None,
        occupation=Occupation.IDLE,
        device=None if at is None else phone(AgentId(at.removeprefix("PJSIP/"))),
        call=None,
        since=Time(1),
    )


def placed(queue: str) -> PlaceCall:
    return PlaceCall(
        call=CALL, queue=QueueName(queue), entered_at=Time(1), priority=Duration(0), sequence=1
    )


def test_an_agents_state_is_what_the_core_last_said() -> None:
    mirror = FloorMirror()
    mirror.carry_out(shown(ANN))
    mirror.carry_out(shown(ANN, wish=Wish.NOT_READY))

    assert mirror.agent_state(ANN) == shown(ANN, wish=Wish.NOT_READY)
    assert mirror.agent_state(BEN) is None


def test_an_agent_is_found_at_the_phone_that_he_is_at_now() -> None:
    mirror = FloorMirror()
    mirror.carry_out(shown(ANN, "PJSIP/ann"))
    mirror.carry_out(shown(ANN, "PJSIP/other"))

    assert mirror.agent_at(phone(AgentId("other"))) == ANN
    assert mirror.agent_at(phone(ANN)) is None


def test_nobody_sits_at_the_phone_of_one_who_has_logged_off() -> None:
    mirror = FloorMirror()
    mirror.carry_out(shown(ANN))
    mirror.carry_out(shown(ANN, None, wish=Wish.LOGGED_OFF))

    assert mirror.agent_at(phone(ANN)) is None
    assert mirror.logged_on() == ()


def test_a_phone_that_was_taken_over_stays_with_the_one_who_took_it() -> None:
    mirror = FloorMirror()
    mirror.carry_out(shown(ANN, "PJSIP/shared"))
    mirror.carry_out(shown(BEN, "PJSIP/shared"))
    mirror.carry_out(shown(ANN, None, wish=Wish.LOGGED_OFF))

    assert mirror.agent_at(phone(AgentId("shared"))) == BEN
    assert mirror.logged_on() == (BEN,)


def test_a_calls_queue_is_where_it_was_last_placed_until_it_has_ended() -> None:
    mirror = FloorMirror()
    mirror.carry_out(placed("sales"))
    mirror.carry_out(placed("support"))
    assert mirror.queue_of(CALL) == "support"

    mirror.learn(Time(1), CallAttached(call=CALL, session=2))
    assert mirror.queue_of(CALL) == "support"

    mirror.learn(Time(2), CallCleared(call=CALL, hung_up_by=HungUpBy.CALLER, cause=16))
    assert mirror.queue_of(CALL) is None


def test_other_commands_change_nothing() -> None:
    mirror = FloorMirror()
    mirror.carry_out(
        WithdrawOffer(offer=OfferId(1), call=CALL, agent=ANN, cause=WithdrawCause.OVERDUE)
    )

    assert (mirror.logged_on(), mirror.live_offers()) == ((), ())


def filled(floor: Desk) -> FloorMirror:
    mirror = FloorMirror()
    mirror.fill(floor.core, floor.calls, floor.hands.clock().now())
    return mirror


def test_after_a_restart_the_mirror_shows_what_it_showed_before(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        floor = desk(journal)
        before = FloorMirror()
        floor.writer.sinks.append(before)
        floor.writer.post(*works(ANN), *works(BEN), queued("c1"), queued("c2"), queued("c3"))
        floor.writer.post(AgentLoggedOff(agent=BEN), AgentOccupiedElsewhere(agent=ANN))
        floor.writer.settle()

        after = filled(floor)

    for agent in (ANN, BEN):
        assert before.agent_state(agent) == after.agent_state(agent)
        assert before.agent_at(phone(agent)) == after.agent_at(phone(agent))
    assert before.logged_on() == after.logged_on()
    assert after.queue_of(CallId("c3")) == SALES


def test_who_wraps_up_is_shown_alike_after_a_restart_and_a_rest_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    with open_journal(tmp_path) as journal:
        floor = desk(journal)
        before = FloorMirror()
        floor.writer.sinks.append(before)
        floor.writer.post(*works(ANN), *works(BEN), queued("c1"), queued("c2"))
        floor.writer.post(OfferAnswered(offer=OfferId(1)), TalkEnded(call=CallId("c1"), agent=ANN))
        floor.writer.post(OfferEnded(offer=OfferId(2), outcome=OfferOutcome.UNREACHABLE))
        floor.writer.settle()

        after = filled(floor)

    ann = after.agent_state(ANN)
    assert ann is not None
    assert ann.until is not None
    assert ann == before.agent_state(ANN)
    assert before.agent_state(BEN) == after.agent_state(BEN)


def test_a_ringing_offer_is_remembered_over_a_restart(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        floor = desk(journal)
        floor.writer.post(*works(ANN), arrived("c1"), queued("c1"))
        floor.writer.settle()

        assert filled(floor).live_offers() == (
            RememberedOffer(
                offer=OfferId(1), call=CALL, agent=ANN, device=phone(ANN), answered=False
            ),
        )


def test_a_talk_is_remembered_by_its_agents_leg(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        floor = desk(journal)
        floor.writer.post(
            *works(ANN),
            arrived("c1"),
            queued("c1"),
            AgentLegRang(call=CALL, offer=OfferId(1), leg=LegId(PBX, "u2")),
            OfferAnswered(offer=OfferId(1)),
        )
        floor.writer.settle()

        (remembered,) = filled(floor).live_offers()

    assert (remembered.offer, remembered.answered) == (OfferId(1), True)


def test_an_empty_core_fills_nothing() -> None:
    mirror = FloorMirror()
    mirror.fill(Distributor(), CallBook(), Time(1))

    assert (mirror.logged_on(), mirror.live_offers()) == ((), ())
