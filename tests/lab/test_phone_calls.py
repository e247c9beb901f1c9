"""Two phones of the lab call one another directly, with real audio over loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from lab.phone.call import EndedBy
from lab.phone.errors import (
    CallFailedError,
    CallOverError,
    DigitsNotAgreedError,
    NothingCameError,
)
from lab.phone.incoming import IncomingCall
from lab.phone.outgoing import OutgoingCall
from lab.phone.phone import Phone

SOON_S = 5.0
CALLER_HZ, AGENT_HZ, OTHER_HZ = 500, 700, 900


class Pair:
    """A caller, and an agent's phone that stands where the caller's server would be."""

    def __init__(self, caller: Phone, agent: Phone) -> None:
        self.caller = caller
        self.agent = agent

    async def talk(self) -> tuple[OutgoingCall, IncomingCall]:
        self.agent.answers()
        call = await self.caller.dial("8000", within_s=SOON_S)
        incoming = await self.agent.next_call(within_s=SOON_S)
        await incoming.connected.wait()
        return call, incoming


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        agent = await Phone.start("a1", server=("127.0.0.1", 9), tone_hz=AGENT_HZ)
        await stack.enter_async_context(agent)
        caller = await Phone.start("caller", server=agent.address, tone_hz=CALLER_HZ)
        await stack.enter_async_context(caller)
        yield Pair(caller, agent)


async def test_both_parties_hear_each_other_and_the_callee_sees_who_calls(pair: Pair) -> None:
    pair.agent.answers(after_s=0.05)
    call = await pair.caller.dial(
        "8000", from_user="4930123", display_name='Zoë "Z" \\ 王小明', within_s=SOON_S
    )
    incoming = await pair.agent.next_call(within_s=SOON_S)
    assert (incoming.caller_name, incoming.caller_number) == ('Zoë "Z" \\ 王小明', "4930123")
    assert incoming.dialled == "8000"
    assert call.ringing.is_set()
    assert call.answered_at is not None
    assert call.dialled_at < incoming.arrived_at < call.answered_at
    await call.hears(AGENT_HZ, within_s=SOON_S, for_s=0.2)
    await incoming.hears(CALLER_HZ, within_s=SOON_S, for_s=0.2)
    assert call.heard.tones_heard() == [AGENT_HZ]
    assert incoming.heard.tones_heard() == [CALLER_HZ]
    assert (call.packets_lost, incoming.packets_lost) == (0, 0)
    assert call.media.port % 2 == 0


async def test_the_caller_hangs_up(pair: Pair) -> None:
    call, incoming = await pair.talk()
    await call.hang_up()
    ending = await incoming.ends(within_s=SOON_S)
    assert (ending.by, ending.how) == (EndedBy.PEER, "BYE")
    assert call.ending is not None
    assert (call.ending.by, call.ending.how) == (EndedBy.US, "BYE")
    assert (pair.caller.calls, pair.agent.calls) == ((), ())


async def test_the_callee_hangs_up_after_a_while_by_itself(pair: Pair) -> None:
    pair.agent.answers(hang_up_after_s=0.1)
    call = await pair.caller.dial("8000", within_s=SOON_S)
    ending = await call.ends(within_s=SOON_S)
    assert (ending.by, ending.how) == (EndedBy.PEER, "BYE")
    await call.hang_up()
    assert call.ending is ending


async def test_the_caller_gives_up_while_it_rings(pair: Pair) -> None:
    pair.agent.never_answers()
    call = pair.caller.start_call("8000")
    incoming = await pair.agent.next_call(within_s=SOON_S)
    await call.ringing.wait()
    await call.hang_up()
    ending = await incoming.ends(within_s=SOON_S)
    assert (incoming.cancelled, ending.by, ending.how) == (True, EndedBy.PEER, "CANCEL")
    with pytest.raises(CallFailedError) as failed:
        await call.answered()
    assert failed.value.status == 487
    with pytest.raises(CallOverError):
        await incoming.answer()
    with pytest.raises(CallOverError):
        incoming.reject()


@pytest.mark.parametrize("refusing", [False, True])
async def test_scripted_people_stop_when_the_caller_has_gone(pair: Pair, *, refusing: bool) -> None:
    if refusing:
        pair.agent.rejects(603, after_s=60)
    else:
        pair.agent.answers(after_s=60)
    call = pair.caller.start_call("8000")
    await call.ringing.wait()
    await call.hang_up()
    incoming = await pair.agent.next_call(within_s=SOON_S)
    assert (await incoming.ends(within_s=SOON_S)).how == "CANCEL"
    pair.agent.answers(hang_up_after_s=60)
    call = await pair.caller.dial("8000", within_s=SOON_S)
    await call.hang_up()
    incoming = await pair.agent.next_call(within_s=SOON_S)
    assert (await incoming.ends(within_s=SOON_S)).by is EndedBy.PEER


async def test_the_caller_gives_up_before_anybody_replied(pair: Pair) -> None:
    call = pair.caller.start_call("8000")
    await call.hang_up()
    assert call.ending is not None
    assert (call.ending.by, call.ending.status) == (EndedBy.US, 487)
    assert (await pair.agent.next_call(within_s=SOON_S)).cancelled


async def test_a_call_nobody_answers_in_time_is_given_up(pair: Pair) -> None:
    pair.agent.never_answers()
    with pytest.raises(NothingCameError):
        await pair.caller.dial("8000", within_s=0.1)
    incoming = await pair.agent.next_call(within_s=SOON_S)
    await incoming.ends(within_s=SOON_S)
    assert incoming.cancelled


@pytest.mark.parametrize("status", [404, 480, 486, 603])
async def test_a_refusal_tells_the_caller_its_status(pair: Pair, status: int) -> None:
    pair.agent.rejects(status)
    with pytest.raises(CallFailedError) as failed:
        await pair.caller.dial("8000")
    assert failed.value.status == status
    assert [seen.turned_away for seen in pair.agent.invites] == [False]


async def test_a_phone_that_rings_first_refuses_afterwards(pair: Pair) -> None:
    pair.agent.rejects(603, after_s=0.05)
    call = pair.caller.start_call("8000")
    with pytest.raises(CallFailedError, match="603 Decline"):
        await call.answered(within_s=SOON_S)
    assert [progress.status for progress in call.progress] == [100, 180]


async def test_the_second_call_finds_the_line_busy(pair: Pair) -> None:
    await pair.talk()
    with pytest.raises(CallFailedError, match="486"):
        await pair.caller.dial("8000")
    assert [seen.turned_away for seen in pair.agent.invites] == [False, True]


async def test_a_phone_with_two_lines_takes_two_calls(pair: Pair) -> None:
    pair.agent.lines = 2
    first, _ = await pair.talk()
    second, _ = await pair.talk()
    assert first.connected.is_set()
    assert second.connected.is_set()
    assert len(pair.agent.calls) == 2


async def test_the_line_is_free_as_soon_as_the_phone_hangs_up(pair: Pair) -> None:
    _, incoming = await pair.talk()
    incoming.drop()
    second = await pair.caller.dial("8000", within_s=SOON_S)
    assert second.connected.is_set()


async def test_the_test_itself_can_decide_what_becomes_of_a_call(pair: Pair) -> None:
    pair.agent.answers()
    pair.agent.leaves_calls_to_the_test()
    call = pair.caller.start_call("8000")
    incoming = await pair.agent.next_call(within_s=SOON_S)
    incoming.ring(183)
    await call.ringing.wait()
    await incoming.answer()
    await call.answered(within_s=SOON_S)
    assert [progress.status for progress in call.progress] == [100, 183]


async def test_keys_arrive_in_order_with_their_length_and_once_each(pair: Pair) -> None:
    call, incoming = await pair.talk()
    for digit in "15*":
        await call.send_digit(digit, duration_s=0.06, pause_s=0.02)
    first = await incoming.next_digit(within_s=SOON_S)
    await incoming.next_digit(within_s=SOON_S)
    await incoming.next_digit(within_s=SOON_S)
    assert first.digit == "1"
    assert first.duration_s == pytest.approx(0.06)
    assert [digit.digit for digit in incoming.digits] == ["1", "5", "*"]


async def test_a_key_by_info_arrives(pair: Pair) -> None:
    call, incoming = await pair.talk()
    await call.send_digit_by_info("#", duration_s=0.25)
    digit = await incoming.next_digit(within_s=SOON_S)
    assert (digit.digit, digit.duration_s) == ("#", 0.25)
    with pytest.raises(NothingCameError):
        await incoming.next_digit(within_s=0)


async def test_keys_need_a_call_in_which_they_can_be_sent(pair: Pair) -> None:
    waiting = pair.caller.start_call("8000")
    with pytest.raises(DigitsNotAgreedError):
        await waiting.send_digit("1")
    await waiting.hang_up()
    await pair.agent.next_call(within_s=SOON_S)
    call, _ = await pair.talk()
    press = asyncio.ensure_future(call.send_digit("1", duration_s=60))
    await asyncio.sleep(0)
    await call.hang_up()
    with pytest.raises(CallOverError):
        await press
    with pytest.raises(CallOverError):
        await call.send_digit("1")


async def test_another_tone_is_heard_from_the_next_packet_on(pair: Pair) -> None:
    call, incoming = await pair.talk()
    await incoming.hears(CALLER_HZ, within_s=SOON_S)
    call.send_tone(OTHER_HZ)
    await incoming.hears(OTHER_HZ, within_s=SOON_S)
    await incoming.stops_hearing(CALLER_HZ, within_s=SOON_S)
    call.send_tone(None)
    stopped = await incoming.stops_hearing(OTHER_HZ, within_s=SOON_S)
    gaps = incoming.silence_gaps(0.05, since=stopped)
    assert len(gaps) == 1


async def test_a_held_party_hears_nothing_and_is_heard_by_nobody_until_retrieved(
    pair: Pair,
) -> None:
    call, incoming = await pair.talk()
    await call.hears(AGENT_HZ, within_s=SOON_S)
    await incoming.hears(CALLER_HZ, within_s=SOON_S)
    await incoming.hold()
    assert call.held_by_peer.is_set()
    assert not incoming.held_by_peer.is_set()
    await call.stops_hearing(AGENT_HZ, within_s=SOON_S)
    await incoming.stops_hearing(CALLER_HZ, within_s=SOON_S)
    await incoming.retrieve()
    assert call.retrieved_by_peer.is_set()
    await call.hears(AGENT_HZ, within_s=SOON_S)
    await incoming.hears(CALLER_HZ, within_s=SOON_S)


async def test_both_parties_may_hold_each_other(pair: Pair) -> None:
    call, incoming = await pair.talk()
    await call.hold()
    await incoming.hold()
    assert incoming.held_by_peer.is_set()
    assert call.held_by_peer.is_set()
    await incoming.retrieve()
    await call.retrieve()
    await call.hears(AGENT_HZ, within_s=SOON_S)
    await incoming.hears(CALLER_HZ, within_s=SOON_S)
    assert incoming.retrieved_by_peer.is_set()


async def test_only_a_connected_call_can_be_held(pair: Pair) -> None:
    call = pair.caller.start_call("8000")
    with pytest.raises(CallOverError):
        await call.hold()


async def test_a_phone_that_is_unplugged_says_nothing(pair: Pair) -> None:
    call, _ = await pair.talk()
    await call.hears(AGENT_HZ, within_s=SOON_S)
    await pair.agent.close(silently=True)
    await call.stops_hearing(AGENT_HZ, within_s=SOON_S)
    assert not call.ended.is_set()
    assert pair.agent.calls == ()


async def test_a_phone_that_is_closed_ends_its_calls(pair: Pair) -> None:
    call, _ = await pair.talk()
    await pair.agent.close()
    assert (await call.ends(within_s=SOON_S)).how == "BYE"
    await pair.agent.close()


async def test_a_mistake_in_a_script_comes_out_when_the_phone_is_closed(pair: Pair) -> None:
    async def script(_call: IncomingCall) -> None:
        raise ZeroDivisionError

    pair.agent.behaves(script)
    pair.caller.start_call("8000")
    await pair.agent.next_call(within_s=SOON_S)
    await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError):
        await pair.agent.close()


async def test_nobody_calling_is_reported(pair: Pair) -> None:
    with pytest.raises(NothingCameError, match="a1: no call within 0 s"):
        await pair.agent.next_call(within_s=0)


async def test_a_call_that_goes_on_has_no_ending(pair: Pair) -> None:
    call, _ = await pair.talk()
    with pytest.raises(NothingCameError):
        await call.ends(within_s=0)


@pytest.mark.parametrize(
    ("raw", "name", "number"),
    [
        ('"王小明" <sip:49@h>'.encode(), "王小明", "49"),
        (rb'"He said \"hi\" \\ back" <sip:49@h>', r'He said "hi" \ back', "49"),
        (b'"${SHELL(id)}" <sip:49@h>', "${SHELL(id)}", "49"),
        (b'"' + b"n" * 300 + b'" <sip:49@h>', "n" * 300, "49"),
        (b'"\xff\xfe" <sip:49@h>', "\udcff\udcfe", "49"),
        (b"<sip:10%0d%0aEvent%3a%20Hangup@h>", "", "10%0d%0aEvent%3a%20Hangup"),
    ],
)
async def test_hostile_names_travel_unchanged(
    pair: Pair, raw: bytes, name: str, number: str
) -> None:
    pair.agent.answers()
    call = await pair.caller.dial(
        "8000", raw_from=raw, raw_request_uri=b"sip:A1%0d%0aEvent%3a%20Fake@h", within_s=SOON_S
    )
    incoming = await pair.agent.next_call(within_s=SOON_S)
    assert (incoming.caller_name, incoming.caller_number) == (name, number)
    assert incoming.dialled == "A1%0d%0aEvent%3a%20Fake"
    await call.hang_up()
    assert (await incoming.ends(within_s=SOON_S)).how == "BYE"


async def test_twenty_phones_talk_at_once_and_lose_nothing() -> None:
    async with AsyncExitStack() as stack:
        pairs = []
        for number in range(10):
            agent = await Phone.start(f"a{number}", server=("127.0.0.1", 9), tone_hz=AGENT_HZ)
            await stack.enter_async_context(agent)
            caller = await Phone.start("caller", server=agent.address, tone_hz=CALLER_HZ)
            await stack.enter_async_context(caller)
            pairs.append(Pair(caller, agent))
        calls = await asyncio.gather(*(pair.talk() for pair in pairs))
        await asyncio.gather(
            *(call.hears(AGENT_HZ, within_s=SOON_S, for_s=0.3) for call, _ in calls),
            *(incoming.hears(CALLER_HZ, within_s=SOON_S, for_s=0.3) for _, incoming in calls),
        )
        assert [call.packets_lost for call, _ in calls] == [0] * 10
