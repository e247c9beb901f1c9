"""The client on the real Asterisk: what the fake server claims is what Asterisk does."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_fetch import find_or_fetch
from protocols.ami.client import AmiClient
from protocols.ami.codec import ACTION_LINE_BYTES_MAX
from protocols.ami.errors import ActionRejectedError, LineTooLongError, LinkLostError
from protocols.ami.link import AmiSettings, DownReason, LinkPhase
from protocols.ami.messages import AmiEvent
from tests.protocols.ami.links import running_with

pytestmark = pytest.mark.scenario

WANTED = frozenset({"Newchannel", "Hangup", "OriginateResponse", "Shutdown", "UserEvent"})
EXTENSIONS = """
[from-trunk]
exten => wait,1,Answer()
 same => n,Wait(30)
"""
LOCAL_CALL = [
    ("Channel", "Local/wait@from-trunk"),
    ("Application", "Wait"),
    ("Data", "30"),
    ("Async", "true"),
]


@pytest.fixture
async def asterisk(tmp_path: Path) -> AsyncIterator[AsteriskInstance]:
    settings = AsteriskSettings(
        folder=tmp_path, extensions=EXTENSIONS, channel_variables=("CORD_ID", "CORD_NEXT")
    )
    async with AsteriskInstance(find_or_fetch(), settings) as running:
        yield running


def settings_for(asterisk: AsteriskInstance) -> AmiSettings:
    return AmiSettings(
        host="127.0.0.1",
        port=asterisk.ami_port,
        username="cordboard",
        secret="lab",
        backoff_first_s=0.02,
        backoff_max_s=0.1,
    )


async def named(client: AmiClient) -> set[str]:
    return {entry.get("Channel") for entry in await client.action_list("CoreShowChannels")}


async def freeze(asterisk: AsteriskInstance) -> None:
    """Stop all its threads, and return when they stand."""
    os.kill(asterisk.pid, signal.SIGSTOP)
    await asyncio.to_thread(os.waitid, os.P_PID, asterisk.pid, os.WSTOPPED | os.WNOWAIT)


async def test_the_link_comes_up_and_every_kind_of_answer_arrives(
    asterisk: AsteriskInstance,
) -> None:
    async with running_with(settings_for(asterisk), wanted=WANTED) as (client, heard):
        state = await heard.until_phase(LinkPhase.UP)
        assert state.boot is not None
        assert state.boot.system_name == "lab"
        assert len(state.boot.started_at) == len("2026-11-22 17:33:38")

        await client.action("Setvar", [("Variable", "CORD_X"), ("Value", "Жанна 王 \u2028")])
        answer = await client.action("Getvar", [("Variable", "CORD_X")])
        assert answer.get("Value") == "Жанна 王 \u2028"

        printed = await client.action("Command", [("Command", "core show version")])
        assert printed.output[0].startswith("Asterisk 22")

        assert await named(client) == set()
        with pytest.raises(ActionRejectedError):
            await client.action_list("BridgeInfo", [("BridgeUniqueid", "none")])
        with pytest.raises(ActionRejectedError, match="Invalid/unknown command"):
            await client.action("NoSuchAction")


async def test_a_call_is_seen_in_events_and_lists_with_its_variables(
    asterisk: AsteriskInstance,
) -> None:
    async with running_with(settings_for(asterisk), wanted=WANTED) as (client, heard):
        await heard.until_phase(LinkPhase.UP)
        answer = await client.action(
            "Originate", [*LOCAL_CALL, ("Variable", "CORD_ID=c1"), ("Variable", "CORD_NEXT=a=b")]
        )

        def outcome() -> list[AmiEvent]:
            return [event for event in heard.events if event.name == "OriginateResponse"]

        await heard.until(lambda: bool(outcome()))
        assert outcome()[0].get("Response") == "Success"
        assert outcome()[0].get("ActionID") == answer.get("ActionID")

        channels = await client.action_list("CoreShowChannels")
        variables = [channel.channel_variables for channel in channels]
        assert len(channels) == 2
        assert {"CORD_ID": "c1", "CORD_NEXT": "a=b"} in variables
        statuses = await client.action_list("Status", [("Variables", "CORD_ID")])
        assert {s.get("Uniqueid") for s in statuses} == {c.get("Uniqueid") for c in channels}

        await client.action("Hangup", [("Channel", "/^Local/")])
        await heard.until(lambda: [e.name for e in heard.events].count("Hangup") == 2)
        assert await named(client) == set()
        assert client.counters.events_dropped_by_name > 0
        assert client.counters.doubled_headers == client.counters.noise == 0


async def test_a_line_as_long_as_we_send_reaches_asterisk_whole(
    asterisk: AsteriskInstance,
) -> None:
    room = ACTION_LINE_BYTES_MAX - len("Value: \r\n")
    async with running_with(settings_for(asterisk), wanted=WANTED) as (client, heard):
        await heard.until_phase(LinkPhase.UP)
        await client.action("Setvar", [("Variable", "CORD_X"), ("Value", "x" * room)])
        answer = await client.action("Getvar", [("Variable", "CORD_X")])
        assert answer.get("Value") == "x" * room
        with pytest.raises(LineTooLongError):
            await client.action("Setvar", [("Variable", "CORD_X"), ("Value", "x" * (room + 1))])


async def test_as_many_headers_as_we_send_are_all_kept_by_asterisk(
    asterisk: AsteriskInstance,
) -> None:
    headers = [(f"H{number}", str(number)) for number in range(125)]
    async with running_with(settings_for(asterisk), wanted=WANTED) as (client, heard):
        await heard.until_phase(LinkPhase.UP)
        await client.action("UserEvent", [("UserEvent", "Full"), *headers])
        await heard.until(lambda: bool(heard.events))
        assert [(key, heard.events[0].get(key)) for key, _ in headers] == headers


async def test_a_wrong_secret_is_told(asterisk: AsteriskInstance) -> None:
    settings = replace(settings_for(asterisk), secret="wrong")
    async with running_with(settings, wanted=WANTED) as (_, heard):
        down = await heard.until_phase(LinkPhase.DOWN)
        assert (down.reason, down.detail) == (DownReason.LOGIN_REFUSED, "Authentication failed")


async def test_an_asterisk_killed_and_started_again_is_found_again_as_another(
    asterisk: AsteriskInstance,
) -> None:
    async with running_with(settings_for(asterisk), wanted=WANTED) as (client, heard):
        before = await heard.until_phase(LinkPhase.UP)
        await client.action("Originate", LOCAL_CALL)
        await freeze(asterisk)
        asked = asyncio.create_task(client.action("Getvar", [("Variable", "CORD_X")]))
        await asyncio.sleep(0)  # lets it be sent
        await asterisk.kill()
        with pytest.raises(LinkLostError):
            await asked
        down = await heard.until_phase(LinkPhase.DOWN)
        assert down.reason is DownReason.CONNECTION_LOST
        # A process is told by the second of its birth: the next one is born in another.
        await asyncio.sleep(1 - time.time() % 1)
        await asterisk.start()
        after = await heard.until_phase(LinkPhase.UP, times=2)
        assert after.boot != before.boot
        assert await named(client) == set()
        assert DownReason.CONNECT_FAILED in {state.reason for state in heard.states}


async def test_a_frozen_asterisk_is_noticed_and_found_again_as_the_same(
    asterisk: AsteriskInstance,
) -> None:
    quick = replace(settings_for(asterisk), ping_interval_s=0.05, ping_deadline_s=0.2)
    async with running_with(quick, wanted=WANTED) as (_, heard):
        before = await heard.until_phase(LinkPhase.UP)
        await freeze(asterisk)
        down = await heard.until_phase(LinkPhase.DOWN)
        assert down.reason is DownReason.SILENT
        os.kill(asterisk.pid, signal.SIGCONT)
        after = await heard.until_phase(LinkPhase.UP, times=2)
        assert after.boot == before.boot


async def test_an_asterisk_stopped_in_order_says_so(asterisk: AsteriskInstance) -> None:
    async with running_with(settings_for(asterisk), wanted=WANTED) as (_, heard):
        await heard.until_phase(LinkPhase.UP)
        await asterisk.stop()
        down = await heard.until_phase(LinkPhase.DOWN)
        assert down.reason is DownReason.SWITCH_SHUT_DOWN
        assert "Shutdown" in [event.name for event in heard.events]
