"""
A peer for the decision core where an agent becomes free: all waiting calls are looked at.

Calls stand in one list in the order of their coming. An agent who becomes free is offered the best
of those that wait in his queues: the smallest place, which each call has with it. Who comes while
an agent is free is offered to who has been free for longest; that is found by a scan, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from acd.facts import (
    AcdFact,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
    TalkEnded,
)
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time
from tests.bench.acd_floor import Offered


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    call: CallId
    queue: QueueName
    place: tuple[int, int, CallId]


class CallScan:
    """Decides by a scan of calls. Knows the facts of a floor at work, and passes over others."""

    def __init__(self) -> None:
        self._serves: dict[AgentId, frozenset[QueueName]] = {}
        self._free: dict[AgentId, Time] = {}
        self._waiting: list[_Waiting] = []
        self._came = self._offers = 0

    def handle(self, fact: AcdFact, now: Time) -> Sequence[Offered]:
        """Take a fact, and return the offer that it leads to, if any."""
        match fact:
            case PolicyApplied():
                self._serves = {
                    agent.agent: frozenset(agent.queues) for agent in fact.policy.agents
                }
            case AgentMadeReady() | TalkEnded():
                self._free[fact.agent] = now
                return self._offer_to(fact.agent)
            case CallQueued():
                self._came += 1
                place = (now - fact.priority, self._came, fact.call)
                self._waiting.append(_Waiting(call=fact.call, queue=fact.queue, place=place))
                return self._offer_to(self._longest_free(fact.queue))
            case OfferAnswered():
                pass
            case _:
                pass
        return ()

    def _longest_free(self, queue: QueueName) -> AgentId | None:
        free = [(since, one) for one, since in self._free.items() if queue in self._serves[one]]
        return min(free)[1] if free else None

    def _offer_to(self, agent: AgentId | None) -> Sequence[Offered]:
        if agent is None:
            return ()
        serves = self._serves[agent]
        best: _Waiting | None = None
        for call in self._waiting:
            if call.queue in serves and (best is None or call.place < best.place):
                best = call
        if best is None:
            return ()
        self._waiting.remove(best)
        del self._free[agent]
        self._offers += 1
        return (Offered(offer=OfferId(self._offers), call=best.call, agent=agent),)
