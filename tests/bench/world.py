"""
A large world through the core's door: how long it takes to know it, and how much memory.

20,000 agents with 100 skills each and 40,000 queues with 75,000 memberships, given as one policy;
then every agent logs on and wants calls. The policy itself is made before, and its memory counts,
as the core keeps it.
"""

import gc
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

from acd.distributor import Distributor
from acd.facts import AgentLoggedOn, AgentMadeReady, PolicyApplied
from acd.policy import AgentPolicy, Policy, QueuePolicy
from cti.ids import AgentId, DeviceId, PbxId, QueueName, SkillName
from cti.instants import Duration, Time, seconds
from tests.bench.figure import Growth

SECONDS_BOUND = 10.0
BYTES_BOUND = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How large the world is; `kinds` of skills there are in all."""

    agents: int = 20_000
    skills: int = 100
    kinds: int = 500
    queues: int = 40_000
    memberships: int = 75_000


async def measure(world: World = World()) -> Sequence[Growth]:
    """Return the CPU seconds, and the bytes that are in use then."""
    policy = _policy(world)
    began = process_time()
    core = _core(policy, world)
    took = process_time() - began
    del core, policy
    gc.collect()
    tracemalloc.start()
    try:
        kept = _core(_policy(world), world)
        gc.collect()
        used = tracemalloc.get_traced_memory()[0]
        del kept
    finally:
        tracemalloc.stop()
    what = (
        f"{world.agents:,} agents with {world.skills} skills each, {world.queues:,} queues,"
        f" {world.memberships:,} memberships"
    )
    return [
        Growth(
            name="world.seconds",
            ours=took,
            bound=SECONDS_BOUND,
            unit=f"CPU seconds to know {what}, and to have all log on",
        ),
        Growth(
            name="world.bytes",
            ours=used,
            bound=BYTES_BOUND,
            unit=f"bytes for {what}, policy included",
        ),
    ]


def _core(policy: Policy, world: World) -> Distributor:
    core = Distributor()
    core.handle(PolicyApplied(policy=policy), Time(0))
    for number in range(world.agents):
        agent = AgentId(f"a{number:05}")
        device = DeviceId(PbxId("main"), f"p{number:05}")
        core.handle(AgentLoggedOn(agent=agent, device=device), Time(number))
        core.handle(AgentMadeReady(agent=agent), Time(number))
    return core


def _policy(world: World) -> Policy:
    queues = [QueueName(f"q{number:05}") for number in range(world.queues)]
    skills = [SkillName(f"s{number:03}") for number in range(world.kinds)]
    apart = world.kinds // world.skills
    serves: list[list[QueueName]] = [[] for _ in range(world.agents)]
    for number in range(world.memberships):
        # the second round begins with another queue, or it would repeat the first's memberships
        queue = (number + number // world.agents) % world.queues
        serves[number % world.agents].append(queues[queue])
    return Policy(
        version="world",
        queues=tuple(
            QueuePolicy(
                name=name,
                ring_time=seconds(15),
                wrap_up=Duration(0),
                misses_max=3,
                waiting_max=sys.maxsize,
                skills=((skills[number % world.kinds], 1),),
            )
            for number, name in enumerate(queues)
        ),
        agents=tuple(
            AgentPolicy(
                agent=AgentId(f"a{number:05}"),
                queues=tuple(serves[number]),
                skills=tuple(
                    sorted(
                        (skills[(number + step * apart) % world.kinds], 1 + step % 9)
                        for step in range(world.skills)
                    )
                ),
            )
            for number in range(world.agents)
        ),
    )
