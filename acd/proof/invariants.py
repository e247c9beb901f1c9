"""
What must hold between two steps, looked at in production at little cost.

After each step, what it touched: its commands name the agents and calls. Every `AUDIT_EVERY` steps
one agent and one call more, with all that is kept of them in lines, places, phones and timers, in
turn; when all have had their turn, a census compares the counts. So whatever is wrong is found
within `AUDIT_EVERY` times as many steps as there are agents or calls, whichever are more, and twice
that where only a count is wrong. This module changes nothing: `acd.proof.healing` does.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from acd.commands import (
    AcdCommand,
    Invariant,
    Occupation,
    OfferCall,
    PlaceCall,
    ShowAgentState,
    Wish,
)
from acd.proof.breaches import Breach
from acd.proof.promise_invariants import audit_promise, census_of_promises
from acd.rules.matching import best_call, has_taker
from acd.rules.step_rules import may_be_offered
from acd.tables.agent_state import Agent, Standing, next_for
from acd.tables.floor import DEPARTED_MAX, Floor
from acd.tables.offer_state import OfferState
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from cti.ids import AgentId, CallId, QueueName

AUDIT_EVERY: Final = 16
"""Steps between two audits, each of one agent and one call."""


class Guard:
    """Looks after each step; `round` are the agents and calls that have not had their turn."""

    __slots__ = ("_agents", "_calls", "_countdown")

    def __init__(self) -> None:
        self._agents: list[AgentId] = []
        self._calls: list[CallId] = []
        self._countdown = AUDIT_EVERY

    def begin_anew(self) -> None:
        """Begin a new round: whoever goes on from a snapshot looks at the same in the same step."""
        self._agents, self._calls = [], []
        self._countdown = AUDIT_EVERY

    def look(self, floor: Floor, commands: Sequence[AcdCommand]) -> list[Breach]:
        """Return what does not hold after the step that gave these commands, as far as is seen."""
        found: list[Breach] = []
        for command in commands:
            breach = None
            if isinstance(command, ShowAgentState):
                agent = floor.agents.get(command.agent)
                if agent is not None:  # he may have been shown for the last time
                    breach = _of_agent(floor, agent)
            elif isinstance(command, PlaceCall):
                call = floor.calls.get(command.call)
                if call is not None:  # it may have left by a later timer of this step
                    breach = _of_call(floor, call)
            elif isinstance(command, OfferCall):
                breach = _of_offered(floor, command)
            if breach is not None:
                found.append(breach)
        self._countdown -= 1
        if not self._countdown:
            self._countdown = AUDIT_EVERY
            found.extend(self._audit(floor))
        return found

    def _audit(self, floor: Floor) -> Iterator[Breach]:
        """Look at the next agent and the next call; at the counts when all have had their turn."""
        if not self._agents and not self._calls:
            yield from census(floor)
            self._agents = sorted(floor.agents, reverse=True)
            self._calls = sorted(floor.calls, reverse=True)
        if self._agents:
            agent = floor.agents.get(self._agents.pop())
            if agent is not None:
                yield from audit_agent(floor, agent)
        if self._calls:
            call = floor.calls.get(self._calls.pop())
            if call is not None:
                yield from audit_call(floor, call)


def audit(floor: Floor) -> list[Breach]:
    """Return all that does not hold on the whole floor."""
    found = list(census(floor))
    for _, agent in sorted(floor.agents.items()):
        found.extend(audit_agent(floor, agent))
    for _, call in sorted(floor.calls.items()):
        found.extend(audit_call(floor, call))
    return found


def audit_agent(floor: Floor, agent: Agent) -> Iterator[Breach]:
    """Give what does not hold of an agent, in the tables and in what is made of them."""
    name = agent.agent
    breach = _of_agent(floor, agent)
    if breach is not None:
        yield breach
    elif not _is_whole(floor, agent):
        yield Breach(Invariant.AGENT_WHOLE, f"agent {name}")
    if not floor.is_indexed(agent):
        yield Breach(Invariant.INDEXED, f"agent {name}")
    timers = floor.timers
    if timers.runs(Timer(TimerKind.WRAP_UP, agent=name)) != (
        agent.wrap_up_ends is not None
    ) or timers.runs(Timer(TimerKind.REST, agent=name)) != (agent.rests_until is not None):
        yield Breach(Invariant.TIMED, f"agent {name}")
    offer = None if agent.offer is None else floor.offers.get(agent.offer)
    if offer is not None and timers.runs(Timer(TimerKind.OFFER_OVERDUE, offer=offer.offer)) != (
        offer.state is OfferState.RINGING
    ):
        yield Breach(Invariant.TIMED, f"offer {offer.offer}")


def audit_call(floor: Floor, call: Call) -> Iterator[Breach]:
    """Give what does not hold of a call, in the tables and in what is made of them."""
    breach = _of_call(floor, call)
    if breach is not None:
        yield breach
    elif call.call in floor.departed:
        yield Breach(Invariant.ONE_PLACE, f"call {call.call}")
    elif call.state is not CallState.TALKING and not _is_placed(floor, call):
        yield Breach(Invariant.INDEXED, f"call {call.call}")
    timers, awaits = floor.timers, call.overflow_at is not None and not call.overflow_due
    if (
        timers.runs(Timer(TimerKind.OVERFLOW, call=call.call)) != awaits
        or timers.runs(Timer(TimerKind.ANNOUNCE, call=call.call)) != call.hearing.is_awaited
        or timers.runs(Timer(TimerKind.HELD, call=call.call)) != (call.held_until is not None)
        or timers.runs(Timer(TimerKind.STEP, call=call.call)) != (call.step_at is not None)
        or timers.runs(Timer(TimerKind.PREFERRED, call=call.call))
        != (call.preferred_until is not None)
        or timers.runs(Timer(TimerKind.RING_NEXT, call=call.call))
        != (call.ring_next_at is not None)
        or not all(
            timers.runs(Timer(TimerKind.SPARED, call=call.call, agent=agent))
            for agent in call.spared
        )
    ):
        yield Breach(Invariant.TIMED, f"call {call.call}")
    yield from audit_promise(floor, call)


def census(floor: Floor) -> Iterator[Breach]:
    """Give where counts are not those of the tables: whoever is not seen one by one is missed."""
    yield from _of_queues(floor)
    yield from census_of_promises(floor)
    if not floor.knows_all():
        yield Breach(Invariant.INDEXED, "agents")
    if sum(agent.offer is not None for agent in floor.agents.values()) != len(floor.offers):
        yield Breach(Invariant.ONE_OFFER, "offers")
    held = {
        agent.device
        for agent in floor.agents.values()
        if agent.device is not None and floor.devices.get(agent.device) == agent.agent
    }
    if floor.devices.keys() != held:
        yield Breach(Invariant.AGENT_WHOLE, "phones")
    if len(floor.timers) != _timers_due(floor) or len(floor.departed) > DEPARTED_MAX:
        yield Breach(Invariant.TIMED, "timers")


def _of_queues(floor: Floor) -> Iterator[Breach]:
    wishes: dict[Wish, Counter[QueueName]] = {wish: Counter() for wish in Wish}
    stand: dict[Standing, Counter[QueueName]] = {standing: Counter() for standing in Standing}
    for agent in floor.agents.values():
        if agent.not_ready_in:
            for name in agent.queues:
                stand[agent.standing_in(name)][name] += 1
        else:
            stand[agent.standing()].update(agent.queues)
        wishes[agent.wish].update(agent.queues)
    calls = [call for call in floor.calls.values() if call.state is not CallState.TALKING]
    wait = Counter([call.queue for call in calls])
    opened = Counter([call.queue for call in calls if may_be_offered(floor, call)])
    kept = Counter([call.queue for call in calls if call.is_kept])
    for name, queue in floor.queues.items():
        counts = queue.members.counts()
        if (
            len(queue.waiting) != wait[name]
            or queue.count_open() + kept[name] != opened[name]
            or len(queue.members.ready) != stand[Standing.READY][name]
            or any(counts[standing] != stand[standing][name] for standing in Standing)
            or any(queue.presence.count(wish) != wishes[wish][name] for wish in Wish)
            or len(queue.entered) != wait[name]
        ):
            yield Breach(Invariant.INDEXED, f"queue {name}")
        if queue.outcomes.arrivals != queue.outcomes.total() + wait[name]:
            yield Breach(Invariant.ACCOUNTED, f"queue {name}")
        leaves = floor.timers.runs(Timer(TimerKind.LEAVE, queue=name))
        if leaves != (queue.leave_at is not None):
            yield Breach(Invariant.TIMED, f"queue {name}")


def _of_offered(floor: Floor, made: OfferCall) -> Breach | None:
    """Return what the tables say against an offer that has just been made."""
    offer, agent = floor.offers.get(made.offer), floor.agents.get(made.agent)
    if offer is None or agent is None or agent.offer != made.offer or offer.agent != made.agent:
        return Breach(Invariant.ONE_OFFER, f"agent {made.agent}")
    call = floor.calls.get(made.call)
    if call is None or made.offer not in call.offers or offer.call != made.call:
        return Breach(Invariant.ONE_WINNER, f"call {made.call}")
    return None


def _of_agent(floor: Floor, agent: Agent) -> Breach | None:
    """Return the first thing that the tables say against an agent."""
    occupation = agent.occupation
    if agent.offer is not None or occupation is Occupation.OFFERED:
        return _of_rung(floor, agent)
    if occupation is Occupation.BUSY:
        call = None if agent.call is None else floor.calls.get(agent.call)
        if call is None or call.agent != agent.agent:
            return Breach(Invariant.ONE_WINNER, f"agent {agent.agent}")
    elif agent.wish is not Wish.LOGGED_OFF:
        if agent.device is None or floor.devices.get(agent.device) != agent.agent:
            return Breach(Invariant.AGENT_WHOLE, f"agent {agent.agent}")
        if best_call(floor, agent) is not None:
            return Breach(Invariant.NO_VAIN_WAIT, f"agent {agent.agent}")
    elif occupation is not Occupation.IDLE:
        return Breach(Invariant.AGENT_WHOLE, f"agent {agent.agent}")
    return None


def _of_rung(floor: Floor, agent: Agent) -> Breach | None:
    """Return what the tables say against an agent who has an offer, or is said to have one."""
    offer = None if agent.offer is None else floor.offers.get(agent.offer)
    if offer is None or offer.agent != agent.agent or agent.occupation is not Occupation.OFFERED:
        return Breach(Invariant.ONE_OFFER, f"agent {agent.agent}")
    call = floor.calls.get(offer.call)
    if offer.state is OfferState.RINGING and (call is None or offer.offer not in call.offers):
        return Breach(Invariant.ONE_WINNER, f"offer {offer.offer}")
    return None


def _is_whole(floor: Floor, agent: Agent) -> bool:
    """Return whether what an agent wishes, does and works at goes together."""
    if agent.wish is not Wish.LOGGED_OFF and (
        agent.device is None or floor.devices.get(agent.device) != agent.agent
    ):
        return False
    if agent.occupation in (Occupation.OFFERED, Occupation.BUSY):
        return True
    return agent.occupation is next_for(
        agent.wish,
        is_in_use=agent.in_use_elsewhere,
        wraps_up=agent.wrap_up_ends is not None,
    )


def _of_call(floor: Floor, call: Call) -> Breach | None:
    """Return the first thing that the tables say against a call."""
    if call.state is CallState.TALKING:
        agent = None if call.agent is None else floor.agents.get(call.agent)
        if agent is None or agent.call != call.call or agent.occupation is not Occupation.BUSY:
            return Breach(Invariant.ONE_WINNER, f"call {call.call}")
        return None
    queue = floor.queues.get(call.queue)
    if queue is None or call not in queue.waiting:
        return Breach(Invariant.ONE_PLACE, f"call {call.call}")
    if (call.state is CallState.OFFERED) != bool(call.offers) or not all(
        offer in floor.offers and floor.offers[offer].call == call.call for offer in call.offers
    ):
        return Breach(Invariant.ONE_WINNER, f"call {call.call}")
    if has_taker(floor, call):
        return Breach(Invariant.NO_VAIN_WAIT, f"call {call.call}")
    return None


def _is_placed(floor: Floor, call: Call) -> bool:
    """Return whether a waiting call has its place, and is open to somebody where it should be."""
    queue = floor.queues[call.queue]
    if not queue.holds(call):
        return False
    if not may_be_offered(floor, call):
        return not call.is_open
    if call.is_kept:
        return all(call.place in floor.kept_for(name) for name in call.preferred)
    return queue.has_open(call)


def _timers_due(floor: Floor) -> int:
    """Return how many timers should run."""
    due = sum(
        (agent.wrap_up_ends is not None) + (agent.rests_until is not None)
        for agent in floor.agents.values()
    )
    due += sum(
        (call.overflow_at is not None and not call.overflow_due)
        + (call.held_until is not None)
        + (call.step_at is not None)
        + (call.preferred_until is not None)
        + (call.ring_next_at is not None)
        + (call.promise_due is not None)
        + call.hearing.is_awaited
        + len(call.spared)
        for call in floor.calls.values()
    )
    due += sum(
        (queue.leave_at is not None) + (queue.look_at is not None)
        for queue in floor.queues.values()
    )
    due += sum(offer.state is OfferState.RINGING for offer in floor.offers.values())
    return due + (floor.slot_ends is not None)
