"""Certificates that change while the server runs: what is taken over, and what is not."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from agents.certificates import WRITING_S, Certificates
from agents.errors import CertificateError
from agents.settings import ConnectionSettings, WebSettings
from tests.agents.fakes import PASSWORD, state
from tests.agents.house import House, house
from tests.agents.pems import DAY, Pem, pem

LOOK_S = 0.05
SWAPS = 5
REFUSED = (ssl.SSLError, ConnectionError)
"""How a client learns that there will be no handshake: by TLS's word, or by none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where the pair lies."""

    certificate: Path
    key: Path

    def put(self, pair: Pem) -> None:
        pair.put(self.certificate, self.key)

    def certificates(self) -> Certificates:
        return Certificates(self.certificate, self.key)

    def web(self, *, connection: ConnectionSettings | None = None) -> WebSettings:
        return WebSettings(
            port=0,
            certificate=self.certificate,
            key=self.key,
            certificate_look_s=LOOK_S,
            connection=connection or ConnectionSettings(),
        )


@pytest.fixture(scope="module")
def old() -> Pem:
    return pem("old")


@pytest.fixture(scope="module")
def new() -> Pem:
    return pem("new")


@pytest.fixture
def files(tmp_path: Path, old: Pem) -> Files:
    files = Files(certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    files.put(old)
    return files


def anybody(**limits: ssl.TLSVersion) -> ssl.SSLContext:
    """Return a client's context that looks at no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, version in limits.items():
        setattr(context, name, version)
    return context


async def shown_by(port: int, context: ssl.SSLContext | None = None) -> str:
    """Shake hands, and return the name in the certificate that the server shows."""
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context or anybody())
    encoded = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(encoded).subject.rfc4514_string()


async def until_shown(here: House, name: str) -> None:
    async with asyncio.timeout(10):
        while await shown_by(here.port) != name:
            await asyncio.sleep(LOOK_S)


async def test_a_new_pair_is_shown_to_whoever_comes_and_nobody_is_dropped(
    files: Files, old: Pem, new: Pem
) -> None:
    trust = anybody()
    async with house(web=files.web()) as here, here.desk(trust) as desk:
        await desk.sign_in("ann", PASSWORD)
        before = await shown_by(here.port)
        files.put(new)
        await until_shown(here, "CN=new")
        here.show(state("ann"))

        assert before == "CN=old"
        assert (await desk.wait_state(wish="not_ready")).occupation == "idle"


async def test_pairs_are_swapped_under_load_and_no_handshake_fails(files: Files) -> None:
    seen: set[str] = set()
    swapping = True

    async def come_and_go(port: int) -> int:
        came = 0
        while swapping:
            seen.add(await shown_by(port))
            came += 1
        return came

    pairs = [pem(f"swap {number}") for number in range(SWAPS)]
    async with house(web=files.web()) as here, asyncio.TaskGroup() as tasks:
        comers = [tasks.create_task(come_and_go(here.port)) for _ in range(8)]
        for number, pair in enumerate(pairs):
            files.put(pair)
            await until_shown(here, f"CN=swap {number}")
        swapping = False

    assert all(comer.result() > SWAPS for comer in comers)
    assert {f"CN=swap {number}" for number in range(SWAPS)} <= seen


async def test_a_key_of_another_kind_leaves_nothing_of_the_old_certificate(files: Files) -> None:
    files.put(pem("rsa", kind="rsa"))
    async with house(web=files.web()) as here:
        before = await shown_by(here.port)
        files.put(pem("ec"))
        await until_shown(here, "CN=ec")
        rsa_first = anybody(maximum_version=ssl.TLSVersion.TLSv1_2)
        rsa_first.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")

        assert before == "CN=rsa"
        with pytest.raises(REFUSED):
            await shown_by(here.port, rsa_first)


def with_the_old_key(files: Files, new: Pem) -> None:
    files.certificate.write_bytes(new.certificate)


def half_written(files: Files, new: Pem) -> None:
    files.key.write_bytes(new.key)
    files.certificate.write_bytes(new.certificate[: len(new.certificate) // 2])


def emptied(files: Files, _new: Pem) -> None:
    files.certificate.write_bytes(b"")


def expired(files: Files, _new: Pem) -> None:
    files.put(pem("expired", begins_in=-2 * DAY, expires_in=-timedelta(hours=1)))


def of_tomorrow(files: Files, _new: Pem) -> None:
    files.put(pem("tomorrow", begins_in=DAY))


def gone(files: Files, _new: Pem) -> None:
    files.key.unlink()


def a_pipe(files: Files, _new: Pem) -> None:
    files.key.unlink()
    os.mkfifo(files.key)


def encrypted(files: Files, _new: Pem) -> None:
    files.put(pem("encrypted", password=b"secret"))


def far_too_long(files: Files, new: Pem) -> None:
    files.certificate.write_bytes(new.certificate + b"\n" * 2_000_000)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (with_the_old_key, "the key belongs to another certificate"),
        (half_written, "no whole PEM file"),
        (emptied, "no whole PEM file"),
        (expired, "it expired at"),
        (of_tomorrow, "it is not valid before"),
        (gone, "No such file or directory"),
        (a_pipe, "is no file"),
        (encrypted, "the key is encrypted"),
        (far_too_long, "is longer than"),
    ],
)
async def test_a_pair_that_cannot_be_used_leaves_the_old_one_and_is_named_once(
    files: Files, new: Pem, spoil: Callable[[Files, Pem], None], why: str
) -> None:
    certificates = files.certificates()
    before, expires = certificates.context, certificates.state.expires
    spoil(files, new)
    with capture_logs() as logs:
        await certificates.look()
        await certificates.look()

    assert certificates.context is before
    assert certificates.state.expires == expires
    assert why in (certificates.state.refused or "")
    assert certificates.state.refusals == 1
    assert [line["event"] for line in logs] == ["certificate_refused"]
    files.key.unlink(missing_ok=True)
    files.put(new)
    await certificates.look()
    assert certificates.context is not before
    assert (certificates.state.refused, certificates.state.loads) == (None, 2)


async def test_files_that_are_just_being_replaced_are_no_fault(files: Files, new: Pem) -> None:
    certificates = files.certificates()
    with_the_old_key(files, new)
    with capture_logs() as logs:
        looking = asyncio.ensure_future(certificates.look())
        await asyncio.sleep(WRITING_S / 5)
        files.put(new)
        await looking
        await certificates.look()

    assert [line["event"] for line in logs] == ["certificate_loaded"]
    assert certificates.state.refusals == 0


async def test_a_certificate_of_tomorrow_is_taken_over_tomorrow(files: Files) -> None:
    certificates = files.certificates()
    files.put(pem("tomorrow", begins_in=DAY))
    await certificates.look()
    refused = certificates.state.refused
    certificates._now = lambda: certificates.state.expires - DAY
    await certificates.look()

    assert refused is not None
    assert certificates.state.refused is None


async def test_files_that_did_not_change_are_not_read_again(files: Files) -> None:
    certificates = files.certificates()
    context = certificates.context
    await certificates.look()

    assert certificates.context is context


async def test_a_link_turned_to_another_folder_is_a_change(tmp_path: Path, new: Pem) -> None:
    for name, pair in (("1", pem("old")), ("2", new)):
        (tmp_path / name).mkdir()
        pair.put(tmp_path / name / "cert.pem", tmp_path / name / "key.pem")
    live = tmp_path / "live"
    live.symlink_to("1")
    certificates = Certificates(live / "cert.pem", live / "key.pem")
    live.unlink()
    live.symlink_to("2")
    await certificates.look()

    assert certificates.state.loads == 2


async def test_a_daemon_starts_with_an_expired_certificate_and_says_so(files: Files) -> None:
    files.put(pem("expired", begins_in=-2 * DAY, expires_in=-DAY))
    with capture_logs() as logs:
        files.certificates()

    assert [line["event"] for line in logs] == ["certificate_expired"]


def test_a_key_with_a_password_is_refused_at_the_start_and_nobody_is_asked(files: Files) -> None:
    files.put(pem("encrypted", password=b"secret"))
    with pytest.raises(CertificateError, match="without a password"):
        files.certificates()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_1_2_and_1_3_are_spoken(files: Files, version: ssl.TLSVersion) -> None:
    async with house(web=files.web()) as here:
        client = anybody(minimum_version=version, maximum_version=version)

        assert await shown_by(here.port, client) == "CN=old"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_tls_1_1_is_not(files: Files) -> None:
    async with house(web=files.web()) as here:
        client = anybody(
            minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1
        )
        client.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(REFUSED):
            await shown_by(here.port, client)


async def test_a_request_that_comes_with_the_last_word_of_the_handshake_is_answered(
    files: Files,
) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with house(web=files.web()) as here:

        def ask() -> bytes:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = anybody().wrap_bio(incoming, outgoing, server_hostname="x")
            with socket.create_connection(("127.0.0.1", here.port), timeout=5) as plain:
                while True:
                    try:
                        tls.do_handshake()
                    except ssl.SSLWantReadError:
                        plain.sendall(outgoing.read())
                        incoming.write(plain.recv(65536))
                    else:
                        break
                tls.write(request)
                plain.sendall(outgoing.read())  # the handshake's end and the request, in one
                incoming.write(plain.recv(65536))
                return tls.read(65536)

        assert (await asyncio.to_thread(ask)).startswith(b"HTTP/1.1 200 ")


async def test_strangers_who_never_finish_their_handshake_are_few_and_do_not_stay(
    files: Files,
) -> None:
    limits = ConnectionSettings(sign_in_s=2.0, strangers_max=4, strangers_per_address_max=4)
    async with house(web=files.web(connection=limits)) as here:
        mute = [await asyncio.open_connection("127.0.0.1", here.port) for _ in range(6)]
        ended = [asyncio.ensure_future(reader.read()) for reader, _ in mute]
        turned_away, staying = await asyncio.wait(ended, timeout=0.5)
        with pytest.raises(REFUSED):
            await shown_by(here.port)
        async with asyncio.timeout(5):
            await asyncio.gather(*staying, return_exceptions=True)
        after = await shown_by(here.port)
        for _, writer in mute:
            writer.transport.abort()

    assert (len(turned_away), len(staying)) == (2, 4)
    assert after == "CN=old"


async def test_a_server_stops_while_somebody_shakes_hands(files: Files) -> None:
    async with house(web=files.web()) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"\x16\x03\x01")  # the beginning of a greeting
        await shown_by(here.port)
    async with asyncio.timeout(5):
        (left,) = await asyncio.gather(reader.read(), return_exceptions=True)
    writer.transport.abort()

    assert left == b"" or isinstance(left, ConnectionError)
