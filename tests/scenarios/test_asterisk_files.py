"""The files for Asterisk, as they are written, on a real Asterisk: alone and beside others."""

import asyncio
import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.notes import HIS_FILES
from cti.asterisk_files.writing import write_files, write_music
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_installation import Installation
from lab.phone.digest import Credentials, authorization
from lab.phone.errors import CallFailedError, RegistrationFailedError
from lab.phone.phone import Phone
from lab.ports import LOOPBACK, lease_ports
from lab.site import AGENT_HZ, GREETING_HZ, MANAGER_SECRET, TRUNK_ENDPOINT
from tests.cti.asterisk_files.plans import DESK, NET, PLAN, TRUNK, USER, WEB
from tests.scenarios.contract_wire import raw_manager, script_server
from tests.scenarios.joined_asterisk import complaints, freepbx, joined, reload_all
from tests.scenarios.sites import ANN, BEN, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

ODD = ">a\\b\"[x]#'=$,{}(-|`<~"
"""A secret of characters that mean something in one file or another."""

HIS_DIALPLAN = """\
[general]
static=yes
[globals]
HIS=1
CORD_AGI1=
[his]
exten => 1,1,NoOp()
"""
HIS_PJSIP = "[his-ws]\ntype=transport\nprotocol=ws\nbind=127.0.0.1\n"

BESIDE: dict[str, dict[str, Any]] = {
    "a fresh Asterisk": {},
    "an administrator's own files": {
        "extensions": HIS_DIALPLAN,
        "channel_variables": ("HIS1", "HIS2"),
        "pjsip": HIS_PJSIP,
    },
}


@pytest.mark.parametrize("beside", BESIDE)
async def test_the_files_load_and_load_again_without_one_complaint(
    asterisk_installation: Installation, tmp_path: Path, beside: str
) -> None:
    plan = replace(
        PLAN,
        user=replace(USER, secret=ODD),
        phones=(replace(DESK, password=ODD), WEB),
        net=replace(NET, sorry="vm-goodbye"),
    )
    async with joined(asterisk_installation, tmp_path, plan, **BESIDE[beside]) as asterisk:
        after_start = complaints(asterisk)
        await reload_all(asterisk)
        settings = await asterisk.console("manager show settings")
        music = await asterisk.console("moh show files")
        password = await asterisk.console("pjsip show auth a1")
        web = await asterisk.console("http show status")
        endpoints = await asterisk.console("pjsip show endpoints")
        dialplan = await asterisk.console("dialplan show cordboard-in")
        variables = await asterisk.console("dialplan show globals")
        async with raw_manager(asterisk.ami_port, ODD, "cordboard") as manager:
            logged_in = await manager.action("Ping")
        all_complaints = complaints(asterisk)

    own = "" if beside == "a fresh Asterisk" else "HIS1,HIS2"
    assert after_start == all_complaints == []
    assert f"{own},CORD_CALL,CORD_OFFER,CORD_STATE" in settings
    assert "cordboard-music/cordboard" in music
    assert ODD in password
    assert "Server Enabled and Bound to 127.0.0.1" in web
    assert "Objects found: 3" in endpoints
    assert "3 extensions" in dialplan
    assert ("HIS=1" in variables) == bool(own)
    assert logged_in["Response"] == "Success"


async def test_files_that_are_gone_cost_the_administrator_none_of_his(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with joined(asterisk_installation, tmp_path, extensions=HIS_DIALPLAN) as asterisk:
        for name in HIS_FILES:
            (tmp_path / "an odd, @folder" / name).unlink()
        await reload_all(asterisk)
        his = await asterisk.console("dialplan show his")
        ours = [
            await asterisk.console("dialplan show cordboard-in"),
            await asterisk.console("manager show user cordboard"),
            await asterisk.console("moh show classes"),
            await asterisk.console("pjsip show endpoints"),
        ]
        found = complaints(asterisk)

    assert "1. NoOp()" in his
    assert [text for text in ours if "cordboard-carrier" in text or "created by" in text] == []
    assert "There is no manager called cordboard" in ours[1]
    assert "cordboard" not in ours[2]
    assert found == []


async def test_a_desk_phone_registers_with_its_password_and_with_no_other(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        wrong = Credentials("a1", "wrong")
        async with await Phone.start("a1", server=site.server, credentials=wrong) as stranger:
            with pytest.raises(RegistrationFailedError, match="401"):
                await stranger.register()
        await site.desk("ann")
        site.phones["a1"].answers()
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=5)
        await call.hang_up()


async def test_a_desk_phone_hears_itself_and_the_service_and_reaches_nobody_else(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN) as site:
        phone = site.phones["a1"]
        echo = await phone.dial("*43", within_s=5)
        await echo.hears(AGENT_HZ, within_s=3)
        await echo.hang_up()
        service = await phone.dial("8000", within_s=5)
        await service.hears(GREETING_HZ, within_s=5)
        await service.hang_up()
        for number in ("a2", "s", "leg", "0049301234", "requeue", "1"):
            with pytest.raises(CallFailedError, match="404"):
                await phone.dial(number, within_s=5)


@pytest.mark.parametrize("user", ["4930123", TRUNK_ENDPOINT, "a1", "anonymous", "cordboard-in"])
async def test_an_unknown_address_gets_no_call_in_whatever_name_it_takes(
    open_site: OpenSite, user: str
) -> None:
    async with open_site(ANN) as site:
        statuses = await invites_from("127.0.0.9", site.ports.sip, user)
        channels = await site.asterisk.console("core show channels count")

    assert statuses == {"401"}
    assert "0 calls processed" in channels


async def invites_from(host: str, port: int, user: str) -> set[str]:
    """Call the service from an address that is no trunk's; return the statuses of the answers."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setblocking(False)
        wire.bind((host, 0))
        us = f"{host}:{wire.getsockname()[1]}"
        lines = [
            f"INVITE sip:8000@{LOOPBACK} SIP/2.0",
            f"Via: SIP/2.0/UDP {us};branch=z9hG4bK-{user}",
            f"From: <sip:{user}@{host}>;tag=1",
            f"To: <sip:8000@{LOOPBACK}>",
            f"Call-ID: {user}@{host}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:{user}@{us}>",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        await loop.sock_sendto(wire, ("\r\n".join(lines) + "\r\n\r\n").encode(), (LOOPBACK, port))
        statuses: set[str] = set()
        async with asyncio.timeout(5):
            while not statuses:  # the first answer is the last one: a challenge
                answer = await loop.sock_recv(wire, 4096)
                statuses.add(answer.split(b" ")[1].decode())
    return statuses


async def test_a_standby_takes_calls_over_by_two_globals_and_gives_them_back(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site, script_server() as standby:
        async with raw_manager(site.ports.manager, MANAGER_SECRET, "cordboard") as manager:
            address = f"{LOOPBACK}:{standby.port}"
            await manager.action("Setvar", Variable="CORD_AGI1", Value=address)
            await site.asterisk.console("dialplan reload")
            call = (await site.caller("first")).start_call("8000")
            session = await standby.session()
            await session.ask("SET VARIABLE CORD_STATE done")
            await session.ask("HANGUP")
            await call.ends(within_s=5)
            await manager.action("Setvar", Variable="CORD_AGI1", Value="")
        served = await (await site.caller("second")).dial("8000", within_s=5)
        await served.hears(GREETING_HZ, within_s=5)

    assert session.environment["agi_network_script"] == "call"


async def test_the_doctors_call_tells_its_token_to_whoever_serves_it(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with script_server() as doctor:
        plan = replace(PLAN, net=replace(NET, agi=f"{LOOPBACK}:{doctor.port}"))
        async with (
            joined(asterisk_installation, tmp_path, plan) as asterisk,
            raw_manager(asterisk.ami_port, "s3cret", "cordboard") as manager,
        ):
            await manager.action(
                "Originate",
                Channel="Local/s@cordboard-doctor",
                Application="Wait",
                Data="3",
                Variable="CORD_DOCTOR=a-token",
                Async="true",
            )
            session = await doctor.session()
            await session.ask("SET VARIABLE CORD_DOCTOR_SAID a-token")
            said = await manager.variable(session.channel, "CORD_DOCTOR_SAID")
            await session.ask("HANGUP")

    assert session.environment["agi_network_script"] == "doctor"
    assert session.environment["agi_arg_1"] == "a-token"
    assert said == "a-token"


async def test_a_caller_who_comes_by_no_sip_keeps_his_number_reduced_to_harmless_characters(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with script_server() as daemon:
        plan = replace(PLAN, net=replace(NET, agi=f"{LOOPBACK}:{daemon.port}"))
        async with (
            joined(asterisk_installation, tmp_path, plan) as asterisk,
            raw_manager(asterisk.ami_port, "s3cret", "cordboard") as manager,
        ):
            await manager.action(
                "Originate",
                Channel="Local/8000@cordboard-in",
                Application="Wait",
                Data="3",
                CallerID='"x" <49%30,(1);2>',
                Async="true",
            )
            session = await daemon.session()
            await session.ask("SET VARIABLE CORD_STATE done")
            await session.ask("HANGUP")
            found = [line for line in complaints(asterisk) if "AGI" not in line]

    assert session.environment["agi_callerid"] == "493012"
    assert session.environment["agi_network_script"] == "call"
    assert found == []


async def test_beside_files_like_those_of_freepbx_its_phones_and_trunks_stay_its_own(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    out = tmp_path / "cordboard"
    async with script_server() as daemon:
        with lease_ports() as ports:
            plan = replace(PLAN, net=replace(NET, agi=f"{LOOPBACK}:{daemon.port}"))
            write_files(out, asterisk_files(replace(plan, folder=str(out))))
            write_music(out)
            settings = AsteriskSettings(
                folder=tmp_path / "pbx", extensions="", files=freepbx(ports, out)
            )
            async with AsteriskInstance(asterisk_installation, settings, ports=ports) as asterisk:
                phone = await asterisk.console("pjsip show endpoint 201")
                user = await asterisk.console("manager show user cordboard")
                service = await asterisk.console("dialplan show 8000@from-internal")
                caller = await Phone.start("caller", server=(LOOPBACK, ports.sip))
                async with caller, raw_manager(ports.manager, "lab") as manager:
                    call = caller.start_call("4930", raw_from="<sip:5550100%0d%0aEvent@h>")
                    await call.answered(within_s=3)
                    session = await daemon.session()
                    began = await manager.event("Newchannel")
                    await session.ask("SET VARIABLE CORD_STATE done")
                    await session.ask("HANGUP")
                    await call.ends(within_s=5)
                found = [line for line in complaints(asterisk) if "AGI" not in line]

    assert found == []
    assert ["device_state_busy_at               : 1" in phone, "context" in phone] == [True, True]
    assert "system,call" in user
    assert "MSet(CORD_SERVICE=8000," in service
    assert began["CallerIDNum"] == "0"
    assert session.environment["agi_callerid"] == "0"


async def test_a_caller_is_kept_as_long_where_there_is_no_music_at_all(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    """Without a class `MusicOnHold` returns at once: the tries would be over in no time."""
    net = replace(NET, agi="127.0.0.1:1", music="absent", fallback="", tries_max=3)
    trunk = replace(TRUNK, addresses=("127.0.0.1",))
    plan = replace(PLAN, net=net, trunks=(trunk,))
    async with joined(
        asterisk_installation, tmp_path, plan, endpoints=(trunk.endpoint,)
    ) as asterisk:
        caller = await Phone.start("caller", server=(LOOPBACK, asterisk.sip_port))
        async with caller:
            loop = asyncio.get_running_loop()
            call = await caller.dial("8000", within_s=3)
            began = loop.time()
            await call.ends(within_s=10)
            kept_s = loop.time() - began

    assert 2.0 < kept_s < 6.0


async def test_a_phone_in_a_browser_registers_over_the_websocket_with_its_password_alone(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with joined(asterisk_installation, tmp_path) as asterisk, ClientSession() as browser:
        url = f"http://{LOOPBACK}:{asterisk.http_port}/ws"
        async with browser.ws_connect(url, protocols=["sip"]) as wire:
            wrong = await registers(wire, Credentials("w1", "wrong"))
        async with browser.ws_connect(url, protocols=["sip"]) as wire:
            right = await registers(wire, Credentials("w1", "pass2"))
            contacts = await asterisk.console("pjsip show contacts")

    assert wrong == ["401", "401"]
    assert right == ["401", "200"]
    assert "w1/sip:w1@" in contacts


async def registers(wire: ClientWebSocketResponse, credentials: Credentials) -> list[str]:
    """Register as a browser's phone does (RFC 7118); return the statuses that came."""
    statuses = []
    authorization_line = ""
    for number in (1, 2):
        await wire.send_str(
            f"REGISTER sip:{LOOPBACK} SIP/2.0\r\n"
            f"Via: SIP/2.0/WS browser.invalid;branch=z9hG4bK-{credentials.password}{number}\r\n"
            f"From: <sip:{credentials.user}@{LOOPBACK}>;tag={credentials.password}\r\n"
            f"To: <sip:{credentials.user}@{LOOPBACK}>\r\n"
            f"Call-ID: {credentials.password}\r\nCSeq: {number} REGISTER\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:{credentials.user}@browser.invalid;transport=ws>;expires=60\r\n"
            f"{authorization_line}Content-Length: 0\r\n\r\n"
        )
        answer = await wire.receive_str(timeout=5)
        while answer.startswith("OPTIONS"):  # it asks at once whether the phone is there
            answer = await wire.receive_str(timeout=5)
        statuses.append(answer.split(" ")[1])
        (challenge,) = re.findall(r"WWW-Authenticate: *(.*)\r", answer)[:1] or [""]
        if challenge:
            value = authorization(
                challenge,
                credentials,
                method="REGISTER",
                uri=f"sip:{LOOPBACK}",
                client_nonce="browser",
            )
            authorization_line = f"Authorization: {value}\r\n"
    return statuses
