"""
A call to this phone: ringing, answering, refusing, and the caller who gives up first.

What it does when is decided elsewhere (`behaviour`, or the test).
"""

import secrets

from lab.phone import sdp, sip
from lab.phone.call import Call, EndedBy, Line
from lab.phone.dialog import Dialog
from lab.phone.errors import CallOverError
from lab.phone.moments import Moment
from lab.phone.sip import Headers, Request
from lab.phone.transactions import ServerTransaction


class IncomingCall(Call):
    """
    A call that this phone received.

    Raises:
        SdpSyntaxError: it offers nothing that we can talk by.
    """

    def __init__(self, line: Line, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.body:
            sdp.parse(request.body)  # before anything is opened for the call
        to = request.headers.get("To")
        tag = secrets.token_hex(8)
        dialog = Dialog(
            call_id=request.call_id,
            local=f"{to};tag={tag}",
            local_tag=tag,
            remote=request.headers.get("From"),
            target=f"sip:{transaction.peer[0]}:{transaction.peer[1]}",
            fallback=transaction.peer,
        )
        dialog.learn(request, reverse_routes=False)
        super().__init__(line, dialog)
        self.request: Request = request
        self.arrived_at: Moment = transaction.at
        """When the INVITE reached this machine's network stack."""
        self._caller = sip.parse_name_address(request.headers.get("From"))
        self._invite = transaction

    @property
    def headers(self) -> Headers:
        """The INVITE's headers."""
        return self.request.headers

    @property
    def caller_number(self) -> str:
        """The user part of From, as on the wire."""
        return self._caller.user

    @property
    def caller_name(self) -> str:
        """The display name of From, unescaped."""
        return self._caller.display_name

    @property
    def dialled(self) -> str:
        """The user part of the request URI."""
        return sip.user_of(self.request.uri)

    @property
    def repeats(self) -> int:
        """How often the INVITE came again."""
        return self._invite.repeats

    @property
    def cancelled(self) -> bool:
        """Whether the caller gave up before an answer."""
        return self.ending is not None and self.ending.how == "CANCEL"

    def ring(self, status: int = 180) -> None:
        """Tell the caller that it rings; nothing when the call is past that."""
        if not self._invite.finished:
            self._respond(self._invite, status)

    async def answer(self) -> None:
        """
        Answer, and wait until the caller acknowledged.

        Raises:
            CallOverError: the call was refused or had ended, or ended before the ACK.
        """
        if self._invite.finished:
            raise CallOverError("the call is past answering")
        self.answered_at = Moment.now()
        self._answer_offer(self._invite, self._audio.answer_to(self.request.body))
        await self._settled.wait()
        if not self.connected.is_set():
            raise CallOverError("the call ended before it was acknowledged")

    def reject(self, status: int = 486) -> None:
        """
        Refuse the call.

        Raises:
            CallOverError: it was answered, refused or had ended.
        """
        if self._invite.finished:
            raise CallOverError("the call is past refusing")
        self._respond(self._invite, status)
        self._end(EndedBy.US, "INVITE", status=status)

    def drop(self) -> None:
        """Begin to end the call: refuse it (480) before it is answered, BYE after."""
        if self.ended.is_set():
            return
        if self._invite.finished:
            self._say_goodbye()
        else:
            self.reject(480)

    def on_cancel(self, cancel: ServerTransaction) -> None:
        """Take the caller's CANCEL: confirm it, and end the INVITE unless it has a final reply."""
        self._respond(cancel, 200)
        if self._invite.finished:
            return
        self._respond(self._invite, 487)
        reason = cancel.request.headers.get("Reason")
        self._end(EndedBy.PEER, "CANCEL", status=487, reason=reason, at=cancel.at)
