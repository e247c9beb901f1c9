"""The lab's phone against a peer that repeats, loses and garbles messages as the test wants."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from lab.phone import rtp, sdp, sip
from lab.phone.call import EndedBy
from lab.phone.datagrams import Address, DatagramSocket
from lab.phone.derived import respond
from lab.phone.errors import CallFailedError, CallOverError, SdpSyntaxError
from lab.phone.phone import Phone
from lab.phone.sip import Headers, Request, Response
from lab.phone.transactions import Timers

SOON_S = 5.0
QUICK = Timers(t1_s=0.01, t2_s=0.04)
OFFER = sdp.build(sdp.ours("127.0.0.1", 40_000), session_id=1, version=1)


class Peer:
    """A socket at which the test reads and writes single messages by hand."""

    def __init__(self) -> None:
        self.socket = DatagramSocket("127.0.0.1", 0, self._take)
        self.address: Address = ("127.0.0.1", self.socket.port)
        self.phone: Phone
        self.raw: list[bytes] = []
        self._inbox: asyncio.Queue[Request | Response] = asyncio.Queue()
        self._repeats: asyncio.Queue[Request | Response] = asyncio.Queue()

    def _take(self, data: bytes, _sender: Address, _arrived_ns: int) -> None:
        inbox = self._repeats if data in self.raw else self._inbox
        self.raw.append(data)
        inbox.put_nowait(sip.parse(data))

    def send(self, message: Request | Response) -> None:
        self.socket.send(sip.serialise(message), self.phone.address)

    async def request(self, method: str) -> Request:
        """Return the next new message, which must be this request."""
        message = await self._next()
        assert isinstance(message, Request)
        assert message.method == method
        return message

    async def response(self, status: int) -> Response:
        """Return the next new message, which must have this status."""
        message = await self._next()
        assert isinstance(message, Response)
        assert message.status == status
        return message

    async def again(self, message: Request | Response) -> None:
        """Wait until a message comes that came before."""
        async with asyncio.timeout(SOON_S):
            while await self._repeats.get() != message:
                pass

    async def quiet(self, for_s: float) -> None:
        """Check that nothing more is sent, repeats included."""
        await asyncio.sleep(0)  # what was under way is in
        await asyncio.sleep(0)
        before = len(self.raw)
        await asyncio.sleep(for_s)
        assert self.raw[before:] == []

    async def _next(self) -> Request | Response:
        return await asyncio.wait_for(self._inbox.get(), SOON_S)

    def build(
        self, method: str, branch: str, *, number: int = 1, to_tag: str = "", body: bytes = b""
    ) -> Request:
        """Return a request of the call `test-call`."""
        to = "<sip:a1@h>" + (f";tag={to_tag}" if to_tag else "")
        port = self.socket.port
        fields = [
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{port};branch={sip.BRANCH_COOKIE}{branch}"),
            ("From", "<sip:peer@h>;tag=peer"),
            ("To", to),
            ("Call-ID", "test-call"),
            ("CSeq", f"{number} {method}"),
            ("Contact", f"<sip:peer@127.0.0.1:{port}>"),
        ]
        return Request(method=method, uri="sip:a1@h", headers=Headers(tuple(fields)), body=body)

    async def call(self) -> str:
        """Call the phone, which answers; return its tag."""
        self.send(self.build("INVITE", "call", body=OFFER))
        await self.response(100)
        await self.response(180)
        tag = sip.tag_of((await self.response(200)).headers.get("To"))
        self.send(self.build("ACK", "call-ack", to_tag=tag))
        return tag


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    async with await Phone.start("a1", server=peer.address, timers=QUICK) as phone:
        peer.phone = phone
        yield peer
    peer.socket.close()


def answer(request: Request, body: bytes = OFFER) -> Response:
    return respond(request, 200, to_tag="peer", body=body)


async def test_an_invite_is_repeated_until_somebody_replies(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    first = await peer.request("INVITE")
    await peer.again(first)
    peer.send(respond(first, 100))
    await peer.quiet(0.1)
    peer.send(answer(first))
    await peer.request("ACK")
    assert call.connected.is_set()


async def test_a_repeated_answer_is_acknowledged_again_and_nothing_else(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    invite = await peer.request("INVITE")
    peer.send(answer(invite))
    peer.send(answer(invite))
    ack = await peer.request("ACK")
    await peer.again(ack)
    assert ack.cseq == (invite.cseq[0], "ACK")
    assert peer.phone.calls == (call,)


async def test_a_refusal_is_acknowledged_as_often_as_it_comes(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    invite = await peer.request("INVITE")
    peer.send(respond(invite, 486, to_tag="peer"))
    ack = await peer.request("ACK")
    assert sip.via_of(ack) == sip.via_of(invite)
    peer.send(respond(invite, 486, to_tag="peer"))
    await peer.again(ack)
    with pytest.raises(CallFailedError, match="486"):
        await call.answered()


async def test_a_call_to_nobody_fails_with_408(peer: Peer) -> None:
    peer.socket.close()
    with pytest.raises(CallFailedError, match="408"):
        await peer.phone.dial("8000", within_s=SOON_S)


async def test_an_answer_that_crosses_our_cancel_is_taken_back(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    invite = await peer.request("INVITE")
    peer.send(respond(invite, 180, to_tag="peer"))
    await call.ringing.wait()
    call.drop()
    cancel = await peer.request("CANCEL")
    assert sip.via_of(cancel) == sip.via_of(invite)
    peer.send(answer(invite))
    await peer.request("ACK")
    await peer.request("BYE")
    with pytest.raises(CallFailedError, match="487"):
        await call.answered()


async def test_a_server_that_dies_while_we_cancel_does_not_keep_the_call(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    peer.send(respond(await peer.request("INVITE"), 180, to_tag="peer"))
    await call.ringing.wait()
    peer.socket.close()
    await call.hang_up()
    assert call.ending is not None
    assert call.ending.by is EndedBy.NOBODY


async def test_a_repeated_invite_is_one_call(peer: Peer) -> None:
    peer.phone.never_answers()
    invite = peer.build("INVITE", "one", body=OFFER)
    peer.send(invite)
    await peer.response(100)
    ringing = await peer.response(180)
    peer.send(invite)
    await peer.again(ringing)
    incoming = await peer.phone.next_call(within_s=SOON_S)
    assert (len(peer.phone.invites), len(peer.phone.calls), incoming.repeats) == (1, 1, 1)


async def test_an_answer_is_repeated_until_it_is_acknowledged(peer: Peer) -> None:
    peer.phone.answers()
    peer.send(peer.build("INVITE", "one", body=OFFER))
    await peer.response(100)
    await peer.response(180)
    first = await peer.response(200)
    await peer.again(first)
    incoming = await peer.phone.next_call(within_s=SOON_S)
    assert not incoming.connected.is_set()
    peer.send(peer.build("ACK", "two", to_tag=sip.tag_of(first.headers.get("To"))))
    await asyncio.wait_for(incoming.connected.wait(), SOON_S)
    await peer.quiet(0.2)


async def test_an_answer_that_nobody_acknowledges_ends_in_bye(peer: Peer) -> None:
    peer.phone.leaves_calls_to_the_test()
    peer.send(peer.build("INVITE", "one", body=OFFER))
    incoming = await peer.phone.next_call(within_s=SOON_S)
    with pytest.raises(CallOverError):
        await incoming.answer()
    assert incoming.ending is not None
    assert (incoming.ending.by, incoming.ending.how) == (EndedBy.NOBODY, "timeout")
    await peer.response(100)
    await peer.response(200)
    await peer.request("BYE")


async def test_a_refusal_is_repeated_until_it_is_acknowledged(peer: Peer) -> None:
    peer.phone.rejects(603)
    peer.send(peer.build("INVITE", "one", body=OFFER))
    await peer.response(100)
    first = await peer.response(603)
    await peer.again(first)
    peer.send(peer.build("ACK", "one", to_tag=sip.tag_of(first.headers.get("To"))))
    await peer.quiet(0.2)


async def test_a_repeated_bye_is_confirmed_again_although_the_call_is_gone(peer: Peer) -> None:
    peer.phone.answers()
    tag = await peer.call()
    bye = peer.build("BYE", "bye", number=2, to_tag=tag)
    bye = replace(bye, headers=Headers((*bye.headers.fields, ("Reason", "Q.850;cause=16"))))
    peer.send(bye)
    confirmed = await peer.response(200)
    peer.send(bye)
    await peer.again(confirmed)
    incoming = await peer.phone.next_call(within_s=SOON_S)
    assert incoming.ending is not None
    assert incoming.ending.reason == "Q.850;cause=16"
    peer.send(peer.build("BYE", "other", number=3, to_tag=tag))
    await peer.response(481)


async def test_a_cancel_ends_the_ringing_and_tells_why(peer: Peer) -> None:
    peer.phone.never_answers()
    peer.send(peer.build("INVITE", "one", body=OFFER))
    await peer.response(100)
    await peer.response(180)
    cancel = peer.build("CANCEL", "one")
    fields = (*cancel.headers.fields, ("Reason", 'SIP;cause=200;text="Call completed elsewhere"'))
    peer.send(replace(cancel, headers=Headers(fields)))
    assert (await peer.response(200)).cseq == (1, "CANCEL")
    refused = await peer.response(487)
    peer.send(peer.build("ACK", "one", to_tag=sip.tag_of(refused.headers.get("To"))))
    incoming = await peer.phone.next_call(within_s=SOON_S)
    assert incoming.cancelled
    assert incoming.ending is not None
    assert "elsewhere" in incoming.ending.reason


async def test_a_cancel_too_late_or_of_nothing_changes_nothing(peer: Peer) -> None:
    peer.phone.answers()
    await peer.call()
    peer.send(peer.build("CANCEL", "call"))
    await peer.response(200)
    peer.send(peer.build("CANCEL", "unknown"))
    await peer.response(481)
    assert len(peer.phone.calls) == 1


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("NOTIFY", 200), ("INFO", 200), ("UPDATE", 200), ("REFER", 405)],
)
async def test_requests_within_a_call_get_their_reply(peer: Peer, method: str, status: int) -> None:
    peer.phone.answers()
    tag = await peer.call()
    peer.send(peer.build(method, "more", number=2, to_tag=tag))
    await peer.response(status)
    incoming = await peer.phone.next_call(within_s=SOON_S)
    assert [request.method for request in incoming.requests] == [method]


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("NOTIFY", 200), ("BYE", 405)])
async def test_requests_outside_any_call_get_their_reply(
    peer: Peer, method: str, status: int
) -> None:
    peer.send(peer.build(method, "outside"))
    await peer.response(status)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_a_new_offer_is_answered_with_the_same_port_and_the_mirrored_direction(
    peer: Peer, method: str
) -> None:
    peer.phone.answers()
    tag = await peer.call()
    incoming = await peer.phone.next_call(within_s=SOON_S)
    held = OFFER.replace(b"sendrecv", b"sendonly")
    peer.send(peer.build(method, "hold", number=2, to_tag=tag, body=held))
    described = sdp.parse((await peer.response(200)).body)
    assert (described.port, described.direction.value) == (incoming.media.port, "recvonly")
    assert incoming.held_by_peer.is_set()
    peer.send(peer.build("ACK", "hold-ack", number=2, to_tag=tag))
    peer.send(peer.build(method, "broken", number=3, to_tag=tag, body=b"v=0\r\n"))
    await peer.response(488)


async def test_two_offers_at_once_are_told_apart(peer: Peer) -> None:
    peer.phone.answers()
    tag = await peer.call()
    incoming = await peer.phone.next_call(within_s=SOON_S)
    await incoming.connected.wait()
    holding = asyncio.ensure_future(incoming.hold())
    ours = await peer.request("INVITE")
    peer.send(peer.build("INVITE", "glare", number=2, to_tag=tag, body=OFFER))
    await peer.response(491)
    with pytest.raises(CallFailedError, match="491"):
        await incoming.retrieve()
    peer.send(respond(ours, 491))
    with pytest.raises(CallFailedError, match="491"):
        await holding


async def test_an_invite_without_an_offer_gets_ours_and_the_ack_answers_it(peer: Peer) -> None:
    peer.phone.answers()
    peer.send(peer.build("INVITE", "one"))
    await peer.response(100)
    await peer.response(180)
    accepted = await peer.response(200)
    incoming = await peer.phone.next_call(within_s=SOON_S)
    assert sdp.parse(accepted.body).port == incoming.media.port
    tag = sip.tag_of(accepted.headers.get("To"))
    audio: asyncio.Queue[bytes] = asyncio.Queue()
    ear = DatagramSocket("127.0.0.1", 0, lambda data, _sender, _at: audio.put_nowait(data))
    body = sdp.build(sdp.ours("127.0.0.1", ear.port), session_id=1, version=1)
    peer.send(peer.build("ACK", "ack", to_tag=tag, body=body))
    packet = rtp.parse_packet(await asyncio.wait_for(audio.get(), SOON_S))
    ear.close()
    assert packet is not None
    assert (packet.payload_type, packet.marker, len(packet.payload)) == (rtp.PCMU, True, 160)
    assert incoming.connected.is_set()


async def test_an_offer_we_cannot_talk_by_is_refused(peer: Peer) -> None:
    offer = OFFER.replace(b"RTP/AVP 0", b"RTP/AVP 8")
    with pytest.raises(SdpSyntaxError):
        sdp.parse(offer)
    peer.send(peer.build("INVITE", "one", body=offer))
    await peer.response(100)
    await peer.response(488)
    assert peer.phone.calls == ()


async def test_noise_is_counted_and_keep_alives_are_not(peer: Peer) -> None:
    peer.socket.send(b"\r\n\r\n", peer.phone.address)
    peer.socket.send(b"GET / HTTP/1.1\r\n\r\n", peer.phone.address)
    peer.send(peer.build("OPTIONS", "after"))
    await peer.response(200)
    assert peer.phone.malformed == 1
    assert "OPTIONS sip:a1@h" in peer.phone.story


async def test_raw_line_ends_reach_the_wire_as_they_are(peer: Peer) -> None:
    raw = b'"x" <sip:49@h>\r\nX-Injected: yes'
    peer.phone.start_call("8000", raw_from=raw, raw_request_uri=b"sip:\xff@h")
    invite = await peer.request("INVITE")
    assert invite.headers.get("X-Injected").startswith("yes;tag=")
    assert b"From: " + raw + b";tag=" in peer.raw[0]
    assert peer.raw[0].startswith(b"INVITE sip:\xff@h SIP/2.0\r\n")


async def test_requests_follow_the_route_that_the_answer_laid(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    invite = await peer.request("INVITE")
    here = f"127.0.0.1:{peer.socket.port}"
    routes = [("Record-Route", f"<sip:far.example;lr>, <sip:{here};lr>"), ("Contact", "<sip:x@y>")]
    peer.send(respond(invite, 200, to_tag="peer", extra=routes, body=OFFER))
    ack = await peer.request("ACK")
    assert ack.uri == "sip:x@y"
    assert ack.headers.all("Route") == [f"<sip:{here};lr>", "<sip:far.example;lr>"]
    await call.answered()


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/dtmf", b"5", ("5", 0.0)),
        ("application/dtmf-relay", b"Signal= *\r\nDuration= 120\r\n", ("*", 0.12)),
        ("application/dtmf-relay", b"Signal=1\nDuration=long\n", ("1", 0.0)),
    ],
)
async def test_keys_by_info_are_read_in_both_customary_forms(
    peer: Peer, kind: str, body: bytes, expected: tuple[str, float]
) -> None:
    peer.phone.answers()
    tag = await peer.call()
    info = peer.build("INFO", "key", number=2, to_tag=tag, body=body)
    peer.send(replace(info, headers=Headers((*info.headers.fields, ("Content-Type", kind)))))
    await peer.response(200)
    digit = await (await peer.phone.next_call(within_s=SOON_S)).next_digit(within_s=SOON_S)
    assert (digit.digit, digit.duration_s) == expected


async def test_a_contact_that_leads_nowhere_does_not_stop_the_phone(peer: Peer) -> None:
    call = peer.phone.start_call("8000")
    invite = await peer.request("INVITE")
    nowhere = [("Contact", "<sip:x@127.0.0.1:99999>")]
    peer.send(respond(invite, 200, to_tag="peer", extra=nowhere, body=OFFER))
    assert (await peer.request("ACK")).uri == "sip:x@127.0.0.1:99999"
    assert call.connected.is_set()
