"""
One FastAGI connection on the event loop: the codec, its socket, its timers, its waiters.

Decides who waits for which answer, and when waiting has been long enough. It must not know what
handlers do, nor which peers are welcome.

    begin(command)  idle                         written at once
                    an interruptible one runs    held; the running one is interrupted first
                    another one is held          takes its place if that one is interruptible
                    anything else                CommandRunningError, nothing written

A waiter that is cancelled leaves its command running: the answer is still read, and dropped. A held
command whose waiter was cancelled is not written.
"""

import asyncio
import socket
from enum import Enum
from typing import Final, Protocol, cast

from protocols.agi.codec import AgiCodec, AgiEvent, HangupSeen, Phase, ProtocolBroken
from protocols.agi.commands import AgiCommand
from protocols.agi.errors import (
    ChannelGoneError,
    CommandRunningError,
    PeerTimeoutError,
    RemoteProtocolError,
    SessionEndedError,
)
from protocols.agi.limits import AgiLimits
from protocols.agi.replies import AgiReply, Interrupted
from protocols.agi.request import AgiRequest

INTERRUPT_PATIENCE_S: Final = 0.01
"""How long a first NOOP may go unanswered before the next one follows; then twice as long.
Asterisk answers within a millisecond unless the NOOP lies in its buffer; one too many is harmless.
"""
READ_BYTES_MAX: Final = 2_048
"""How much is read at once: a whole opening block of usual size, and any answer."""
KEEPALIVE_IDLE_S: Final = 30
KEEPALIVE_INTERVAL_S: Final = 10
KEEPALIVE_PROBES_MAX: Final = 3
"""A peer without power is noticed after 30 + 3 × 10 s; a waiting session is silent for longer."""

# As in the codec: asked for with every command, and slow to look up by way of the class.
_IDLE: Final = Phase.IDLE
_INTERRUPTING: Final = Phase.INTERRUPTING

Outcome = AgiReply | Interrupted
AgiFuture = asyncio.Future[Outcome]
"""The end of a command: its answer, or that the next command interrupted it."""


class SessionEnd(Enum):
    """Why a session is over. None of them says that the call is."""

    HANGUP = "hangup"
    """Asterisk said HANGUP: the caller hung up, or was redirected and lives."""
    CLOSED_BY_ASTERISK = "closed_by_asterisk"
    """The stream ended without a HANGUP line: Asterisk died, or was killed."""
    CLOSED_BY_US = "closed_by_us"
    PROTOCOL_BROKEN = "protocol_broken"
    """The other side broke the protocol, or owed us something for too long."""
    CONNECTION_LOST = "connection_lost"
    """The network reported an error."""


class Owner(Protocol):
    """What a connection tells the one who accepted it."""

    def admit(self, connection: "AgiConnection", peer: str) -> bool:
        """Decide whether this peer may speak; if not, the connection is dropped at once."""

    def opened(self, connection: "AgiConnection", request: AgiRequest) -> None:
        """Asterisk has said what it wants; commands may be given from now on."""

    def wrote(self) -> None:
        """A command was written to Asterisk."""

    def broken(self, connection: "AgiConnection", error: RemoteProtocolError) -> None:
        """The session was aborted for this breach of the protocol."""

    def lost(self, connection: "AgiConnection") -> None:
        """The socket is gone; the last that is heard of this connection."""


class AgiConnection(asyncio.BufferedProtocol):
    """One connection from Asterisk, from accept to close."""

    def __init__(self, owner: Owner, limits: AgiLimits) -> None:
        self._owner = owner
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._codec = AgiCodec(limits)
        self._buffer = bytearray(READ_BYTES_MAX)
        self._transport: asyncio.Transport
        self._running: AgiFuture | None = None
        self._held: tuple[AgiCommand, AgiFuture] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._nudge_timer: asyncio.TimerHandle | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[SessionEnd] = self._loop.create_future()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self.end: SessionEnd | None = None
        self.peer = ""

    @property
    def hung_up(self) -> bool:
        """Whether Asterisk's HANGUP line was seen."""
        return self._codec.hung_up

    def begin(self, command: AgiCommand) -> AgiFuture:
        """
        Write a command, or have it written once the running one is interrupted.

        Raises:
            CommandRunningError: another command is unanswered and cannot be interrupted.
            ChannelGoneError: the HANGUP line was seen.
            SessionEndedError: the session is over.
        """
        if self.end is not None or self._codec.hung_up:
            raise self._gone()
        outcome: AgiFuture = self._loop.create_future()
        if self._codec.phase is _IDLE:
            self._write(command, outcome)
        else:
            self._hold(command, outcome)
        return outcome

    async def wait_ended(self) -> SessionEnd:
        """Wait for the end of the session, and return why it ended."""
        return await asyncio.shield(self._ended)

    def close(self) -> None:
        """End the session from our side; what is unsent after the time limit is thrown away."""
        self._end(SessionEnd.CLOSED_BY_US)
        if self._abort_timer is None and not self._lost.done():
            self._abort_timer = self._loop.call_later(
                self._limits.close_s_max, self._transport.abort
            )
            self._transport.close()

    async def wait_lost(self) -> None:
        """Wait until the socket is gone."""
        await asyncio.shield(self._lost)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket, and give the opening block its time."""
        self._transport = cast("asyncio.Transport", transport)  # a stream server makes no other
        peername = transport.get_extra_info("peername")
        self.peer = peername[0] if peername else ""
        if not self._owner.admit(self, self.peer):
            self._end(SessionEnd.CLOSED_BY_US)
            self._transport.abort()
            return
        _tune(transport.get_extra_info("socket"))
        self._deadline = self._loop.call_later(
            self._limits.environment_s_max,
            self._break,
            PeerTimeoutError("the opening block did not come in time"),
        )

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's signature
        """Offer a small buffer of our own: by default asyncio takes 256 KiB for every read."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand each answer to its waiter, then write what was held for it."""
        for event in self._codec.receive(self._buffer[:nbytes]):
            self._handle(event)
        if self._codec.phase is _INTERRUPTING:
            _acknowledge(self._transport.get_extra_info("socket"))
        elif self._held is not None and self._codec.phase is _IDLE:
            (command, outcome), self._held = self._held, None
            self._release(command, outcome)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all who wait that the session is over."""
        if self._codec.hung_up:
            self._end(SessionEnd.HANGUP)
        elif exc is None:
            self._end(SessionEnd.CLOSED_BY_ASTERISK)
        else:
            self._end(SessionEnd.CONNECTION_LOST)
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._lost.set_result(None)
        self._owner.lost(self)

    # Commands.

    def _write(self, command: AgiCommand, outcome: AgiFuture) -> None:
        self._transport.write(self._codec.send(command))
        self._owner.wrote()
        self._running = outcome

    def _hold(self, command: AgiCommand, outcome: AgiFuture) -> None:
        if self._codec.phase is Phase.RUNNING:
            self._transport.write(self._codec.interrupt())
            self._nudge_later(INTERRUPT_PATIENCE_S, waited_s=0.0)
        elif self._held is not None:
            held, its_outcome = self._held
            if not its_outcome.done():
                if not held.interruptible:
                    raise CommandRunningError(f"{command.name}: {held.name} is about to run")
                its_outcome.set_result(Interrupted())
        self._held = (command, outcome)

    def _release(self, command: AgiCommand, outcome: AgiFuture) -> None:
        """Write the command that was held, now that the interrupted one is out of the way."""
        self._stop_nudging()
        if self._codec.hung_up:
            _fail(outcome, self._gone())
        elif not outcome.done():
            self._write(command, outcome)

    def _nudge_later(self, delay_s: float, waited_s: float) -> None:
        self._nudge_timer = self._loop.call_later(delay_s, self._nudge, delay_s, waited_s)

    def _nudge(self, delay_s: float, waited_s: float) -> None:
        """
        Send one more NOOP after one that was not answered in time.

        The command to interrupt may have reached Asterisk together with our NOOP: then the NOOP
        lies in Asterisk's buffer, unseen until still more bytes come.
        """
        waited_s += delay_s
        if waited_s >= self._limits.interrupt_s_max:
            self._break(_overdue())
        else:
            self._transport.write(self._codec.interrupt())
            self._nudge_later(min(2 * delay_s, self._limits.interrupt_s_max - waited_s), waited_s)

    def _stop_nudging(self) -> None:
        if self._nudge_timer is not None:
            self._nudge_timer.cancel()
            self._nudge_timer = None

    # Events and ends.

    def _handle(self, event: AgiEvent) -> None:
        match event:
            case AgiReply() | Interrupted():
                outcome, self._running = self._running, None
                if outcome is not None and not outcome.done():
                    outcome.set_result(event)
                if isinstance(event, Interrupted):
                    # It worked: the NOOPs' answers are on their way, without further nudges.
                    self._stop_nudging()
                    if self._codec.phase is _INTERRUPTING:
                        self._nudge_timer = self._loop.call_later(
                            self._limits.interrupt_s_max, self._break, _overdue()
                        )
            case HangupSeen():
                # AGIEXITONHANGUP=yes lets Asterisk close at once. Without it the channel would
                # stay until we do, however long the handler sleeps.
                self._stop_nudging()
                self._deadline = self._loop.call_later(
                    self._limits.hangup_s_max, self._close_hung_up
                )
            case AgiRequest():
                if self._deadline is not None:
                    self._deadline.cancel()
                self._owner.opened(self, event)
            case ProtocolBroken():
                self._break(event.error)

    def _close_hung_up(self) -> None:
        self._end(SessionEnd.HANGUP)
        self.close()

    def _break(self, error: RemoteProtocolError) -> None:
        if self.end is None:
            self._end(SessionEnd.PROTOCOL_BROKEN, error)
            self._transport.abort()
            self._owner.broken(self, error)

    def _end(self, end: SessionEnd, error: RemoteProtocolError | None = None) -> None:
        if self.end is not None:
            return
        self.end = end
        self._codec.end()
        self._stop_nudging()
        if self._deadline is not None:
            self._deadline.cancel()
        held = None if self._held is None else self._held[1]
        for outcome in (self._running, held):
            if outcome is not None:
                _fail(outcome, error or self._gone())
        self._running = self._held = None
        self._ended.set_result(end)

    def _gone(self) -> SessionEndedError:
        if self._codec.hung_up:
            return ChannelGoneError("Asterisk said HANGUP")
        end = "" if self.end is None else self.end.value
        return SessionEndedError(f"the session is over: {end}")


def _overdue() -> PeerTimeoutError:
    return PeerTimeoutError("an interruption was not answered in time")


def _fail(outcome: AgiFuture, error: Exception) -> None:
    if not outcome.done():
        outcome.set_exception(error)
        # Marks it as seen. Whoever no longer waits for an interruptible command learns of the end
        # by the session; asyncio need not complain of an error that nobody fetched.
        outcome.exception()


def _tune(sock: socket.socket) -> None:
    """Write small lines at once, and notice a peer that vanished without a word."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES_MAX),
    ):
        option = getattr(socket, name, None)  # not on every platform
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _acknowledge(sock: socket.socket) -> None:
    """
    Send our TCP acknowledgement now.

    Asterisk writes line by line with Nagle's algorithm on: after a first line, the second (here the
    NOOP's answer) waits for our acknowledgement, which Linux delays by about 40 ms. Measured on
    Asterisk 22: 44 ms until the next command's answer without this, 0.1 ms with it. The kernel does
    not keep the option, hence once per read; other platforms have none, and wait.
    """
    option = getattr(socket, "TCP_QUICKACK", None)
    if option is not None:
        sock.setsockopt(socket.IPPROTO_TCP, option, 1)
