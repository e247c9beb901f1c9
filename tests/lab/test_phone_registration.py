"""The lab's phone proves who it is: digest answers, REGISTER, and an INVITE that is challenged."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.phone import sip
from lab.phone.datagrams import Address, DatagramSocket
from lab.phone.derived import respond
from lab.phone.digest import Credentials, authorization
from lab.phone.errors import CallFailedError, RegistrationFailedError, SipSyntaxError
from lab.phone.phone import Phone
from lab.phone.sip import Request, Response

CHALLENGE = 'Digest realm="asterisk", nonce="n1", opaque="o1", algorithm=MD5, qop="auth"'
PASSWORD = Credentials("a1", "secret")


def test_the_example_of_the_rfc_comes_out_right() -> None:
    """RFC 2617, section 3.5; its count of the nonce is the first, as ours always is."""
    value = authorization(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
        Credentials("Mufasa", "Circle Of Life"),
        method="GET",
        uri="/dir/index.html",
        client_nonce="0a4f113b",
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in value
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in value


def test_a_challenge_without_qop_is_answered_without() -> None:
    value = authorization(
        'Digest realm="r", nonce="n"', PASSWORD, method="REGISTER", uri="sip:h", client_nonce="c"
    )
    assert "qop" not in value
    assert "cnonce" not in value


@pytest.mark.parametrize(
    "challenge", ["", "Basic realm=x", 'Digest realm="r", nonce="n", algorithm=SHA-256']
)
def test_other_challenges_are_refused(challenge: str) -> None:
    with pytest.raises(SipSyntaxError):
        authorization(challenge, PASSWORD, method="REGISTER", uri="sip:h", client_nonce="c")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(PASSWORD)


class Registrar:
    """Challenges what has no Authorization, and takes what has one; it checks no digest."""

    def __init__(self) -> None:
        self.socket = DatagramSocket("127.0.0.1", 0, self._take)
        self.address: Address = ("127.0.0.1", self.socket.port)
        self.granted_s: int | None = 30
        self._inbox: asyncio.Queue[Request] = asyncio.Queue()

    def _take(self, data: bytes, sender: Address, _arrived_ns: int) -> None:
        request = sip.parse(data)
        assert isinstance(request, Request)
        self._inbox.put_nowait(request)
        if request.method != "ACK":
            self.socket.send(sip.serialise(self._reply(request)), sender)

    async def received(self, count: int) -> list[Request]:
        """Return the next requests that came."""
        return [await self._inbox.get() for _ in range(count)]

    def _reply(self, request: Request) -> Response:
        if "Authorization" not in request.headers:
            return respond(request, 401, extra=[("WWW-Authenticate", CHALLENGE)])
        if request.method == "INVITE":
            return respond(request, 603, to_tag="t")
        if self.granted_s is None:
            return respond(request, 200, extra=[("Expires", "25")])
        contact = f"<sip:other@h>;expires=9, {request.headers.get('Contact')};expires="
        return respond(request, 200, extra=[("Contact", f"{contact}{self.granted_s}")])


@pytest.fixture
async def registrar() -> AsyncIterator[Registrar]:
    registrar = Registrar()
    yield registrar
    registrar.socket.close()


async def test_a_phone_registers_and_takes_it_back(registrar: Registrar) -> None:
    async with await Phone.start("a1", server=registrar.address, credentials=PASSWORD) as phone:
        assert await phone.register(expires_s=60) == 30
        registrar.granted_s = None
        assert await phone.register(expires_s=60) == 25
        await phone.unregister()
    requests = await registrar.received(6)
    expires = [request.headers.get("Expires") for request in requests]
    assert expires == ["60", "60", "60", "60", "0", "0"]
    assert [request.cseq[0] for request in requests] == [1, 2, 3, 4, 5, 6]


async def test_a_phone_without_credentials_is_refused(registrar: Registrar) -> None:
    async with await Phone.start("a1", server=registrar.address) as phone:
        with pytest.raises(RegistrationFailedError, match="401"):
            await phone.register()
        with pytest.raises(CallFailedError, match="401"):
            await phone.dial("8000")


async def test_a_challenged_call_is_made_once_more_with_credentials(registrar: Registrar) -> None:
    async with await Phone.start("a1", server=registrar.address, credentials=PASSWORD) as phone:
        with pytest.raises(CallFailedError, match="603"):
            await phone.dial("8000")
    requests = await registrar.received(4)
    assert [request.method for request in requests] == ["INVITE", "ACK"] * 2
    assert requests[2].cseq == (2, "INVITE")
