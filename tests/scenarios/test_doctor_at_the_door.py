"""`cordboard doctor` where Asterisk does not let it in, or is not what answers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cti.asterisk_files.notes import MANAGER
from cti.doctor.findings import Verdict
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK
from tests.cti.doctor.certificates import new_certificate
from tests.cti.doctor.patients import Patient, edited, not_well, only, patient

pytestmark = pytest.mark.scenario

ALL_OF_THE_PBX = {
    *("rights", "version", "modules", "dialplan", "agi", "prompts", "music", "events"),
    *("ready", "phones", "trunks", "pbx_clock"),
}
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def with_other_ami(one: Patient, **changes: object) -> None:
    """Change what the configuration says of AMI."""

    def change(main: dict[str, Any]) -> None:
        (pbx,) = main["pbx"].values()
        pbx["ami"].update(changes)

    one.change_main(change)


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("fault", ["secret", "user", "permit"])
async def test_a_refused_login_is_told_with_its_cause_as_far_as_that_can_be_known(
    asterisk_installation: Installation, tmp_path: Path, fault: str, readable: bool
) -> None:
    spoil = {
        "secret": edited(MANAGER, "secret = ", "secret = x"),
        "user": edited(MANAGER, "[cordboard]", "[somebody]"),
        "permit": edited(MANAGER, "permit = 127.0.0.1", "permit = 192.0.2.1"),
    }[fault]
    async with patient(asterisk_installation, tmp_path, spoil=spoil, phones=()) as one:
        etc = tmp_path / "pbx" / "etc"
        finding = only(await one.examined("ami", etc=etc if readable else None), "ami")

    if readable:
        told = {"secret": "the secret of", "user": "has no user", "permit": "does not let"}[fault]
        assert told in finding.sentence
    else:
        assert "refuses the user cordboard" in finding.sentence
        assert "manager show user cordboard" in finding.remedy
        assert "--asterisk-etc DIR" in finding.remedy
        assert MANAGER in finding.remedy
    assert "manager reload" in finding.remedy
    assert "a-secret-of-the-lab" not in finding.sentence + finding.remedy


async def test_a_closed_port_is_wrong_and_the_rest_is_not_checked(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, starts=False) as one:
        findings = await one.examined()

    assert "nothing listens at 127.0.0.1" in only(findings, "ami").sentence
    assert set(not_well(findings, Verdict.NOT_CHECKED)) == {*ALL_OF_THE_PBX, "files"}
    assert {finding.sentence for finding in not_well(findings)["music"]} == {
        "because Asterisk's manager interface cannot be reached"
    }


@asynccontextmanager
async def answering(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Listen on a free port."""
    server = await asyncio.start_server(handler, LOOPBACK, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def is_a_web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")
    writer.close()


async def says_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await reader.read()
    writer.close()


async def hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (says_nothing, "takes connections and says nothing"),
        (is_a_web_server, "a web server answers"),
        (says_hello, "something else answers at 127.0.0.1:{port}: SSH-2.0-OpenSSH_9.2"),
        (hangs_up, "takes connections and says nothing"),
    ],
)
async def test_what_else_answers_at_amis_port_is_named(
    asterisk_installation: Installation, tmp_path: Path, handler: Handler, told: str
) -> None:
    async with (
        patient(asterisk_installation, tmp_path, starts=False) as one,
        answering(handler) as port,
    ):
        with_other_ami(one, port=port)
        findings = await one.examined()

    assert told.format(port=port) in only(findings, "ami").sentence
    assert set(not_well(findings, Verdict.NOT_CHECKED)) == {*ALL_OF_THE_PBX, "files"}


async def test_tls_at_amis_port_is_named(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    certificate, key = new_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    async with (
        patient(asterisk_installation, tmp_path, starts=False) as one,
        answering(says_nothing, tls) as port,
    ):
        with_other_ami(one, port=port)
        finding = only(await one.examined(), "ami")

    assert "speaks TLS" in finding.sentence
    assert "5038" in finding.remedy


async def test_an_asterisk_that_stops_in_the_middle_is_told_and_nothing_hangs(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, phones=()) as one:
        examining = asyncio.create_task(one.examined())
        while "Local" not in await one.asterisk.console("core show channels concise"):
            assert not examining.done()
        await one.asterisk.kill()
        async with asyncio.timeout(20):
            findings = await examining

    assert not_well(findings, Verdict.WRONG) == {}
    assert "music" in not_well(findings, Verdict.NOT_CHECKED)
