"""
How fast the core decides: `python -m tests.bench.bench_acd`.

`facts_per_s`: facts a second through `handle`, with 1,000 agents and 10,000 waiting calls in 20
queues: each round an agent ends his talk, gets the best call of his queues, and answers, while a
new call comes. `growth`: the cost of such a round with 10,000 agents in one queue over the cost
with 100 (that it is near 1 says that nothing is scanned). `round_us` is a round of three facts in
microseconds, with 10,000 and with 50,000 calls waiting.
"""

import sys
from time import perf_counter

import orjson

from acd.commands import OfferCall
from acd.distributor import Distributor
from acd.facts import (
    AgentLoggedOn,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
    TalkEnded,
)
from acd.policy import AgentPolicy, Policy, QueuePolicy
from cti.ids import AgentId, CallId, DeviceId, PbxId, QueueName
from cti.instants import Duration, Time, seconds

FACTS_PER_ROUND = 3
ROUNDS = 5_000


def floor(*, agents: int, queues: int, waiting: int, queues_each: int = 5) -> Distributor:
    """Return a floor where every agent talks, and so many calls wait."""
    names = [QueueName(f"q{number:05}") for number in range(queues)]
    policy = Policy(
        version="bench",
        queues=tuple(
            QueuePolicy(
                name=name,
                ring_time=seconds(15),
                wrap_up=Duration(0),
                misses_max=3,
                waiting_max=sys.maxsize,
            )
            for name in names
        ),
        agents=tuple(
            AgentPolicy(
                agent=AgentId(f"a{number:05}"),
                queues=tuple(
                    names[(number + step) % queues] for step in range(min(queues_each, queues))
                ),
            )
            for number in range(agents)
        ),
    )
    distributor = Distributor()
    distributor.handle(PolicyApplied(policy=policy), Time(0))
    for number in range(agents):
        agent = AgentId(f"a{number:05}")
        device = DeviceId(PbxId("main"), f"p{number:05}")
        distributor.handle(AgentLoggedOn(agent=agent, device=device), Time(number))
        distributor.handle(AgentMadeReady(agent=agent), Time(number))
    for number in range(agents + waiting):
        queued = CallQueued(call=CallId(f"c{number:07}"), queue=names[number % queues])
        for command in distributor.handle(queued, Time(agents + number)):
            if isinstance(command, OfferCall):
                distributor.handle(OfferAnswered(offer=command.offer), Time(agents + number))
    return distributor


def rounds(distributor: Distributor, count: int) -> float:
    """Return the seconds that so many rounds take."""
    state = distributor.snapshot()
    talks = [(call.call, call.agent) for call in state.calls if call.agent is not None]
    names = [queue.rules.name for queue in state.queues]
    now = state.now
    began = perf_counter()
    for number in range(count):
        now = Time(now + 1)
        call, agent = talks[number % len(talks)]
        made = distributor.handle(TalkEnded(call=call, agent=agent), now)[0]
        if not isinstance(made, OfferCall):
            raise TypeError(made)
        distributor.handle(OfferAnswered(offer=made.offer), now)
        talks[number % len(talks)] = (made.call, made.agent)
        queued = CallQueued(call=CallId(f"n{number:07}"), queue=names[number % len(names)])
        distributor.handle(queued, now)
    return perf_counter() - began


def main() -> None:
    """Measure, and print one line of JSON."""
    took = rounds(floor(agents=1_000, queues=20, waiting=10_000), ROUNDS)
    few = rounds(floor(agents=100, queues=1, waiting=100), ROUNDS)
    many = rounds(floor(agents=10_000, queues=1, waiting=100), ROUNDS)
    deep = rounds(floor(agents=1_000, queues=20, waiting=50_000), ROUNDS)
    figures = {
        "facts_per_s": round(FACTS_PER_ROUND * ROUNDS / took),
        "round_us": round(took / ROUNDS * 1e6, 1),
        "round_us_50_000_waiting": round(deep / ROUNDS * 1e6, 1),
        "growth": round(many / few, 2),
    }
    print(orjson.dumps(figures).decode())


if __name__ == "__main__":
    main()
