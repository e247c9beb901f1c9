"""
Says which queues are open: a fact to the writer at the start and at each change of opening hours.

The core knows no calendars. Here the hours are read by the machine's own clock, which may be put
forward or back, and not by the shell's, which never is: people who look at the clock on the wall
are to find a queue open when it says so. Only differences are told; a person's word stands above
the calendar's in the core.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from acd.facts import QueueClosed, QueueOpened, SaidBy
from acd.picture import FloorPicture
from config.opening import OpeningTimes, Phase
from config.settings import QueueHours
from cti.ids import QueueName
from cti.instants import Duration, Time, as_datetime, as_seconds, later, seconds
from cti.switch.ports import FactInbox

LOOK_EVERY: Final = seconds(30)
"""So often the clock is looked at, also where nothing is due: somebody may have changed it."""
NOTE_MAX: Final = 200
"""Characters of the hours' name, or of their text where they have none, that a fact repeats."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The calendar's last word on a queue."""

    is_open: bool
    note: str


async def pause(woken: asyncio.Event, duration: Duration) -> None:
    """Wait so long, or until woken."""
    with suppress(TimeoutError):
        async with asyncio.timeout(as_seconds(duration)):
            await woken.wait()


class Calendar:
    """
    The opening hours of all queues. `run` must be running while they change.

    `wall` reads the machine's clock; `wait` waits for a time or for the event, whichever is first.
    """

    def __init__(
        self,
        inbox: FactInbox,
        *,
        wall: Callable[[], Time],
        wait: Callable[[asyncio.Event, Duration], Awaitable[None]] = pause,
    ) -> None:
        self._inbox = inbox
        self._wall = wall
        self._wait = wait
        self._hours: Mapping[QueueName, QueueHours] = {}
        self._queues: frozenset[QueueName] = frozenset()
        self._said: dict[QueueName, Said] = {}
        self._phases: dict[OpeningTimes, tuple[Time, Phase]] = {}
        self._woken = asyncio.Event()

    def recall(self, picture: FloorPicture) -> None:
        """Take over from the core, after a restart, what was said before."""
        for queue in picture.queues:
            word = queue.opening.calendar
            self._queues |= {queue.name}
            if word is not None:
                self._said[queue.name] = Said(is_open=word.is_open, note=word.note)

    def put(self, hours: Mapping[QueueName, QueueHours], queues: Iterable[QueueName]) -> None:
        """
        Have these hours in force, of these queues, and say at once what is different by them.

        A queue that had hours and has none any more is open.
        """
        known = frozenset(queues)
        self._hours = {queue: of for queue, of in hours.items() if queue in known}
        self._phases.clear()
        # A queue that was away may be a new one to the core, or one that still had callers.
        for queue in known - self._queues:
            said = self._said.pop(queue, None)
            if said is not None and queue not in self._hours:
                self._said[queue] = said
        self._queues = known
        for queue in sorted(self._said.keys() & known - self._hours.keys()):
            if not self._said[queue].is_open:
                self._say(queue, Said(is_open=True, note=""), None)
        self.look()
        self._woken.set()

    def look(self) -> Time:
        """Look at the clock, say what has changed, and return when the next change is due."""
        now = self._wall()
        due = later(now, LOOK_EVERY)
        for queue, hours in self._hours.items():
            phase = self._phase(hours.times, now)
            due = min(due, phase.until)
            self._say(queue, Said(is_open=phase.is_open, note=hours.name[:NOTE_MAX]), phase)
        return due

    async def run(self) -> None:
        """Say each change when it is due, until cancelled."""
        while True:
            self._woken.clear()
            due = self.look()
            await self._wait(self._woken, Duration(max(0, due - self._wall())))

    def _phase(self, times: OpeningTimes, now: Time) -> Phase:
        """Return whether these hours are open now; they are asked anew only at their changes."""
        known = self._phases.get(times)
        if known is not None and known[0] <= now < known[1].until:
            return known[1]
        phase = times.phase(now)
        self._phases[times] = now, phase
        return phase

    def _say(self, queue: QueueName, said: Said, phase: Phase | None) -> None:
        if self._said.get(queue) == said:
            return
        self._said[queue] = said
        until = as_datetime(phase.until).isoformat() if phase and phase.changes else None
        if said.is_open:
            self._inbox.post(QueueOpened(queue=queue, said_by=SaidBy.CALENDAR, note=said.note))
            log.info("queue_opened", queue=queue, hours=said.note, until=until)
        else:
            self._inbox.post(QueueClosed(queue=queue, said_by=SaidBy.CALENDAR, note=said.note))
            log.info("queue_closed", queue=queue, hours=said.note, until=until)
