"""
A peer for the decision core where an agent becomes free: all waiting calls are looked at.

Calls stand in one list in the order of their coming, and each says what it asks for. An agent who
becomes free is offered the best of those that he may take: of his queues, with skills that he has
at their levels. Who comes while an agent is free is offered to who has been free for longest; that
is found by a scan, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from acd.facts import (
    AcdFact,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
    TalkEnded,
)
from cti.ids import AgentId, CallId, OfferId, QueueName, SkillName, Skills
from cti.instants import Duration, Time
from tests.bench.acd_floor import Offered


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    call: CallId
    queue: QueueName
    came: Time
    priority: Duration
    sequence: int
    skills: Skills


@dataclass(slots=True, kw_only=True, eq=False)
class _Agent:
    agent: AgentId
    queues: frozenset[QueueName]
    skills: dict[SkillName, int]
    free_since: Time | None = None

    def may_take(self, call: _Waiting) -> bool:
        """Tell whether a call is one of his queues, and asks for no more than he knows."""
        return call.queue in self.queues and all(
            self.skills.get(skill, 0) >= level for skill, level in call.skills
        )


class CallScan:
    """Decides by a scan of calls. Knows the facts of a floor at work, and passes over others."""

    def __init__(self) -> None:
        self._agents: dict[AgentId, _Agent] = {}
        self._asked: dict[QueueName, Skills] = {}
        self._waiting: list[_Waiting] = []
        self._came = self._offers = 0

    def handle(self, fact: AcdFact, now: Time) -> Sequence[Offered]:
        """Take a fact, and return the offer that it leads to, if any."""
        match fact:
            case PolicyApplied(policy=policy):
                self._asked = {queue.name: queue.skills for queue in policy.queues}
                for one in policy.agents:
                    self._agents[one.agent] = _Agent(
                        agent=one.agent, queues=frozenset(one.queues), skills=dict(one.skills)
                    )
            case AgentMadeReady() | TalkEnded():
                agent = self._agents[fact.agent]
                agent.free_since = now
                return self._offer_to(agent)
            case CallQueued():
                self._came += 1
                call = _Waiting(
                    call=fact.call,
                    queue=fact.queue,
                    came=now,
                    priority=fact.priority,
                    sequence=self._came,
                    skills=(*self._asked[fact.queue], *fact.skills),
                )
                self._waiting.append(call)
                return self._offer_to(min(self._free_for(call), default=(now, None))[1])
            case OfferAnswered():
                pass
            case _:
                pass
        return ()

    def _free_for(self, call: _Waiting) -> Iterator[tuple[Time, _Agent | None]]:
        for agent in self._agents.values():
            if agent.free_since is not None and agent.may_take(call):
                yield agent.free_since, agent

    def _offer_to(self, agent: _Agent | None) -> Sequence[Offered]:
        if agent is None:
            return ()
        best = min(
            (call for call in self._waiting if agent.may_take(call)),
            key=lambda call: (call.came - call.priority, call.came, call.sequence),
            default=None,
        )
        if best is None:
            return ()
        self._waiting.remove(best)
        agent.free_since = None
        self._offers += 1
        return (Offered(offer=OfferId(self._offers), call=best.call, agent=agent.agent),)
