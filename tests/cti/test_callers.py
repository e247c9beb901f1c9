"""Callers come, hear the menu, wait, and go: what is said to their channels, what is reported."""

import asyncio
from pathlib import Path

import pytest

from acd.commands import PlaceCall, TurnAwayCall, TurnAwayCause
from acd.facts import CallerLeft, CallQueued
from cti.call_facts import (
    CallArrived,
    CallAttached,
    CallCleared,
    ChoiceMade,
    ClearReason,
    FlowEntered,
    FlowLeft,
    HungUpBy,
)
from cti.calls import Call
from cti.ids import CallId, LegId, PartyKey, QueueName
from cti.instants import Duration, Time
from cti.switch.switch import Switch
from tests.cti.callers import CHANNEL, UNIQUEID, WAITS, Caller, board
from tests.cti.switchboard import CALL, PBX, SALES, Floor
from tests.fakes.agi_client import FakeChannel

FROM = "PJSIP_HEADER(read,From)"
DONE = 'SET VARIABLE CORD_STATE "done"'
MUSIC = "SET MUSIC on default"
KEYS = '"0123456789*#"'


def from_header(header: str) -> Caller:
    return Caller(channel=FakeChannel(variables={FROM: header}))


# New callers


async def test_a_new_caller_gets_an_id_and_is_told_to_all_who_want_to_know() -> None:
    caller = from_header('"Ann Caller" <sip:4930123@host>;tag=1')
    async with board() as here:
        here.comes(caller)
        await here.facts.wait_for(FlowEntered)
        caller.channel.hang_up()

    call = CallId(caller.channel.variables["__CORD_CALL"])
    (party,) = here.parties.known
    assert here.facts.all[:3] == [
        CallArrived(call=call, leg=LegId(PBX, UNIQUEID), service="8000", party=party),
        CallAttached(call=call, session=1),
        FlowEntered(call=call, flow="welcome"),
    ]
    assert here.parties.known == {party: ("4930123", "Ann Caller")}
    assert list(here.parties.arrivals) == [(call, "8000", "4930123", "Ann Caller")]
    assert caller.channel.variables["CALLERID(name)"] == "Ann Caller"
    assert caller.channel.variables["CALLERID(num)"] == "4930123"


async def test_the_menu_is_played_and_the_choice_leads_into_its_queue() -> None:
    caller = Caller()
    async with board(Path("/sounds")) as here:
        here.comes(caller)
        await caller.told('STREAM FILE "/sounds/welcome"')
        caller.channel.play_out()
        await caller.told('STREAM FILE "/sounds/choices"')
        caller.channel.play_out()
        await caller.told("WAIT FOR DIGIT 5000")
        caller.channel.press("1")
        await caller.told(WAITS)
        caller.channel.hang_up()

    (arrived,) = here.facts.of(CallArrived)
    assert here.facts.all[2:6] == [
        FlowEntered(call=arrived.call, flow="welcome"),
        ChoiceMade(call=arrived.call, flow="welcome", choice="sales"),
        FlowLeft(call=arrived.call, flow="welcome", outcome="queue", queue=SALES),
        CallQueued(call=arrived.call, queue=SALES),
    ]
    assert caller.commands()[-5:] == [
        f'STREAM FILE "/sounds/welcome" {KEYS}',
        f'STREAM FILE "/sounds/choices" {KEYS}',
        "WAIT FOR DIGIT 5000",
        MUSIC,
        WAITS,
    ]


async def test_a_key_during_the_greeting_counts_at_once() -> None:
    caller = Caller()
    async with board() as here:
        here.comes(caller)
        await caller.told("STREAM FILE")
        caller.channel.press("2")
        queued = await here.facts.wait_for(CallQueued)
        await caller.told(WAITS)
        caller.channel.hang_up()

    assert queued.queue == "support"
    assert len(caller.commands("STREAM FILE")) == 1


async def test_a_choice_that_hangs_up_ends_the_call_for_the_dialplan_too() -> None:
    caller = Caller()
    async with board() as here:
        session = here.comes(caller)
        await caller.told("STREAM FILE")
        caller.channel.press("#")
        await session
        (arrived,) = here.facts.of(CallArrived)
        here.hangs_up(arrived.call)
        cleared = await here.facts.wait_for(CallCleared)

    assert caller.commands()[-1] == DONE
    assert [fact.choice for fact in here.facts.of(ChoiceMade)] == ["leave"]
    assert here.facts.of(FlowLeft)[0].outcome == "hang_up"
    assert cleared.hung_up_by is HungUpBy.SYSTEM


async def test_keys_of_a_waiting_caller_change_nothing() -> None:
    caller = Caller()
    async with board() as here:
        await here.waiting(caller)
        caller.channel.press("5")
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert len(here.facts.of(CallQueued)) == 1
    assert caller.channel.variables.get("CORD_STATE") is None


@pytest.mark.parametrize(
    "arguments",
    [{"CORD_SERVICE": "9999"}, {"CORD_SERVICE": ""}, {}],
    ids=["unknown", "empty", "no arguments at all"],
)
async def test_who_dialled_no_service_of_ours_hears_sorry_and_is_let_go(
    arguments: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sorry.wav").touch()
    caller = Caller()
    async with board(tmp_path) as here:
        session = here.comes(caller, arguments=arguments)
        await caller.told(f'STREAM FILE "{tmp_path}/sorry"')
        caller.channel.play_out()
        await session

    assert caller.commands()[-1] == DONE
    assert here.facts.of(CallQueued) == []


@pytest.mark.parametrize(
    ("header", "number", "name"),
    [
        ('"${SHELL(id)}" <sip:1@h>', "1", "${SHELL(id)}"),
        (r'"a \"b\" \\c" <sip:1@h>', "1", 'a "b" \\c'),
        ('"x" <sip:10%0d%0aEvent%3a%20Hangup%0d%0a@h>', "10EventHangup", "x"),
        ('"陈晓" <sip:86138@h>', "86138", "陈晓"),
        ('"' + "n" * 300 + '" <sip:1@h>', "1", "n" * 80),
        ('"\u202egnp.exe" <sip:1@h>', "1", "gnp.exe"),
        ("<sip:anonymous@anonymous.invalid>", "", ""),
    ],
)
async def test_a_hostile_header_is_one_harmless_line_everywhere(
    header: str, number: str, name: str
) -> None:
    caller = from_header(header)
    async with board() as here:
        here.comes(caller)
        await here.facts.wait_for(FlowEntered)
        caller.channel.hang_up()

    assert list(here.parties.known.values()) == [(number, name)]
    shown = caller.channel.variables.get("CALLERID(name)", "")
    assert name.startswith(shown)
    assert len(shown.encode()) <= 60
    assert {command.split()[0] for command in caller.commands()} <= {
        "SET",
        "GET",
        "STREAM",
        "NOOP",
        "EXEC",
    }
    (told,) = caller.commands("EXEC")
    assert told.startswith('EXEC MSet "__CORD_CALL=')
    assert told.endswith(f',CALLERID(num)={number}"')


async def test_a_caller_without_a_sip_leg_is_who_the_dialplan_says() -> None:
    caller = Caller()
    async with board() as here:
        here.comes(
            caller,
            changes={
                "agi_channel": "Local/8000@cordboard-in-00000001;2",
                "agi_callerid": "0301",
                "agi_calleridname": "Local Ann",
            },
        )
        await here.facts.wait_for(FlowEntered)
        caller.channel.hang_up()

    assert list(here.parties.known.values()) == [("0301", "Local Ann")]


# Callers who come again


async def test_a_known_caller_goes_on_waiting_at_his_old_place() -> None:
    first, second = Caller(), Caller()
    async with board() as here:
        call = await here.waiting(first)
        here.exists()
        first.channel.hang_up()  # a Redirect looks just so
        here.comes(
            second,
            arguments={
                "CORD_CALL": call,
                "CORD_SERVICE": "8000",
                "CORD_QUEUE": "support",
                "CORD_SINCE": "1700000000000000",
                "CORD_PRIORITY": "30000000",
            },
        )
        await second.told(WAITS)
        second.channel.hang_up()

    assert here.facts.of(CallArrived)[1:] == []
    assert here.facts.of(CallAttached)[1] == CallAttached(call=call, session=2)
    assert here.facts.of(CallQueued)[1] == CallQueued(
        call=call,
        queue=QueueName("support"),
        entered_at=Time(1_700_000_000_000_000),
        priority=Duration(30_000_000),
    )


async def test_where_the_core_knows_the_queue_it_is_right_and_not_the_channel() -> None:
    first, second = Caller(), Caller()
    async with board() as here:
        call = await here.waiting(first)
        here.floor.queues[call] = SALES
        here.comes(second, arguments={"CORD_CALL": call, "CORD_QUEUE": "support"})
        await second.told(WAITS)
        first.channel.hang_up()
        second.channel.hang_up()

    assert here.facts.of(CallQueued)[1].queue == SALES


async def test_a_call_of_before_a_restart_is_taken_up(tmp_path: Path) -> None:
    known = Call(
        call=CALL,
        leg=LegId(PBX, UNIQUEID),
        service="8000",
        party=PartyKey("p"),
        arrived_at=Time(1),
        sessions=3,
    )

    def restore(switch: Switch, floor: Floor) -> None:
        floor.queues[CALL] = SALES
        switch.restore([known])

    caller = Caller()
    async with board(tmp_path, before=restore) as here:
        here.comes(caller, arguments={"CORD_CALL": CALL})
        await caller.told(WAITS)
        caller.channel.hang_up()

    assert here.facts.all[:2] == [
        CallAttached(call=CALL, session=4),
        CallQueued(call=CALL, queue=SALES),
    ]


async def test_a_session_for_a_call_that_has_ended_is_a_new_call() -> None:
    caller, again = Caller(), Caller(uniqueid="pbx1-1795337574.9")
    async with board() as here:
        call = await here.waiting(caller)
        caller.channel.hang_up()
        here.hangs_up(call)
        await here.facts.wait_for(CallCleared)
        here.comes(again, arguments={"CORD_CALL": call, "CORD_SERVICE": "8000"})
        arrived = await here.facts.wait_for(CallArrived, 2)
        again.channel.hang_up()

    assert arrived.call != call
    assert again.channel.variables["__CORD_CALL"] == arrived.call


async def test_a_calls_id_on_another_channel_does_not_get_its_line() -> None:
    caller, thief = Caller(), Caller(uniqueid="pbx1-1795337574.9")
    async with board() as here:
        call = await here.waiting(caller)
        here.comes(thief, arguments={"CORD_CALL": call, "CORD_SERVICE": "8000"})
        arrived = await here.facts.wait_for(CallArrived, 2)
        line = here.switch.ledger.line(call)
        thief.channel.hang_up()
        caller.channel.hang_up()

    assert line is not None
    assert (line.sessions, line.leg.uniqueid) == (1, UNIQUEID)
    assert arrived.call != call


async def test_after_a_talk_whose_session_is_gone_the_caller_is_let_go() -> None:
    caller = Caller()
    async with board() as here:
        session = here.comes(
            caller,
            script="post",
            arguments={"CORD_CALL": CALL, "CORD_STATE": "post", "CORD_DIALED": "ANSWER"},
        )
        await session

    assert caller.commands()[-1] == DONE


async def test_after_a_talk_a_caller_who_is_meant_to_go_on_is_sent_back_to_us() -> None:
    caller = Caller()
    async with board() as here:
        session = here.comes(
            caller,
            script="post",
            arguments={"CORD_STATE": "post", "CORD_NEXT": "queue:support"},
        )
        await session

    assert caller.commands()[-1] == 'SET VARIABLE CORD_STATE "requeue"'


async def test_who_is_sent_on_by_cord_next_waits_there_and_the_word_is_taken_away() -> None:
    caller = Caller()
    async with board() as here:
        here.comes(
            caller,
            arguments={
                "CORD_STATE": "requeue",
                "CORD_NEXT": "queue:support",
                "CORD_QUEUE": "sales",
            },
        )
        queued = await here.facts.wait_for(CallQueued)
        await caller.told(WAITS)
        caller.channel.hang_up()

    assert (queued.queue, queued.entered_at) == ("support", None)
    assert caller.channel.variables["CORD_NEXT"] == ""


# Orders of the core


async def test_a_waiting_callers_place_is_written_on_his_channel() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        here.switch.carry_out(
            PlaceCall(
                call=call,
                queue=SALES,
                entered_at=Time(1_700_000_000_000_000),
                priority=Duration(5),
                sequence=12,
            )
        )
        await caller.told("EXEC MSet", 2)
        await caller.told(WAITS, 2)
        caller.channel.hang_up()

    assert caller.commands("EXEC")[1:] == [
        'EXEC MSet "CORD_QUEUE=sales,CORD_SINCE=1700000000000000,CORD_PRIORITY=5,CORD_SEQ=12"'
    ]


@pytest.mark.parametrize("sound", [True, False])
async def test_who_is_turned_away_hears_sorry_if_there_is_such_a_prompt_and_is_let_go(
    tmp_path: Path, *, sound: bool
) -> None:
    caller = Caller()
    if sound:
        (tmp_path / "sorry.wav").touch()
    async with board(tmp_path) as here:
        call = await here.waiting(caller)
        here.switch.carry_out(TurnAwayCall(call=call, queue=SALES, cause=TurnAwayCause.QUEUE_FULL))
        if sound:
            await caller.told("STREAM FILE")
            caller.channel.play_out()
        await caller.told(DONE)
        here.hangs_up(call)
        cleared = await here.facts.wait_for(CallCleared)

    assert cleared.hung_up_by is HungUpBy.SYSTEM
    assert len(caller.commands("STREAM FILE")) == int(sound)


async def test_orders_for_calls_that_are_not_there_are_passed_over() -> None:
    async with board() as here:
        here.switch.carry_out(
            TurnAwayCall(call=CALL, queue=SALES, cause=TurnAwayCause.QUEUE_UNKNOWN)
        )

    assert here.facts.all == []


# Ends


async def test_a_waiting_caller_who_hangs_up_ends_once_by_both_witnesses() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        caller.channel.hang_up()
        here.hangs_up(call)
        await here.facts.wait_for(CallCleared)
        here.hangs_up(call)

    assert here.facts.all[-2:] == [
        CallerLeft(call=call),
        CallCleared(call=call, hung_up_by=HungUpBy.CALLER, cause=16),
    ]


async def test_a_session_that_ends_while_its_channel_lives_ends_no_call() -> None:
    caller = Caller()
    async with board() as here:
        await here.waiting(caller)
        here.exists()
        caller.channel.hang_up()
        asked = await here.ami.until_asked("Status")

    assert asked == {"Channel": CHANNEL}
    assert here.facts.of(CallCleared) == []


async def test_a_caller_whom_the_session_and_the_switch_miss_has_ended_without_an_event() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        caller.channel.hang_up()
        cleared = await here.facts.wait_for(CallCleared)

    assert cleared == CallCleared(call=call, hung_up_by=HungUpBy.CALLER, cause=0)


async def test_a_look_at_a_switch_that_was_restarted_ends_who_is_not_there_any_more() -> None:
    caller = Caller()
    async with board() as here:
        await here.waiting(caller)
        here.switch.link_is_up(other_process=True)
        cleared = await here.facts.wait_for(CallCleared)
        caller.channel.hang_up()

    assert cleared.reason is ClearReason.SWITCH_RESTARTED
    assert cleared.hung_up_by is HungUpBy.SYSTEM


async def test_what_is_told_while_the_adapter_ends_begins_nothing_any_more() -> None:
    caller = Caller()
    async with board() as here:
        call = await here.waiting(caller)
        here.hangs_up(call)  # sets out to make sure
        await asyncio.sleep(0)
        here.life.cancel()
        await asyncio.sleep(0)
        here.hangs_up(call)
        caller.channel.hang_up()

    assert here.facts.of(CallCleared) == []
