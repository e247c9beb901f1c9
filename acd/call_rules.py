"""
What becomes of a call that waits: its place, its queue, its overflow, its end.

A call keeps its age wherever it goes. A queue's limit is for newcomers: a call that waits already,
comes back from a talk, or was recovered with its age is not turned away for want of room. This
module decides nothing about agents.
"""

from acd import agent_rules, announcing
from acd.commands import (
    EstimateOutcome,
    OverflowCall,
    PlaceCall,
    TurnAwayCall,
    TurnAwayCause,
    WithdrawCause,
)
from acd.errors import InvariantError
from acd.facts import CallQueued
from acd.floor import Floor
from acd.queue_state import Queue
from acd.timers import Timer, TimerKind
from acd.waiting import HOLD_PAUSE, Call, CallState
from cti.ids import AgentId, CallId
from cti.instants import Duration, Time, later, seconds

OVERFLOW_WAIT_MIN = seconds(1)
"""The least wait before an overflow, whatever the rule says: no circle of queues can spin."""


def queue_call(floor: Floor, fact: CallQueued) -> None:
    """
    Have a call wait in a queue, newly or again.

    A call that waits in this queue already keeps its place. One that waits in another moves, with
    its age. One that was talked with waits again, and its agent wraps up. A call that has ended
    does not come back: its `CallerLeft` overtook this fact.
    """
    if fact.call in floor.departed:
        return
    queue = floor.queues.get(fact.queue)
    call = floor.calls.get(fact.call)
    if call is not None and call.state is not CallState.TALKING:
        _queue_again(floor, call, queue, fact)
        return
    if call is not None:
        end_talk(floor, call)
    if queue is None or queue.removed:
        _turn_away(floor, fact, TurnAwayCause.QUEUE_UNKNOWN)
        return
    is_newcomer = call is None and fact.entered_at is None
    shut = _shut(queue) if is_newcomer else None
    if shut is not None:
        _turn_away(floor, fact, shut)
        return
    entered_at = floor.now if fact.entered_at is None else min(fact.entered_at, floor.now)
    call = Call(
        call=fact.call,
        queue=fact.queue,
        entered_at=entered_at,
        priority=fact.priority,
        sequence=0,
        queued_at=floor.now,
    )
    floor.calls[call.call] = call
    _place(floor, call, queue)


def prioritise(floor: Floor, call_id: CallId, priority: Duration) -> None:
    """
    Give a call that waits another head start: its place among all changes, and nothing else.

    A call that rings keeps its agent; it goes on waiting at the new place if he does not answer.
    """
    call = floor.calls.get(call_id)
    if call is None or call.state is CallState.TALKING or call.priority == priority:
        return
    waiting = floor.queues[call.queue].waiting
    waiting.remove(call)
    call.priority = priority
    waiting.add(call)
    _tell_place(floor, call)


def caller_left(floor: Floor, call_id: CallId) -> None:
    """End a call, wherever it was: nothing rings for it any longer, and its agent is freed."""
    floor.remember_departed(call_id)
    call = floor.calls.get(call_id)
    if call is None:
        return
    if call.state is CallState.TALKING:
        end_talk(floor, call)
        return
    if call.offer is not None:
        agent_rules.withdraw(floor, floor.offers[call.offer], WithdrawCause.CALLER_LEFT)
    leave_waiting(floor, call)
    del floor.calls[call_id]


def talk_ended(floor: Floor, call_id: CallId, agent: AgentId) -> None:
    """End a talk whose agent's leg is gone; where the caller left first, it has ended by that."""
    call = floor.calls.get(call_id)
    if call is not None and call.state is CallState.TALKING and call.agent == agent:
        end_talk(floor, call)


def end_talk(floor: Floor, call: Call) -> None:
    """
    End the talk of a call with its agent; what becomes of the caller is told by other facts.

    Raises:
        InvariantError: nobody talks with this call: our bug.
    """
    if call.agent is None:
        raise InvariantError(f"call {call.call} is {call.state.value}, but with nobody")
    del floor.calls[call.call]
    agent_rules.end_talk(floor, floor.agents[call.agent])


def give_back(floor: Floor, call: Call) -> None:
    """Let a call whose offer ended, or that was held, go on waiting at its old place."""
    _stop(floor, call, TimerKind.HELD)
    call.held_until = None
    floor.queues[call.queue].waiting.become(call, CallState.WAITING)
    floor.opened(call)
    announcing.resume(floor, call)
    if call.overflow_due:
        overflow(floor, call)


def hold(floor: Floor, call: Call) -> None:
    """Offer a call to nobody for a moment: its caller is said to have left, but not surely."""
    floor.queues[call.queue].waiting.become(call, CallState.HELD)
    call.held_until = later(floor.now, HOLD_PAUSE)
    floor.timers.start(Timer(TimerKind.HELD, call=call.call), call.held_until)


def spare(floor: Floor, call: Call, agent: AgentId, pause: Duration) -> None:
    """Do not offer a call to this agent again for a while, if he is to be spared at all."""
    if pause > 0:
        call.spared[agent] = later(floor.now, pause)
        timer = Timer(TimerKind.SPARED, call=call.call, agent=agent)
        floor.timers.start(timer, call.spared[agent])


def end_spared(floor: Floor, call: CallId, agent_id: AgentId) -> None:
    """Let a call be offered to an agent again whom it was spared."""
    del floor.calls[call].spared[agent_id]
    agent = floor.agents.get(agent_id)
    if agent is not None:
        floor.freed(agent)


def overflow(floor: Floor, call: Call) -> None:
    """
    Move a call on by its queue's rule, now or when nobody rings for it any longer.

    Where the other queue is full or not there, the call stays, and tries again after the same wait.
    """
    call.overflow_due = call.state is not CallState.WAITING
    rule = floor.queues[call.queue].rules.overflow
    if call.overflow_due or rule is None:
        return
    target = floor.queues.get(rule.to)
    if target is None or target.removed or _shut(target) is not None:
        start_overflow(floor, call, floor.now)
        return
    waited = Duration(floor.now - call.entered_at)
    floor.tell(OverflowCall(call=call.call, from_queue=call.queue, to_queue=rule.to, waited=waited))
    _vacate(floor, call)
    call.queue = rule.to
    _place(floor, call, target)


def start_overflow(floor: Floor, call: Call, since: Time) -> None:
    """Let the wait for the overflow, if the queue has such a rule, run from `since`."""
    rule = floor.queues[call.queue].rules.overflow
    _stop(floor, call, TimerKind.OVERFLOW)
    call.overflow_due = False
    call.overflow_at = None
    if rule is not None and rule.to != call.queue:
        call.overflow_at = later(since, max(rule.wait, OVERFLOW_WAIT_MIN))
        floor.timers.start(Timer(TimerKind.OVERFLOW, call=call.call), call.overflow_at)


def leave_waiting(
    floor: Floor, call: Call, outcome: EstimateOutcome = EstimateOutcome.LEFT
) -> None:
    """End the waiting of a call, and the timers that go with it."""
    announcing.judge(floor, call, outcome)
    _vacate(floor, call)
    _stop(floor, call, TimerKind.HELD)
    for agent in call.spared:
        floor.timers.cancel(Timer(TimerKind.SPARED, call=call.call, agent=agent))
    call.spared.clear()


def _turn_away(floor: Floor, fact: CallQueued, cause: TurnAwayCause) -> None:
    floor.tell(TurnAwayCall(call=fact.call, queue=fact.queue, cause=cause))


def _shut(queue: Queue) -> TurnAwayCause | None:
    """Return why a queue takes no newcomers now, None where it does."""
    if not queue.opening.is_open:
        return TurnAwayCause.QUEUE_CLOSED
    is_full = len(queue.waiting) >= queue.rules.waiting_max
    return TurnAwayCause.QUEUE_FULL if is_full else None


def _queue_again(floor: Floor, call: Call, queue: Queue | None, fact: CallQueued) -> None:
    if call.queue != fact.queue:
        if queue is None or queue.removed:
            return  # better in a queue that it did not want to be in than in none
        if call.offer is not None:
            agent_rules.withdraw(floor, floor.offers[call.offer], WithdrawCause.CALL_MOVED)
        _vacate(floor, call)
        call.queue = fact.queue
        call.priority = fact.priority
        if fact.entered_at is not None:
            call.entered_at = min(fact.entered_at, floor.now)
        _place(floor, call, queue)
    if call.state is CallState.HELD:
        give_back(floor, call)


def _place(floor: Floor, call: Call, queue: Queue) -> None:
    """Give a call its place in the queue that it names, and have it written on its channel."""
    floor.last_sequence += 1
    call.sequence = floor.last_sequence
    call.queued_at = floor.now
    queue.waiting.add(call)
    _tell_place(floor, call)
    start_overflow(floor, call, floor.now)
    announcing.begin(floor, call)
    if call.state is CallState.WAITING:
        floor.opened(call)


def _tell_place(floor: Floor, call: Call) -> None:
    floor.tell(
        PlaceCall(
            call=call.call,
            queue=call.queue,
            entered_at=call.entered_at,
            priority=call.priority,
            sequence=call.sequence,
        )
    )


def _vacate(floor: Floor, call: Call) -> None:
    """Take a call's place away; a removed queue ends with its last call."""
    queue = floor.queues[call.queue]
    announcing.end(floor, call)
    queue.waiting.remove(call)
    _stop(floor, call, TimerKind.OVERFLOW)
    call.overflow_at = None
    call.overflow_due = False
    if queue.removed and len(queue.waiting) == 0:
        floor.forget_queues([call.queue])


def _stop(floor: Floor, call: Call, kind: TimerKind) -> None:
    floor.timers.cancel(Timer(kind, call=call.call))
