"""
Keeps one link to one Asterisk alive, and is the port through which the daemon uses it.

Decides when to connect, when a link counts as up, when it is lost, and how long to pause. The
connection itself is made by panoramisk's Manager, put right in `connector`; what happens on it is
in `connection`.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import structlog

from cti.instants import Time
from protocols.ami.connection import AmiConnection
from protocols.ami.connector import SHUTDOWN_EVENT, Connector, log_callback_failure
from protocols.ami.counters import AmiCounters
from protocols.ami.down_log import DownLog
from protocols.ami.errors import (
    ActionRejectedError,
    ActionTimeoutError,
    SwitchUnavailableError,
)
from protocols.ami.link import (
    AmiSettings,
    DownReason,
    LinkPhase,
    LinkState,
    SwitchProcess,
    pause_before_attempt,
)
from protocols.ami.messages import AmiEvent, AmiResponse

PINGS_LATE_MAX = 3
"""Pings in a row that may stay unanswered while other data goes on coming."""

_SHUTTING_DOWN = "Asterisk is shutting down"

_log = structlog.get_logger(__name__)


class _LinkDownError(Exception):
    """The attempt, or the link, is over: why, and what is known besides. Never leaves `run`."""

    def __init__(self, reason: DownReason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


class AmiClient:
    """
    The port to one Asterisk's manager interface.

    `run` keeps the link alive until it is cancelled. `on_state` is told every new `LinkState`;
    `on_event` gets the events named in `wanted`, in order, only while the link is up, and is called
    while reading: it must be quick and cannot be awaited. What happened before the link was up is
    in the live picture that must be asked for each time it comes up. An exception in either is
    logged and counted, and changes nothing.

    `chance` makes the pauses between attempts, `now` stamps the states.
    """

    def __init__(
        self,
        settings: AmiSettings,
        *,
        wanted: frozenset[str],
        on_event: Callable[[AmiEvent], None],
        on_state: Callable[[LinkState], None],
        chance: random.Random | None = None,
        now: Callable[[], Time] | None = None,
    ) -> None:
        self.counters = AmiCounters()
        self._settings = settings
        self._on_event = on_event
        self._on_state = on_state
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries, keeps no secret
        self._now = now or _wall_clock
        self._link = Connector(settings, wanted, self.counters)
        self._link.register_event(SHUTDOWN_EVENT, self._note_shutdown)
        for name in sorted(wanted):
            self._link.register_event(name, self._deliver)
        self._shut_down = False
        self._running = False
        self._down_log = DownLog(settings.host, settings.port)
        self._attempts = 0
        self._state = LinkState(
            phase=LinkPhase.DOWN, since=self._now(), reason=DownReason.NOT_STARTED
        )

    @property
    def state(self) -> LinkState:
        """Return how the link is now."""
        return self._state

    async def run(self) -> None:
        """
        Keep the link alive until cancelled; then it is closed and `DOWN` because `STOPPED`.

        Raises:
            RuntimeError: it runs already.
        """
        if self._running:
            raise RuntimeError("this client runs already")
        self._running = True
        try:
            while True:
                down = await self._live_once()
                self._down_log.down(
                    down.reason,
                    down.detail,
                    attempts=self._attempts,
                    at_s=asyncio.get_running_loop().time(),
                )
                self._become(LinkPhase.DOWN, down.reason, down.detail)
                pause = pause_before_attempt(
                    self._settings, self._chance, self._attempts, down.reason
                )
                await asyncio.sleep(pause)
        finally:
            self._running = False
            self._become(LinkPhase.DOWN, DownReason.STOPPED)

    async def action(
        self,
        name: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        deadline_s: float | None = None,
    ) -> AmiResponse:
        """
        Send an action once and return its answer, which is a success.

        Raises:
            LocalProtocolError: it cannot be sent; nothing was.
            SwitchUnavailableError: the link is not up; nothing was sent.
            ActionRejectedError: Asterisk refused.
            ActionTimeoutError, LinkLostError: no answer; Asterisk may have done it or not.
        """
        self._require_up()
        return await self._link.send_action(name, fields, self._deadline(deadline_s))

    async def action_list(
        self,
        name: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        complete: str | None = None,
        deadline_s: float | None = None,
    ) -> list[AmiEvent]:
        """
        Send an action that is answered by a list, once, and return all the list's entries.

        The entries need not be in `wanted`, and are not given to `on_event`. `complete` names the
        event that ends the list; needed only for the few actions that announce no list
        (`DBGet`).

        Raises:
            RemoteProtocolError: the answer is no list, or an endless one.
            As `action` for the rest.
        """
        self._require_up()
        return await self._link.require().ask_list(
            name, fields, self._deadline(deadline_s), complete
        )

    def drop(self) -> None:
        """
        Give the link up because its events are more than can be taken; it is made anew.

        What was missed is in the live picture, which is asked for whenever the link comes up.
        """
        if self._state.phase is LinkPhase.UP:
            self._link.require().end(DownReason.OVERLOADED)

    def _deadline(self, deadline_s: float | None) -> float:
        return self._settings.action_deadline_s if deadline_s is None else deadline_s

    def _require_up(self) -> None:
        if self._state.phase is not LinkPhase.UP:
            raise SwitchUnavailableError(f"the link is {self._state.phase.value}")

    async def _live_once(self) -> _LinkDownError:
        """Make one attempt, live with what it brings, and return how it ended, all closed."""
        loop = asyncio.get_running_loop()
        self._attempts += 1
        self._shut_down = False
        up_at: float | None = None
        try:
            self._become(LinkPhase.CONNECTING, self._state.reason, self._state.detail)
            connection = await self._connect()
            self._become(LinkPhase.LOGGING_IN, self._state.reason, self._state.detail)
            await self._log_in(connection)
            self._become(LinkPhase.BOOTING, self._state.reason, self._state.detail)
            await self._wait_until_booted(connection)
            boot = await self._identify(connection)
            up_at = loop.time()
            self.counters.links_up += 1
            self._down_log.up()
            self._become(LinkPhase.UP, boot=boot)
            _log.info("ami_link_up", host=self._settings.host, port=self._settings.port)
            await self._watch(connection)
        except _LinkDownError as down:
            if up_at is not None:
                self.counters.links_lost += 1
                if loop.time() - up_at >= self._settings.stable_after_s:
                    self._attempts = 0
            return down
        finally:
            connection_made = self._link.protocol
            self._link.close()
            if connection_made is not None:
                await asyncio.wait({connection_made.closed})
                self._link.protocol = None

    async def _connect(self) -> AmiConnection:
        try:
            async with asyncio.timeout(self._settings.connect_deadline_s):
                await self._link.connect()
        except OSError as error:  # a TimeoutError is one too
            detail = error.strerror or type(error).__name__
            raise _LinkDownError(DownReason.CONNECT_FAILED, detail) from error
        return self._link.require()

    async def _log_in(self, connection: AmiConnection) -> None:
        try:
            await self._link.send_action(
                "Login", self._settings.login_fields(), self._settings.login_deadline_s
            )
        except ActionRejectedError as error:
            # A dying Asterisk accepts connections and refuses everything: no reason to be slow.
            dying = error.message == _SHUTTING_DOWN
            reason = DownReason.SWITCH_SHUT_DOWN if dying else DownReason.LOGIN_REFUSED
            raise _LinkDownError(reason, error.message) from error
        except ActionTimeoutError as error:
            raise _LinkDownError(DownReason.LOGIN_TIMED_OUT) from error
        except SwitchUnavailableError as error:
            raise self._ended(connection) from error

    async def _wait_until_booted(self, connection: AmiConnection) -> None:
        """
        Wait for `FullyBooted`, which comes at once where Asterisk is up already.

        Before it, modules are missing and answer "Invalid/unknown command". It never comes from an
        Asterisk that is shutting down but still accepts logins, nor to a manager user whose `read`
        lacks `system`.
        """
        waited_for: set[asyncio.Future[Any]] = {connection.ended, connection.booted}
        await asyncio.wait(
            waited_for,
            timeout=self._settings.boot_deadline_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if connection.ended.done():
            raise self._ended(connection)
        if not connection.booted.done():
            raise _LinkDownError(DownReason.BOOT_TIMED_OUT)

    async def _identify(self, connection: AmiConnection) -> SwitchProcess:
        """Ask which Asterisk process this is."""
        deadline_s = self._settings.action_deadline_s
        try:
            status = await self._link.send_action("CoreStatus", (), deadline_s)
            settings = await self._link.send_action("CoreSettings", (), deadline_s)
        except (ActionRejectedError, ActionTimeoutError) as error:
            raise _LinkDownError(DownReason.IDENTITY_UNKNOWN, str(error)) from error
        except SwitchUnavailableError as error:
            raise self._ended(connection) from error
        return SwitchProcess(
            system_name=settings.get("SystemName"),
            started_at=f"{status.get('CoreStartupDate')} {status.get('CoreStartupTime')}",
        )

    async def _watch(self, connection: AmiConnection) -> NoReturn:
        """
        Ping until the connection ends; a link that says nothing at all is ended.

        While a backlog is being read the answer to a ping waits behind it (a reader stalled for
        10 s finds megabytes), so a late ping on a link that goes on delivering is forgiven, for
        `PINGS_LATE_MAX` times in a row.
        """
        late = 0
        while True:
            before = connection.bytes_received
            await asyncio.wait({connection.ended}, timeout=self._settings.ping_interval_s)
            if connection.ended.done():
                raise self._ended(connection)
            at_ping = connection.bytes_received
            try:
                await self._link.send_action("Ping", (), self._settings.ping_deadline_s)
            except ActionRejectedError:
                late = 0  # an answer all the same
                continue
            except ActionTimeoutError as error:
                silent_since, detail = at_ping, str(error)
            except SwitchUnavailableError as error:
                if connection.ended.done():
                    raise self._ended(connection) from error
                silent_since, detail = before, str(error)  # clogged: not even sent
            else:
                late = 0
                continue
            late += 1
            self.counters.pings_late += 1
            if connection.bytes_received == silent_since or late > PINGS_LATE_MAX:
                raise _LinkDownError(DownReason.SILENT, detail)

    def _ended(self, connection: AmiConnection) -> _LinkDownError:
        """Return why the connection ended, or would not take what was to be sent."""
        if not connection.ended.done():
            return _LinkDownError(DownReason.SILENT)
        reason = connection.ended.result()
        if reason is DownReason.CONNECTION_LOST and self._shut_down:
            reason = DownReason.SWITCH_SHUT_DOWN
        return _LinkDownError(reason)

    def _note_shutdown(self, _link: Connector, _event: AmiEvent) -> None:
        """Know why the connection will end; it is read until then, as hangups still come."""
        self._shut_down = True

    def _deliver(self, _link: Connector, event: AmiEvent) -> None:
        if self._state.phase is LinkPhase.UP:
            self._on_event(event)
        else:
            self.counters.events_before_up += 1

    def _become(
        self,
        phase: LinkPhase,
        reason: DownReason | None = None,
        detail: str = "",
        *,
        boot: SwitchProcess | None = None,
    ) -> None:
        """Enter a phase and tell: the only writer of the state."""
        self._state = LinkState(
            phase=phase,
            since=self._now(),
            attempts=self._attempts,
            reason=reason,
            detail=detail,
            boot=boot,
        )
        try:
            self._on_state(self._state)
        except Exception as error:  # noqa: BLE001 - whatever it is, the link goes on
            self.counters.callback_failures += 1
            log_callback_failure("ami_state_callback_failed", error, phase=phase.value)


def _wall_clock() -> Time:
    return Time(time.time_ns() // 1_000)
