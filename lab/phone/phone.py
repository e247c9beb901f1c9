"""
A SIP phone on loopback with one port of its own.

Decides which call a message belongs to, how many calls it takes at once, and what it does with them
by itself; whatever happens inside a call is the call's.
"""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from lab.phone import behaviour, sip
from lab.phone.behaviour import Behaviour
from lab.phone.call import ALLOW, USER_AGENT, Call, Line
from lab.phone.datagrams import Address
from lab.phone.derived import respond
from lab.phone.digest import Credentials
from lab.phone.errors import NothingCameError, PhoneError, SdpSyntaxError
from lab.phone.incoming import IncomingCall
from lab.phone.moments import Moment
from lab.phone.outgoing import Dialling, OutgoingCall
from lab.phone.registration import Registration
from lab.phone.sip import Request, as_text
from lab.phone.tones import KNOWN_TONES_HZ, ToneDetector
from lab.phone.transactions import ServerTransaction, SipEndpoint, Timers

LOOPBACK = "127.0.0.1"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class InviteSeen:
    """A call that came to the phone, repeats not counted, whether or not the phone took it."""

    at: Moment
    call_id: str
    caller_number: str
    turned_away: bool


class Phone:
    """
    A phone; make it by `start`, end it by `close` or `async with`.

    Attributes:
        name: its user name towards the server.
        invites: every call that came, in order.
        lines: how many calls it has at most; one more gets 486.
    """

    def __init__(
        self,
        name: str,
        *,
        server: Address,
        port: int,
        tone_hz: int | None,
        listens_for: Iterable[int],
        lines: int,
        credentials: Credentials | None,
        timers: Timers,
    ) -> None:
        self.name = name
        self.server = server
        self.lines = lines
        self.invites: list[InviteSeen] = []
        self._endpoint = SipEndpoint(
            LOOPBACK, port, timers=timers, on_request=self._on_request, on_ack=self._on_ack
        )
        self.port = self._endpoint.port
        self._line = Line(
            endpoint=self._endpoint,
            contact=("Contact", f"<sip:{name}@{LOOPBACK}:{self.port}>"),
            detector=ToneDetector(listens_for),
            tone_hz=tone_hz,
            credentials=credentials,
            ended=self._forget,
        )
        self._registration = Registration(self._line, name=name, server=server)
        self._calls: dict[tuple[str, str], Call] = {}
        self._inbox: asyncio.Queue[IncomingCall] = asyncio.Queue()
        self._behaviour: Behaviour = behaviour.leave_to_the_test
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls,
        name: str,
        *,
        server: Address,
        port: int = 0,
        tone_hz: int | None = None,
        listens_for: Iterable[int] = KNOWN_TONES_HZ,
        lines: int = 1,
        credentials: Credentials | None = None,
        timers: Timers | None = None,
    ) -> Self:
        """
        Return a phone that listens on its port (0: a free one) and sends `tone_hz` in its calls.

        Raises:
            OSError: the port is taken.
        """
        return cls(
            name,
            server=server,
            port=port,
            tone_hz=tone_hz,
            listens_for=listens_for,
            lines=lines,
            credentials=credentials,
            timers=timers or Timers(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return LOOPBACK, self.port

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls it has now, ringing ones too."""
        return tuple(self._calls.values())

    @property
    def story(self) -> str:
        """The messages sent and received last, a line each: for the message of a failed test."""
        return "\n".join(str(traced) for traced in self._endpoint.trace)

    @property
    def malformed(self) -> int:
        """Datagrams received that were not SIP messages."""
        return self._endpoint.malformed

    async def close(self, *, silently: bool = False) -> None:
        """
        End every call and give all ports back; `silently` without a word, as if unplugged.

        Raises:
            Exception: whatever a behaviour failed with, for that is a bug of the test.
        """
        for call in self.calls:
            if not silently:
                call.drop()
            call.unplug()
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._endpoint.close()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    # Calls from here

    def start_call(
        self,
        number: str,
        *,
        from_user: str | None = None,
        display_name: str | None = None,
        raw_from: str | bytes | None = None,
        raw_request_uri: str | bytes | None = None,
        extra_headers: Iterable[tuple[str, str]] = (),
    ) -> OutgoingCall:
        """
        Call `number` at the server and return at once; wait for `answered`, `ringing`, `ended`.

        `raw_from` and `raw_request_uri` go on the wire byte for byte, whatever they hold; a tag is
        put after a From without one.
        """
        host, port = self.server
        address = f"<sip:{from_user or self.name}@{LOOPBACK}:{self.port}>"
        if display_name is not None:
            address = f"{sip.quoted(display_name)} {address}"
        uri = f"sip:{number}@{host}:{port}"
        dialling = Dialling(
            uri=uri if raw_request_uri is None else as_text(raw_request_uri),
            to=f"<{uri}>",
            from_value=address if raw_from is None else as_text(raw_from),
            extra=tuple(extra_headers),
        )
        call = OutgoingCall(self._line, dialling, self.server)
        self._calls[call.dialog.key] = call
        return call

    async def dial(
        self,
        number: str,
        *,
        within_s: float | None = None,
        from_user: str | None = None,
        display_name: str | None = None,
        raw_from: str | bytes | None = None,
        raw_request_uri: str | bytes | None = None,
        extra_headers: Iterable[tuple[str, str]] = (),
    ) -> OutgoingCall:
        """
        Call `number` and return the call when it is answered; arguments as for `start_call`.

        Raises:
            CallFailedError: it was not answered; the status says why.
            NothingCameError: it was not answered within `within_s`, and was given up.
        """
        call = self.start_call(
            number,
            from_user=from_user,
            display_name=display_name,
            raw_from=raw_from,
            raw_request_uri=raw_request_uri,
            extra_headers=extra_headers,
        )
        try:
            await call.answered(within_s=within_s)
        finally:
            if not call.connected.is_set():
                call.drop()
        return call

    # Calls to here

    async def next_call(self, *, within_s: float | None = None) -> IncomingCall:
        """
        Wait for the next incoming call that was not seen yet and return it.

        Raises:
            NothingCameError: none came within `within_s`.
        """
        try:
            async with asyncio.timeout(within_s):
                return await self._inbox.get()
        except TimeoutError:
            raise NothingCameError(f"{self.name}: no call within {within_s} s") from None

    def answers(self, *, after_s: float = 0.0, hang_up_after_s: float | None = None) -> None:
        """From now on ring, answer after `after_s`, and hang up `hang_up_after_s` later."""
        self._behaviour = behaviour.answering(after_s, hang_up_after_s)

    def never_answers(self) -> None:
        """From now on ring and never answer."""
        self._behaviour = behaviour.ring_for_ever

    def rejects(self, status: int = 486, *, after_s: float = 0.0) -> None:
        """From now on refuse calls, after ringing for `after_s`."""
        self._behaviour = behaviour.rejecting(status, after_s)

    def leaves_calls_to_the_test(self) -> None:
        """From now on do nothing by itself, as a new phone does."""
        self._behaviour = behaviour.leave_to_the_test

    def behaves(self, script: Behaviour) -> None:
        """From now on run `script` for every incoming call."""
        self._behaviour = script

    # Registration

    async def register(self, *, expires_s: int = 60) -> int:
        """
        Register at the server; return for how long it granted that, in seconds.

        Raises:
            RegistrationFailedError: it refused, or did not reply.
        """
        return await self._registration.register(expires_s)

    async def unregister(self) -> None:
        """Take the registration back; raises what `register` does."""
        await self._registration.register(0)

    # Messages

    def _on_request(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        tag = sip.tag_of(request.headers.get("To"))
        if request.method == "CANCEL":
            self._on_cancel(transaction)
        elif tag:
            call = self._calls.get((request.call_id, tag))
            if call is None:
                transaction.respond(respond(request, 481))
            else:
                call.on_request(transaction)
        elif request.method == "INVITE":
            self._on_invite(transaction)
        elif request.method in {"OPTIONS", "NOTIFY", "INFO", "MESSAGE"}:
            self._reply(transaction, 200)
        else:
            self._reply(transaction, 405)

    def _on_invite(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        busy = len(self._calls) >= self.lines
        caller = sip.parse_name_address(request.headers.get("From")).user
        self.invites.append(InviteSeen(transaction.at, request.call_id, caller, turned_away=busy))
        if busy:
            self._reply(transaction, 486)
            return
        transaction.respond(respond(request, 100))
        try:
            call = IncomingCall(self._line, transaction)
        except SdpSyntaxError:
            self._reply(transaction, 488)
            return
        self._calls[call.dialog.key] = call
        self._inbox.put_nowait(call)
        task = asyncio.get_running_loop().create_task(self._behave(call))
        self._tasks.add(task)
        task.add_done_callback(self._behaved)

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        invite = self._endpoint.invite_of(transaction.request)
        if invite is None:
            self._reply(transaction, 481)
            return
        for call in self.calls:
            if isinstance(call, IncomingCall) and call.request is invite.request:
                call.on_cancel(transaction)
                return
        self._reply(transaction, 200)  # it came too late to cancel anything

    def _on_ack(self, ack: Request) -> None:
        call = self._calls.get((ack.call_id, sip.tag_of(ack.headers.get("To"))))
        if call is not None:
            call.on_ack(ack)

    def _reply(self, transaction: ServerTransaction, status: int) -> None:
        extra = [ALLOW, USER_AGENT]
        tag = secrets.token_hex(8)
        transaction.respond(respond(transaction.request, status, to_tag=tag, extra=extra))

    async def _behave(self, call: IncomingCall) -> None:
        try:
            await self._behaviour(call)
        except PhoneError as error:  # the caller was quicker, as callers may be
            _log.debug("phone_behaviour_overtaken", phone=self.name, problem=str(error))

    def _behaved(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._tasks.discard(task)
        else:  # kept, for `close` to raise it
            _log.error("phone_behaviour_failed", phone=self.name, exc_info=error)

    def _forget(self, call: Call) -> None:
        self._calls.pop(call.dialog.key, None)
