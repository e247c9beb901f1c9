"""What must hold of promises to call back: one place, one attempt per number, a timer each."""

from collections import Counter
from collections.abc import Iterator

from acd.call_backs import First
from acd.commands import Invariant, Occupation
from acd.proof.breaches import Breach
from acd.rules.call_back_rules import bar, in_use_by, is_at_rest
from acd.tables.floor import Floor
from acd.tables.promises import Asked
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from cti.ids import QueueName

WITHOUT_LEG = (CallState.PROMISED, CallState.DIALLING)


def audit_promise(floor: Floor, call: Call) -> Iterator[Breach]:
    """Give what does not hold of a call that is promised, or whose caller was asked."""
    about = f"call {call.call}"
    is_asked = call.asked in (Asked.NOW, Asked.GONE)
    if (is_asked and call.state is not CallState.HELD) or (
        call.has_leg and call.state in WITHOUT_LEG
    ):
        yield Breach(Invariant.ONE_PLACE, about)
        return
    if floor.timers.runs(Timer(TimerKind.CALL_BACK, call=call.call)) != (
        call.promise_due is not None
    ):
        yield Breach(Invariant.TIMED, about)
    if call.promise is None:
        return
    dials = call.state is CallState.DIALLING
    if dials != (call.promise.dial_until is not None) or not _has_agent(floor, call):
        yield Breach(Invariant.ONE_WINNER, about)
    if not floor.promises.holds(call.promise.party, call.call) or not _stands(floor, call):
        yield Breach(Invariant.INDEXED, about)
    elif call.is_attended and not call.has_leg and in_use_by(floor, call) is not None:
        yield Breach(Invariant.ONE_ATTEMPT, about)


def census_of_promises(floor: Floor) -> Iterator[Breach]:
    """Give where counts of promises are not those of the tables."""
    promised = [call for call in floor.calls.values() if call.promise is not None]
    if len(floor.promises) != len(promised):
        yield Breach(Invariant.INDEXED, "promises")
    in_turn = Counter(call.queue for call in promised if call.is_in_turn)
    dialling = [call for call in promised if call.state is CallState.DIALLING]
    attended = Counter(call.queue for call in dialling if call.agent is not None)
    dialled = Counter(call.queue for call in dialling if call.agent is None)
    for name, queue in floor.queues.items():
        if (
            floor.promises.in_turn[name] != in_turn[name]
            or queue.waiting.count_in_turn() != in_turn[name]
            or floor.promises.attended[name] != attended[name]
            or floor.promises.dialled[name] != dialled[name]
        ):
            yield Breach(Invariant.INDEXED, f"queue {name}")
        looks = floor.timers.runs(Timer(TimerKind.TURN, queue=name))
        if looks != (queue.look_at is not None) or _looks_in_vain(floor, name):
            yield Breach(Invariant.TIMED, f"queue {name}")


def _has_agent(floor: Floor, call: Call) -> bool:
    """Return whether the agent for whom a customer is dialled, if there is one, is busy with it."""
    if call.state is not CallState.DIALLING or call.agent is None:
        return True
    agent = floor.agents.get(call.agent)
    return agent is not None and (agent.call, agent.occupation) == (call.call, Occupation.BUSY)


def _stands(floor: Floor, call: Call) -> bool:
    """Return whether a promise stands where it may: open to agents, in turn, or apart."""
    if not is_at_rest(call) or call.queue not in floor.queues:
        return not call.is_in_turn
    if bar(floor, call) is not None:
        return (call.state, call.is_in_turn) == (CallState.PROMISED, False)
    if floor.queues[call.queue].rules.call_back.first is First.CUSTOMER:
        return (call.state, call.is_in_turn) == (CallState.PROMISED, True)
    return (call.state, call.is_in_turn) == (CallState.WAITING, False)


def _looks_in_vain(floor: Floor, name: QueueName) -> bool:
    """Return whether nobody is looked at who may be dialled ahead."""
    queue = floor.queues[name]
    may = queue.rules.call_back.ahead > 0 and queue.waiting.count_in_turn() > 0
    return may and queue.look_at is None
