"""
One TCP connection to Asterisk's manager interface: bytes in, messages out, answers to askers.

Decides which answer belongs to which action, and that every action ends: answered, rejected, timed
out, or lost with the connection. Never reconnects, never sends anything twice, and never awaits
while reading. What an event means, and whether the link as a whole is up, is not its business.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from protocols.ami.codec import MessageReader, encode_action
from protocols.ami.counters import AmiCounters
from protocols.ami.errors import (
    ActionRejectedError,
    ActionTimeoutError,
    AmiError,
    LinkLostError,
    RemoteProtocolError,
    SwitchUnavailableError,
)
from protocols.ami.link import DownReason
from protocols.ami.messages import AmiEvent, AmiResponse

IN_FLIGHT_MAX = 1_000
"""Actions waiting for answers. One more is refused at once: the switch does not keep up."""

UNSENT_BYTES_MAX = 1_048_576
"""Bytes that Asterisk has not taken from us yet. Beyond, actions are refused at once."""

LIST_ENTRIES_MAX = 100_000
"""A longer list fails with RemoteProtocolError."""

ABANDONED_LISTS_MAX = 100
"""Lists given up before their end, whose late entries are still recognised; the oldest go first."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Asked:
    """An action in flight; `entries` is None where a single answer is expected."""

    action: str
    outcome: asyncio.Future[AmiResponse | list[AmiEvent] | AmiError]
    entries: list[AmiEvent] | None = None
    complete: str | None = None

    def settle(self, outcome: AmiResponse | list[AmiEvent] | AmiError) -> None:
        # Failures travel as values: an exception set on a future that nobody awaits any more would
        # be reported by the loop as never retrieved.
        if not self.outcome.done():
            self.outcome.set_result(outcome)


@dataclass(slots=True, kw_only=True, eq=False)
class _InFlight:
    """The actions of one connection by id, and the lists given up on."""

    asked: dict[str, _Asked] = field(default_factory=dict)
    abandoned: dict[str, str | None] = field(default_factory=dict)


class AmiConnection(asyncio.Protocol):
    """
    The protocol object that panoramisk's Manager connects, in place of its own.

    `on_event` is called for every wanted event that is no list's entry, in order, while reading.
    `ended` resolves with the reason when the connection is over, however that came about; `closed`
    when its socket is closed; `booted` is for whoever sees the event that says so.
    """

    def __init__(
        self,
        *,
        wanted: frozenset[str],
        counters: AmiCounters,
        on_event: Callable[[AmiEvent], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[DownReason] = loop.create_future()
        self.booted: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self.bytes_received = 0
        self._loop = loop
        self._reader = MessageReader(wanted=wanted, counters=counters)
        self._counters = counters
        self._on_event = on_event
        self._transport: asyncio.Transport  # from connection_made on
        self._in_flight = _InFlight()
        # Not to be guessed: a caller who can put lines into events, or forge whole messages by CR
        # LF in his number, still cannot answer our actions or add entries to our lists.
        self._token = secrets.token_hex(8)
        self._asked_count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (called by asyncio)."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read (called by asyncio)."""
        self.bytes_received += len(data)
        self._counters.heard_at_s = self._loop.time()
        collected = self._in_flight
        for message in self._reader.feed(data):
            if isinstance(message, AmiResponse):
                self._take_response(message)
            elif (collected.asked or collected.abandoned) and self._take_entry(message):
                pass
            else:
                self._on_event(message)
        if self._reader.broken is not None:
            self.end(DownReason.NOT_AMI)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End (called by asyncio): on the other side's wish, an error's, or our own."""
        self.end(DownReason.CONNECTION_LOST)
        self.closed.set_result(None)

    def end(self, reason: DownReason) -> None:
        """Close the connection for this reason; all that is in flight fails. The first counts."""
        if not self.ended.done():
            self.ended.set_result(reason)
        for action_id, asked in self._in_flight.asked.items():
            asked.settle(LinkLostError(asked.action, action_id))
        # Not close(): that waits until what is unsent was sent, for ever on a half-open link.
        self._transport.abort()

    def close(self) -> None:
        """End on our own wish (the name that panoramisk's Manager calls)."""
        self.end(DownReason.STOPPED)

    async def ask(
        self, action: str, fields: Sequence[tuple[str, str]], deadline_s: float
    ) -> AmiResponse:
        """
        Send an action once and return its answer.

        Raises:
            LocalProtocolError, SwitchUnavailableError: nothing was sent.
            ActionRejectedError: Asterisk refused.
            ActionTimeoutError, LinkLostError: Asterisk may have done it or not.
        """
        asked = _Asked(action=action, outcome=self._loop.create_future())
        return cast("AmiResponse", await self._exchange(asked, fields, deadline_s))

    async def ask_list(
        self,
        action: str,
        fields: Sequence[tuple[str, str]],
        deadline_s: float,
        complete: str | None,
    ) -> list[AmiEvent]:
        """
        Send an action that is answered by a list, once, and return the list's entries.

        `complete` names the event that ends the list, needed only for the few actions that do not
        announce one by `EventList: start`.

        Raises:
            RemoteProtocolError: the answer announces no list, or the list is endless.
            As `ask` for the rest.
        """
        asked = _Asked(
            action=action, outcome=self._loop.create_future(), entries=[], complete=complete
        )
        return cast("list[AmiEvent]", await self._exchange(asked, fields, deadline_s))

    async def _exchange(
        self, asked: _Asked, fields: Sequence[tuple[str, str]], deadline_s: float
    ) -> AmiResponse | list[AmiEvent]:
        action_id = f"{self._token}-{self._asked_count:09d}"
        data = encode_action(asked.action, fields, action_id)
        transport = self._writable()
        self._asked_count += 1
        self._in_flight.asked[action_id] = asked
        if asked.entries is not None:
            self._reader.collect(action_id)
        asked_at_s = self._loop.time()
        transport.write(data)
        try:
            async with asyncio.timeout(deadline_s):
                outcome = await asked.outcome
        except TimeoutError:
            self._counters.actions_timed_out += 1
            raise ActionTimeoutError(asked.action, action_id, deadline_s) from None
        finally:
            self._forget(action_id)
        self._counters.answers_s.observe(self._loop.time() - asked_at_s)
        if isinstance(outcome, AmiError):
            raise outcome
        if isinstance(outcome, AmiResponse) and not outcome.succeeded:
            raise ActionRejectedError(action_id, outcome.message)
        return outcome

    def _writable(self) -> asyncio.Transport:
        transport = self._transport
        if self.ended.done() or transport.is_closing():
            raise SwitchUnavailableError("the connection has ended")
        if len(self._in_flight.asked) >= IN_FLIGHT_MAX:
            raise SwitchUnavailableError(f"{IN_FLIGHT_MAX} actions are waiting for answers")
        if transport.get_write_buffer_size() > UNSENT_BYTES_MAX:
            raise SwitchUnavailableError("the switch does not take what is sent")
        return transport

    def _forget(self, action_id: str) -> None:
        """Nobody waits for this action any more; a list that has not ended may still dribble."""
        asked = self._in_flight.asked.pop(action_id, None)
        if asked is None or asked.entries is None:
            return
        abandoned = self._in_flight.abandoned
        abandoned[action_id] = asked.complete
        if len(abandoned) > ABANDONED_LISTS_MAX:
            self._end_list(next(iter(abandoned)))

    def _end_list(self, action_id: str) -> None:
        self._in_flight.asked.pop(action_id, None)
        self._in_flight.abandoned.pop(action_id, None)
        self._reader.stop_collecting(action_id)

    def _take_response(self, response: AmiResponse) -> None:
        for action_id in response.get_all("ActionID"):
            asked = self._in_flight.asked.get(action_id)
            if asked is None:
                if not response.succeeded:
                    self._end_list(action_id)  # no entries will come, whoever waits
                continue
            if asked.entries is None:
                asked.settle(response)
                del self._in_flight.asked[action_id]
            elif not response.succeeded:
                asked.settle(response)
                self._end_list(action_id)
            elif asked.complete is None and response.get("EventList").lower() != "start":
                asked.settle(RemoteProtocolError(f"{asked.action} is not answered by a list"))
                self._end_list(action_id)
            return
        self._counters.responses_unmatched += 1

    def _take_entry(self, event: AmiEvent) -> bool:
        """Return whether the event is an entry of a list, or its end, and see to it."""
        for action_id in event.get_all("ActionID"):
            if action_id in self._in_flight.abandoned:
                self._counters.list_entries_late += 1
                if _ends_list(event, self._in_flight.abandoned[action_id]):
                    self._end_list(action_id)
                return True
            asked = self._in_flight.asked.get(action_id)
            if asked is None or asked.entries is None:
                continue  # the outcome of an asynchronous action, such as OriginateResponse
            if _ends_list(event, asked.complete):
                asked.settle(asked.entries)
                self._end_list(action_id)
            elif len(asked.entries) < LIST_ENTRIES_MAX:
                asked.entries.append(event)
            else:
                asked.settle(RemoteProtocolError(f"{asked.action}: {LIST_ENTRIES_MAX} entries"))
            return True
        return False


def _ends_list(event: AmiEvent, complete: str | None) -> bool:
    if complete is not None:
        return event.name == complete
    return "Complete" in event.get_all("EventList")
