"""A daemon that shows another certificate than the file holds, and which is which."""

import asyncio
import contextlib
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.load import load
from cti.doctor.certificates import look_at_certificate
from cti.doctor.findings import Examination, Finding, Verdict
from tests.config.folders import Folder
from tests.cti.doctor.certificates import authority, new_certificate
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES
from tests.cti.test_serve import folder, secure_folder, serving

__all__ = ["folder", "secure_folder"]

DAY = timedelta(days=1)
GOOD, LATER = 60 * DAY, 200 * DAY


def day(ahead: timedelta) -> str:
    return f"{datetime.now(tz=UTC) + ahead:%Y-%m-%d}"


async def looked_at(path: Path, port: int) -> list[Finding]:
    """Return what doctor says of a file beside a daemon at a port."""
    configuration = load(EXAMPLES, ENVIRONMENT)
    web = replace(configuration.web, certificate=path, key=path, listen="127.0.0.1", port=port)
    examination = Examination(configuration=replace(configuration, web=web), daemon_runs=True)
    return await look_at_certificate(examination)


async def test_a_daemon_that_keeps_the_old_one_beside_an_expired_file_is_a_warning(
    secure_folder: Folder, tmp_path: Path
) -> None:
    certificate, key = secure_folder.path / "cert.pem", secure_folder.path / "key.pem"
    async with serving(secure_folder) as daemon:
        port = (await daemon.until("web_listening"))["port"]
        await daemon.until("daemon_started")
        expired, its_key = new_certificate(tmp_path, ends=-DAY)
        shutil.copy(expired, certificate)
        shutil.copy(its_key, key)
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.until("certificate_refused")
        found = await looked_at(certificate, port)

    first = found[0]
    assert first.verdict is Verdict.WARNING
    assert f"the file {certificate} expired on {day(-DAY)}" in first.sentence
    assert "the running daemon goes on showing the certificate that it had" in first.sentence
    assert "certbot renew" in first.remedy
    assert "systemctl reload cordboard" in first.remedy


async def stays(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hold the connection until the other side ends it: dropped, it could be reset at any time."""
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()


@asynccontextmanager
async def showing(folder: Path, begins: timedelta, ends: timedelta) -> AsyncIterator[int]:
    """Show a certificate at a port; no daemon can be kept from taking up a better one."""
    folder.mkdir()  # noqa: ASYNC240 - of a test's own
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*new_certificate(folder, begins=begins, ends=ends))
    server = await asyncio.start_server(stays, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


CASES = [
    (
        (GOOD, -30 * DAY, -DAY),
        Verdict.WRONG,
        "desks cannot connect; the file {path} holds another, good until {written}",
        "systemctl reload cordboard (SIGHUP",
    ),
    (
        (-2 * DAY, -30 * DAY, -DAY),
        Verdict.WRONG,
        "that expired on {shown}: desks cannot connect; the file {path} holds another",
        "certbot renew",
    ),
    (
        (LATER, -30 * DAY, GOOD),
        Verdict.WARNING,
        "{written}, and the running daemon still shows another certificate, good until {shown}",
        "certificate_refused",
    ),
    (
        (-2 * DAY, -30 * DAY, GOOD),
        Verdict.WARNING,
        "the file {path} expired on {written}; the running daemon goes on showing",
        "systemctl reload cordboard",
    ),
]


@pytest.mark.parametrize(("times", "verdict", "told", "remedy"), CASES)
async def test_each_way_of_differing_says_which_is_which(
    tmp_path: Path,
    times: tuple[timedelta, timedelta, timedelta],
    verdict: Verdict,
    told: str,
    remedy: str,
) -> None:
    written, begins, shown = times
    path, _key = new_certificate(tmp_path, ends=written, issuer=authority())
    async with showing(tmp_path / "shown", begins, shown) as port:
        first, *_rest = await looked_at(path, port)

    expected = told.format(path=path, shown=day(shown), written=day(written))
    assert (first.verdict, expected in first.sentence) == (verdict, True), first.sentence
    assert remedy in first.remedy


async def test_a_file_that_is_good_later_is_told_beside_what_is_shown(tmp_path: Path) -> None:
    path, _key = new_certificate(tmp_path, begins=2 * DAY, ends=GOOD, issuer=authority())
    async with showing(tmp_path / "shown", -DAY, GOOD) as port:
        first, *_rest = await looked_at(path, port)

    assert first.verdict is Verdict.WARNING
    assert f"is good from {day(2 * DAY)} only" in first.sentence
    assert f"on {day(2 * DAY)}: systemctl reload cordboard" == first.remedy


async def test_a_daemon_that_shows_what_the_file_holds_has_one_line_of_it(tmp_path: Path) -> None:
    path, key = new_certificate(tmp_path, ends=-DAY, issuer=authority())
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path, key)
    server = await asyncio.start_server(stays, "127.0.0.1", 0, ssl=tls)
    try:
        found = await looked_at(path, server.sockets[0].getsockname()[1])
    finally:
        server.close()

    assert [finding.verdict for finding in found].count(Verdict.WRONG) == 1
    assert f"{path} expired on {day(-DAY)}: desks cannot connect" == found[0].sentence
