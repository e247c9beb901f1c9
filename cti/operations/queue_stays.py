"""
Who waits in which queue since when, and how each stay ended, as it happens.

The call log tells of a stay when its call has ended; for figures that is too late. The rules are
the call log's: a caller stays in his queue while an agent's phone rings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from acd.commands import DivertCall, OverflowCall, TurnAwayCall
from acd.facts import CallerLeft, CallQueued
from cti.call_facts import CallCleared, ClearReason, HungUpBy
from cti.ids import CallId, QueueName
from cti.instants import Time

CALLS_MAX = 100_000
"""Calls followed at once; the oldest are forgotten first. No site has as many."""


class Exit(Enum):
    """How a caller left a queue."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """He hung up."""
    OVERFLOWED = "overflowed"
    DIVERTED = "diverted"
    """A rule sent him to voicemail, a number, a flow, or for a call-back."""
    TURNED_AWAY = "turned_away"
    """The queue was full or closed, or its rule says so."""
    MOVED = "moved"
    ENDED = "ended"
    """The call ended otherwise: by Cordboard, by the fallback, with the switch, or unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    queue: QueueName
    since: Time


class QueueStays:
    """Follows callers through queues; `entered` and `left` (with the wait) are told at once."""

    def __init__(
        self,
        entered: Callable[[QueueName], None],
        left: Callable[[QueueName, Exit, int], None],
    ) -> None:
        self._entered = entered
        self._left = left
        self._stays: dict[CallId, _Stay] = {}
        self._gone: dict[CallId, list[tuple[_Stay, Time]]] = {}
        self._been: set[CallId] = set()

    def follow(self, at: Time, body: object) -> None:
        """Take the next record."""
        match body:
            case CallQueued():
                self._enter(body.call, body.queue, at, body.entered_at)
            case OverflowCall():
                self._leave(at, body.call, Exit.OVERFLOWED)
                self._enter(body.call, body.to_queue, at, None)
            case DivertCall():
                self._leave(at, body.call, Exit.DIVERTED)
            case TurnAwayCall():
                self._leave(at, body.call, Exit.TURNED_AWAY)
            case CallerLeft():
                # How he left is told by the end of his call, which follows at once.
                stay = self._stays.pop(body.call, None)
                if stay is not None:
                    self._gone.setdefault(body.call, []).append((stay, at))
                    if len(self._gone) > CALLS_MAX:
                        self._forget(next(iter(self._gone)))
            case CallCleared():
                self._clear(at, body)
            case _:
                pass

    def answered(self, at: Time, call: CallId) -> None:
        """Learn that an agent talks with the caller."""
        self._leave(at, call, Exit.ANSWERED)

    def _enter(self, call: CallId, queue: QueueName, at: Time, entered_at: Time | None) -> None:
        stay = self._stays.get(call)
        if stay is not None:
            if stay.queue == queue:
                return
            self._leave(at, call, Exit.MOVED)
        # The first wait may have begun before we knew of it; later ones do not.
        first = call not in self._been
        since = min(at, entered_at) if first and entered_at is not None else at
        self._stays[call] = _Stay(queue=queue, since=since)
        self._been.add(call)
        if len(self._stays) > CALLS_MAX:
            self._forget(next(iter(self._stays)))
        self._entered(queue)

    def _leave(self, at: Time, call: CallId, way: Exit) -> None:
        stay = self._stays.pop(call, None)
        if stay is not None:
            self._left(stay.queue, way, max(0, at - stay.since))

    def _clear(self, at: Time, end: CallCleared) -> None:
        by_system = end.hung_up_by is HungUpBy.SYSTEM
        hung_up = end.reason is ClearReason.HUNG_UP and not by_system
        way = Exit.ABANDONED if hung_up else Exit.ENDED
        for stay, left_at in self._gone.pop(end.call, ()):
            self._left(stay.queue, way, max(0, left_at - stay.since))
        self._leave(at, end.call, way)
        self._been.discard(end.call)

    def _forget(self, call: CallId) -> None:
        self._stays.pop(call, None)
        self._gone.pop(call, None)
        self._been.discard(call)
