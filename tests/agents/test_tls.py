"""Who is spoken to in plain text, and who by TLS."""

import ssl
from pathlib import Path

import aiohttp
import pytest

from agents.errors import CertificateError, PlainBeyondLoopbackError
from agents.server import certificates_of
from agents.settings import WebSettings
from tests.agents.fakes import PASSWORD, state
from tests.agents.house import house, raw

DATA = Path(__file__).parent / "data"
CERTIFICATE = DATA / "certificate.pem"
SECURE = WebSettings(port=0, certificate=CERTIFICATE, key=DATA / "key.pem")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_plain_text_is_spoken_on_loopback(host: str) -> None:
    assert certificates_of(WebSettings(listen=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example", "localhost.evil"])
def test_plain_text_beyond_loopback_is_refused_unless_allowed(host: str) -> None:
    with pytest.raises(PlainBeyondLoopbackError, match="passwords would cross"):
        certificates_of(WebSettings(listen=host))

    assert certificates_of(WebSettings(listen=host, allow_plain_beyond_loopback=True)) is None


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (CERTIFICATE, DATA / "other-key.pem"),
        (CERTIFICATE, DATA / "missing.pem"),
        (DATA / "missing.pem", DATA / "key.pem"),
        (DATA / "README.md", DATA / "key.pem"),
        (CERTIFICATE, None),
    ],
)
def test_a_certificate_that_cannot_be_used_is_an_error_of_ours(
    certificate: Path, key: Path | None
) -> None:
    with pytest.raises(CertificateError, match=r"web\.certificate"):
        certificates_of(WebSettings(certificate=certificate, key=key))


async def test_a_desk_works_by_tls() -> None:
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    async with house(web=SECURE) as here, here.desk(trust) as desk:
        await desk.sign_in("ann", PASSWORD)
        here.show(state("ann"))

        assert (await desk.wait_state(wish="not_ready")).occupation == "idle"


async def test_a_desk_that_does_not_trust_the_certificate_says_nothing() -> None:
    async with house(web=SECURE) as here:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            async with here.desk():
                pass


async def test_plain_text_to_a_tls_server_gets_nothing() -> None:
    async with house(web=SECURE) as here, raw(here.port) as client:
        client.writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        assert b"HTTP" not in await client.end()
