"""The daemon's AMI user on a real Asterisk: what it may do, what it may not, and what it hears."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cti.switch.dialplan import WANTED_EVENTS
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK
from lab.site import AGENT_HZ, MANAGER_SECRET, TRUNK_ENDPOINT
from tests.cti.asterisk_files.plans import PLAN, USER
from tests.scenarios.contract_wire import RawManager, raw_manager
from tests.scenarios.joined_asterisk import joined
from tests.scenarios.sites import ANN, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

ALLOWED: list[tuple[str, Mapping[str, str]]] = [
    ("Ping", {}),
    ("CoreStatus", {}),
    ("CoreSettings", {}),
    ("Status", {}),
    ("DeviceStateList", {}),
    ("Setvar", {"Variable": "CORD_X", "Value": "1"}),
    ("Getvar", {"Variable": "CORD_X"}),
    ("Getvar", {"Variable": "IFMODULE(app_dial.so)"}),
    ("Originate", {"Channel": "Local/s@cordboard-doctor", "Application": "Wait", "Data": "1"}),
]
NO_SUCH_CHANNEL: list[tuple[str, Mapping[str, str]]] = [
    ("Hangup", {"Channel": "none"}),
    ("Redirect", {"Channel": "none", "Context": "x", "Exten": "s", "Priority": "1"}),
]
REFUSED: list[tuple[str, Mapping[str, str]]] = [
    ("Command", {"Command": "core show version"}),
    ("GetConfig", {"Filename": "manager.conf"}),
    ("GetConfigJSON", {"Filename": "manager.conf"}),
    ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
    ("CreateConfig", {"Filename": "new.conf"}),
    ("ListCategories", {"Filename": "manager.conf"}),
    ("ModuleLoad", {"LoadType": "reload"}),
    ("ModuleCheck", {"Module": "app_dial"}),
    ("Reload", {}),
    ("DBPut", {"Family": "f", "Key": "k", "Val": "v"}),
    ("DBDelTree", {"Family": "registrar"}),
    ("AGI", {"Channel": "none", "Command": "EXEC System id"}),
    ("UserEvent", {"UserEvent": "x"}),
    ("Filter", {"Operation": "Add", "Filter": "Event: Newchannel"}),
    ("DialplanExtensionAdd", {"Context": "x", "Extension": "1", "Priority": "1"}),
    ("MixMonitor", {"Channel": "none"}),
    ("MessageSend", {"To": "pjsip:a1", "Body": "x"}),
    ("PJSIPShowAuths", {}),
    ("Getvar", {"Variable": "SHELL(id)"}),
]
PROGRAMS = ("System", "TrySystem", "Exec", "AGI", "MixMonitor", "Originate")


async def test_the_ami_user_may_do_what_the_daemon_does_and_nothing_worse(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    evidence = tmp_path / "evidence"
    touch = {"Data": f"touch {evidence}", "Channel": "Local/s@cordboard-doctor"}
    programs = [("Originate", {**touch, "Application": program}) for program in PROGRAMS]
    inner = ("Originate", {**touch, "Application": "Wait", "Data": f"${{SHELL(touch {evidence})}}"})
    async with (
        joined(asterisk_installation, tmp_path) as asterisk,
        raw_manager(asterisk.ami_port, "s3cret", "cordboard") as manager,
    ):
        allowed = [await manager.action(name, **fields) for name, fields in ALLOWED]
        absent = [await manager.action(name, **fields) for name, fields in NO_SUCH_CHANNEL]
        refused = [await manager.action(name, **fields) for name, fields in REFUSED]
        forbidden = [await manager.action(n, **fields) for n, fields in (*programs, inner)]
        files = await manager.action("Setvar", Variable=f"FILE({evidence})", Value="x")
        kept = await manager.action("Getvar", Variable="FILE(/etc/hostname)")

    assert [told["Response"] for told in allowed] == ["Success"] * len(ALLOWED)
    assert ["not exist" in m["Message"] or "No such" in m["Message"] for m in absent] == [True] * 2
    assert [
        name for (name, _), told in zip(REFUSED, refused, strict=True) if not denied(told)
    ] == []
    assert ["Originate Access Forbidden" in told["Message"] for told in forbidden] == [True] * 7
    assert (files["Response"], kept["Value"]) == ("Error", "")
    assert not evidence.exists()


def denied(told: Mapping[str, str]) -> bool:
    """Tell whether Asterisk refused an action for want of a right."""
    message = told.get("Message", "")
    return told["Response"] == "Error" and (
        "Permission denied" in message or "Forbidden" in message
    )


@pytest.mark.parametrize(
    ("secret", "peers"), [("wrong", ("127.0.0.1",)), ("s3cret", ("192.0.2.1", "::1"))]
)
async def test_ami_is_shut_to_a_wrong_secret_and_to_addresses_that_are_not_the_daemons(
    asterisk_installation: Installation, tmp_path: Path, secret: str, peers: tuple[str, ...]
) -> None:
    plan = replace(PLAN, user=replace(USER, peers=peers))
    async with joined(asterisk_installation, tmp_path, plan) as asterisk:
        reader, writer = await asyncio.open_connection(LOOPBACK, asterisk.ami_port)
        login = f"Action: Login\r\nUsername: cordboard\r\nSecret: {secret}\r\n\r\n"
        writer.write(login.encode())
        told = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    assert b"Authentication failed" in told


async def test_all_wanted_events_arrive_and_no_others(open_site: OpenSite) -> None:
    async with (
        open_site(ANN) as site,
        raw_manager(site.ports.manager, MANAGER_SECRET) as everything,
        raw_manager(site.ports.manager, MANAGER_SECRET, "cordboard") as filtered,
    ):
        await everything.action(
            "Originate",
            Channel="Local/s@cordboard-doctor",
            Application="Wait",
            Data="1",
            Async="true",
        )
        await everything.event("OriginateResponse")
        await filtered.action("Originate", Channel="Local/s@nowhere", Application="Wait", Async="1")
        await site.desk("ann")
        site.phones["a1"].answers()
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=5)
        await call.hang_up()
        await hung_up(everything)
        await hung_up(filtered)

    named = {message["Event"] for message in filtered.messages if "Event" in message}
    devices = {m["Device"] for m in everything.messages if m.get("Event") == "DeviceStateChange"}
    told = {m["Device"] for m in filtered.messages if m.get("Event") == "DeviceStateChange"}
    assert named == set(WANTED_EVENTS) - {"Shutdown"}
    assert {"Newchannel", "VarSet", "Newexten"} <= {m.get("Event") for m in everything.messages}
    assert any(device.startswith("Local/") for device in devices)
    assert {device.partition("/")[0] for device in told} == {"PJSIP"}


async def hung_up(manager: RawManager) -> None:
    """Wait until this connection was told of both ends of the call."""
    await manager.message(
        lambda m: m.get("Event") == "Hangup" and TRUNK_ENDPOINT in m.get("Channel", "")
    )


async def test_the_end_of_asterisk_is_told(open_site: OpenSite) -> None:
    """Asterisk does not wait until its last event was sent: now and then nobody gets it."""
    told = False
    async with open_site(ANN) as site:
        while not told:
            async with raw_manager(site.ports.manager, MANAGER_SECRET, "cordboard") as filtered:
                await site.asterisk.stop()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(2):
                        told = bool(await filtered.event("Shutdown"))
            await site.asterisk.start()

    assert told
