"""
What becomes of a call: it comes in or is sent elsewhere, waits, is held, talks, ends.

What stands at a queue's door is for newcomers: a call that waits already, comes back from a talk,
or was recovered with its age is not turned away. What moves a waiting call on stands in
`leave_rules`. This module decides nothing about agents.
"""

from acd.commands import TurnAwayCall, TurnAwayCause, WithdrawCause
from acd.errors import InvariantError
from acd.facts import CallQueued
from acd.rules import agent_rules, announcing, attempt_rules, call_back_rules, step_rules
from acd.rules.leave_rules import TURN_AWAY_CAUSES, overflow, tell_step
from acd.rules.placing import leave_waiting, place, stop, tell_place, vacate
from acd.rules.way_finding import way_in
from acd.tables.floor import Floor
from acd.tables.outcomes import TURNED_AWAY_BY, Outcome
from acd.tables.promises import Asked
from acd.tables.queue_state import Queue
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import HOLD_PAUSE, Call, CallState
from acd.ways import Cause, TargetKind
from cti.ids import AgentId, CallId, QueueName
from cti.instants import Duration, Time, later


def queue_call(floor: Floor, fact: CallQueued) -> None:
    """
    Have a call wait in a queue, newly or again.

    A call that waits in this queue already keeps its place. One that waits in another moves, with
    its age. One that was talked with waits again, and its agent wraps up. A call that has ended
    does not come back: its `CallerLeft` overtook this fact.
    """
    call = floor.calls.get(fact.call)
    if fact.call in floor.departed or (call is not None and call.is_promised_perhaps):
        return
    queue = floor.queues.get(fact.queue)
    if call is not None and call.state is not CallState.TALKING:
        _queue_again(floor, call, queue, fact)
        return
    if call is not None:
        end_talk(floor, call)
    if queue is None or queue.removed:
        _turn_away(floor, fact, TurnAwayCause.QUEUE_UNKNOWN)
        return
    if call is None and fact.entered_at is None:
        entered = _come_in(floor, fact, queue)
        if entered is None:
            return
        queue = entered
    regained = _regained(floor, fact, queue) if call is None else None
    stated = regained if fact.entered_at is None else fact.entered_at
    entered_at = floor.now if stated is None else min(stated, floor.now)
    call = Call(
        call=fact.call,
        queue=queue.rules.name,
        entered_at=entered_at,
        priority=fact.priority,
        sequence=0,
        queued_at=floor.now,
        skills=tuple(sorted(fact.skills)),
        preferred=tuple(dict.fromkeys(fact.preferred)),
        party=fact.party,
    )
    floor.calls[call.call] = call
    place(floor, call, queue, regained=regained is not None)


def prioritise(floor: Floor, call_id: CallId, priority: Duration) -> None:
    """
    Give a call that waits another head start: its place among all changes, and nothing else.

    A call that rings keeps its agent; it goes on waiting at the new place if he does not answer.
    """
    call = floor.calls.get(call_id)
    if call is None or call.state is CallState.TALKING or call.priority == priority:
        return
    waiting = floor.queues[call.queue].waiting
    step_rules.shut(floor, call)
    waiting.remove(call)
    call.priority = priority
    waiting.add(call)
    step_rules.open_up(floor, call)
    tell_place(floor, call)


def caller_left(floor: Floor, call_id: CallId) -> None:
    """
    End a call, wherever it was: nothing rings for it any longer, and its agent is freed.

    One without a leg goes on, and so does, for a moment, one whose caller was asked for a number.
    """
    call = floor.calls.get(call_id)
    if call is not None and call_back_rules.outlives_leg(floor, call):
        return
    floor.remember_departed(call_id)
    if call is None:
        return
    if call.state is CallState.TALKING:
        end_talk(floor, call)
        return
    agent_rules.withdraw_call(floor, call, WithdrawCause.CALLER_LEFT)
    _keep_place(floor, call)
    leave_waiting(floor, call, Outcome.ABANDONED)
    floor.forget_call(call)


def talk_ended(floor: Floor, call_id: CallId, agent: AgentId) -> None:
    """End a talk whose agent's leg is gone; where the caller left first, it has ended by that."""
    call = floor.calls.get(call_id)
    if call is None or call.agent != agent:
        return
    if call.state is CallState.TALKING:
        end_talk(floor, call)
    else:
        attempt_rules.leave(floor, call)


def end_talk(floor: Floor, call: Call) -> None:
    """
    End the talk of a call with its agent; what becomes of the caller is told by other facts.

    Raises:
        InvariantError: nobody talks with this call: our bug.
    """
    if call.agent is None:
        raise InvariantError(f"call {call.call} is {call.state.value}, but with nobody")
    floor.forget_call(call)
    agent_rules.end_talk(floor, floor.agents[call.agent])


def give_back(floor: Floor, call: Call) -> None:
    """Let a call whose last offer ended, or that was held, go on waiting at its old place."""
    step_rules.stop_ringing_on(floor, call)
    stop(floor, call, TimerKind.HELD)
    call.held_until = None
    if call.asked is Asked.GONE:  # he has confirmed nothing
        call.asked = Asked.BEFORE
        caller_left(floor, call.call)
        return
    if call.asked is Asked.NOW:
        call.asked = Asked.BEFORE
    call.become(CallState.WAITING)
    if not call.has_leg:
        floor.promises.stir(call.promised.party)
        call_back_rules.go_on(floor, call)
        return
    step_rules.open_up(floor, call)
    announcing.resume(floor, call)
    floor.stir(floor.queues[call.queue])
    if call.overflow_due:
        overflow(floor, call)


def hold(floor: Floor, call: Call) -> None:
    """Offer a call to nobody for a moment: its caller is said to have left, but not surely."""
    step_rules.stop_ringing_on(floor, call)
    call.become(CallState.HELD)
    call.held_until = later(floor.now, HOLD_PAUSE)
    floor.timers.start(Timer(TimerKind.HELD, call=call.call), call.held_until)


def spare(floor: Floor, call: Call, agent: AgentId, pause: Duration) -> None:
    """Do not offer a call to this agent again for a while, if he is to be spared at all."""
    if pause > 0:
        call.spared[agent] = later(floor.now, pause)
        timer = Timer(TimerKind.SPARED, call=call.call, agent=agent)
        floor.timers.start(timer, call.spared[agent])
        step_rules.spare(floor, call, agent)


def end_spared(floor: Floor, call: CallId, agent_id: AgentId) -> None:
    """Let a call be offered to an agent again whom it was spared."""
    del floor.calls[call].spared[agent_id]
    agent = floor.agents.get(agent_id)
    if agent is not None:
        floor.freed(agent)


def _keep_place(floor: Floor, call: Call) -> None:
    """Keep the place of a caller who hangs up, if his queue does so."""
    lasts = floor.queues[call.queue].rules.regain
    if lasts > 0 and call.party is not None:
        floor.kept_places.keep(call.party, call.entered_at, now=floor.now, lasts=lasts)


def _regained(floor: Floor, fact: CallQueued, queue: Queue) -> Time | None:
    """Return since when a caller has waited who calls again and states no age of his own."""
    if fact.entered_at is not None or fact.party is None or not queue.rules.regain:
        return None
    return floor.kept_places.regain(fact.party, floor.now)


def _come_in(floor: Floor, fact: CallQueued, queue: Queue) -> Queue | None:
    """Return the queue that a newcomer comes into; None where he is sent or turned away."""
    way = way_in(floor, queue, fact)
    if isinstance(way, Cause):
        queue.outcomes.arrived()
        queue.outcomes.count(TURNED_AWAY_BY[way])
        _turn_away(floor, fact, TURN_AWAY_CAUSES[way])
        return None
    for step in way:
        left = floor.queues[step.from_queue].outcomes
        left.arrived()
        left.count(tell_step(floor, fact.call, step, Duration(0)))
    if not way:
        return queue
    last = way[-1].target
    return floor.queues[QueueName(last.name)] if last.kind is TargetKind.QUEUE else None


def _turn_away(floor: Floor, fact: CallQueued, cause: TurnAwayCause) -> None:
    floor.tell(TurnAwayCall(call=fact.call, queue=fact.queue, cause=cause))


def _queue_again(floor: Floor, call: Call, queue: Queue | None, fact: CallQueued) -> None:
    if call.queue != fact.queue:
        if queue is None or queue.removed:
            return  # better in a queue that it did not want to be in than in none
        agent_rules.withdraw_call(floor, call, WithdrawCause.CALL_MOVED)
        vacate(floor, call, Outcome.WITHDRAWN)
        call.queue = fact.queue
        call.priority = fact.priority
        call.skills = tuple(sorted(fact.skills))
        step_rules.end_preference(floor, call)
        call.preferred = tuple(dict.fromkeys(fact.preferred))
        if fact.entered_at is not None:
            call.entered_at = min(fact.entered_at, floor.now)
        place(floor, call, queue)
    if call.state is CallState.HELD:
        give_back(floor, call)
