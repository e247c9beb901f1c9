"""
The core against theory: the mean wait of M/M/c.

Calls come at random (Poisson), last at random (exponential), agents answer at once and have no
wrap-up, nobody gives up: then the mean wait is known exactly (A. K. Erlang, 1917).
"""

from fractions import Fraction
from math import factorial
from random import Random
from statistics import fmean, stdev

import pytest

from acd.commands import AcdCommand, OfferCall
from acd.distributor import Distributor
from acd.facts import (
    AcdFact,
    AgentLoggedOn,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
    TalkEnded,
)
from cti.ids import AgentId, CallId, QueueName
from cti.instants import Time, as_seconds, seconds
from tests.acd.script import phone, policy, queue_policy

SERVICE_S = 180.0
BATCHES = 20
CALLS_PER_BATCH = 600
T_99 = 2.861
"""Student's t for 99 % and 19 degrees of freedom, two-sided."""


def erlang_c(agents: int, load: float) -> float:
    """Return the probability that a caller has to wait, at `load` erlangs."""
    waiting = load**agents / factorial(agents) * agents / (agents - load)
    served = sum(load**number / factorial(number) for number in range(agents))
    return waiting / (served + waiting)


def mean_wait_s(agents: int, load: float) -> float:
    """Return the mean wait of all callers, in seconds."""
    return erlang_c(agents, load) * SERVICE_S / (agents - load)


def simulate_waits_s(seed: int, agents: int, load: float, calls: int) -> list[float]:
    """Return the waits of so many callers in the order of their coming."""
    chance = Random(seed)  # noqa: S311 - chance for a simulation, not for secrets
    names = [AgentId(f"a{number}") for number in range(agents)]
    distributor = Distributor()
    content = policy(
        " ".join(f"{name}:sales" for name in names), queue_policy(wrap=0, room=1_000_000)
    )
    distributor.handle(PolicyApplied(policy=content), Time(0))
    for name in names:
        distributor.handle(AgentLoggedOn(agent=name, device=phone(name)), Time(0))
        distributor.handle(AgentMadeReady(agent=name), Time(0))

    waits: dict[CallId, float] = {}
    talks: dict[Time, TalkEnded] = {}
    arrival = Time(0)
    number = 0
    while len(waits) < calls:
        ending = min(talks, default=None)
        fact: AcdFact
        if ending is not None and ending <= arrival:
            now, fact = ending, talks.pop(ending)
        else:
            now = arrival
            fact = CallQueued(call=CallId(f"c{number:07}"), queue=QueueName("sales"))
            number += 1
            arrival = Time(now + seconds(chance.expovariate(load / SERVICE_S)))
        for offer in offers(distributor.handle(fact, now)):
            distributor.handle(OfferAnswered(offer=offer.offer), now)
            waits[offer.call] = as_seconds(offer.reason.waited)
            end = Time(now + seconds(chance.expovariate(1 / SERVICE_S)))
            talks[end] = TalkEnded(call=offer.call, agent=offer.agent)
    return [wait for _, wait in sorted(waits.items())]


def offers(commands: list[AcdCommand]) -> list[OfferCall]:
    return [command for command in commands if isinstance(command, OfferCall)]


@pytest.mark.parametrize(("agents", "load"), [(1, 1), (3, 2), (10, 8), (24, 20)])
def test_erlangs_own_formula_is_right(agents: int, load: int) -> None:
    """Exactly, and by another way: the recursion of Erlang's loss formula over the servers."""
    lost = Fraction(1)
    for servers in range(1, agents + 2):
        lost = load * lost / (servers + load * lost)
    waiting = lost / (1 - Fraction(load, agents + 1) * (1 - lost))

    assert erlang_c(agents + 1, load) == pytest.approx(float(waiting), rel=1e-12)


@pytest.mark.parametrize(("agents", "load", "seed"), [(1, 0.5, 1), (3, 1.8, 2), (5, 3.5, 3)])
def test_the_mean_wait_is_that_of_erlang_c(agents: int, load: float, seed: int) -> None:
    """Within the 99 % interval by batch means, and that interval is narrow enough to say so."""
    waits = simulate_waits_s(seed, agents, load, (BATCHES + 1) * CALLS_PER_BATCH)
    means = [
        fmean(waits[start : start + CALLS_PER_BATCH])
        for start in range(CALLS_PER_BATCH, len(waits), CALLS_PER_BATCH)  # one batch to warm up
    ]
    expected = mean_wait_s(agents, load)
    half_width = T_99 * stdev(means) / BATCHES**0.5

    assert expected == pytest.approx(fmean(means), abs=half_width)
    assert half_width < 0.5 * expected
