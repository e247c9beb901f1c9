"""
What a record does not say, drawn from what it says of others, by a seed.

How long a caller bears to wait who was answered: nobody knows but that it is longer than he waited.
It is drawn by the estimate of Kaplan and Meier (1958) from all callers of his queue, given that he
had waited so long; where nobody was seen to leave later, he stays. How long a talk lasts that was
never held, and what an agent does with an offer that he never had, is what was recorded of another,
one drawn of all with equal chances. Every draw has a chance of its own, by the names of those whom
it concerns, so that one change leaves all other draws as they were.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from cti.ids import AgentId, CallId, QueueName
from cti.instants import Duration, seconds
from cti.rehearsing.recorded import RecordedOffer, Recording, Trace
from cti.rehearsing.stays import ABANDONED, ANSWERED

ANSWER_PAUSE = seconds(5)
"""After how long an agent answers where no agent was ever seen to answer."""
TALK = seconds(180)
"""How long a talk lasts where none was ever seen to end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """An estimate of how callers bear to wait: when they left, and who had not left by then."""

    waits: tuple[Duration, ...]
    remaining: tuple[float, ...]

    def beyond(self, waited: Duration, chance: float) -> Duration | None:
        """Return how long a caller bears who has waited so long; None: as long as it takes."""
        at = bisect_right(self.waits, waited)
        left = (self.remaining[at - 1] if at else 1.0) * chance
        for wait, share in zip(self.waits[at:], self.remaining[at:], strict=True):
            if share <= left:
                return wait
        return None


def patience(waits: Iterable[tuple[Duration, bool]]) -> Patience:
    """Return the estimate from how long callers waited, and whether they left then."""
    ordered = sorted(waits, key=lambda wait: (wait[0], not wait[1]))
    there, share = len(ordered), 1.0
    known: dict[Duration, float] = {}
    for wait, left in ordered:
        if left:
            share *= (there - 1) / there
            known[wait] = share
        there -= 1
    return Patience(tuple(known), tuple(known.values()))


class Chances:
    """All draws of a rehearsal; it counts them, for the words about it."""

    def __init__(self, recording: Recording, seed: int) -> None:
        self.seed = seed
        self.patience_drawn = self.talks_drawn = self.offers_drawn = 0
        self._talks: dict[QueueName | None, list[Trace]] = {None: []}
        self._offers: dict[AgentId | None, list[RecordedOffer]] = {None: []}
        waits: dict[QueueName, list[tuple[Duration, bool]]] = {}
        for trace in recording.traces.values():
            stay = trace.stay
            left = stay.outcome == ABANDONED
            waits.setdefault(stay.queue, []).append((stay.wait(recording.ended), left))
            if stay.outcome == ANSWERED and stay.talked_until is not None and stay.offered:
                self._talks[None].append(trace)
                self._talks.setdefault(stay.queue, []).append(trace)
            for agent, offers in trace.offers.items():
                shown = [offer for offer in offers if offer.shows_the_agent]
                self._offers[None] += shown
                self._offers.setdefault(agent, []).extend(shown)
        self._patience = {queue: patience(known) for queue, known in waits.items()}

    def bears(self, trace: Trace | None, call: CallId, number: int, waited: Duration) -> Duration:
        """Return how long a caller bears to wait who is known to bear so much; -1: for ever."""
        estimate = None if trace is None else self._patience.get(trace.stay.queue)
        if estimate is None:
            return Duration(-1)
        found = estimate.beyond(waited, self._source("patience", call, number).random())
        return Duration(-1) if found is None else found

    def talk(self, queue: QueueName, call: CallId, number: int) -> Trace | None:
        """Return a talk of the queue, or of any; None where none was recorded to its end."""
        self.talks_drawn += 1
        known = self._talks.get(queue) or self._talks[None]
        return self._source("talk", call, number).choice(known) if known else None

    def offer(self, agent: AgentId, call: CallId, number: int) -> RecordedOffer | None:
        """Return an offer of this agent, or of any, to be answered alike."""
        self.offers_drawn += 1
        known = self._offers.get(agent) or self._offers[None]
        return self._source(f"offer/{agent}", call, number).choice(known) if known else None

    def _source(self, purpose: str, call: CallId, number: int) -> Random:
        return Random(f"{self.seed}/{purpose}/{call}/{number}")  # noqa: S311 - it hides nothing
