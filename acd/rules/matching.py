"""
Who gets which call: the first call that anybody may take goes to the agent first in line for it.

Calls have one order over all queues, so an agent who serves several gets the best call of all of
them, and agents have one line for each lane of calls. Both are read off indexes. This module makes
no exceptions of its own: who stands in line, and which call is open to whom, is settled before.
"""

from heapq import heapify, heappop, heappush

from acd.commands import OfferReason
from acd.errors import InvariantError
from acd.rules import offer_rules, step_rules
from acd.tables.agent_state import Agent, Standing
from acd.tables.floor import Floor
from acd.tables.reach import MISSED_THIS_CALL, PREFERRED, Reach
from acd.tables.waiting import Call, Place
from cti.ids import AgentId
from cti.instants import Duration

_NOBODY = AgentId("")


def match(floor: Floor) -> None:
    """
    Offer calls until no ready agent stands beside a call that he may take.

    Before this step none did, so each match has to do with an agent or a call that the step freed
    or opened. Each of these nominates a call: an agent the best that he may take, a call itself.
    The first of the nominated goes to the agent first in line for it, who need not be the one that
    nominated it; that one nominates anew while he is ready. Where a queue rings at several, the
    call goes to all whom it may go to at once.

    Raises:
        InvariantError: a call that is open cannot be offered to who is ready for it: our bug.
    """
    step_rules.settle(floor)
    agents, calls = floor.take_candidates()
    nominated = [(call.place, _NOBODY) for call in calls if call.is_open]
    nominated += [(place, agent.agent) for agent in agents if (place := best_call(floor, agent))]
    heapify(nominated)
    while nominated:
        place, nominator = heappop(nominated)
        call = floor.calls[place[3]]
        while (reason := _why_offered(floor, call)) is not None:  # again only where it rings on
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
        place = floor.queues[name].first_for(agent.agent, floor.calls)
        if place is not None and (best is None or place < best):
            best = place
    for place in floor.kept_for(agent.agent):
        if best is not None and best < place:
            break
        if _may_have(agent, floor.calls[place[3]]):
            return place
    return best


def has_taker(floor: Floor, call: Call) -> bool:
    """Return whether a call is open, and a ready agent in line for it."""
    return _why_offered(floor, call) is not None


def _why_offered(floor: Floor, call: Call) -> OfferReason | None:
    """Return why a call goes to whom it goes; None if it is not open, or nobody ready for it."""
    if call.is_kept:
        return _kept(floor, call)
    return None if call.reach is None else _in_line(floor, call, call.reach)


def _may_have(agent: Agent, call: Call) -> bool:
    """Return whether a preferred agent may have a call now that is kept for him."""
    return agent.standing_in(call.queue) is Standing.READY and agent.agent not in call.spared


def _kept(floor: Floor, call: Call) -> OfferReason | None:
    """Return why a call goes to the first ready of its preferred agents; None if none is ready."""
    ready = [
        (place, name)
        for place, name in enumerate(call.preferred)
        if name in floor.agents and _may_have(floor.agents[name], call)
    ]
    if not ready:
        return None
    return OfferReason(
        rule=PREFERRED,
        sort_key=ready[0],
        next_best=ready[1][1] if len(ready) > 1 else None,
        ready=len(ready),
        excluded=(),
        waited=Duration(floor.now - call.entered_at),
        policy_version=floor.policy_version,
        step=call.step,
    )


def _in_line(floor: Floor, call: Call, reach: Reach) -> OfferReason | None:
    """Return why a call that is open so goes to the agent first in line; None if nobody is."""
    queue = floor.queues[call.queue]
    lane = queue.lane(reach)
    first, second = lane.first_two_for(call)
    if first is None:
        return None
    spared = lane.spared(call)
    excluded = queue.members.ruled_out()
    excluded += [(what, count) for what, count in lane.barred.items() if count]
    if spared:
        excluded.append((MISSED_THIS_CALL, spared))
    return OfferReason(
        rule=queue.rules.strategy.value,
        sort_key=(first[0], first[2]),
        next_best=None if second is None else second[2],
        ready=len(lane) - spared,
        excluded=tuple(excluded),
        waited=Duration(floor.now - call.entered_at),
        policy_version=floor.policy_version,
        step=call.step,
    )
