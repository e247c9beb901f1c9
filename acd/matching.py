"""
Who gets which call: the first call that anybody may take goes to the agent first in line for it.

Calls have one order over all queues, so an agent who serves several gets the best call of all of
them, and agents have one line in each queue. Both are read off indexes. This module makes no
exceptions of its own: who stands in line, and which call is open to whom, is settled before.
"""

from heapq import heapify, heappop, heappush

from acd import offer_rules
from acd.agent_state import Agent, Standing
from acd.errors import InvariantError
from acd.floor import Floor
from acd.waiting import Call, CallState, Place
from cti.ids import AgentId

_NOBODY = AgentId("")


def match(floor: Floor) -> None:
    """
    Offer calls until no ready agent stands beside a waiting call that he may take.

    Before this step none did, so each match has to do with an agent or a call that the step freed
    or opened. Each of these nominates a call: an agent the best that he may take, a call itself.
    The first of the nominated goes to the agent first in line for it, who need not be the one that
    nominated it; that one nominates anew while he is ready.

    Raises:
        InvariantError: a call that is open cannot be offered to who is ready for it: our bug.
    """
    agents, calls = floor.take_candidates()
    nominated = [(call.place, _NOBODY) for call in calls if call.state is CallState.WAITING]
    nominated += [(place, agent.agent) for agent in agents if (place := best_call(floor, agent))]
    heapify(nominated)
    while nominated:
        place, nominator = heappop(nominated)
        call = floor.calls[place[3]]
        if call.state is CallState.WAITING:
            queue = floor.queues[call.queue]
            reason = queue.members.reason(
                call, queue.rules.strategy, floor.now, floor.policy_version
            )
            if reason is not None:
                offer_rules.offer_call(floor, call, reason)
        if nominator is not _NOBODY:
            next_best = best_call(floor, floor.agents[nominator])
            if next_best == place:
                raise InvariantError(f"call {call.call} is open and cannot be offered")
            if next_best is not None:
                heappush(nominated, (next_best, nominator))


def best_call(floor: Floor, agent: Agent) -> Place | None:
    """Return the place of the first call over all his queues that a ready agent may take."""
    if agent.standing() is not Standing.READY:
        return None
    best: Place | None = None
    for name in agent.queues:
        place = floor.queues[name].waiting.first_for(agent.agent)
        if place is not None and (best is None or place < best):
            best = place
    return best


def has_taker(floor: Floor, call: Call) -> bool:
    """Return whether a ready agent is in line for a waiting call."""
    members = floor.queues[call.queue].members
    return len(members) > 0 and members.first_two_for(call)[0] is not None
