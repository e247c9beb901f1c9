"""A rule of a queue sends a caller elsewhere: into a flow, or, where we cannot take him, away."""

from dataclasses import replace

import pytest

from acd.commands import DivertCall, PlaceCall
from acd.facts import CallQueued
from acd.ways import Cause, Target, TargetKind
from cti.call_facts import CallCleared, FlowEntered, HungUpBy
from cti.ids import CallId, QueueName
from cti.instants import Duration, Time
from cti.switch.reception import Service
from tests.cti.callers import WAITS, Caller, board
from tests.cti.switchboard import SALES
from tests.ivr.flows import flow


def diverted(call: CallId, kind: TargetKind, name: str) -> DivertCall:
    return DivertCall(
        call=call,
        from_queue=SALES,
        cause=Cause.CLOSED,
        target=Target(kind=kind, name=name),
        waited=Duration(0),
    )


@pytest.mark.parametrize("has_waited", [True, False])
async def test_a_caller_is_sent_into_a_flow_and_comes_out_of_it_with_the_age_that_he_has(
    *, has_waited: bool
) -> None:
    since, priority = Time(1_700_000_000_000_000), Duration(5)
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        if has_waited:
            here.switch.carry_out(
                PlaceCall(call=call, queue=SALES, entered_at=since, priority=priority, sequence=1)
            )
        here.switch.carry_out(diverted(call, TargetKind.FLOW, "welcome"))
        await caller.told("STREAM FILE")
        caller.channel.press("2")
        queued = await here.facts.wait_for(CallQueued, 2)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert queued == CallQueued(
        call=call,
        queue=QueueName("support"),
        entered_at=since if has_waited else None,
        priority=priority if has_waited else Duration(0),
    )
    assert caller.channel.variables["CORD_QUEUE"] == ""


async def test_a_flow_may_end_the_call_of_a_caller_who_was_sent_there() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        here.switch.carry_out(diverted(call, TargetKind.FLOW, "welcome"))
        await caller.told("STREAM FILE")
        caller.channel.press("#")
        await caller.told('SET VARIABLE CORD_STATE "done"')
        here.hangs_up(call)
        cleared = await here.facts.wait_for(CallCleared)

    assert cleared.hung_up_by is HungUpBy.SYSTEM


@pytest.mark.parametrize(
    ("kind", "name"), [(TargetKind.FLOW, "gone"), (TargetKind.VOICEMAIL, "welcome")]
)
async def test_who_cannot_be_taken_where_a_rule_sends_him_is_let_go_and_not_lost(
    kind: TargetKind, name: str
) -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        here.switch.carry_out(diverted(call, kind, name))
        await caller.told('SET VARIABLE CORD_STATE "done"')
        here.hangs_up(call)
        cleared = await here.facts.wait_for(CallCleared)

    assert cleared.hung_up_by is HungUpBy.SYSTEM


async def test_who_waits_already_is_sent_into_a_flow_that_a_reload_has_brought() -> None:
    caller, later = Caller(), Caller(uniqueid="1700000000.77")
    async with board() as here:
        call = await here.waiting(caller)
        here.switch.lead(
            {"9000": Service(number="9000", flow="new")}, {"new": replace(flow(), name="new")}
        )
        here.switch.carry_out(diverted(call, TargetKind.FLOW, "new"))
        await caller.told("STREAM FILE")
        here.comes(later, arguments={"CORD_SERVICE": "9000"})
        await later.told("STREAM FILE")
        entered = here.facts.of(FlowEntered)
        caller.channel.hang_up()
        later.channel.hang_up()

    assert [fact.flow for fact in entered] == ["new", "new"]
