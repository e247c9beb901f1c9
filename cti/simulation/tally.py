"""
What is counted: calls by their fate and agents' time, in batches for batch means.

The counted time is cut into equal batches. A call belongs to the batch in which it came and to the
queue that it came for, wherever a rule moved it.
"""

from dataclasses import dataclass, field

from acd.commands import Announce, EstimateOutcome, JudgeEstimate
from cti.ids import AgentId, QueueName
from cti.instants import Duration, Time

BATCHES = 20
START = Time(0)


@dataclass(slots=True, kw_only=True)
class Batch:
    """The calls of one queue that came within one batch; times are microseconds."""

    arrivals: int = 0
    blocked: int = 0
    turned_away: int = 0
    answered: int = 0
    abandoned: int = 0
    overflowed: int = 0
    diverted: int = 0
    called_back: int = 0
    """Those who hung up and were called back; they are not among the answered."""
    lapsed: int = 0
    """Those who were promised a call and not called in time."""
    promised: int = 0
    delayed: int = 0
    """Of the answered and the abandoned: those who were not offered to an agent at once."""
    in_time: int = 0
    waits: list[int] = field(default_factory=list)
    """Of the answered."""
    lost_waits: int = 0
    """What the abandoned waited, in all."""
    decisions: int = 0
    announcements: int = 0
    estimates: int = 0
    """Of the answered: waits that they were told, or would have been in a queue that is silent."""
    estimates_right: int = 0
    estimates_late: int = 0
    """How much later than expected they were answered, in all."""

    def answer(
        self, wait: Duration, level: Duration, *, is_delayed: bool, is_called_back: bool
    ) -> None:
        """Count a talk that begins after a wait."""
        if is_called_back:
            self.called_back += 1
            return
        self.answered += 1
        self.delayed += is_delayed
        self.in_time += wait <= level
        self.waits.append(wait)

    def hear(self, command: Announce | JudgeEstimate) -> None:
        """Count what a caller is told, and what becomes of it."""
        if isinstance(command, Announce):
            self.announcements += 1
        elif command.outcome is EstimateOutcome.ANSWERED and not command.is_more:
            self.estimates += 1
            self.estimates_right += command.actual <= command.said
            self.estimates_late += command.actual - command.expected


@dataclass(slots=True, kw_only=True)
class AgentTime:
    """How long an agent was busy, and at work at all, by batch."""

    queues: tuple[QueueName, ...]
    busy: list[int]
    working: list[int]
    answered: int = 0
    is_busy: bool = False
    is_working: bool = False
    since: Time = START

    def settle(self, now: Time, batch: int) -> None:
        """Add the time since the last change to a batch."""
        if 0 <= batch < BATCHES:
            passed = now - self.since
            if self.is_busy:
                self.busy[batch] += passed
            if self.is_working:
                self.working[batch] += passed
        self.since = now


class Tally:
    """All that is counted in a run."""

    def __init__(self, start: Time, end: Time, queues: tuple[QueueName, ...]) -> None:
        self.queues = {name: [Batch() for _at in range(BATCHES)] for name in queues}
        self.agents: dict[AgentId, AgentTime] = {}
        self.edges = [Time(start + (end - start) * at // BATCHES) for at in range(BATCHES + 1)]
        self.batch = -1
        """The batch of the present time; -1 during the warm-up."""

    def add_agent(self, agent: AgentId, queues: tuple[QueueName, ...]) -> None:
        """Count an agent's time from now on."""
        nothing = [0] * BATCHES
        self.agents[agent] = AgentTime(queues=queues, busy=[*nothing], working=[*nothing])

    def next_edge(self) -> Time | None:
        """Return when the next batch begins, or the last one ends."""
        return self.edges[self.batch + 1] if self.batch < BATCHES else None

    def turn(self) -> None:
        """Go on to the next batch: its time has come."""
        edge = self.edges[self.batch + 1]
        for agent in self.agents.values():
            agent.settle(edge, self.batch)
        self.batch += 1

    def came(self, queue: QueueName) -> Batch | None:
        """Return where a call is counted that comes now; None: it is not counted."""
        return self.queues[queue][self.batch] if 0 <= self.batch < BATCHES else None

    def agent_is(self, agent: AgentId, now: Time, *, busy: bool, working: bool) -> None:
        """Note what an agent does from now on."""
        record = self.agents.get(agent)
        if record is not None and (busy, working) != (record.is_busy, record.is_working):
            record.settle(now, self.batch)
            record.is_busy, record.is_working = busy, working


def spent(batches: list[Batch]) -> Duration:
    """Return how long the answered waited in all."""
    return Duration(sum(sum(batch.waits) for batch in batches))
