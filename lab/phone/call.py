"""
A call at one phone, from when both sides know of it until it has ended.

Decides what a party can do in a call (hang up, hold, press keys, send and hear tones) and how it
replies to the peer's requests within it. How a call comes about is in `outgoing` and `incoming`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from lab.phone import sdp
from lab.phone.audio import Audio
from lab.phone.derived import REASONS, respond
from lab.phone.dialog import Dialog, Fields
from lab.phone.digest import Credentials
from lab.phone.errors import CallFailedError, CallOverError, NothingCameError, SdpSyntaxError
from lab.phone.media import DIGIT_PAUSE_S, DIGIT_S, Digit, Media
from lab.phone.moments import Moment
from lab.phone.sdp import Direction
from lab.phone.sip import Request, Response
from lab.phone.timeline import TONE_GONE_S, TONE_HEARD_S, Span, Timeline
from lab.phone.tones import ToneDetector
from lab.phone.transactions import ClientTransaction, ServerTransaction, SipEndpoint

HANG_UP_CONFIRMED_S_MAX = 2.0
"""`hang_up` waits this long for the peer; after it the call is over all the same."""
ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY")
USER_AGENT = ("User-Agent", "lab phone")


class EndedBy(Enum):
    """Who ended a call."""

    US = "us"
    PEER = "peer"
    NOBODY = "nobody"
    """Messages were lost: no reply, or no ACK."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """
    How a call ended.

    Attributes:
        how: the request that did it (BYE, CANCEL, INVITE when it was refused), or "timeout" or
            "unplugged".
        status: the final status of an INVITE that was refused, by whichever side.
        phrase: the words beside that status.
        reason: the peer's Reason header (RFC 3326), as sent.
    """

    at: Moment
    by: EndedBy
    how: str
    status: int | None = None
    phrase: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a call needs of its phone."""

    endpoint: SipEndpoint
    contact: tuple[str, str]
    detector: ToneDetector
    tone_hz: int | None
    credentials: Credentials | None
    ended: Callable[["Call"], None]


class Call(ABC):
    """
    One call, seen from one phone.

    `connected` and `ended` are events to wait for; `ending` says how it ended.
    """

    def __init__(self, line: Line, dialog: Dialog) -> None:
        self.dialog = dialog
        self.connected = asyncio.Event()
        """Answered, and the answer acknowledged."""
        self.ended = asyncio.Event()
        self.ending: Ending | None = None
        self.answered_at: Moment | None = None
        self.digits: list[Digit] = []
        """The keys that the peer pressed, in order."""
        self.requests: list[Request] = []
        """The peer's requests within the call, in order (INFO, NOTIFY, re-INVITE, ...)."""
        self._line = line
        self._endpoint = line.endpoint
        self._digit_inbox: asyncio.Queue[Digit] = asyncio.Queue()
        self.media = Media(
            line.endpoint.host,
            detector=line.detector,
            tone_hz=line.tone_hz,
            on_digit=self._take_digit,
        )
        self._audio = Audio(self.media, line.endpoint.host)
        self._offering = False
        self._unacknowledged: dict[int, ServerTransaction] = {}
        self._settled = asyncio.Event()
        """Connected, or ended before that."""
        self._farewell_confirmed = asyncio.Event()

    @property
    def call_id(self) -> str:
        """The SIP Call-ID."""
        return self.dialog.call_id

    @property
    def heard(self) -> Timeline:
        """What this party heard, and when."""
        return self.media.heard

    @property
    def held_by_peer(self) -> asyncio.Event:
        """Set while the peer holds us."""
        return self._audio.held_by_peer

    @property
    def retrieved_by_peer(self) -> asyncio.Event:
        """Set while the peer does not hold us: from the start, and again after a hold."""
        return self._audio.retrieved_by_peer

    @property
    def packets_lost(self) -> int:
        """Audio packets of the peer's that never came."""
        return self.media.reception.lost

    # What the party does

    @abstractmethod
    def drop(self) -> None:
        """Begin to end the call, in whatever state it is, and do not wait for the peer."""

    def unplug(self) -> None:
        """End the call for this side alone, without a word to the peer."""
        self._end(EndedBy.US, "unplugged")

    async def hang_up(self) -> None:
        """End the call in whatever state it is; return when the peer confirmed, or soon after."""
        self.drop()
        try:
            async with asyncio.timeout(HANG_UP_CONFIRMED_S_MAX):
                await self._farewell_confirmed.wait()
        except TimeoutError:
            return  # the transaction goes on repeating; for the party the call is over

    async def hold(self) -> None:
        """
        Put the peer on hold: it may listen (to music), we send silence.

        Raises:
            CallFailedError: the peer refused; 491 when both asked at once.
            CallOverError: there is no talk to hold.
        """
        await self._offer(Direction.SENDONLY)

    async def retrieve(self) -> None:
        """Take the peer back from hold; raises what `hold` does."""
        await self._offer(Direction.SENDRECV)

    def send_tone(self, hz: int | None) -> None:
        """Send another tone from now on; None is silence."""
        self.media.send_tone(hz)

    async def send_digit(
        self, digit: str, *, duration_s: float = DIGIT_S, pause_s: float = DIGIT_PAUSE_S
    ) -> None:
        """
        Press a key (RFC 4733) and wait until it was sent, with a pause after it.

        Raises:
            DigitsNotAgreedError: the peer announced no telephone-event.
            CallOverError: the call ended first.
        """
        await self.media.press(digit, duration_s=duration_s, pause_s=pause_s)

    async def send_digit_by_info(self, digit: str, *, duration_s: float = DIGIT_S) -> None:
        """
        Press a key by SIP INFO, and wait until the peer took it.

        Raises:
            CallFailedError: the peer refused or did not reply.
        """
        body = f"Signal={digit}\r\nDuration={round(duration_s * 1000)}\r\n".encode()
        kind = ("Content-Type", "application/dtmf-relay")
        final = await self._request("INFO", extra=[kind], body=body).outcome()
        if final.status >= 300:  # noqa: PLR2004 - refused
            raise CallFailedError(final.status, final.reason)

    # What the party hears

    async def hears(
        self, hz: int, *, within_s: float, for_s: float = TONE_HEARD_S, since: float | None = None
    ) -> float:
        """Wait until the tone is heard; see `Timeline.hears`."""
        return await self.heard.hears(hz, within_s=within_s, for_s=for_s, since=since)

    async def stops_hearing(
        self, hz: int, *, within_s: float, quiet_s: float = TONE_GONE_S
    ) -> float:
        """Wait until the tone has stopped; see `Timeline.stops_hearing`."""
        return await self.heard.stops_hearing(hz, within_s=within_s, quiet_s=quiet_s)

    def silence_gaps(self, min_s: float, *, since: float | None = None) -> list[Span]:
        """Return the times of at least `min_s` in which nothing could be heard."""
        return self.heard.silence_gaps(min_s, since=since)

    async def next_digit(self, *, within_s: float | None = None) -> Digit:
        """
        Wait for the next key that the peer presses and return it.

        Raises:
            NothingCameError: none came within `within_s`.
        """
        try:
            async with asyncio.timeout(within_s):
                return await self._digit_inbox.get()
        except TimeoutError:
            raise NothingCameError(f"no key within {within_s} s") from None

    async def ends(self, *, within_s: float | None = None) -> Ending:
        """
        Wait until the call has ended and return how.

        Raises:
            NothingCameError: it went on.
        """
        await self.ends_within(within_s)
        if self.ending is None:
            raise NothingCameError(f"the call has not ended within {within_s} s")
        return self.ending

    async def ends_within(self, within_s: float | None) -> bool:
        """Wait for the end, at most `within_s`; return whether it came."""
        try:
            async with asyncio.timeout(within_s):
                await self.ended.wait()
        except TimeoutError:
            return False
        return True

    # What the peer does: called by the phone

    def on_request(self, transaction: ServerTransaction) -> None:
        """Reply to a request within the call."""
        request = transaction.request
        self.requests.append(request)
        match request.method:
            case "BYE":
                self._respond(transaction, 200)
                reason = request.headers.get("Reason")
                self._end(EndedBy.PEER, "BYE", reason=reason, at=transaction.at)
            case "INVITE" | "UPDATE":
                self._reply_to_offer(transaction)
            case "INFO":
                self._respond(transaction, 200)
                self._take_info(transaction)
            case "OPTIONS" | "NOTIFY" | "MESSAGE":
                self._respond(transaction, 200)
            case _:
                self._respond(transaction, 405)

    def on_ack(self, ack: Request) -> None:
        """Take the ACK of an answer of ours."""
        transaction = self._unacknowledged.pop(ack.cseq[0], None)
        if transaction is None:
            return
        transaction.acknowledged()
        if ack.body and not transaction.request.body:  # the offer was ours, in the 200
            self._audio.take(ack.body)
        if not self.ended.is_set():
            self._connect()

    # Shared by both kinds of call

    def _request(
        self,
        method: str,
        *,
        extra: Fields = (),
        body: bytes = b"",
        on_response: Callable[[Response], None] | None = None,
    ) -> ClientTransaction:
        request = self.dialog.request(
            method, self._endpoint.new_via(), extra=[USER_AGENT, *extra], body=body
        )
        return self._endpoint.request(request, self.dialog.destination, on_response)

    def _acknowledge(self, transaction: ClientTransaction) -> None:
        number, _ = transaction.request.cseq
        ack = self.dialog.request("ACK", self._endpoint.new_via(), sequence=number)
        transaction.acknowledge(ack, self.dialog.destination)

    def _respond(
        self,
        transaction: ServerTransaction,
        status: int,
        *,
        extra: Fields = (),
        body: bytes = b"",
    ) -> None:
        _, tag = self.dialog.key
        fields = [self._line.contact, ALLOW, USER_AGENT, *extra]
        transaction.respond(
            respond(transaction.request, status, to_tag=tag, extra=fields, body=body)
        )

    def _answer_offer(self, transaction: ServerTransaction, direction: Direction) -> None:
        """Accept an INVITE, and repeat that until the peer acknowledges."""
        number, _ = transaction.request.cseq
        self._unacknowledged[number] = transaction
        transaction.on_unacknowledged = self._unacknowledged_too_long
        self._respond(
            transaction,
            200,
            extra=[("Content-Type", sdp.CONTENT_TYPE)],
            body=self._audio.describe(direction),
        )

    def _connect(self) -> None:
        self.connected.set()
        self._settled.set()

    def _say_goodbye(self) -> None:
        self._request("BYE", on_response=self._goodbye_answered)
        self._end(EndedBy.US, "BYE", confirmed=False)

    def _end(
        self,
        by: EndedBy,
        how: str,
        *,
        status: int | None = None,
        phrase: str = "",
        reason: str = "",
        at: Moment | None = None,
        confirmed: bool = True,
    ) -> None:
        if confirmed:
            self._farewell_confirmed.set()
        if self.ended.is_set():
            return
        self.ending = Ending(
            at=at or Moment.now(),
            by=by,
            how=how,
            status=status,
            phrase=phrase or REASONS.get(status or 0, ""),
            reason=reason,
        )
        for transaction in self._unacknowledged.values():
            transaction.acknowledged()
        self._unacknowledged.clear()
        self.media.close()
        self.ended.set()
        self._settled.set()
        self._line.ended(self)

    # The rest is this class's own

    def _goodbye_answered(self, response: Response) -> None:
        if response.status >= 200:  # noqa: PLR2004 - whatever it is, the call is over
            self._farewell_confirmed.set()

    def _unacknowledged_too_long(self) -> None:
        if not self.ended.is_set():
            self._request("BYE")
            self._end(EndedBy.NOBODY, "timeout")

    def _take_digit(self, digit: Digit) -> None:
        self.digits.append(digit)
        self._digit_inbox.put_nowait(digit)

    def _take_info(self, transaction: ServerTransaction) -> None:
        """Read a key out of an INFO, in either of the two customary forms."""
        kind = transaction.request.headers.get("Content-Type").partition(";")[0].strip().lower()
        text = transaction.request.body.decode("utf-8", "replace")
        if kind == "application/dtmf":
            self._take_digit(Digit(text.strip(), transaction.at, 0.0))
        elif kind == "application/dtmf-relay":
            lines = [line.partition("=") for line in text.split("\n")]
            values = {name.strip().lower(): value.strip() for name, _, value in lines}
            milliseconds = values.get("duration", "")
            duration_s = int(milliseconds) / 1000 if milliseconds.isdecimal() else 0.0
            self._take_digit(Digit(values.get("signal", ""), transaction.at, duration_s))

    def _reply_to_offer(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if self._offering and request.body:  # both offer at once (RFC 3261, section 14.2)
            self._respond(transaction, 491)
            return
        self.dialog.retarget(request)
        try:
            direction = self._audio.answer_to(request.body)
        except SdpSyntaxError:
            self._respond(transaction, 488)
            return
        if request.method == "INVITE":
            self._answer_offer(transaction, direction)
        elif request.body:
            kind = ("Content-Type", sdp.CONTENT_TYPE)
            self._respond(transaction, 200, extra=[kind], body=self._audio.describe(direction))
        else:
            self._respond(transaction, 200)

    async def _offer(self, direction: Direction) -> None:
        if self.ended.is_set() or not self.connected.is_set():
            raise CallOverError("the call is not connected")
        if self._offering:
            raise CallFailedError(491, REASONS[491])
        self._offering = True
        before = self._audio.direction

        def answered(response: Response) -> None:
            if response.status < 200:  # noqa: PLR2004 - provisional
                return
            self._offering = False
            if response.status < 300:  # noqa: PLR2004 - accepted
                self.dialog.retarget(response)
                self._acknowledge(transaction)
                self._audio.hold(holding=direction is Direction.SENDONLY)
                self._audio.take(response.body)
            else:
                self._audio.direction = before

        transaction = self._request(
            "INVITE",
            extra=[self._line.contact, ALLOW, ("Content-Type", sdp.CONTENT_TYPE)],
            body=self._audio.describe(direction),
            on_response=answered,
        )
        final = await transaction.outcome()
        if final.status >= 300:  # noqa: PLR2004 - refused
            raise CallFailedError(final.status, final.reason)
