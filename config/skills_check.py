"""What can be wrong with skills, steps and rings: unknown ones, and those that nobody can meet."""

from collections.abc import Iterator, Mapping
from typing import Final

from acd.policy import FIRST_RING, AgentPolicy, Policy, QueuePolicy
from acd.tables.reach import has, reach_at
from config.build import policy
from config.doubts import AGENTS, FLOWS, QUEUES, SERVICES, Read
from config.durations import MINUTE, duration_text
from config.errors import Problem
from config.explain import unknown
from config.nodes import ANY, KeyPath, Node, Table, problem_at, select
from cti.ids import AgentId
from cti.instants import Duration
from cti.language import _

WEIGHT_DOUBTED = Duration(10 * MINUTE)
"""So much longer may callers of other queues wait for a queue's weight before it is doubted."""

_ASKED: Final[tuple[tuple[str, KeyPath], ...]] = (
    (QUEUES, ("queues", ANY, "skills")),
    (QUEUES, ("queues", ANY, "steps", ANY, "skills")),
    (SERVICES, ("services", ANY, "skills")),
    (FLOWS, ("flows", ANY, "menu", "choices", ANY, "skills")),
    (FLOWS, ("flows", ANY, "menu", "otherwise", "skills")),
)
"""Where skills are asked for: file, path."""


def unknown_skills(trees: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield each skill that somebody asks for and that no agent has."""
    if AGENTS not in trees:
        return
    known: dict[str, None] = {}
    for _path, found in select(trees[AGENTS], ("agents", ANY, "skills")):
        known.update(dict.fromkeys(found.entries if isinstance(found, Table) else ()))
    for file, pattern in _ASKED:
        for path, found in select(trees[file], pattern) if file in trees else ():
            for name, entry in found.entries.items() if isinstance(found, Table) else ():
                if name not in known:
                    message = unknown("skill", name, known) if known else _("no agent has skills")
                    yield problem_at(file, entry.key_position, (*path, name), message)


def unmet_steps(read: Read) -> Iterator[Problem]:
    """Yield what no agent could ever meet, and what is said of rings for nothing."""
    if read.queues is None or read.agents is None:
        return
    rules = policy(read.queues, read.agents)
    for queue in rules.queues:
        serving = [agent for agent in rules.agents if queue.name in agent.queues]
        for key, message in (
            *_unmet(queue, rules, serving),
            *_odd_rings(queue, {agent.agent for agent in serving}),
        ):
            yield read.doubt(QUEUES, ("queues", queue.name, *key), message)


def _unmet(
    queue: QueuePolicy, rules: Policy, serving: list[AgentPolicy]
) -> Iterator[tuple[KeyPath, str]]:
    asking = bool(queue.skills or queue.steps)
    for step in range(len(queue.steps) + 1) if asking and serving else ():
        reach = reach_at(queue, (), step)
        rings = dict(queue.rings)
        added = any(agent.agent in reach.agents for agent in rules.agents)
        if added or any(
            rings.get(agent.agent, FIRST_RING) <= reach.ring
            and has(tuple(sorted(agent.skills)), reach.skills)
            for agent in serving
        ):
            continue
        where: KeyPath = (
            ("steps", step - 1) if step else ("skills",) if queue.skills else ("rings",)
        )
        if step == len(queue.steps):
            yield where, _("no agent can ever meet this: who waits here is offered to nobody")
        else:
            yield where, _("no agent can ever meet this: callers come to the next step at once")


def _odd_rings(queue: QueuePolicy, serving: set[AgentId]) -> Iterator[tuple[KeyPath, str]]:
    opened = max((step.ring for step in queue.steps), default=FIRST_RING)
    for agent, ring in queue.rings:
        if agent not in serving:
            message = _("{agent} does not serve this queue").format(agent=agent)
            yield ("rings", agent), message
        elif ring > opened:
            message = _("no step opens ring {ring}: {agent} gets no call of this queue")
            yield ("rings", agent), message.format(ring=ring, agent=agent)
    used = {ring for _agent, ring in queue.rings}
    before = FIRST_RING
    for number, step in enumerate(queue.steps):
        if step.ring and not any(before < ring <= step.ring for ring in used):
            yield ("steps", number, "ring"), _("nobody is in a ring that this step opens")
        before = max(before, step.ring)


def heavy_queues(read: Read) -> Iterator[Problem]:
    """Yield each weight that lets callers of other queues wait long for the same agents."""
    if read.queues is None or read.agents is None:
        return
    queues = read.queues.queues
    for name, queue in queues.items():
        shared = {
            other
            for agent in read.agents.agents.values()
            if name in agent.queues
            for other in agent.queues
            if other in queues and queue.weight - queues[other].weight >= WEIGHT_DOUBTED
        }
        if shared:
            least = min(queues[other].weight for other in shared)
            message = _(
                "callers of {queues} may wait up to {longer} longer than those of this queue who"
                " come at the same time"
            ).format(
                queues=", ".join(sorted(shared)),
                longer=duration_text(Duration(queue.weight - least)),
            )
            yield read.doubt(QUEUES, ("queues", name, "weight"), message)


def heavy_head_starts(read: Read) -> Iterator[Problem]:
    """Yield each head start of callers, with their queue's weight, for which others wait long."""
    queues = {} if read.queues is None else read.queues.queues
    flows = {} if read.flows is None else read.flows.flows
    weights: dict[str, Duration] = {}
    for name, flow in flows.items():
        branches = {("choices", key): leads for key, leads in flow.menu.choices.items()}
        for where, leads in (*branches.items(), (("otherwise",), flow.menu.otherwise)):
            weight = queues[leads.queue].weight if leads.queue in queues else Duration(0)
            weights[name] = max(weight, weights.get(name, weight))
            path: KeyPath = ("flows", name, "menu", *where, "priority")
            yield from _heavy_head_start(read, FLOWS, path, leads.priority, weight)
    for index, service in enumerate(read.services.services if read.services is not None else ()):
        weight = weights.get(service.flow, Duration(0))
        path = ("services", index, "priority")
        yield from _heavy_head_start(read, SERVICES, path, service.priority, weight)


def _heavy_head_start(
    read: Read, file: str, path: KeyPath, priority: Duration, weight: Duration
) -> Iterator[Problem]:
    if priority and priority + weight >= WEIGHT_DOUBTED:
        message = _(
            "callers who get this are served before others who came up to {length} sooner (their"
            " queue's weight is counted in): those wait so much longer for it"
        ).format(length=duration_text(Duration(priority + weight)))
        yield read.doubt(file, path, message)
