"""
What has happened since the start, counted from the journal's own records.

The writer's turn costs an append to a list; all counting is done beside the calls, by a task in
small steps, and what is left of it when somebody looks. Calls are folded by the rules of the call
log, so that an outcome here is the outcome there; calls that were on their way when the daemon
started are known from the journal. It decides nothing, and knows no names but the configured ones.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import structlog

from acd.commands import (
    Announce,
    JudgeEstimate,
    OfferCall,
    PlaceCall,
    ShowAgentState,
    WithdrawOffer,
)
from acd.facts import OfferAnswered, OfferEnded
from cti.buckets import Buckets
from cti.call_facts import AgentLegRang, CallArrived, CallAttached, ScreenPopped
from cti.ids import CallId, OfferId, QueueName
from cti.instants import Time, as_seconds
from cti.operations.queue_stays import Exit, QueueStays
from storage.call_log import CallLog
from storage.call_record import CallRecord
from storage.errors import JournalError, UndecodableRecordError
from storage.journal import Journal

TICK_S = 0.25
"""So often what has come meanwhile is counted."""
STEP_RECORDS = 100
"""Records counted between two looks at the calls: less than a millisecond (measured)."""
EARLIER_RECORDS_MAX = 100_000
"""Records before the start that are looked at for calls that live; older calls lose their past."""

WAIT_BOUNDS_S = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800)
RING_BOUNDS_S = (1, 2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 45, 60)
TALK_BOUNDS_S = (10, 30, 60, 120, 180, 300, 450, 600, 900, 1800, 3600)

_NOTHING_TO_COUNT = frozenset(
    {ShowAgentState, PlaceCall, CallAttached, WithdrawOffer, Announce, JudgeEstimate}
)
"""The commonest records that tell neither the call log nor us anything: a third of all."""

_Key = TypeVar("_Key", bound=Hashable)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The journal up to record `end`, in which calls that live, the first since `since`, began."""

    journal: Journal
    end: int
    since: Time


@dataclass(slots=True, kw_only=True)
class _Offer:
    queue: QueueName
    call: CallId
    rang_at: Time | None = None


class Tally:
    """
    Counters of calls, queues and offers; `learn` is a watcher of the writer's.

    Only `services`, by number, and `queues` are counted apart. Calls of other services count under
    an empty number; what happens in other queues, such as one that was removed, is not counted.
    """

    def __init__(self, *, services: Collection[str], queues: Collection[QueueName]) -> None:
        self.arrived: Counter[str] = Counter()
        """Calls by the number that was dialled."""
        self.ended: Counter[tuple[str, str]] = Counter()
        """Calls by the number that was dialled, and the outcome."""
        self.entered: Counter[QueueName] = Counter()
        self.left: Counter[tuple[QueueName, Exit]] = Counter()
        self.offers: Counter[QueueName] = Counter()
        self.offers_ended: Counter[tuple[QueueName, str]] = Counter()
        self.pops: Counter[bool] = Counter()
        self.answered_after: dict[QueueName, Buckets] = {}
        self.abandoned_after: dict[QueueName, Buckets] = {}
        self.rang: dict[QueueName, Buckets] = {}
        self.talked: dict[QueueName, Buckets] = {}
        self.know(services=services, queues=queues)
        self._calls = CallLog()
        self._stays = QueueStays(self._entered, self._left)
        self._offers: dict[OfferId, _Offer] = {}
        self._position = 0
        self._news: deque[tuple[Time, object]] = deque()
        self._counting = True

    def know(self, *, services: Collection[str], queues: Collection[QueueName]) -> None:
        """Count these apart from now on; what was counted of one that comes back counts on."""
        self._services = frozenset(services)
        self._queues = frozenset(queues)
        for name in queues:
            self.answered_after.setdefault(name, Buckets(WAIT_BOUNDS_S))
            self.abandoned_after.setdefault(name, Buckets(WAIT_BOUNDS_S))
            self.rang.setdefault(name, Buckets(RING_BOUNDS_S))
            self.talked.setdefault(name, Buckets(TALK_BOUNDS_S))

    def learn(self, at: Time, body: object) -> None:
        """Take a record that was journalled; in the way of calls, so it does next to nothing."""
        if type(body) not in _NOTHING_TO_COUNT:
            self._news.append((at, body))

    async def run(self, past: Past | None = None) -> None:
        """Count until cancelled; `past` tells of the calls that live at the start."""
        if past is not None:
            await self._look_back(past)
        while True:
            while self._news:
                self._count_news(STEP_RECORDS)
                await asyncio.sleep(0)
            await asyncio.sleep(TICK_S)

    def settle(self) -> None:
        """Count what is left, unless the past is not known yet."""
        if self._counting:
            self._count_news(len(self._news))

    def _count_news(self, most: int) -> None:
        news = self._news
        for _ in range(min(most, len(news))):
            self._count(*news.popleft())

    async def _look_back(self, past: Past) -> None:
        """Follow the calls that live through their past, without counting it."""
        self._counting = False
        try:
            after = _position_before(past)
            while after < past.end:
                step = list(past.journal.read(after, min(STEP_RECORDS, past.end - after)))
                if not step:
                    break
                for record in step:
                    self._count(record.at, record.body)
                after = step[-1].position
                await asyncio.sleep(0)
        except (JournalError, UndecodableRecordError) as error:
            # Figures of some calls lose their beginning; the calls themselves know theirs.
            log.warning("past_not_counted", reason=str(error))
        finally:
            self._counting = True

    def _count(self, at: Time, body: object) -> None:
        self._position += 1
        self._stays.follow(at, body)
        for record in self._calls.fold(self._position, at, body):
            self._end(record)
        match body:
            case CallArrived():
                self._add(self.arrived, self._known(body.service))
            case OfferCall():
                self._offers[body.offer] = _Offer(queue=body.queue, call=body.call)
                if body.queue in self._queues:
                    self._add(self.offers, body.queue)
            case AgentLegRang():
                offer = self._offers.get(body.offer)
                if offer is not None and offer.rang_at is None:
                    offer.rang_at = at
            case ScreenPopped():
                self._add(self.pops, body.found)
            case OfferAnswered() | OfferEnded():
                self._end_offer(at, body)
            case _:
                pass

    def _end_offer(self, at: Time, body: OfferAnswered | OfferEnded) -> None:
        offer = self._offers.pop(body.offer, None)
        if offer is None:
            return
        if isinstance(body, OfferAnswered):
            self._stays.answered(at, offer.call)
        elif offer.queue in self._queues:
            self._add(self.offers_ended, (offer.queue, body.outcome.value))
        if offer.rang_at is not None:
            self._observe(self.rang, offer.queue, at - offer.rang_at)

    def _entered(self, queue: QueueName) -> None:
        if queue in self._queues:
            self._add(self.entered, queue)

    def _left(self, queue: QueueName, way: Exit, waited: int) -> None:
        if queue in self._queues:
            self._add(self.left, (queue, way))
        if way is Exit.ANSWERED:
            self._observe(self.answered_after, queue, waited)
        elif way is Exit.ABANDONED:
            self._observe(self.abandoned_after, queue, waited)

    def _end(self, record: CallRecord) -> None:
        self._add(self.ended, (self._known(record.service), record.outcome.value))
        for offer in record.offers:
            # Offers of a call that ended without a word of theirs.
            self._offers.pop(offer.offer, None)
            if offer.answered_at is not None:
                self._observe(self.talked, offer.queue, offer.ended_at - offer.answered_at)

    def _known(self, service: str | None) -> str:
        return service if service in self._services else ""

    def _add(self, counter: Counter[_Key], key: _Key) -> None:
        if self._counting:
            counter[key] += 1

    def _observe(self, of: Mapping[QueueName, Buckets], queue: QueueName, duration: int) -> None:
        if self._counting and queue in of:
            of[queue].observe(as_seconds(duration))


def _position_before(past: Past) -> int:
    """Return the last position before everything that happened since `past.since`."""
    low = past.end - EARLIER_RECORDS_MAX
    for first in past.journal.read(0, 1):
        low = max(low, first.position - 1)
    high = past.end
    while low < high:
        middle = (low + high) // 2
        if any(record.at >= past.since for record in past.journal.read(middle, 1)):
            high = middle
        else:
            low = middle + 1
    return low
