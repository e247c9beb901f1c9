"""
SIP transactions over UDP (RFC 3261, section 17): repeating what may be lost, absorbing repeats.

Decides what is sent again, when to give up, and which datagram belongs to which transaction. It
knows nothing of dialogs, calls or audio: requests go up, once each; so do responses.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from lab.phone import sip
from lab.phone.datagrams import Address, DatagramSocket
from lab.phone.derived import ack_of_refusal, respond
from lab.phone.errors import SipSyntaxError
from lab.phone.moments import Moment
from lab.phone.sip import Request, Response

TRACED_DATAGRAMS_MAX = 400
GIVE_UP_INTERVALS = 64
"""Timers B, F, H and J: 64 times T1."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """RFC 3261's T1 (a round trip) and T2 (the longest pause between repeats), in seconds."""

    t1_s: float = 0.5
    t2_s: float = 4.0

    @property
    def give_up_s(self) -> float:
        """How long to go on repeating, and to remember a finished transaction."""
        return GIVE_UP_INTERVALS * self.t1_s


@dataclass(frozen=True, slots=True)
class Traced:
    """A datagram that was sent or received, for reading when a test failed."""

    at: Moment
    sent: bool
    data: bytes

    def __str__(self) -> str:
        """Return time, direction and first line."""
        first = self.data.partition(b"\r\n")[0].decode("utf-8", "backslashreplace")
        return f"{self.at.monotonic_s:.6f} {'->' if self.sent else '<-'} {first}"


class _Repeater:
    """Sends a datagram again and again, with growing pauses, until stopped or out of time."""

    def __init__(
        self,
        send: Callable[[], None],
        timers: Timers,
        *,
        pause_s_max: float,
        on_given_up: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._pause_s = timers.t1_s
        self._pause_s_max = pause_s_max
        self._on_given_up = on_given_up
        self._next = self._loop.call_later(self._pause_s, self._repeat)
        self._end = self._loop.call_later(timers.give_up_s, self._give_up)

    def stop(self) -> None:
        self._next.cancel()
        self._end.cancel()

    def _repeat(self) -> None:
        self._send()
        self._pause_s = min(2 * self._pause_s, self._pause_s_max)
        self._next = self._loop.call_later(self._pause_s, self._repeat)

    def _give_up(self) -> None:
        self.stop()
        self._on_given_up()


class ClientTransaction:
    """
    A request of ours, repeated until somebody replies.

    The final response is 408 when none came (section 8.1.3.1). The one to an INVITE that was
    refused is acknowledged here; the one to an INVITE that was accepted by `acknowledge`.
    """

    def __init__(
        self,
        endpoint: "SipEndpoint",
        request: Request,
        to: Address,
        on_response: Callable[[Response], None] | None,
    ) -> None:
        self.request = request
        self.to = to
        self.proceeding = False
        """Whether a provisional response came: only then may an INVITE be cancelled."""
        self._final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._endpoint = endpoint
        self._on_response = on_response
        self._ack: Request | None = None
        endpoint.send(request, to)
        invite = request.method == "INVITE"
        self._repeater = _Repeater(
            lambda: endpoint.send(request, to),
            endpoint.timers,
            pause_s_max=endpoint.timers.give_up_s if invite else endpoint.timers.t2_s,
            on_given_up=lambda: self._finish(respond(request, 408)),
        )

    @property
    def finished(self) -> bool:
        """Whether the final response came."""
        return self._final.done()

    async def outcome(self) -> Response:
        """Wait for the final response and return it."""
        return await asyncio.shield(self._final)  # the waiter may give up, the transaction not

    def received(self, response: Response) -> None:
        """Take a response that belongs to this transaction, be it new or repeated."""
        if self.finished:
            if self._ack is not None:
                self._endpoint.send(self._ack, self.to)
            return
        if response.status < 200:  # noqa: PLR2004 - provisional
            self.proceeding = True
            if self.request.method == "INVITE":
                self._repeater.stop()
            if self._on_response is not None:
                self._on_response(response)
            return
        if self.request.method == "INVITE" and response.status >= 300:  # noqa: PLR2004 - refused
            self.acknowledge(ack_of_refusal(self.request, response), self.to)
        self._finish(response)

    def acknowledge(self, ack: Request, to: Address) -> None:
        """Send the ACK, now and whenever the response to the INVITE is repeated."""
        self._ack = ack
        self.to = to
        self._endpoint.send(ack, to)

    def abandon(self) -> None:
        """Stop repeating; whoever still waits for the end gets 408."""
        self._repeater.stop()
        if not self.finished:
            self._final.set_result(respond(self.request, 408))

    def _finish(self, response: Response) -> None:
        self._repeater.stop()
        self._final.set_result(response)
        self._endpoint.forget_later(self)
        if self._on_response is not None:
            self._on_response(response)


class ServerTransaction:
    """
    A request of the peer's, handed up once however often it comes.

    The last response is sent again for every repeat; the final response to an INVITE also by
    itself, until `acknowledged`.
    """

    def __init__(
        self, endpoint: "SipEndpoint", request: Request, peer: Address, at: Moment
    ) -> None:
        self.request = request
        self.peer = peer
        self.at = at
        self.repeats = 0
        self.last: Response | None = None
        self.on_unacknowledged: Callable[[], None] | None = None
        """Called when nobody acknowledged the final response to an INVITE in 64 times T1."""
        self._endpoint = endpoint
        self._repeater: _Repeater | None = None

    @property
    def finished(self) -> bool:
        """Whether the final response was given."""
        return self.last is not None and self.last.status >= 200  # noqa: PLR2004 - final

    def respond(self, response: Response) -> None:
        """Send a response; after a final one nothing more may be said, and nothing is."""
        if self.finished:
            return
        self.last = response
        self._endpoint.send(response, self.peer)
        if response.status < 200:  # noqa: PLR2004 - provisional
            return
        self._endpoint.forget_later(self)
        if self.request.method == "INVITE":
            self._repeater = _Repeater(
                lambda: self._endpoint.send(response, self.peer),
                self._endpoint.timers,
                pause_s_max=self._endpoint.timers.t2_s,
                on_given_up=self._given_up,
            )

    def repeated(self) -> None:
        """Take the same request once more."""
        self.repeats += 1
        if self.last is not None:
            self._endpoint.send(self.last, self.peer)

    def acknowledged(self) -> None:
        """Stop repeating the final response."""
        if self._repeater is not None:
            self._repeater.stop()

    def _given_up(self) -> None:
        if self.on_unacknowledged is not None:
            self.on_unacknowledged()


OnRequest = Callable[[ServerTransaction], None]
OnAck = Callable[[Request], None]


class SipEndpoint:
    """
    One SIP port: sends messages and sorts what comes in into transactions.

    Args:
        host: the local address.
        port: the local port; 0 takes a free one.
        on_request: takes each new request but ACK.
        on_ack: takes each ACK that belongs to a call that was answered.
    """

    def __init__(
        self, host: str, port: int, *, timers: Timers, on_request: OnRequest, on_ack: OnAck
    ) -> None:
        self.timers = timers
        self.trace: deque[Traced] = deque(maxlen=TRACED_DATAGRAMS_MAX)
        self.malformed = 0
        """Datagrams that were not SIP messages."""
        self._loop = asyncio.get_running_loop()
        self._on_request = on_request
        self._on_ack = on_ack
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[tuple[str, str, str], ServerTransaction] = {}
        self._forgetting: dict[ClientTransaction | ServerTransaction, asyncio.TimerHandle] = {}
        self._socket = DatagramSocket(host, port, self._received)
        self.host = host
        self.port = self._socket.port

    def new_via(self) -> tuple[str, str]:
        """Return a Via header with a branch that was never used."""
        branch = f"{sip.BRANCH_COOKIE}{secrets.token_hex(12)}"
        return ("Via", f"SIP/2.0/UDP {self.host}:{self.port};branch={branch};rport")

    def request(
        self, request: Request, to: Address, on_response: Callable[[Response], None] | None = None
    ) -> ClientTransaction:
        """Send a request, whose topmost Via is from `new_via`, in a transaction of its own."""
        transaction = ClientTransaction(self, request, to, on_response)
        self._clients[(sip.via_of(request)[1], request.method)] = transaction
        return transaction

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """Return the INVITE that a CANCEL is meant for (section 9.2)."""
        return self._servers.get((*sip.via_of(cancel), "INVITE"))

    def send(self, message: Request | Response, to: Address) -> None:
        """Send one message, once."""
        data = sip.serialise(message)
        self.trace.append(Traced(Moment.now(), sent=True, data=data))
        self._socket.send(data, to)

    def forget_later(self, transaction: ClientTransaction | ServerTransaction) -> None:
        """Keep a finished transaction for its repeats and then forget it."""
        handle = self._loop.call_later(self.timers.give_up_s, self._forget, transaction)
        self._forgetting[transaction] = handle

    def close(self) -> None:
        """Stop all repeating and give the port back; may be called twice."""
        self._socket.close()
        for client in list(self._clients.values()):
            client.abandon()
        for server in self._servers.values():
            server.acknowledged()
        for handle in self._forgetting.values():
            handle.cancel()
        self._clients.clear()
        self._servers.clear()
        self._forgetting.clear()

    def _forget(self, transaction: ClientTransaction | ServerTransaction) -> None:
        self._forgetting.pop(transaction, None)
        if isinstance(transaction, ClientTransaction):
            request = transaction.request
            self._clients.pop((sip.via_of(request)[1], request.method), None)
        else:
            request = transaction.request
            self._servers.pop((*sip.via_of(request), request.method), None)

    def _received(self, data: bytes, peer: Address, arrived_ns: int) -> None:
        if not data.strip(b"\r\n\0 "):  # a keep-alive
            return
        at = Moment.at(arrived_ns)
        self.trace.append(Traced(at, sent=False, data=data))
        try:
            message = sip.parse(data)
        except SipSyntaxError as error:
            self.malformed += 1
            _log.debug("sip_datagram_discarded", port=self.port, problem=str(error))
            return
        if isinstance(message, Response):
            self._received_response(message)
        else:
            self._received_request(message, peer, at)

    def _received_response(self, response: Response) -> None:
        transaction = self._clients.get((sip.via_of(response)[1], response.cseq[1]))
        if transaction is not None:
            transaction.received(response)

    def _received_request(self, request: Request, peer: Address, at: Moment) -> None:
        method = "INVITE" if request.method == "ACK" else request.method
        key = (*sip.via_of(request), method)
        known = self._servers.get(key)
        if request.method == "ACK":
            if known is not None:
                known.acknowledged()
            else:  # of an answered call: a transaction of its own, matched by dialog
                self._on_ack(request)
        elif known is not None:
            known.repeated()
        else:
            transaction = ServerTransaction(self, request, peer, at)
            self._servers[key] = transaction
            self._on_request(transaction)
