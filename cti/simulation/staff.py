"""
Who works, and by which policy.

Without a configuration each queue of the scenario is a plain one: longest idle, no wrap-up, no
limit. With one its policy is in force; a group's agents are those of agents.yaml who serve exactly
its queues and know its skills, in the order of the file, and where these are too few, others are
made up beside them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from acd.policy import AgentPolicy, Policy, QueuePolicy
from config.scenario import Scenario, span
from config.section import Section
from cti.ids import AgentId, QueueName, SkillName, Skills
from cti.instants import Duration, seconds

UNLIMITED = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An agent, and from when to when he works every day; None: all the time."""

    agent: AgentId
    queues: tuple[QueueName, ...]
    shift: tuple[Duration, Duration] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The policy, and those who work; `made_up` counts those whom agents.yaml does not have."""

    policy: Policy
    workers: tuple[Worker, ...]
    made_up: int


def staff(scenario: Scenario, policy: Policy | None) -> Staff:
    """Return who works in a scenario, under this policy or a plain one."""
    known = () if policy is None else policy.agents
    taken: set[AgentId] = set()
    names = {one.agent for one in known}
    workers: list[Worker] = []
    more: list[AgentPolicy] = []
    for number, group in enumerate(scenario.agents, start=1):
        queues = tuple(QueueName(name) for name in group.queues)
        hours = cast("Section | None", group.shift)
        shift = None if hours is None else span(hours)
        fitting = [
            one.agent
            for one in known
            if one.agent not in taken
            and sorted(one.queues) == sorted(queues)
            and set(group.skills) <= {skill for skill, _level in one.skills}
        ][: group.count]
        made = 0
        while len(fitting) < group.count:
            made += 1
            name = AgentId(f"group{number}-{made}")
            if name not in names:
                fitting.append(name)
                more.append(AgentPolicy(agent=name, queues=queues, skills=at_level_1(group.skills)))
        taken.update(fitting)
        workers += [Worker(agent=name, queues=queues, shift=shift) for name in fitting]
    base = _plain(scenario) if policy is None else policy
    return Staff(
        policy=replace(base, agents=(*base.agents, *more)),
        workers=tuple(workers),
        made_up=0 if policy is None else len(more),
    )


def at_level_1(names: Iterable[str]) -> Skills:
    """Return skills as the core knows them."""
    return tuple((SkillName(name), 1) for name in sorted(set(names)))


def _plain(scenario: Scenario) -> Policy:
    names = dict.fromkeys(name for group in scenario.agents for name in group.queues)
    return Policy(
        version="plain",
        queues=tuple(_plain_queue(QueueName(name), scenario.ring) for name in names),
        agents=(),
    )


def _plain_queue(name: QueueName, ring: Duration) -> QueuePolicy:
    return QueuePolicy(
        name=name,
        ring_time=Duration(ring + seconds(60)),
        wrap_up=Duration(0),
        misses_max=0,
        waiting_max=UNLIMITED,
    )
