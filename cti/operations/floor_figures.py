"""The figures of calls, queues and agents."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from acd.commands import Occupation, Wish
from acd.facts import OfferOutcome
from acd.picture import AgentPicture, EstimatesPicture, FloorPicture, QueuePicture
from acd.tables.agent_state import Standing
from acd.tables.observed import PARTS
from cti.calls import Call
from cti.ids import CallId, QueueName
from cti.instants import as_seconds
from cti.operations.figure import Sheet, counter, gauge, histogram
from cti.operations.queue_stays import Exit
from cti.operations.tally import Tally
from storage.call_record import CallOutcome

OTHER_SERVICE: Final = "other"
"""Calls by numbers that are no service (any more)."""
PLACES: Final = ("menu", "waiting", "ringing", "talking", "other")

CALLS_ARRIVED = counter(
    "cordboard_calls_arrived_total", "Calls that came in, by the service's name.", "service"
)
CALLS = counter(
    "cordboard_calls_total",
    "Calls that ended, by the service's name and what became of them.",
    *("service", "outcome"),
)
LIVE_CALLS = gauge(
    "cordboard_live_calls",
    "Calls that live now, by where the caller is: in a menu, waiting in a queue, waiting while an "
    "agent's phone rings, talking, or other (just come, or just going).",
    "place",
)
QUEUE_WAITING = gauge(
    "cordboard_queue_waiting_calls",
    "Callers who wait in the queue now, those included for whom a phone rings.",
    "queue",
)
QUEUE_LONGEST = gauge(
    "cordboard_queue_longest_wait_seconds",
    "How long the caller has waited who waits longest now; 0 where nobody waits.",
    "queue",
)
QUEUE_ENTERED = counter(
    "cordboard_queue_entered_total", "Callers who came into the queue.", "queue"
)
QUEUE_LEFT = counter(
    "cordboard_queue_left_total",
    "Callers who left the queue, by how: answered, abandoned (the caller hung up), overflowed (a "
    "rule moved him on), diverted (a rule sent him to voicemail, a number or a flow), turned_away "
    "(the queue was full or closed, or its rule says so), moved, ended (any other end).",
    *("queue", "exit"),
)
QUEUE_OFFERS = counter(
    "cordboard_queue_offers_total",
    "Times that a call of the queue was offered to an agent.",
    "queue",
)
QUEUE_OFFERS_ENDED = counter(
    "cordboard_queue_offers_ended_total",
    "Offers that came to nothing, by why; no_answer is what counts as missed by the agent.",
    *("queue", "outcome"),
)
ANSWERED_AFTER = histogram(
    "cordboard_queue_answered_wait_seconds",
    "How long callers had waited in the queue whom an agent answered, ringing included.",
    "queue",
)
ABANDONED_AFTER = histogram(
    "cordboard_queue_abandoned_wait_seconds",
    "How long callers had waited in the queue who hung up.",
    "queue",
)
RANG = histogram(
    "cordboard_queue_ring_seconds",
    "How long agents' phones rang for calls of the queue, answered or not.",
    "queue",
)
TALKED = histogram(
    "cordboard_queue_talk_seconds",
    "How long agents talked with callers of the queue; counted when the call has ended.",
    "queue",
)
QUEUE_AGENTS = gauge(
    "cordboard_queue_agents",
    "Agents of the queue by how they stand towards a new call; each counts once.",
    *("queue", "state"),
)
ESTIMATES_RIGHT = gauge(
    "cordboard_queue_estimates_right_ratio",
    "Of the last callers whose wait was estimated, the share answered within it; only of queues "
    "that estimate waits, and of which it is known.",
    "queue",
)
ESTIMATES_TOLD = gauge(
    "cordboard_queue_estimates_told",
    "1: estimated waits are said; 0: they proved wrong, and the queue is silent. Only of queues "
    "that estimate waits.",
    "queue",
)
AGENTS = gauge(
    "cordboard_agents",
    "All agents by how they stand towards a new call; each counts once.",
    "state",
)
LOGGED_ON = gauge("cordboard_agents_logged_on", "Agents who are logged on at a phone.")
POPS = counter(
    "cordboard_screen_pops_total",
    "Screen pops handed to agents' desks, by whether the customer was known.",
    "found",
)

FIGURES: Final = (
    CALLS_ARRIVED,
    CALLS,
    LIVE_CALLS,
    QUEUE_WAITING,
    QUEUE_LONGEST,
    QUEUE_ENTERED,
    QUEUE_LEFT,
    QUEUE_OFFERS,
    QUEUE_OFFERS_ENDED,
    ANSWERED_AFTER,
    ABANDONED_AFTER,
    RANG,
    TALKED,
    QUEUE_AGENTS,
    ESTIMATES_RIGHT,
    ESTIMATES_TOLD,
    AGENTS,
    LOGGED_ON,
    POPS,
)

_OCCUPIED: Final = {
    Occupation.OFFERED: Standing.OFFERED,
    Occupation.BUSY: Standing.BUSY,
    Occupation.BUSY_ELSEWHERE: Standing.BUSY_ELSEWHERE,
    Occupation.WRAPPING_UP: Standing.WRAPPING_UP,
}
_OFFER_ENDS: Final = tuple(outcome.value for outcome in OfferOutcome)


@dataclass(slots=True, kw_only=True)
class FloorFigures:
    """
    Writes what is known of calls, queues and agents.

    `services` are the names of the configured services by number, `queues` the configured queues;
    both are others where the configuration is.
    """

    services: Mapping[str, str]
    queues: Collection[QueueName]
    tally: Tally
    picture: Callable[[], FloorPicture]
    living: Callable[[], Iterable[Call]]

    def write(self, sheet: Sheet) -> None:
        """Write all of it."""
        self.tally.settle()
        picture = self.picture()
        self._write_calls(sheet)
        for place, count in _places(self.living(), picture).items():
            sheet.write(LIVE_CALLS, count, place)
        pictures = {queue.name: queue for queue in picture.queues if not queue.removed}
        for name in self.queues:
            self._write_queue(sheet, name, pictures.get(name), picture.at)
        standings = Counter(_standing(agent) for agent in picture.agents)
        for standing in Standing:
            sheet.write(AGENTS, standings[standing], standing.value)
        sheet.write(LOGGED_ON, sum(agent.wish is not Wish.LOGGED_OFF for agent in picture.agents))
        for found in (True, False):
            sheet.write(POPS, self.tally.pops[found], str(found).lower())

    def _write_calls(self, sheet: Sheet) -> None:
        # Several numbers may lead to services of one name.
        arrived: Counter[str] = Counter()
        ended: Counter[tuple[str, str]] = Counter()
        for number, name in (*self.services.items(), ("", OTHER_SERVICE)):
            arrived[name] += self.tally.arrived[number]
            for outcome in CallOutcome:
                ended[name, outcome.value] += self.tally.ended[number, outcome.value]
        for name, count in arrived.items():
            sheet.write(CALLS_ARRIVED, count, name)
        for (name, became), count in ended.items():
            sheet.write(CALLS, count, name, became)

    def _write_queue(
        self, sheet: Sheet, name: QueueName, queue: QueuePicture | None, now: int
    ) -> None:
        tally = self.tally
        waiting = () if queue is None else queue.waiting
        longest = max((now - call.since for call in waiting), default=0)
        sheet.write(QUEUE_WAITING, len(waiting), name)
        sheet.write(QUEUE_LONGEST, as_seconds(max(0, longest)), name)
        sheet.write(QUEUE_ENTERED, tally.entered[name], name)
        sheet.write(QUEUE_OFFERS, tally.offers[name], name)
        for way in Exit:
            sheet.write(QUEUE_LEFT, tally.left[name, way], name, way.value)
        for outcome in _OFFER_ENDS:
            sheet.write(QUEUE_OFFERS_ENDED, tally.offers_ended[name, outcome], name, outcome)
        for standing in Standing:
            count = 0 if queue is None else getattr(queue.agents, standing.value)
            sheet.write(QUEUE_AGENTS, count, name, standing.value)
        if queue is not None and queue.estimates is not None:
            _write_estimates(sheet, name, queue.estimates)
        sheet.spread(ANSWERED_AFTER, tally.answered_after[name], name)
        sheet.spread(ABANDONED_AFTER, tally.abandoned_after[name], name)
        sheet.spread(RANG, tally.rang[name], name)
        sheet.spread(TALKED, tally.talked[name], name)


def _write_estimates(sheet: Sheet, name: QueueName, estimates: EstimatesPicture) -> None:
    sheet.write(ESTIMATES_TOLD, int(estimates.told), name)
    if estimates.right is not None:
        sheet.write(ESTIMATES_RIGHT, estimates.right / PARTS, name)


def _places(living: Iterable[Call], picture: FloorPicture) -> dict[str, int]:
    """Return how many calls are where."""
    where: dict[CallId, str] = {}
    for queue in picture.queues:
        for waiting in queue.waiting:
            where[waiting.call] = "ringing" if waiting.offered_to else "waiting"
    where.update((call, "talking") for call, _ in picture.talks)
    counts = dict.fromkeys(PLACES, 0)
    for call in living:
        counts[where.get(call.call, "other" if call.flow is None else "menu")] += 1
    return counts


def _standing(agent: AgentPicture) -> Standing:
    """Return how an agent stands towards new calls, by the core's own rule."""
    if agent.occupation is not Occupation.IDLE:
        return _OCCUPIED[agent.occupation]
    if agent.wish is Wish.LOGGED_OFF:
        return Standing.LOGGED_OFF
    if agent.wish is Wish.NOT_READY:
        return Standing.NOT_READY
    return Standing.READY if agent.until is None else Standing.RESTING
