"""
The door: what is decided about a connection before and below the messages that it carries.

Every connection passes through a `Visitor`, which stands between the transport and aiohttp's own
protocol. It closes whoever has not signed in within the time allowed, wherever he got stuck (the
TLS handshake, the request's head, the websocket, the password), keeps the number of such strangers
small, holds clients to RFC 6455 and to a rate of frames, and drops those that do not read. With TLS
a `Threshold` comes first, so that a stranger counts from the moment at which he was accepted. It
must not know what messages mean.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, cast

import structlog

from agents.ports import Timer, Timers
from agents.rates import TokenBucket
from agents.settings import ConnectionSettings
from protocols.ws.codes import CloseCode
from protocols.ws.commands import MESSAGE_BYTES_MAX
from protocols.ws.errors import FrameError
from protocols.ws.frames import FrameGuard, close_frame

HEAD_BYTES_MAX: Final = 16 * 1024
"""The longest request head; no request of ours has a body."""
_HEAD_END: Final = b"\r\n\r\n"

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class DoorCounts:
    """What the door has seen since it was built; all of it only grows."""

    let_in: int = 0
    turned_away: int = 0
    """Strangers who came when there were too many."""
    handshakes_failed: int = 0
    """TLS handshakes that came to nothing."""
    dismissed: int = 0
    """Clients sent away because they broke the protocol or sent too much."""
    too_slow: int = 0
    """Clients dropped because they did not read."""


class Door:
    """
    Lets connections in and counts the strangers among them.

    `tls` returns what the next handshake is held by; None where plain text is spoken.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        timers: Timers,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self.settings = settings
        self.timers = timers
        self.counts = DoorCounts()
        self.tls = tls
        self._strangers: Counter[str] = Counter()
        self._visitors: set[Visitor] = set()
        self._handshakes: set[asyncio.Task[None]] = set()

    @property
    def strangers(self) -> int:
        """How many connections are open that have not signed in."""
        return len(self._visitors)

    def protocol(self, make_inner: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """Return the protocol of a connection just accepted, before the one `make_inner` makes."""
        visitor = Visitor(self, make_inner())
        return visitor if self.tls is None else Threshold(self, visitor, self.tls())

    def await_handshake(self, handshake: Coroutine[object, object, None]) -> None:
        """Run a handshake beside everything else, until `close` if need be."""
        task = asyncio.get_running_loop().create_task(handshake)
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    def let_in(self, visitor: "Visitor", address: str) -> bool:
        """Count a stranger in; False where there are too many and he must go."""
        if (
            len(self._visitors) >= self.settings.strangers_max
            or self._strangers[address] >= self.settings.strangers_per_address_max
        ):
            self.counts.turned_away += 1
            log.warning("stranger_turned_away", address=address)
            return False
        self.counts.let_in += 1
        self._visitors.add(visitor)
        self._strangers[address] += 1
        return True

    def count_out(self, visitor: "Visitor", address: str) -> None:
        """Count a stranger out: he signed in, or is gone."""
        self._visitors.discard(visitor)
        self._strangers[address] -= 1
        if not self._strangers[address]:
            del self._strangers[address]

    def close(self) -> None:
        """Show all strangers out: the server stops."""
        for visitor in list(self._visitors):
            visitor.show_out(CloseCode.GOING_AWAY, "the server stops")
        for handshake in self._handshakes:
            handshake.cancel()


class Threshold(asyncio.Protocol):
    """A connection before its TLS handshake is done; from then on it is its visitor's."""

    def __init__(self, door: Door, visitor: "Visitor", context: ssl.SSLContext) -> None:
        self._door = door
        self._visitor = visitor
        self._context = context

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake, if the stranger may stay that long."""
        accepted = cast("asyncio.Transport", transport)
        accepted.pause_reading()  # what comes is for the handshake
        if self._visitor.come(accepted):
            self._door.await_handshake(self._shake_hands(accepted))

    async def _shake_hands(self, accepted: asyncio.Transport) -> None:
        settings = self._door.settings
        secure = None
        try:
            if not accepted.is_closing():
                secure = await asyncio.get_running_loop().start_tls(
                    accepted,
                    self._visitor,
                    self._context,
                    server_side=True,
                    ssl_handshake_timeout=settings.sign_in_s,
                    ssl_shutdown_timeout=settings.close_s,
                )
        except OSError as error:  # all of TLS's errors, and of the connection's
            self._door.counts.handshakes_failed += 1
            reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
            log.info("tls_handshake_failed", address=self._visitor.address, reason=reason)
        finally:
            if secure is None:
                accepted.abort()
                self._visitor.connection_lost(None)
            else:
                self._visitor.connection_made(secure)


class Visitor(asyncio.Protocol):
    """
    One connection, from being accepted to its end.

    It comes, alone or with the first word by its transport, and begins when words can be exchanged.
    """

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self._door = door
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self.address = ""
        self._deadline: Timer | None = None
        self._farewell: Timer | None = None
        self._head = bytearray()
        self._guard: FrameGuard | None = None
        self._frames: TokenBucket | None = None
        self._let_in = False
        self._begun = False
        self._early = bytearray()
        self._lost = False

    def come(self, transport: asyncio.Transport) -> bool:
        """Let the connection in, or drop it where there are too many strangers."""
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        if not self._door.let_in(self, self.address):
            transport.abort()
            return False
        self._let_in = True
        self._deadline = self._door.timers.call_later(self._door.settings.sign_in_s, self._overdue)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to exchange words."""
        transport = cast("asyncio.Transport", transport)
        if self._lost:
            transport.abort()
            return
        if self._let_in:
            self._transport = transport  # with TLS, no longer the one that came
        elif not self.come(transport):
            return
        self._begun = True
        settings = self._door.settings
        sock = transport.get_extra_info("socket")
        if sock is not None:
            # Left alone, the kernel would take megabytes for a client that does not read, and he
            # would be noticed late.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.socket_buffer_bytes)
        self._inner.connection_made(transport)
        if self._early:
            self.data_received(bytes(self._early))
            self._early.clear()

    def data_received(self, data: bytes) -> None:
        """Check what came in, and pass it on."""
        if self._let_in and not self._begun:
            # asyncio hands on what came with the handshake's end before it says that this was it.
            self._early += data
            return
        if not self._let_in or self._farewell is not None or self._transport is None:
            return  # What comes after a farewell is thrown away; see `dismiss`.
        if self._guard is None or self._frames is None:
            self._head += data
            if len(self._head) > HEAD_BYTES_MAX:
                log.warning("request_head_too_long", address=self.address)
                self._transport.abort()
                return
        else:
            try:
                count = self._guard.receive(data)
            except FrameError as error:
                self.dismiss(error.code, error.message)
                return
            if not self._frames.take(self._door.timers.time(), count):
                self.dismiss(CloseCode.POLICY_VIOLATION, "too many frames")
                return
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass the end of what the client sends on."""
        return self._inner.eof_received() if self._begun else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Clear up behind the connection."""
        if not self._let_in or self._lost:
            return
        self._forget_deadline()
        self._lost = True
        if self._farewell is not None:
            self._farewell.cancel()
        if self._begun:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass on that the client reads slowly."""
        if self._begun:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the client reads again."""
        if self._begun:
            self._inner.resume_writing()

    def expect_frames(self) -> bool:
        """
        Take all that comes from now on for frames; call it right before the upgrade is answered.

        False where the client has already sent more than his request's head: he must wait for the
        answer (RFC 6455 section 4.1), and what he sent was not looked at by the guard.
        """
        if not self._head.endswith(_HEAD_END) or self._head.count(_HEAD_END) != 1:
            return False
        self._head.clear()
        settings = self._door.settings
        self._guard = FrameGuard(message_bytes_max=MESSAGE_BYTES_MAX)
        self._frames = TokenBucket(
            rate_per_s=settings.frame_rate_per_s,
            burst=settings.frame_burst,
            now=self._door.timers.time(),
        )
        return True

    def admit(self) -> bool:
        """Take the visitor for no stranger any more; False where he was dismissed meanwhile."""
        if self._farewell is not None or self._transport is None or self._transport.is_closing():
            return False
        self._forget_deadline()
        return True

    def send(self, frame: bytes) -> bool:
        """
        Hand a whole frame to the transport, never waiting; False where the client is gone.

        The transport's buffer is the outbox: a client for whom more than `backlog_bytes_max` waits
        is dropped, and finds a snapshot when he comes back.
        """
        transport = self._transport
        if transport is None or self._farewell is not None or transport.is_closing():
            return False
        waiting = transport.get_write_buffer_size()
        if waiting + len(frame) > self._door.settings.backlog_bytes_max:
            self._door.counts.too_slow += 1
            log.warning("slow_client_dropped", address=self.address, backlog_bytes=waiting)
            transport.abort()
            return False
        transport.write(frame)
        return True

    def abort(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def dismiss(self, code: CloseCode, reason: str) -> None:
        """
        Close a websocket without the help of those above, who may be stuck or flooded.

        What still comes is thrown away until the client has closed his side: closing a socket that
        has unread data resets it, and the client might never read the code.
        """
        if self._farewell is not None or self._transport is None:
            return
        self._door.counts.dismissed += 1
        log.warning("client_dismissed", address=self.address, code=code.value, reason=reason)
        self._transport.write(close_frame(code, reason))
        self.wind_up()

    def wind_up(self) -> None:
        """Give the client `close_s` to read what is left for him and go; then drop him."""
        if self._farewell is None and not self._lost:
            self._farewell = self._door.timers.call_later(self._door.settings.close_s, self.abort)

    def show_out(self, code: CloseCode, reason: str) -> None:
        """End a stranger's connection, by a close frame where he has come as far as frames."""
        self._forget_deadline()
        if self._guard is None:
            log.info("stranger_dropped", address=self.address, reason=reason)
            self.abort()
        else:
            self.dismiss(code, reason)

    def _overdue(self) -> None:
        self.show_out(CloseCode.SIGN_IN_OVERDUE, "sign in sooner")

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self._door.count_out(self, self.address)
