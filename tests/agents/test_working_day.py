"""An agent's day over a real socket, from sign-in to sign-out."""

from typing import Any

import pytest

from acd.commands import Occupation, ShowAgentState, Wish
from acd.facts import (
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
)
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time, as_datetime, seconds
from lab.desk import DeskClosedError, DeskRefusedError
from protocols.ws.answers import Failed, Refused
from protocols.ws.codes import CloseCode, FailureCode, RefusalCode, WithdrawReason
from protocols.ws.events import AgentState, CallEnded, Caller, Customer, ScreenPop
from tests.agents.fakes import PASSWORD, entry, phone, state
from tests.agents.house import house

ANN = AgentId("ann")
POP = ScreenPop(
    offer=OfferId(7),
    call=CallId("c-1"),
    queue=QueueName("sales"),
    waited_s=12.5,
    service="hotline",
    choices=("sales",),
    caller=Caller(number="+4930123", name="Eve \u202e<img onerror=x>"),
)


def paperwork(
    occupation: Occupation = Occupation.WRAPPING_UP,
    *,
    until_s: int | None = None,
    until_max_s: int | None = None,
) -> ShowAgentState:
    return state(
        "ann",
        Wish.READY,
        occupation,
        device=phone("ann-desk"),
        call="c-1",
        until_s=until_s,
        until_max_s=until_max_s,
    )


async def test_sign_in_is_answered_by_a_snapshot() -> None:
    async with house(entry("ann", "a1", "a2")) as here, here.desk() as desk:
        snapshot = await desk.sign_in("ann", PASSWORD)

        assert (
            snapshot.agent,
            snapshot.name,
            snapshot.phones,
            snapshot.queues,
            snapshot.state,
            snapshot.screen_pop,
        ) == ("ann", "Ann", ("a1", "a2"), ("sales", "support"), None, None)
        assert here.sessions.connected_agents() == [ANN]


async def test_commands_become_facts_in_their_order_and_states_come_back() -> None:
    async with house(entry("ann", "a1", "a2")) as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        await desk.log_on("a2")
        await desk.ready()
        await desk.not_ready("lunch")

        assert [
            AgentLoggedOn(agent=ANN, device=phone("a2")),
            AgentMadeReady(agent=ANN),
            AgentMadeNotReady(agent=ANN, reason="lunch"),
        ] == here.inbox.facts

        here.believe()
        shown = await desk.wait_state(wish="not_ready")

        assert (shown.phone, shown.reason, shown.occupation) == ("a2", "lunch", "idle")

        await desk.log_off()
        assert [AgentLoggedOff(agent=ANN)] == here.inbox.facts
        here.believe()
        await desk.wait_state(wish="logged_off")


async def test_log_on_without_a_phone_takes_the_first_of_the_list() -> None:
    async with house(entry("ann", "a1", "a2")) as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        await desk.log_on()

        assert [AgentLoggedOn(agent=ANN, device=phone("a1"))] == here.inbox.facts


async def test_a_call_is_shown_from_pop_to_end_with_numbers_that_count_up() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)

        assert here.sessions.pop(ANN, POP)
        customer = Customer(id="4711", name="Eve Evans", numbers=("+4930123",))
        assert here.sessions.update_pop(ANN, POP.model_copy(update={"customer": customer}))
        here.sessions.call_answered(ANN, OfferId(7), CallId("c-1"))
        here.sessions.call_ended(ANN, CallEnded(call=CallId("c-1"), hung_up_by="caller"))
        await desk.wait_for("call_ended")

        assert [(seen.event.seq, seen.event.event) for seen in desk.events] == [
            (0, "snapshot"),
            (1, "screen_pop"),
            (2, "screen_pop_updated"),
            (3, "call_answered"),
            (4, "call_ended"),
        ]
        shown, updated = desk.events[1].event.data, desk.events[2].event.data
        assert isinstance(shown, ScreenPop)
        assert isinstance(updated, ScreenPop)
        assert (
            shown.caller.name,
            shown.caller.verified,
            shown.customer,
        ) == ("Eve \ufffd<img onerror=x>", False, None)
        assert customer == updated.customer


async def test_a_withdrawn_pop_is_told_once_and_not_to_a_later_desk() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.sessions.pop(ANN, POP)
        here.sessions.withdraw_pop(ANN, OfferId(7), WithdrawReason.CALLER_LEFT)
        here.sessions.withdraw_pop(ANN, OfferId(7), WithdrawReason.WITHDRAWN)
        here.sessions.call_answered(ANN, OfferId(8), CallId("c-2"))
        await desk.wait_for("call_answered")

        assert [seen.event.event for seen in desk.events] == [
            "snapshot",
            "screen_pop",
            "screen_pop_withdrawn",
            "call_answered",
        ]
        async with here.desk() as other:
            assert (await other.sign_in("ann", PASSWORD)).screen_pop is None


async def test_a_desk_that_comes_back_while_the_phone_rings_finds_the_pop() -> None:
    async with house() as here:
        assert not here.sessions.pop(ANN, POP)

        async with here.desk() as desk:
            assert (await desk.sign_in("ann", PASSWORD)).screen_pop == POP


async def test_ending_a_wrap_up_is_taken_only_in_one() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.show(state("ann", Wish.READY, device=phone("ann-desk")))
        with pytest.raises(DeskRefusedError) as refused:
            await desk.end_wrap_up()
        assert isinstance(refused.value.answer, Refused)
        assert refused.value.answer.code == RefusalCode.NOT_WRAPPING_UP

        here.show(paperwork(until_s=10, until_max_s=60))
        await desk.end_wrap_up()

        assert [AgentEndedWrapUp(agent=ANN)] == here.inbox.facts


async def test_more_time_for_a_wrap_up_is_asked_for_and_its_new_end_is_shown() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.show(paperwork(until_s=10, until_max_s=60))
        await desk.extend_wrap_up(30)

        assert [AgentExtendedWrapUp(agent=ANN, by=seconds(30))] == here.inbox.facts

        here.show(paperwork(until_s=40, until_max_s=60))
        ends, longest = as_datetime(Time(seconds(40))), as_datetime(Time(seconds(60)))
        await desk.wait_for(
            "agent_state_changed",
            lambda event: (
                isinstance(event.data, AgentState)
                and (event.data.until, event.data.until_max) == (ends, longest)
            ),
        )


@pytest.mark.parametrize("occupation", [Occupation.WRAPPING_UP, Occupation.BUSY_ELSEWHERE])
async def test_a_wrap_up_is_ended_and_extended_also_while_the_customer_is_called_back(
    occupation: Occupation,
) -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.show(paperwork(occupation, until_s=10, until_max_s=60))
        await desk.extend_wrap_up(1)
        await desk.end_wrap_up()

        assert [
            AgentExtendedWrapUp(agent=ANN, by=seconds(1)),
            AgentEndedWrapUp(agent=ANN),
        ] == here.inbox.facts


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ({}, RefusalCode.NOT_WRAPPING_UP),
        ({"occupation": Occupation.BUSY_ELSEWHERE}, RefusalCode.NOT_WRAPPING_UP),
        ({"until_s": 60, "until_max_s": 60}, RefusalCode.WRAP_UP_AT_MAX),
    ],
)
async def test_no_more_time_is_given_where_there_is_no_paperwork_or_no_time_left(
    shown: dict[str, Any], code: RefusalCode
) -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.show(paperwork(**shown))
        with pytest.raises(DeskRefusedError) as refused:
            await desk.extend_wrap_up(30)

        assert isinstance(refused.value.answer, Refused)
        assert refused.value.answer.code == code
        assert here.inbox.facts == []


async def test_a_full_inbox_is_told_as_a_failure_that_may_be_repeated() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.inbox.full = True
        with pytest.raises(DeskRefusedError) as failed:
            await desk.log_on()
        assert isinstance(failed.value.answer, Failed)
        assert failed.value.answer.code == FailureCode.OVERLOADED

        here.inbox.full = False
        await desk.log_on()

        assert [AgentLoggedOn(agent=ANN, device=phone("ann-desk"))] == here.inbox.facts


async def test_sign_out_closes_the_connection_in_order() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        await desk.sign_out()
        await desk.wait_for("signed_out")

        assert await desk.wait_closed() == CloseCode.NORMAL
        assert here.sessions.connected_agents() == []
        with pytest.raises(DeskClosedError):
            await desk.ready()


async def test_the_second_sign_in_of_an_agent_wins_and_the_first_is_told() -> None:
    async with house() as here, here.desk() as first, here.desk() as second:
        await first.sign_in("ann", PASSWORD)
        await second.sign_in("ann", PASSWORD)
        await first.wait_for("signed_out")

        assert await first.wait_closed() == CloseCode.SIGNED_IN_ELSEWHERE
        here.show(state("ann"))
        await second.wait_state(wish="not_ready")
        assert here.leases.running() == 0


async def test_a_stopping_server_says_goodbye() -> None:
    async with house() as here:
        desk = here.desk()
        await desk.__aenter__()
        await desk.sign_in("ann", PASSWORD)
    # The house is closed by now.
    assert await desk.wait_closed() == CloseCode.GOING_AWAY
    assert desk.events[-1].event.event == "signed_out"
    await desk.__aexit__(None, None, None)


async def test_a_mistake_of_ours_costs_the_client_one_command() -> None:
    async with house() as here, here.desk() as desk:
        await desk.sign_in("ann", PASSWORD)
        here.inbox.broken = True
        with pytest.raises(DeskRefusedError) as failed:
            await desk.log_on()
        assert isinstance(failed.value.answer, Failed)
        assert failed.value.answer.code == FailureCode.INTERNAL
        assert "mistake of ours" not in failed.value.answer.message

        here.inbox.broken = False
        await desk.log_on()
