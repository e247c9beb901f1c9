"""
A peer for the decision core: who gets which call found by walking, as Asterisk's app_queue does.

Each queue is a list of members and a list of callers, and each fact costs the walks that
`apps/app_queue.c` makes for it:

    a phone changes its state   all queues, their members until found   device_state_cb
    a caller joins or leaves    all callers, for their positions        join_queue, leave_queue
    whose turn is it            all members, then callers in order      is_our_turn
    who is rung                 all members, twice                      try_calling, find_best

In app_queue every waiting caller asks once a second whether it is his turn. Here only the first
of a queue asks, only when something has happened, and the one who has waited longest asks first:
that makes the peer far cheaper than the original, and lets it decide just as the core does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from acd.facts import (
    AcdFact,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
    TalkEnded,
)
from acd.policy import Policy
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time
from tests.bench.acd_floor import Offered

_NEVER = Time(0)


@dataclass(slots=True, kw_only=True, eq=False)
class _Member:
    """One agent in one queue; `free_since` orders them (strategy `leastrecent`)."""

    agent: AgentId
    available: bool = False
    free_since: Time = _NEVER


@dataclass(slots=True, kw_only=True, eq=False)
class _Caller:
    call: CallId
    joined: Time
    position: int = 0
    pending: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class _Queue:
    members: list[_Member] = field(default_factory=list)
    callers: list[_Caller] = field(default_factory=list)

    def renumber(self) -> None:
        for position, caller in enumerate(self.callers, start=1):
            caller.position = position

    def first_to_serve(self) -> _Caller | None:
        """Return the first caller whose turn it is."""
        available = sum([member.available for member in self.members])
        for caller in self.callers:
            if available == 0:
                return None
            if not caller.pending:
                return caller
        return None

    def best_member(self) -> _Member:
        attempts = [(member.free_since, member) for member in self.members if member.available]
        return min(attempts, key=lambda attempt: attempt[0])[1]


class LinearScan:
    """Decides by walking. Knows the facts of a floor at work, and passes over all others."""

    def __init__(self) -> None:
        self._queues: dict[QueueName, _Queue] = {}
        self._queues_of: dict[AgentId, list[_Queue]] = {}
        self._offers: list[tuple[_Queue, _Caller, AgentId]] = []

    def handle(self, fact: AcdFact, now: Time) -> Sequence[Offered]:
        """Take a fact, and return the offer that it leads to, if any."""
        match fact:
            case PolicyApplied():
                self._apply(fact.policy)
            case AgentMadeReady() | TalkEnded():
                self._phone_changes(fact.agent, available=True, now=now)
                return self._offer(self._queues_of[fact.agent], now)
            case CallQueued():
                queue = self._queues[fact.queue]
                queue.callers.append(_Caller(call=fact.call, joined=now))
                queue.renumber()
                return self._offer([queue], now)
            case OfferAnswered():
                queue, caller, agent = self._offers[fact.offer]
                self._phone_changes(agent, available=False, now=now)
                queue.callers.remove(caller)
                queue.renumber()
            case _:
                pass
        return ()

    def _apply(self, policy: Policy) -> None:
        self._queues = {queue.name: _Queue() for queue in policy.queues}
        for agent in policy.agents:
            self._queues_of[agent.agent] = [self._queues[name] for name in agent.queues]
            for queue in self._queues_of[agent.agent]:
                queue.members.append(_Member(agent=agent.agent))

    def _offer(self, queues: list[_Queue], now: Time) -> Sequence[Offered]:
        """Offer the first call of these queues to the member who has been free for longest."""
        firsts = [(caller, queue) for queue in queues if (caller := queue.first_to_serve())]
        if not firsts:
            return ()
        caller, queue = min(firsts, key=lambda first: first[0].joined)
        agent = queue.best_member().agent
        caller.pending = True
        self._phone_changes(agent, available=False, now=now)
        self._offers.append((queue, caller, agent))
        return (Offered(offer=OfferId(len(self._offers) - 1), call=caller.call, agent=agent),)

    def _phone_changes(self, agent: AgentId, *, available: bool, now: Time) -> None:
        """Let every queue know: each is walked until the agent and any free member are found."""
        for queue in self._queues.values():
            found = any_available = False
            for member in queue.members:
                if not found and member.agent == agent:
                    found = True
                    member.available = available
                    member.free_since = now
                any_available = any_available or member.available
                if found and any_available:
                    break
