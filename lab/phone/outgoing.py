"""
A call from this phone: INVITE, and all that can become of it (RFC 3261, sections 9, 13, 22).

Writes names and numbers on the wire exactly as they are given, hostile ones too.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from lab.phone import sdp, sip
from lab.phone.call import ALLOW, USER_AGENT, Call, EndedBy, Line
from lab.phone.datagrams import Address
from lab.phone.derived import REASONS, cancel_of
from lab.phone.dialog import Dialog
from lab.phone.digest import authorization
from lab.phone.errors import CallFailedError, NothingCameError, SipSyntaxError
from lab.phone.moments import Moment
from lab.phone.sdp import Direction
from lab.phone.sip import Response
from lab.phone.transactions import ClientTransaction

_CHALLENGES = {
    401: ("WWW-Authenticate", "Authorization"),
    407: ("Proxy-Authenticate", "Proxy-Authorization"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """
    Whom to call and as whom, every part byte for byte as it goes on the wire.

    Attributes:
        uri: the request URI.
        to: the To value.
        from_value: the From value without a tag.
        extra: further headers.
    """

    uri: str
    to: str
    from_value: str
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response: 180 and 183 as a rule."""

    status: int
    at: Moment


class OutgoingCall(Call):
    """A call that this phone made; it is under way when the constructor returns."""

    def __init__(self, line: Line, dialling: Dialling, server: Address) -> None:
        given_tag = sip.tag_of(dialling.from_value)
        tag = given_tag or secrets.token_hex(8)
        dialog = Dialog(
            call_id=f"{secrets.token_hex(12)}@{line.endpoint.host}",
            local=dialling.from_value if given_tag else f"{dialling.from_value};tag={tag}",
            local_tag=tag,
            remote=dialling.to,
            target=dialling.uri,
            fallback=server,
        )
        super().__init__(line, dialog)
        self.ringing = asyncio.Event()
        self.progress: list[Progress] = []
        self.dialled_at = Moment.now()
        self._server = server
        self._extra = dialling.extra
        self._giving_up = False
        self._cancelled = False
        self._authorised = False
        self._invite = self._send_invite()

    async def answered(self, *, within_s: float | None = None) -> None:
        """
        Wait until the peer answers.

        Raises:
            CallFailedError: it did not and will not; the status says why.
            NothingCameError: it did not within `within_s`; the call goes on.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._settled.wait()
        except TimeoutError:
            raise NothingCameError(f"not answered within {within_s} s") from None
        if not self.connected.is_set():
            if self.ending is None or self.ending.status is None:  # ended from here
                raise CallFailedError(487, REASONS[487])
            raise CallFailedError(self.ending.status, self.ending.phrase)

    def drop(self) -> None:
        """Begin to end the call: CANCEL before it is answered, BYE after."""
        if self.ended.is_set():
            return
        if self.connected.is_set():
            self._say_goodbye()
        elif not self._giving_up:
            self._giving_up = True
            if self._invite.proceeding:
                self._cancel()

    def _send_invite(self, *authorization_fields: tuple[str, str]) -> ClientTransaction:
        fields: Sequence[tuple[str, str]] = [
            self._line.contact,
            ALLOW,
            USER_AGENT,
            *self._extra,
            *authorization_fields,
            ("Content-Type", sdp.CONTENT_TYPE),
        ]
        request = self.dialog.request(
            "INVITE",
            self._endpoint.new_via(),
            extra=fields,
            body=self._audio.describe(Direction.SENDRECV),
        )
        return self._endpoint.request(request, self._server, self._take_response)

    def _take_response(self, response: Response) -> None:
        if response.status < 200:  # noqa: PLR2004 - provisional
            self._take_progress(response)
        elif response.status < 300:  # noqa: PLR2004 - answered
            self._take_answer(response)
        elif not self._take_challenge(response):
            reason = response.headers.get("Reason")
            by = EndedBy.US if self._giving_up else EndedBy.PEER
            self._end(by, "INVITE", status=response.status, phrase=response.reason, reason=reason)

    def _take_progress(self, response: Response) -> None:
        self.progress.append(Progress(response.status, Moment.now()))
        if response.status > 100:  # noqa: PLR2004 - 100 is the next hop's, not the peer's
            self.ringing.set()
        if self._giving_up:
            self._cancel()

    def _take_answer(self, response: Response) -> None:
        self.dialog.remote = response.headers.get("To")
        self.dialog.learn(response, reverse_routes=True)
        self._acknowledge(self._invite)
        self.answered_at = Moment.now()
        if self.ended.is_set() or self._giving_up:  # the answer crossed our CANCEL
            self._say_goodbye()
            return
        self._audio.take(response.body)
        self._connect()

    def _take_challenge(self, response: Response) -> bool:
        """Try once more with credentials, if we are asked for some and have them."""
        credentials = self._line.credentials
        if response.status not in _CHALLENGES or credentials is None:
            return False
        if self._authorised or self._giving_up or self.ended.is_set():
            return False
        asked, answered = _CHALLENGES[response.status]
        try:
            value = authorization(
                response.headers.get(asked),
                credentials,
                method="INVITE",
                uri=self.dialog.target,
                client_nonce=secrets.token_hex(8),
            )
        except SipSyntaxError:
            return False
        self._authorised = True
        self._invite = self._send_invite((answered, value))
        return True

    def _cancel(self) -> None:
        if self._invite.finished or self._cancelled:
            return
        self._cancelled = True
        self._endpoint.request(cancel_of(self._invite.request), self._server, self._cancel_answered)

    def _cancel_answered(self, response: Response) -> None:
        if response.status == 408:  # noqa: PLR2004 - nobody there: no 487 will come either
            self._end(EndedBy.NOBODY, "timeout", status=408)
