"""The lab's phone and the real Asterisk understand each other: every verb of the phone, once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.asterisk import AsteriskInstance, AsteriskSettings, PhoneAccount
from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from lab.phone.digest import Credentials
from lab.phone.errors import CallFailedError, NothingCameError, RegistrationFailedError
from lab.phone.incoming import IncomingCall
from lab.phone.outgoing import OutgoingCall
from lab.phone.phone import Phone

pytestmark = [pytest.mark.scenario, pytest.mark.alone]

SOON_S = 10.0
MUSIC_HZ, CALLER_HZ, AGENT_HZ, OTHER_HZ = 300, 500, 700, 900
EXTENSIONS = """\
[from-trunk]
exten => 8000,1,Answer()
 same => n,Dial(PJSIP/a1,20,m)
exten => 8001,1,Dial(PJSIP/a1,20)
 same => n,Hangup(${HANGUPCAUSE})
exten => 8002,1,Answer()
 same => n,Read(KEYS,,3,,1,5)
 same => n,SendDTMF(${KEYS}*#)
 same => n,Wait(0.5)
exten => 8003,1,Dial(PJSIP/web,20)
[from-phone]
exten => 8005,1,Answer()
 same => n,Echo()
"""


@dataclass(frozen=True, slots=True)
class Floor:
    """An Asterisk, a caller from outside, and an agent's phone with an account."""

    asterisk: AsteriskInstance
    caller: Phone
    agent: Phone

    async def talk(self) -> tuple[OutgoingCall, IncomingCall]:
        self.agent.answers(after_s=0.2)
        call = await self.caller.dial("8000", from_user="4930123", within_s=SOON_S)
        incoming = await self.agent.next_call(within_s=SOON_S)
        await call.hears(AGENT_HZ, within_s=SOON_S)
        await incoming.hears(CALLER_HZ, within_s=SOON_S)
        return call, incoming


@pytest.fixture(scope="session")
def installation() -> Installation:
    return find_or_fetch()


@pytest.fixture
async def floor(installation: Installation, tmp_path: Path) -> AsyncIterator[Floor]:
    async with AsyncExitStack() as stack:
        agent = await Phone.start("a1", server=("127.0.0.1", 9), tone_hz=AGENT_HZ)
        await stack.enter_async_context(agent)
        phones = [
            PhoneAccount(name="a1", port=agent.port),
            PhoneAccount(name="web", password="pw"),
        ]
        settings = AsteriskSettings(folder=tmp_path, extensions=EXTENSIONS, phones=phones)
        asterisk = await stack.enter_async_context(AsteriskInstance(installation, settings))
        server = ("127.0.0.1", asterisk.sip_port)
        caller = await Phone.start("caller", server=server, tone_hz=CALLER_HZ)
        await stack.enter_async_context(caller)
        yield Floor(asterisk, caller, agent)


async def test_music_until_the_answer_and_then_the_other_party(floor: Floor) -> None:
    call, incoming = await floor.talk()
    ended = await call.stops_hearing(MUSIC_HZ, within_s=SOON_S)
    assert call.heard.tones_heard() == [MUSIC_HZ, AGENT_HZ]
    assert incoming.heard.tones_heard() == [CALLER_HZ]
    assert call.heard.longest_gap_of(MUSIC_HZ, until=ended) < 0.2
    await incoming.hang_up()
    ending = await call.ends(within_s=SOON_S)
    assert (ending.how, ending.reason) == ("BYE", "Q.850;cause=16")


async def test_hold_gives_the_other_party_music_and_retrieve_gives_it_back(floor: Floor) -> None:
    call, incoming = await floor.talk()
    for holder, held, hz in ((incoming, call, AGENT_HZ), (call, incoming, CALLER_HZ)):
        await holder.hold()
        await held.hears(MUSIC_HZ, within_s=SOON_S)
        await held.stops_hearing(hz, within_s=SOON_S)
        await holder.retrieve()
        await held.hears(hz, within_s=SOON_S)


async def test_keys_pass_from_phone_to_phone_in_both_ways(floor: Floor) -> None:
    call, incoming = await floor.talk()
    await call.send_digit("7")
    assert (await incoming.next_digit(within_s=SOON_S)).digit == "7"
    await incoming.send_digit_by_info("9")
    assert (await call.next_digit(within_s=SOON_S)).digit == "9"


async def test_quick_keys_are_all_read_and_those_played_back_all_heard(floor: Floor) -> None:
    call = await floor.caller.dial("8002", within_s=SOON_S)
    for digit in "123":
        await call.send_digit(digit, duration_s=0.04, pause_s=0.04)
    heard = [(await call.next_digit(within_s=SOON_S)).digit for _ in range(5)]
    assert heard == ["1", "2", "3", "*", "#"]
    assert (await call.ends(within_s=SOON_S)).how == "BYE"


async def test_refusals_reach_the_caller_as_asterisk_translates_them(floor: Floor) -> None:
    seen = []
    for status in (486, 603, 404, 480):
        floor.agent.rejects(status)
        with pytest.raises(CallFailedError) as failed:
            await floor.caller.dial("8001", within_s=SOON_S)
        seen.append(failed.value.status)
    assert seen == [486, 403, 404, 480]


async def test_a_caller_who_gives_up_stops_the_ringing(floor: Floor) -> None:
    floor.agent.never_answers()
    call = floor.caller.start_call("8001")
    incoming = await floor.agent.next_call(within_s=SOON_S)
    await call.ringing.wait()
    await call.hang_up()
    await incoming.ends(within_s=SOON_S)
    assert incoming.cancelled


async def test_a_phone_registers_is_called_calls_and_leaves(floor: Floor) -> None:
    server = floor.caller.server
    known = Credentials("web", "pw")
    async with await Phone.start(
        "web", server=server, tone_hz=OTHER_HZ, credentials=known
    ) as phone:
        assert 100 < await phone.register(expires_s=120) <= 120
        phone.answers()
        call = await floor.caller.dial("8003", within_s=SOON_S)
        await call.hears(OTHER_HZ, within_s=SOON_S)
        await call.hang_up()
        await (await phone.next_call(within_s=SOON_S)).ends(within_s=SOON_S)
        echo = await phone.dial("8005", within_s=SOON_S)
        await echo.hears(OTHER_HZ, within_s=SOON_S)
        await echo.hang_up()
        await phone.unregister()
        with pytest.raises(CallFailedError, match="503"):
            await floor.caller.dial("8003", within_s=SOON_S)
    unknown = Credentials("web", "wrong")
    async with await Phone.start("web", server=server, credentials=unknown) as phone:
        with pytest.raises(RegistrationFailedError, match="401"):
            await phone.register()


@pytest.mark.parametrize(
    "raw",
    [
        b'"x\r\nEvent: Hangup" <sip:49@h>',
        b'"\xff" <sip:\xff@h>',
        b"<sip:${SHELL(id)}@h>",
    ],
)
async def test_asterisk_says_nothing_to_a_from_that_is_no_uri(floor: Floor, raw: bytes) -> None:
    with pytest.raises(NothingCameError):
        await floor.caller.dial("8001", raw_from=raw, within_s=0.7)
    assert floor.agent.invites == []
