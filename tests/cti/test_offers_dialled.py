"""An offer is dialled over the caller's own session, and ends once, with its true outcome."""

from dataclasses import replace

import pytest

from acd.commands import WithdrawCause, WithdrawOffer
from acd.facts import (
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    TalkEnded,
)
from cti.call_facts import AgentLegEnded, AgentLegRang, CallCleared, HungUpBy
from cti.calls import Call
from cti.ids import CallId, DeviceId, LegId, OfferId, PartyKey, PbxId, QueueName
from cti.instants import Time
from cti.switch import conversation
from cti.switch.outcomes import CAUSE_WITHDRAWN
from cti.switch.switch import Switch
from tests.cti.callers import LEG, LEG_CHANNEL, UNIQUEID, WAITS, Board, Caller, board
from tests.cti.switchboard import (
    ANN,
    ANNS_PHONE,
    CALL,
    OFFER,
    PBX,
    WAIT_S,
    Floor,
    Remembered,
    offer_of,
)

MUSIC = "SET MUSIC on default"
CLEARED = 'SET VARIABLE DIALSTATUS ""'
DONE = 'SET VARIABLE CORD_STATE "done"'


async def dialled(here: Board, caller: Caller) -> CallId:
    """Bring a caller to where his offer is dialled."""
    call = await here.waiting(caller)
    here.switch.carry_out(offer_of(call))
    await caller.dialling.wait()
    here.exists(leg_of=(call, OFFER))
    return call


def withdraw(call: CallId) -> WithdrawOffer:
    return WithdrawOffer(offer=OFFER, call=call, agent=ANN, cause=WithdrawCause.OVERDUE)


async def test_an_offer_is_one_dial_that_interrupts_the_wait_at_once() -> None:
    caller = Caller()
    async with board() as here:
        await dialled(here, caller)
        dial = caller.commands()[-1]
        caller.dial_ends.set()
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert dial == 'EXEC Dial "PJSIP/a1,15,m(default)gib(cordboard-agent^leg^1(7))"'
    assert here.ami.asked == []


async def test_a_caller_for_whom_an_agent_is_free_is_dialled_without_music_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "FIRST_ORDER_S", WAIT_S)
    caller = Caller()
    async with board() as here:
        here.comes(caller, arguments={"CORD_SERVICE": "8000", "CORD_QUEUE": "sales"})
        queued = await here.facts.wait_for(CallQueued)
        here.switch.carry_out(offer_of(queued.call))
        await caller.dialling.wait()
        said = caller.commands()
        caller.dial_ends.set()
        await caller.told(WAITS)
        caller.channel.hang_up()

    assert [command for command in said if command.startswith((MUSIC, WAITS, "NOOP"))] == []


async def test_a_phone_is_rung_for_a_second_at_least() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        here.switch.carry_out(offer_of(call, ring_s=0.3))
        await caller.dialling.wait()
        caller.dial_ends.set()
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert caller.commands("EXEC Dial")[0].startswith('EXEC Dial "PJSIP/a1,1,m(')


@pytest.mark.parametrize(
    ("status", "cause", "rings", "expected"),
    [
        ("NOANSWER", 19, True, OfferOutcome.NO_ANSWER),
        ("NOANSWER", 0, False, OfferOutcome.UNREACHABLE),
        ("BUSY", 17, False, OfferOutcome.BUSY),
        ("CHANUNAVAIL", 21, True, OfferOutcome.REJECTED),
        ("CHANUNAVAIL", 1, False, OfferOutcome.UNREACHABLE),
        ("CHANUNAVAIL", 20, False, OfferOutcome.UNREACHABLE),
        ("CHANUNAVAIL", 26, True, OfferOutcome.WITHDRAWN),
        ("CHANUNAVAIL", 58, True, OfferOutcome.FAILED),
        ("CONGESTION", 34, False, OfferOutcome.FAILED),
        ("", 0, False, OfferOutcome.WITHDRAWN),
        ("DONTCALL", 0, True, OfferOutcome.FAILED),
    ],
)
async def test_an_offer_without_an_answer_ends_and_the_caller_waits_on_with_music(
    status: str,
    cause: int,
    expected: OfferOutcome,
    *,
    rings: bool,
) -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call) if rings else here.dial_begins(call)
        caller.end_dial(status, cause)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    leg = LegId(PBX, LEG)
    assert here.facts.of(AgentLegRang) == [AgentLegRang(call=call, offer=OFFER, leg=leg)]
    assert here.facts.of(AgentLegEnded) == [
        AgentLegEnded(call=call, leg=leg, cause=cause, hung_up_by=HungUpBy.UNKNOWN)
    ]
    assert here.facts.of(OfferEnded) == [OfferEnded(offer=OFFER, outcome=expected)]
    assert caller.commands()[-3:] == [CLEARED, MUSIC, WAITS]


@pytest.mark.parametrize("cause", ["", "x", "-1", "９"])
async def test_a_cause_that_is_no_number_is_none(cause: str) -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        caller.end_dial("CHANUNAVAIL", cause)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert here.facts.of(OfferEnded) == [OfferEnded(offer=OFFER, outcome=OfferOutcome.FAILED)]


async def test_a_talk_begins_when_ami_tells_and_ends_with_the_dial() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        here.answers(call)
        here.answers(call)
        assert here.facts.of(OfferAnswered) == [OfferAnswered(offer=OFFER)]
        caller.end_dial("ANSWER", 16)
        await caller.told(DONE)
        here.hangs_up(call)
        await here.facts.wait_for(CallCleared)

    assert here.facts.all[-4:] == [
        AgentLegEnded(call=call, leg=LegId(PBX, LEG), cause=16, hung_up_by=HungUpBy.AGENT),
        TalkEnded(call=call, agent=ANN),
        CallerLeft(call=call),
        CallCleared(call=call, hung_up_by=HungUpBy.AGENT, cause=16),
    ]
    assert here.facts.of(OfferAnswered) == [OfferAnswered(offer=OFFER)]


async def test_a_talk_that_no_event_told_of_is_known_by_the_dials_status() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        caller.end_dial("ANSWER", 16)
        await caller.told(DONE)

    assert [fact for fact in here.facts.all if isinstance(fact, OfferAnswered | TalkEnded)] == [
        OfferAnswered(offer=OFFER),
        TalkEnded(call=call, agent=ANN),
    ]


async def test_after_a_talk_the_caller_goes_where_he_is_meant_to_go() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        caller.channel.variables["CORD_NEXT"] = "queue:support"
        caller.end_dial("ANSWER", 16)
        queued = await here.facts.wait_for(CallQueued, 2)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert queued == CallQueued(call=call, queue=QueueName("support"))
    assert caller.channel.variables["CORD_NEXT"] == ""
    assert caller.channel.variables["DIALSTATUS"] == ""
    assert here.facts.kinds().index("TalkEnded") < here.facts.all.index(queued)


async def test_where_he_is_meant_to_go_is_a_queue_or_nothing() -> None:
    caller = Caller()
    async with board() as here:
        await dialled(here, caller)
        caller.channel.variables["CORD_NEXT"] = "System(reboot)"
        caller.end_dial("ANSWER", 16)
        await caller.told(DONE)

    assert len(here.facts.of(CallQueued)) == 1


async def test_an_offer_withdrawn_before_it_is_dialled_is_never_dialled() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        here.switch.carry_out(offer_of(call))
        here.switch.carry_out(withdraw(call))
        await here.facts.wait_for(OfferEnded)
        caller.channel.press("1")
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert here.facts.of(OfferEnded) == [OfferEnded(offer=OFFER, outcome=OfferOutcome.WITHDRAWN)]
    assert caller.commands("EXEC Dial") == []


async def test_an_offer_withdrawn_while_it_rings_is_hung_up_and_ends_with_its_dial() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        here.switch.carry_out(withdraw(call))
        order = await here.ami.until_asked("Hangup")
        assert here.facts.of(OfferEnded) == []
        caller.end_dial("CHANUNAVAIL", CAUSE_WITHDRAWN)
        await here.facts.wait_for(OfferEnded)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert order == {"Channel": LEG_CHANNEL, "Cause": str(CAUSE_WITHDRAWN)}
    assert here.facts.of(OfferEnded) == [OfferEnded(offer=OFFER, outcome=OfferOutcome.WITHDRAWN)]


async def test_an_offer_withdrawn_before_its_leg_is_known_is_hung_up_when_it_is() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.exists()
        here.switch.carry_out(withdraw(call))
        await here.ami.until_asked("DeviceStateList")
        here.exists(leg_of=(call, OFFER))
        here.dial_begins(call)
        await here.ami.until_asked("Hangup")
        caller.end_dial("CHANUNAVAIL", CAUSE_WITHDRAWN)
        await here.facts.wait_for(OfferEnded)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert [name for name, _ in here.ami.asked].count("Hangup") == 1


async def test_a_talk_is_not_withdrawn() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        here.answers(call)
        here.switch.carry_out(withdraw(call))
        caller.end_dial("ANSWER", 16)
        await caller.told(DONE)

    assert here.ami.asked == []
    assert here.facts.of(OfferEnded) == []


async def test_an_answer_that_only_the_switch_knows_yet_is_not_hung_up() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        here.exists(leg_of=(call, OFFER), state="Up")
        here.switch.carry_out(withdraw(call))
        await here.ami.until_asked("DeviceStateList")
        caller.end_dial("ANSWER", 16)
        await caller.told(DONE)

    assert "Hangup" not in [name for name, _ in here.ami.asked]
    assert here.facts.of(OfferAnswered) == [OfferAnswered(offer=OFFER)]


async def test_a_caller_who_leaves_while_it_rings_ends_the_offer_by_that() -> None:
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        caller.channel.hang_up()
        caller.end_dial("CANCEL", 0)
        here.hangs_up(call, LEG)
        here.hangs_up(call)
        await here.facts.wait_for(CallCleared)

    assert here.facts.of(OfferEnded) == [OfferEnded(offer=OFFER, outcome=OfferOutcome.CALLER_LEFT)]
    assert here.facts.kinds()[-4:] == ["CallerLeft", "AgentLegEnded", "OfferEnded", "CallCleared"]


async def test_a_leg_that_goes_with_its_caller_is_no_fault_of_the_phone() -> None:
    """AMI may tell of the leg's end first, with whatever cause the phone gave."""
    caller = Caller()
    async with board() as here:
        call = await dialled(here, caller)
        here.rings(call)
        caller.channel.hang_up()
        caller.end_dial("CANCEL", 0)
        here.hangs_up(call, LEG, cause=127)
        ended = await here.facts.wait_for(OfferEnded)

    assert ended.outcome is OfferOutcome.CALLER_LEFT


@pytest.mark.parametrize(
    ("call", "device"),
    [(CALL, ANNS_PHONE), (None, DeviceId(PbxId("other"), "PJSIP/a1"))],
    ids=["no such caller", "a phone of another PBX"],
)
async def test_an_offer_that_cannot_be_dialled_here_has_failed(
    call: CallId | None, device: DeviceId
) -> None:
    caller = Caller()
    async with board() as here:
        waiting = await here.waiting(caller)
        here.switch.carry_out(replace(offer_of(call or waiting), device=device))
        ended = await here.facts.wait_for(OfferEnded)
        caller.channel.hang_up()

    assert ended == OfferEnded(offer=OFFER, outcome=OfferOutcome.FAILED)
    assert caller.commands("EXEC Dial") == []


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        ({"CORD_DIALED": "ANSWER", "CORD_STATE": "post"}, ["OfferAnswered", "TalkEnded"]),
        ({"CORD_DIALED": "NOANSWER", "CORD_CAUSE": "19"}, ["OfferEnded"]),
        ({"CORD_DIALED": ""}, ["OfferEnded"]),
    ],
)
async def test_a_dial_that_outlived_a_restart_ends_by_what_the_channel_says(
    told: dict[str, str], kinds: list[str]
) -> None:
    def restore(switch: Switch, floor: Floor) -> None:
        floor.queues[CALL] = QueueName("sales")
        floor.offers = [Remembered(OFFER, CALL, ANN, ANNS_PHONE, answered=False)]
        switch.restore(
            [
                Call(
                    call=CALL,
                    leg=LegId(PBX, UNIQUEID),
                    service="8000",
                    party=PartyKey("p"),
                    arrived_at=Time(1),
                )
            ]
        )

    caller = Caller()
    async with board(before=restore) as here:
        here.comes(caller, arguments={"CORD_CALL": CALL, **told})
        await caller.told(DONE if told.get("CORD_STATE") else WAITS)
        caller.channel.hang_up()

    ends = [kind for kind in here.facts.kinds() if kind.startswith(("Offer", "Talk"))]
    assert ends == kinds
    assert here.facts.kinds()[0] == "CallAttached"


async def test_two_callers_are_dialled_each_on_his_own_session() -> None:
    first, second = Caller(), Caller(uniqueid="pbx1-1795337574.9")
    async with board() as here:
        calls = [await here.waiting(first), await here.waiting(second)]
        for number, call in enumerate(calls, start=1):
            here.switch.carry_out(offer_of(call, offer=OfferId(number)))
        for caller in (first, second):
            await caller.dialling.wait()
            caller.end_dial("NOANSWER", 19)
        await here.facts.wait_for(OfferEnded, 2)
        for caller in (first, second):
            await caller.told(WAITS, 2)
            caller.channel.hang_up()

    assert [caller.commands("EXEC Dial")[0][-5:] for caller in (first, second)] == [
        '(1))"',
        '(2))"',
    ]
