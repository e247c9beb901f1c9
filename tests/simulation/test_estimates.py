"""
The estimated wait against what happens, where theory knows both: M/M/c, and lengths all alike.

In an M/M/c queue the wait of a caller with k callers ahead is the sum of k + 1 exponential times of
mean h/c, so its mean is known for each caller (A. K. Erlang, 1917), and an estimate cannot do
better than that. What is measured, on fixed seeds: the mean error as a part of the mean wait, and
the share of the callers who were answered within what they were told.
"""

from heapq import heappop, heappush
from random import Random
from statistics import fmean

import pytest

from acd.commands import AcdCommand, EstimateOutcome, JudgeEstimate, OfferCall
from acd.distributor import Distributor
from acd.facts import (
    AcdFact,
    AgentLoggedOn,
    AgentMadeReady,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
)
from acd.policy import QueuePolicy
from cti.ids import AgentId, CallId, QueueName
from cti.instants import Time, seconds
from tests.acd.script import announce_policy, phone, policy, queue_policy

HANDLE_S = 180.0
CALLS = 6_000
WARM_UP = 200


class Office:
    """Agents who answer at once, in virtual time; callers are told their wait when they come."""

    def __init__(self, seed: int, agents: str, *queues: QueuePolicy, alike: bool = False) -> None:
        self.chance = Random(seed)  # noqa: S311 - chance for a simulation, not for secrets
        self.alike = alike
        self.core = Distributor()
        self.judged: list[JudgeEstimate] = []
        self._events: list[tuple[Time, int, AcdFact]] = []
        self._made = 0
        self._tell(PolicyApplied(policy=policy(agents, *queues)), Time(0))
        for name in (agent.partition(":")[0] for agent in agents.split()):
            self._tell(AgentLoggedOn(agent=AgentId(name), device=phone(name)), Time(0))
            self._tell(AgentMadeReady(agent=AgentId(name)), Time(0))

    def run(self, loads: dict[str, float], calls: int = CALLS) -> list[JudgeEstimate]:
        """Let so many calls come at so many erlangs per queue; return what came of estimates."""
        for queue, load in loads.items():
            at = 0.0
            for number in range(round(calls * load / sum(loads.values()))):
                at += self.chance.expovariate(load / HANDLE_S)
                call = CallId(f"{queue}-{number}")
                self._later(Time(seconds(at)), CallQueued(call=call, queue=QueueName(queue)))
        while self._events:
            at_next = self._events[0][0]
            due = self.core.next_deadline()
            if due is not None and due < at_next:
                self._obey(self.core.advance(due), due)
            else:
                now, _, fact = heappop(self._events)
                self._tell(fact, now)
        return self.judged[WARM_UP:]

    def _later(self, at: Time, fact: AcdFact) -> None:
        self._made += 1
        heappush(self._events, (at, self._made, fact))

    def _tell(self, fact: AcdFact, now: Time) -> None:
        self._obey(self.core.handle(fact, now), now)

    def _obey(self, commands: list[AcdCommand], now: Time) -> None:
        for command in commands:
            if isinstance(command, OfferCall):
                self._tell(OfferAnswered(offer=command.offer), now)
                length = HANDLE_S if self.alike else self.chance.expovariate(1 / HANDLE_S)
                self._later(Time(now + seconds(length)), CallerLeft(call=command.call))
            elif isinstance(command, JudgeEstimate):
                assert command.outcome is EstimateOutcome.ANSWERED
                self.judged.append(command)


def telling(name: str = "sales") -> QueuePolicy:
    """Return a queue that tells each caller once, exactly to the second, and is never silent."""
    told = announce_policy(first=0, every=36_000, estimate=(1, 36_000), trusted=0)
    return queue_policy(name, wrap=0, room=1_000_000, announce=told)


def staff(count: int, queues: str = "sales", prefix: str = "a") -> str:
    return " ".join(f"{prefix}{number}:{queues}" for number in range(count))


def share_within(judged: list[JudgeEstimate]) -> float:
    return fmean(one.actual <= one.said for one in judged)


def bias(judged: list[JudgeEstimate]) -> float:
    """Return by which part of the mean wait calls were answered later than expected."""
    waits = fmean(one.actual for one in judged)
    return fmean(one.actual - one.expected for one in judged) / waits


@pytest.mark.parametrize(
    ("agents", "load", "seed"),
    [(1, 0.7, 1), (2, 1.6, 2), (5, 4.2, 3), (10, 9.0, 4), (40, 38.5, 5)],
)
def test_in_a_plain_queue_the_estimate_is_right_on_average(
    agents: int, load: float, seed: int
) -> None:
    judged = Office(seed, staff(agents), telling()).run({"sales": load})

    assert len(judged) > 1_000
    assert abs(bias(judged)) < 0.08
    assert 0.8 < share_within(judged) < 0.93


@pytest.mark.parametrize(("agents", "load", "seed"), [(1, 0.7, 1), (2, 1.6, 2), (5, 4.6, 3)])
def test_where_all_calls_last_alike_the_estimate_is_exact(
    agents: int, load: float, seed: int
) -> None:
    judged = Office(seed, staff(agents), telling(), alike=True).run({"sales": load})

    assert len(judged) > 500
    assert max(abs(one.actual - one.expected) for one in judged) < seconds(0.001)
    assert share_within(judged) == 1


def test_agents_of_two_queues_count_by_the_share_of_their_work() -> None:
    """Three agents of sales alone, three of both, three of support alone, all of them busy."""
    agents = " ".join(
        [staff(3, "sales", "s"), staff(3, "sales,support", "b"), staff(3, "support", "t")]
    )
    judged = Office(7, agents, telling(), telling("support")).run({"sales": 4.1, "support": 4.1})

    assert abs(bias(judged)) < 0.1
    assert 0.8 < share_within(judged) < 0.95
