"""
panoramisk's Manager, put right: it connects, and it knows who listens to which event.

Everything overridden is a fault of panoramisk 1.4 cured, named beside it. Nothing here acts by
itself any more: when to connect, ping or give up is the client's to decide.
"""

import asyncio
import traceback
from collections.abc import Sequence

import structlog
from panoramisk import Manager

from protocols.ami.connection import AmiConnection
from protocols.ami.counters import AmiCounters
from protocols.ami.errors import SwitchUnavailableError
from protocols.ami.link import AmiSettings
from protocols.ami.messages import AmiEvent, AmiResponse

BOOTED_EVENT = "FullyBooted"
SHUTDOWN_EVENT = "Shutdown"

_log = structlog.get_logger(__name__)


class Connector(Manager):  # type: ignore[misc]  # panoramisk has no types
    """
    panoramisk's Manager, kept to what it does well: connecting, and knowing who listens to what.

    Callbacks are registered by exact event name (`register_event`). Everything overridden below is
    a fault of panoramisk 1.4 cured; nothing here acts by itself, the client does.
    """

    protocol: AmiConnection | None

    def __init__(
        self, settings: AmiSettings, wanted: frozenset[str], counters: AmiCounters
    ) -> None:
        # Without `username` the Manager does not log in by itself (its login has no deadline), and
        # the secret never stands in its `config`.
        super().__init__(
            host=settings.host,
            port=settings.port,
            protocol_factory=self._new_connection,
        )
        self._wanted = wanted | {BOOTED_EVENT, SHUTDOWN_EVENT}
        self._counters = counters

    def _new_connection(self) -> AmiConnection:
        # In place of AMIProtocol, which loses characters split over segments, takes quadratic time
        # for endless input, and dies of a message with two `Event` headers.
        return AmiConnection(wanted=self._wanted, counters=self._counters, on_event=self.dispatch)

    def connection_made(self, f: "asyncio.Future[tuple[asyncio.Transport, AmiConnection]]") -> None:
        """
        Take the connection over when it is there.

        Cures: the original reconnects by timers that `close()` does not stop, raises in the event
        loop for anything but OSError, and arms a ping whose answer it never looks for.
        """
        if f.cancelled() or f.exception() is not None:
            return  # whoever awaits the connecting sees it too
        self.protocol = f.result()[1]

    def connection_lost(self, exc: Exception | None) -> None:
        """Do nothing: the original reconnects at once, for ever, in step with all others."""

    def send_awaiting_actions(self, *_: object) -> None:
        """
        Take note that Asterisk is ready; the Manager registers this for `FullyBooted`.

        Cures: the original sends again what was in flight or asked for while the link was down. An
        Originate or Redirect seconds late is a call nobody wants any more.
        """
        booted = self.require().booted
        if not booted.done():
            booted.set_result(None)

    def ping(self) -> None:
        """Do nothing: the original never looks for the answer. The client pings, by deadline."""

    async def send_action(
        self, action: str, fields: Sequence[tuple[str, str]], deadline_s: float
    ) -> AmiResponse:
        """Send an action; the original writes CR LF in values as they are and waits for ever."""
        return await self.require().ask(action, fields, deadline_s)

    def dispatch(self, event: AmiEvent) -> None:
        """
        Call whoever registered for exactly this name, now and in order.

        Cures: the original runs one regular expression per pattern and event (50 µs for ten), and
        an exception in a callback closes the link.
        """
        for callback in self.callbacks.get(event.name, ()):
            try:
                callback(self, event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the link goes on
                self._counters.callback_failures += 1
                log_callback_failure("ami_event_callback_failed", error, ami_event=event.name)

    def require(self) -> AmiConnection:
        """Return the connection, or raise SwitchUnavailableError."""
        if self.protocol is None:
            raise SwitchUnavailableError("there is no connection")
        return self.protocol


def log_callback_failure(event: str, error: Exception, **where: str) -> None:
    """Log that a callback raised, and where."""
    # The text apart, as personal data: an exception may quote a caller's number.
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    where["place"] = f"{frame.f_code.co_filename}:{line}"
    _log.error(event, error=type(error).__name__, pii_detail=str(error), **where)
