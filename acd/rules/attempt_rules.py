"""
Attempts to reach a customer: begun by an agent's answer or in his turn, and how they end.

Each attempt has one final fact that names it; where none comes in time the attempt has failed, so
that no agent is stuck with it. One that was in vain is not held against the agent: he is free at
once and keeps his place in the line, and the promise keeps its own. Of the promises to one number
one is attended to at a time.

A customer who is first is dialled when it is his turn: when of the ready agents who may take him
one is left for him by the callers before him, and by those who are dialled already. So no more
customers are dialled than agents are free. Where the queue says how long ahead, he is also dialled
when his wait is expected to be over by then.
"""

from dataclasses import replace
from itertools import islice
from typing import Final

from acd.call_backs import (
    CustomerNotReached,
    CustomerReached,
    DialCustomer,
    NotReached,
    PromiseEnd,
    StopDialling,
)
from acd.rules import agent_rules, announcing, call_back_rules, step_rules
from acd.rules.estimating import estimate, who_can_take
from acd.rules.placing import leave_waiting, put_in_turn, tell_place
from acd.tables.agent_state import Agent
from acd.tables.floor import Floor
from acd.tables.offer_state import Offer
from acd.tables.outcomes import Outcome
from acd.tables.queue_state import Queue
from acd.tables.waiting import Call, CallState, Place
from cti.instants import Duration, later, seconds

DIAL_MARGIN: Final = seconds(10)
"""How long after the time for dialling an attempt may take to be reported."""
LOOKED_AT_MAX: Final = 32
"""Customers of a queue who are looked at in a step: the first may ask for what nobody knows."""


def begin(floor: Floor, call: Call) -> None:
    """Note that a call is offered: where it is a promise, its number is in use by that."""
    if not call.has_leg:
        call_back_rules.time(floor, call)
        _keep_others(floor, call)


def dial_for(floor: Floor, call: Call, agent: Agent, offer: Offer) -> None:
    """Dial a customer for an agent who has answered."""
    call.agent = agent.agent
    call.promise = replace(call.promised, offer=offer.offer)
    _dial(floor, call)


def dial_in_turn(floor: Floor) -> None:
    """Dial the customers whose turn has come, by the one order over all queues."""
    calls = [
        call
        for name in floor.promises.queues_in_turn()
        for call in islice(floor.queues[name].waiting.in_turn(), LOOKED_AT_MAX)
    ]
    for call in sorted(calls, key=_place):
        if call.is_in_turn and _is_his_turn(floor, call):
            _dial_first(floor, call)


def look_ahead(floor: Floor, queue: Queue) -> None:
    """Dial the customers whose wait is expected to be over soon enough."""
    queue.look_at = None
    ahead = queue.rules.call_back.ahead
    for call in tuple(islice(queue.waiting.in_turn(), LOOKED_AT_MAX)):
        expected = estimate(floor, call)
        if expected is None or expected > ahead:
            break
        if call.is_in_turn:
            _dial_first(floor, call)
    call_back_rules.look_later(floor, queue)


def reached(floor: Floor, fact: CustomerReached) -> None:
    """Join a customer with his agent; without one, have him wait at the place that he kept."""
    call = floor.calls.get(fact.call)
    if call is None or call.has_leg:
        return
    if not _is_under_way(call, fact.attempt):
        floor.tell(StopDialling(call=fact.call, attempt=fact.attempt))
        return
    offer = call.promised.offer
    call.promise = replace(call.promised, is_reached=True, dial_until=None, offer=None)
    call_back_rules.time(floor, call)
    floor.promises.dial(call.queue, for_agent=call.agent is not None, change=-1)
    if call.agent is None:
        call.become(CallState.WAITING)
        tell_place(floor, call)
        announcing.begin(floor, call)
        step_rules.open_up(floor, call)
        return
    agent = floor.agents[call.agent]
    if floor.window:
        agent.workload.answer(floor.now)
    if offer is not None:
        floor.queues[call.queue].note_turn(agent.agent, offer)
    leave_waiting(floor, call, Outcome.CALLED_BACK)
    call.become(CallState.TALKING)


def not_reached(floor: Floor, fact: CustomerNotReached) -> None:
    """End an attempt that was in vain."""
    call = floor.calls.get(fact.call)
    if call is not None and _is_under_way(call, fact.attempt):
        _fail(floor, call, fact.cause)


def leave(floor: Floor, call: Call) -> None:
    """End an attempt whose agent has hung up."""
    stop(floor, call)
    _fail(floor, call, NotReached.AGENT_LEFT)


def fall_due(floor: Floor, call: Call) -> None:
    """Deal with what is due for a promise: an attempt without end, a rest, its expiry."""
    if call.state is CallState.DIALLING:
        stop(floor, call)
        _fail(floor, call, NotReached.FAILED)
        return
    not_before = call.promised.not_before
    if not_before is not None and not_before <= floor.now:
        call.promise = replace(call.promised, not_before=None)
    call_back_rules.go_on(floor, call)


def stop(floor: Floor, call: Call) -> None:
    """Have the dialling for a promise stopped."""
    floor.tell(StopDialling(call=call.call, attempt=call.promised.attempt))


def release(floor: Floor, call: Call) -> None:
    """Part a promise from an attempt that is over; its agent, if he has the card, is free."""
    agent = None if call.agent is None else floor.agents[call.agent]
    floor.promises.dial(call.queue, for_agent=agent is not None, change=-1)
    call.agent = None
    call.become(CallState.PROMISED)
    call.promise = replace(call.promised, dial_until=None, offer=None)
    floor.promises.stir(call.promise.party)
    if agent is not None:
        agent_rules.end_attempt(floor, agent)


def _fail(floor: Floor, call: Call, cause: NotReached) -> None:
    """End an attempt; there is another after a rest, unless it was the last."""
    release(floor, call)
    promise = call.promised
    rules = floor.queues[call.queue].rules.call_back
    if promise.attempt >= rules.attempts_max:
        call_back_rules.end(floor, call, PromiseEnd.NOT_REACHED)
        return
    rest = rules.rest_after(cause)
    not_before = later(floor.now, rest) if rest > 0 else None
    call.promise = replace(promise, last=cause, not_before=not_before)
    call_back_rules.go_on(floor, call)


def _dial_first(floor: Floor, call: Call) -> None:
    """Dial a customer before any agent, unless his promise is over by now."""
    if call.promised.expires_at > floor.now:
        _dial(floor, call)
        _keep_others(floor, call)


def _dial(floor: Floor, call: Call) -> None:
    promise = call.promised
    rules = floor.queues[call.queue].rules.call_back
    put_in_turn(floor, call, is_in_turn=False)
    floor.promises.dial(call.queue, for_agent=call.agent is not None, change=1)
    call.become(CallState.DIALLING)
    call.promise = replace(
        promise,
        attempt=promise.attempt + 1,
        dial_until=later(floor.now, Duration(rules.dial_time + DIAL_MARGIN)),
    )
    call_back_rules.time(floor, call)
    floor.tell(
        DialCustomer(
            call=call.call,
            queue=call.queue,
            party=promise.party,
            attempt=promise.attempt + 1,
            ring_time=rules.dial_time,
            agent=call.agent,
        )
    )


def _keep_others(floor: Floor, call: Call) -> None:
    """Have the other promises to a number that is in use now be attended to by nobody."""
    for name in floor.promises.of(call.promised.party):
        other = floor.calls[name]
        if other is not call and call_back_rules.is_at_rest(other):
            call_back_rules.shut_away(floor, other)


def _is_under_way(call: Call, attempt: int) -> bool:
    """Return whether a fact names the attempt that is under way for a call."""
    return call.state is CallState.DIALLING and call.promised.attempt == attempt


def _is_his_turn(floor: Floor, call: Call) -> bool:
    """Return whether a ready agent is left for a customer by all who come before him."""
    queue = floor.queues[call.queue]
    lane = queue.lane(queue.reach(call.skills, call.step))
    ready = len(lane) - lane.spared(call)
    if ready <= 0:
        return False
    before = 0
    for name in {name: None for team in who_can_take(floor, call) for name in team.queues}:
        before += floor.promises.dialled[name]
        before += sum(one.ahead(call.place) for one in floor.queues[name].lanes() if len(one))
    return before < ready


def _place(call: Call) -> Place:
    return call.place
