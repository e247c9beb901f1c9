"""
What Cordboard relies on Asterisk to do, asked of a real Asterisk 22.

Each test is one fact that the design rests on. When a new Asterisk fails one of them, look for
everything that was built on that fact; do not adapt the test first.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from lab.asterisk import AsteriskInstance, AsteriskSettings, PhoneAccount
from lab.asterisk_installation import Installation
from tests.scenarios.contract_wire import (
    LOOPBACK,
    RawManager,
    RawScript,
    ScriptedPhone,
    ScriptServer,
    raw_manager,
    script_server,
    scripted_phone,
)

pytestmark = pytest.mark.scenario

SECRET = "contract"

EXTENSIONS = """\
[contract]
; The far end of every caller's line.
exten => far,1,Answer()
 same => n,Wait(60)

; What the dialplan sees when a session ends is told by a UserEvent.
exten => call,1,Set(AGIEXITONHANGUP=yes)
 same => n,AGI(agi://127.0.0.1:${SCRIPTS}/call)
 same => n,UserEvent(Continued,Agi: ${AGISTATUS},Dial: ${DIALSTATUS},Cause: ${HANGUPCAUSE})
 same => n,Set(AGISTATUS=)
 same => n,AGI(agi://127.0.0.1:${SCRIPTS}/next)
 same => n,Hangup()

exten => again,1,AGI(agi://127.0.0.1:${SCRIPTS}/again)
 same => n,Hangup()

exten => stubborn,1,AGI(agi://127.0.0.1:${SCRIPTS}/stubborn)
 same => n,Hangup()

; Runs on a leg before it is rung.
[leg]
exten => mark,1,Set(CORD_OFFER=${ARG1})
 same => n,Return()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A running Asterisk, an AMI client who sees everything, and a server of sessions."""

    asterisk: AsteriskInstance
    manager: RawManager
    scripts: ScriptServer

    async def call(self, extension: str = "call", **variables: str) -> None:
        """Let a caller call in; the line stays up until someone hangs up."""
        wanted = {"SCRIPTS": str(self.scripts.port), **variables}
        answer = await self.manager.action(
            "Originate",
            Channel="Local/far@contract/n",
            Context="contract",
            Exten=extension,
            Priority="1",
            Async="true",
            Variable=",".join(f"{name}={value}" for name, value in wanted.items()),
        )
        assert answer["Response"] == "Success"

    async def caller(self, extension: str = "call", **variables: str) -> RawScript:
        """Let a caller call in and return his session."""
        await self.call(extension, **variables)
        return await self.scripts.session()

    async def running(self, session: RawScript, command: str) -> None:
        """Send a command and wait until Asterisk says that it has begun."""
        await session.send(command)
        await self.manager.event("AGIExecStart", Channel=session.channel, Command=command)

    async def dialling(self, session: RawScript, phone: ScriptedPhone, options: str) -> str:
        """Begin to ring a phone from a session; return the name of the phone's channel."""
        await session.send(f'EXEC Dial "{target(phone)},20,{options}"')
        await wait(phone.ringing)
        begun = await self.manager.event("DialBegin", Channel=session.channel)
        return begun["DestChannel"]

    async def talking(self, session: RawScript, phone: ScriptedPhone, options: str) -> str:
        """Connect the caller with a phone; return the name of the phone's channel."""
        leg = await self.dialling(session, phone, options)
        phone.answer()
        await self.manager.event("BridgeEnter", Channel=leg)
        await self.manager.event("BridgeEnter", Channel=session.channel)
        return leg

    async def redirect(self, channel: str, extension: str) -> None:
        """Send a channel to an extension by AMI."""
        answer = await self.manager.action(
            "Redirect", Channel=channel, Context="contract", Exten=extension, Priority="1"
        )
        assert answer["Response"] == "Success"


def target(phone: ScriptedPhone) -> str:
    """Return what Dial takes to ring a phone."""
    return f"PJSIP/trunk/sip:phone@{LOOPBACK}:{phone.port}"


async def wait(event: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await event.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk(
    asterisk_installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsteriskInstance]:
    settings = AsteriskSettings(
        folder=tmp_path_factory.mktemp("asterisk"),
        extensions=EXTENSIONS,
        phones=[PhoneAccount(name="absent")],
        manager_secret=SECRET,
        manager_events=("Newchannel", "UserEvent"),
        channel_variables=("CORD_CALL", "CORD_OFFER"),
        system_name="contract",
    )
    async with AsteriskInstance(asterisk_installation, settings) as instance:
        yield instance


@pytest.fixture
async def bench(asterisk: AsteriskInstance) -> AsyncIterator[Bench]:
    async with raw_manager(asterisk.ami_port, SECRET) as manager, script_server() as scripts:
        yield Bench(asterisk=asterisk, manager=manager, scripts=scripts)
        await manager.action("Hangup", Channel="/^.*$/")


@pytest.fixture
def long_sound(asterisk: AsteriskInstance) -> Path:
    """Ten seconds of sound, named without its ending as Asterisk wants it."""
    return asterisk.log_folder.parent / "music/tone"


# Commands of a session


async def test_wait_for_digit_ends_with_result_1_when_the_next_command_comes(bench: Bench) -> None:
    session = await bench.caller()
    await bench.running(session, "WAIT FOR DIGIT -1")

    await session.send("NOOP")

    assert await session.line() == "200 result=1"
    assert await session.line() == "200 result=0"


async def test_a_key_ends_wait_for_digit_with_its_ascii_code(bench: Bench) -> None:
    session = await bench.caller()
    await bench.running(session, "WAIT FOR DIGIT -1")

    await bench.manager.action("PlayDTMF", Channel=session.channel, Digit="5", Receive="true")

    assert await session.line() == "200 result=53"


async def test_stream_file_prints_no_result_when_the_next_command_comes(
    bench: Bench, long_sound: Path
) -> None:
    session = await bench.caller()
    await bench.running(session, f'STREAM FILE {long_sound} "0123456789*#"')

    await session.send("NOOP")

    assert await session.line() == "200 result=0"
    assert await session.ask("NOOP") == "200 result=0"


async def test_a_key_ends_stream_file_with_its_ascii_code(bench: Bench, long_sound: Path) -> None:
    session = await bench.caller()
    await bench.running(session, f'STREAM FILE {long_sound} "0123456789*#"')

    await bench.manager.action("PlayDTMF", Channel=session.channel, Digit="#", Receive="true")

    assert re.fullmatch(r"200 result=35 endpos=\d+", await session.line() or "")


async def test_stream_file_of_an_absent_file_says_minus_1_and_the_session_goes_on(
    bench: Bench,
) -> None:
    session = await bench.caller()

    assert await session.ask('STREAM FILE /absent/file ""') == "200 result=-1 endpos=0"
    assert await session.ask("NOOP") == "200 result=0"


async def test_the_second_of_two_commands_in_one_write_is_not_read_until_more_comes(
    bench: Bench,
) -> None:
    session = await bench.caller()

    await session.send("SET VARIABLE FIRST 1\nSET VARIABLE SECOND 1")

    assert await session.line() == "200 result=1"
    assert await session.is_quiet()
    assert await bench.manager.variable(session.channel, "FIRST") == "1"
    assert await bench.manager.variable(session.channel, "SECOND") == ""

    assert await session.ask("NOOP") == "200 result=1"
    assert await session.line() == "200 result=0"
    assert await bench.manager.variable(session.channel, "SECOND") == "1"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ('""', ""),
        ('"two words"', "two words"),
        (r'"say \"hi\""', 'say "hi"'),
        (r'"back\\slash"', "back\\slash"),
        (r'"line\nfeed"', "linenfeed"),
        ('"a,b;c|d&e(f)"', "a,b;c|d&e(f)"),
        ('"${CHANNEL} $[1+1]"', "${CHANNEL} $[1+1]"),
        ('"李雷"', "李雷"),
    ],
)
async def test_set_variable_takes_a_quoted_value_literally(
    bench: Bench, written: str, stored: str
) -> None:
    """In quotes only the quote and the backslash are escaped; nothing is substituted."""
    session = await bench.caller()

    assert await session.ask(f"SET VARIABLE VALUE {written}") == "200 result=1"
    assert await session.ask("GET VARIABLE VALUE") == (
        f"200 result=1 ({stored})" if stored else "200 result=1 ()"
    )


async def test_set_variable_refuses_an_unquoted_value_of_two_words(bench: Bench) -> None:
    session = await bench.caller()

    first = await session.ask("SET VARIABLE VALUE two words")

    assert first is not None
    assert first.startswith("520")


async def test_exec_reads_only_the_first_word_of_unquoted_options(bench: Bench) -> None:
    session = await bench.caller()

    assert await session.ask("EXEC Set A=x y") == "200 result=0"
    assert await session.ask('EXEC Set "B=x y"') == "200 result=0"
    assert await session.ask("GET VARIABLE A") == "200 result=1 (x)"
    assert await session.ask("GET VARIABLE B") == "200 result=1 (x y)"


async def test_exec_substitutes_no_variables(bench: Bench) -> None:
    session = await bench.caller()

    assert await session.ask('EXEC Set "A=${CHANNEL}"') == "200 result=0"
    assert await session.ask("GET VARIABLE A") == "200 result=1 (${CHANNEL})"


async def test_variables_asked_for_together_are_told_in_order_and_nothing_in_them_is_evaluated(
    bench: Bench,
) -> None:
    session = await bench.caller()

    assert await session.ask('SET VARIABLE A "${CHANNEL}"') == "200 result=1"
    assert await session.ask('SET VARIABLE C "x|y z"') == "200 result=1"
    assert await session.ask("GET FULL VARIABLE ${A}|${B}|${C}") == (
        "200 result=1 (${CHANNEL}||x|y z)"
    )


# How a Dial ends


@pytest.mark.parametrize(
    ("final", "status", "cause"),
    [
        pytest.param(486, "BUSY", "17", id="busy"),
        pytest.param(603, "CHANUNAVAIL", "21", id="rejected"),
        pytest.param(404, "CHANUNAVAIL", "1", id="unknown"),
        pytest.param(408, "CHANUNAVAIL", "18", id="no response"),
        pytest.param(480, "NOANSWER", "19", id="temporarily unavailable"),
        pytest.param(488, "CHANUNAVAIL", "58", id="not acceptable"),
        pytest.param(503, "CONGESTION", "34", id="congestion"),
    ],
)
async def test_a_refused_dial_is_told_apart_by_its_hangup_cause(
    bench: Bench, final: int, status: str, cause: str
) -> None:
    session = await bench.caller()
    async with scripted_phone(final) as phone:
        assert await session.ask(f'EXEC Dial "{target(phone)},5,g"') == "200 result=0"

    assert await session.ask("GET VARIABLE DIALSTATUS") == f"200 result=1 ({status})"
    assert await session.ask("GET VARIABLE HANGUPCAUSE") == f"200 result=1 ({cause})"


async def test_a_dial_that_nobody_answers_leaves_the_hangup_cause_of_the_dial_before(
    bench: Bench,
) -> None:
    """With NOANSWER the cause says nothing: it must not be read, least of all for 26."""
    session = await bench.caller()
    async with scripted_phone(486) as busy, scripted_phone() as silent:
        await session.ask(f'EXEC Dial "{target(busy)},1,g"')
        assert await session.ask(f'EXEC Dial "{target(silent)},1,g"') == "200 result=0"
        await wait(silent.cancelled)

    assert await session.ask("GET VARIABLE DIALSTATUS") == "200 result=1 (NOANSWER)"
    assert await session.ask("GET VARIABLE HANGUPCAUSE") == "200 result=1 (17)"


async def test_a_dial_to_a_phone_that_is_not_registered_fails_at_once_with_cause_3(
    bench: Bench,
) -> None:
    session = await bench.caller()

    assert await session.ask('EXEC Dial "PJSIP/absent,5,g"') == "200 result=0"
    assert await session.ask("GET VARIABLE DIALSTATUS") == "200 result=1 (CHANUNAVAIL)"
    assert await session.ask("GET VARIABLE HANGUPCAUSE") == "200 result=1 (3)"


async def test_a_dial_withdrawn_by_ami_reads_the_cause_that_was_given(bench: Bench) -> None:
    session = await bench.caller()
    async with scripted_phone() as phone:
        leg = await bench.dialling(session, phone, "g")
        await bench.manager.action("Hangup", Channel=leg, Cause="26")
        await wait(phone.cancelled)

        assert await session.line() == "200 result=0"
    assert await session.ask("GET VARIABLE DIALSTATUS") == "200 result=1 (CHANUNAVAIL)"
    assert await session.ask("GET VARIABLE HANGUPCAUSE") == "200 result=1 (26)"


async def test_option_g_keeps_the_caller_when_the_agent_hangs_up(bench: Bench) -> None:
    session = await bench.caller()
    async with scripted_phone() as phone:
        leg = await bench.talking(session, phone, "g")
        await bench.manager.action("Hangup", Channel=leg)

        assert await session.line() == "200 result=0"
    assert await session.ask("GET VARIABLE DIALSTATUS") == "200 result=1 (ANSWER)"
    assert await session.ask("GET VARIABLE HANGUPCAUSE") == "200 result=1 (16)"


async def test_without_option_g_an_agents_hangup_looks_like_the_callers(bench: Bench) -> None:
    session = await bench.caller()
    async with scripted_phone() as phone:
        leg = await bench.talking(session, phone, "m")
        await bench.manager.action("Hangup", Channel=leg)

        assert await session.line() == "200 result=-1"


async def test_dialstatus_stays_answer_until_it_is_cleared(bench: Bench) -> None:
    """A caller who waits again after a talk still carries ANSWER."""
    session = await bench.caller()
    async with scripted_phone() as phone:
        leg = await bench.talking(session, phone, "g")
        await bench.manager.action("Hangup", Channel=leg)
        await session.line()
    await bench.running(session, "WAIT FOR DIGIT -1")
    await session.close()

    continued = await bench.manager.event("UserEvent", UserEvent="Continued")
    assert continued["Dial"] == "ANSWER"

    after = await bench.scripts.session()
    assert await after.ask('SET VARIABLE DIALSTATUS ""') == "200 result=1"
    assert await after.ask("GET VARIABLE DIALSTATUS") == "200 result=1 ()"


async def test_the_phone_is_cancelled_when_the_caller_hangs_up_while_it_rings(
    bench: Bench,
) -> None:
    session = await bench.caller()
    async with scripted_phone() as phone:
        await bench.dialling(session, phone, "g")

        await bench.manager.action("Hangup", Channel=session.channel)

        await wait(phone.cancelled)
    assert await session.rest() == ["200 result=-1", "HANGUP", "HANGUP"]


# The ends of a session


async def test_a_hangup_ends_the_session_with_minus_1_hangup_and_the_end(bench: Bench) -> None:
    """So with AGIEXITONHANGUP=yes, set before AGI()."""
    session = await bench.caller()
    await bench.running(session, "WAIT FOR DIGIT -1")

    await bench.manager.action("Hangup", Channel=session.channel)

    assert await session.rest() == ["200 result=-1", "HANGUP", "HANGUP"]


async def test_without_agiexitonhangup_a_hung_up_channel_stays_until_the_session_is_closed(
    bench: Bench,
) -> None:
    session = await bench.caller("stubborn")
    await bench.running(session, "WAIT FOR DIGIT -1")

    await bench.manager.action("Hangup", Channel=session.channel)

    assert await session.line() == "200 result=-1"
    assert await session.line() == "HANGUP"
    assert await session.is_quiet()
    await session.close()
    await bench.manager.event("Hangup", Channel=session.channel)


async def test_a_redirect_gives_a_new_session_on_the_same_channel(bench: Bench) -> None:
    """The old session ends with the very lines of a hangup while the caller lives."""
    old = await bench.caller()
    await bench.running(old, "WAIT FOR DIGIT -1")

    await bench.redirect(old.channel, "again")
    new = await bench.scripts.session()

    assert await old.rest() == ["200 result=-1", "HANGUP", "HANGUP"]
    assert new.environment["agi_uniqueid"] == old.environment["agi_uniqueid"]
    assert await new.ask("NOOP") == "200 result=0"


async def test_a_redirect_while_an_agent_rings_cancels_the_agent(bench: Bench) -> None:
    old = await bench.caller()
    async with scripted_phone() as phone:
        await bench.dialling(old, phone, "g")

        await bench.redirect(old.channel, "again")
        new = await bench.scripts.session()

        await wait(phone.cancelled)
    assert new.environment["agi_uniqueid"] == old.environment["agi_uniqueid"]
    assert (await old.rest())[-2:] == ["HANGUP", "HANGUP"]


async def test_a_redirect_out_of_a_talk_arrives_with_dialstatus_answer(bench: Bench) -> None:
    old = await bench.caller()
    async with scripted_phone() as phone:
        await bench.talking(old, phone, "g")

        await bench.redirect(old.channel, "again")
        new = await bench.scripts.session()

        await wait(phone.released)
    assert await new.ask("GET VARIABLE DIALSTATUS") == "200 result=1 (ANSWER)"
    assert (await old.rest())[-2:] == ["HANGUP", "HANGUP"]


async def test_the_dialplan_goes_on_when_the_daemon_closes_the_session(bench: Bench) -> None:
    """A daemon that dies looks like a script that has finished."""
    session = await bench.caller()
    await bench.running(session, "WAIT FOR DIGIT -1")

    await session.close()

    continued = await bench.manager.event("UserEvent", UserEvent="Continued")
    assert continued["Agi"] == "SUCCESS"


async def test_the_dialplan_goes_on_with_failure_when_no_daemon_listens(bench: Bench) -> None:
    await bench.call(SCRIPTS=str(bench.asterisk.ports.agi))

    continued = await bench.manager.event("UserEvent", UserEvent="Continued")
    assert continued["Agi"] == "FAILURE"


async def test_a_talk_outlives_the_session_that_dialled_it(bench: Bench) -> None:
    session = await bench.caller()
    async with scripted_phone() as phone:
        leg = await bench.talking(session, phone, "g")

        await session.close()
        assert not phone.released.is_set()
        assert (await bench.manager.action("Ping"))["Response"] == "Success"
        assert await bench.manager.variable(leg, "CHANNEL(state)") == "Up"

        await bench.manager.action("Hangup", Channel=leg)
    continued = await bench.manager.event("UserEvent", UserEvent="Continued")
    assert continued["Dial"] == "ANSWER"


# What AMI tells


async def test_events_carry_our_variables_and_a_dialled_leg_inherits_them(bench: Bench) -> None:
    session = await bench.caller()
    await session.ask('SET VARIABLE __CORD_CALL "c1"')
    async with scripted_phone() as phone:
        leg = await bench.talking(session, phone, "gb(leg^mark^1(o7))")

        entered = await bench.manager.event("BridgeEnter", Channel=leg)

    assert entered["ChanVariable"] == "CORD_CALL=c1,CORD_OFFER=o7"


async def test_one_status_action_tells_all_channels_with_their_variables(bench: Bench) -> None:
    sessions = [await bench.caller() for _ in range(3)]
    for index, session in enumerate(sessions):
        await session.ask(f'SET VARIABLE CORD_CALL "c{index}"')

    asked = await bench.manager.send("Status", Variables="CORD_CALL,DIALSTATUS")
    await bench.manager.event("StatusComplete", ActionID=asked)

    told = {
        message["Channel"]: message["Variable"]
        for message in bench.manager.messages
        if message.get("Event") == "Status" and message["ActionID"] == asked
    }
    for index, session in enumerate(sessions):
        assert told[session.channel] == f"CORD_CALL=c{index},DIALSTATUS=(null)"


async def test_a_uniqueid_begins_with_the_name_of_the_system(bench: Bench) -> None:
    session = await bench.caller()

    assert re.fullmatch(r"contract-\d+\.\d+", session.environment["agi_uniqueid"])


async def test_fully_booted_is_told_to_whoever_logs_in_later(bench: Bench) -> None:
    booted = await bench.manager.event("FullyBooted")

    assert booted["Status"] == "Fully Booted"


async def test_a_filtered_user_gets_the_events_that_are_named_and_fully_booted(
    bench: Bench,
) -> None:
    async with raw_manager(bench.asterisk.ami_port, SECRET, "cordboard") as filtered:
        session = await bench.caller()
        await session.close()
        await filtered.event("UserEvent", UserEvent="Continued")

    names = {message["Event"] for message in filtered.messages if "Event" in message}
    assert names == {"FullyBooted", "Newchannel", "UserEvent"}
