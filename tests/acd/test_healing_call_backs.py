"""Promises on a floor that does not hold together: found, told, healed, and none forgotten."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.call_backs import CustomerReached, DialCustomer, NotReached
from acd.commands import Invariant, InvariantBroken
from acd.distributor import Distributor
from acd.errors import InvariantError
from acd.facts import OfferEnded, OfferOutcome
from acd.proof.invariants import audit
from acd.proof.mending import mend
from acd.snapshot import DistributorState
from acd.tables.floor import Floor
from acd.tables.promises import Asked
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import CallState
from cti.ids import AgentId, CallId, OfferId, QueueName
from tests.acd.checkers import check
from tests.acd.script import ANN, BEN, CAT, Script, at, call_back_policy, queue_policy
from tests.acd.test_call_backs_customer_first import busy
from tests.acd.test_healing import BOUND, NOTHING, Corruption, is_seen, put

SALES, SUPPORT = QueueName("sales"), QueueName("support")
C1, C2, C3, C4, C5, C6, C7, C8 = (CallId(f"c{number}") for number in range(1, 9))
CALLS = {C1, C2, C3, C4, C5, C6, C7, C8}
NOW = at(10)


def promising_floor() -> Distributor:
    """
    Return a floor with promises in all ways.

    c1 is dialled for ann and c7 offered to ben; c2 rests, c3 is dialled first while cat is ready
    for him, c4 is in turn, c5 is being asked, c6 is to the number of c3, c8 waits for somebody.
    """
    floor = Script(
        queue_policy("sales", keys="1>call_back", call_back=call_back_policy()),
        queue_policy("support", call_back=call_back_policy(first="customer", ahead=20)),
        agents="ann:sales ben:sales cat:support",
        ready="ann",
    )
    floor.promise("c2", "two", "sales").answer(1).miss("c2")
    floor.promise("c1", "one", "sales").answer(2)
    floor.log_on("ben").ready("ben").promise("c7", "seven", "sales")
    floor.log_on("cat").ready("cat").promise("c3", "three", "support")
    floor.promise("c4", "four", "support").promise("c6", "three", "sales")
    floor.queue("c5").press("c5", "1").promise("c8", "eight", "sales").at(10)
    return floor.distributor


def test_the_promising_floor_is_as_it_is_said_to_be() -> None:
    floor = promising_floor()._floor

    assert {
        call.call: (call.state, call.agent, call.is_in_turn) for call in floor.calls.values()
    } == {
        C1: (CallState.DIALLING, ANN, False),
        C2: (CallState.PROMISED, None, False),
        C3: (CallState.DIALLING, None, False),
        C4: (CallState.PROMISED, None, True),
        C5: (CallState.HELD, None, False),
        C6: (CallState.PROMISED, None, False),
        C7: (CallState.OFFERED, None, False),
        C8: (CallState.WAITING, None, False),
    }
    assert audit(floor) == []


def promise(name: CallId, **values: object) -> Corruption:
    """Return a corruption that writes other values into a promise."""

    def corrupt(floor: Floor) -> None:
        floor.calls[name].promise = replace(floor.calls[name].promised, **values)  # type: ignore[arg-type]

    return corrupt


def timer_lost(name: CallId) -> Corruption:
    return lambda floor: floor.timers.cancel(Timer(TimerKind.CALL_BACK, call=name))


WRONG: dict[str, Corruption] = {
    "who waits on the line is said to be promised": put("calls", C5, state=CallState.PROMISED),
    "who waits is being asked": put("calls", C8, asked=Asked.NOW),
    "a promise is no promise": put("calls", C2, promise=None),
    "a dialled one is no promise": put("calls", C3, promise=None),
    "a promise is kept already": promise(C2, is_reached=True),
    "a dialled one is at rest": put("calls", C3, state=CallState.PROMISED),
    "one at rest is dialled": put("calls", C2, state=CallState.DIALLING),
    "one at rest waits for agents": put("calls", C2, state=CallState.WAITING),
    "one that waits is apart": put("calls", C8, state=CallState.PROMISED),
    "one that is dialled is held": put("calls", C1, state=CallState.HELD),
    "one that is dialled is talked with": put("calls", C1, state=CallState.TALKING),
    "one that is offered is dialled": put("calls", C7, state=CallState.DIALLING),
    "it is dialled for somebody else": put("calls", C1, agent=CAT),
    "it is dialled for a stranger": put("calls", C1, agent=AgentId("zoe")),
    "it is dialled for nobody": put("calls", C1, agent=None),
    "the agent is at somebody else's": put("agents", ANN, call=C8),
    "an attempt has no end": promise(C1, dial_until=None),
    "an attempt that is none has an end": promise(C2, dial_until=at(99)),
    "a number is another": promise(C6, party="one"),
    "a number is used for two": put("calls", C6, state=CallState.DIALLING),
    "one not in turn is": put("calls", C2, is_in_turn=True),
    "one in turn is not": put("calls", C4, is_in_turn=False),
    "the timer of a promise does not run": timer_lost(C2),
    "the timer of an attempt does not run": timer_lost(C3),
    "nobody is looked at": put("queues", SUPPORT, look_at=None),
    "a look is forgotten": lambda floor: floor.timers.cancel(Timer(TimerKind.TURN, queue=SUPPORT)),
    "a number is not known": lambda floor: floor.promises.drop("two", C2),
    "a promise is known that is none": lambda floor: floor.promises.add("x", CallId("c9")),
    "the attended are counted wrong": lambda floor: floor.promises.attended.update({SALES: 2}),
    "the dialled are counted wrong": lambda floor: floor.promises.dialled.update({SUPPORT: 2}),
    "those in turn are counted wrong": lambda floor: floor.promises.in_turn.update({SUPPORT: 2}),
    "a place in turn is lost": lambda floor: floor.queues[SUPPORT].waiting._in_turn.remove(
        floor.calls[C4].place
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_hold_of_promises_is_found_and_healed(what: str) -> None:
    core = promising_floor()
    WRONG[what](core._floor)
    assert is_seen(core._floor)
    told = next(
        (
            broken
            for _ in range(BOUND)
            if (broken := [one for one in core.handle(NOTHING, NOW) if is_broken(one)])
        ),
        [],
    )

    assert told
    assert {call.call for call in check(core).calls} == CALLS
    assert not any(is_broken(one) for _ in range(BOUND) for one in core.handle(NOTHING, NOW))


def is_broken(command: object) -> bool:
    return isinstance(command, InvariantBroken)


@pytest.mark.parametrize("what", WRONG)
def test_the_day_goes_on_upon_what_does_not_hold_until_every_promise_has_ended(what: str) -> None:
    core = promising_floor()
    WRONG[what](core._floor)
    let_a_day_pass(core, 0)
    for _ in range(BOUND):
        core.handle(NOTHING, core._floor.now)
    let_a_day_pass(core, 4_000)

    left = check(core).calls
    assert [call for call in left if call.promise is not None and not call.promise.is_reached] == []
    assert C5 in {call.call for call in left}


def let_a_day_pass(core: Distributor, since: int) -> None:
    """Let time go by in which no agent takes anything, and nobody is reached."""
    for instant in range(since + 20, since + 4_000, 60):
        core.advance(at(instant))
        for offer in tuple(core._floor.offers):
            core.handle(OfferEnded(offer=offer, outcome=OfferOutcome.FAILED), at(instant))


def test_a_number_used_twice_is_named() -> None:
    core = promising_floor()
    floor = core._floor
    floor.promises.drop("three", C6)
    floor.promises.add("one", C6)
    floor.calls[C6].promise = replace(floor.calls[C6].promised, party="one")
    floor.calls[C8].promise = replace(floor.calls[C7].promised, party="seven")
    floor.promises.drop("eight", C8)
    floor.promises.add("seven", C8)
    floor.calls[C7].promise = replace(floor.calls[C7].promised, party="one")
    floor.promises.drop("seven", C7)
    floor.promises.add("one", C7)

    assert Invariant.ONE_ATTEMPT in {breach.name for breach in audit(floor)}


def test_who_is_reached_talks_though_the_offer_is_forgotten_by_which_his_agent_has_him() -> None:
    core = promising_floor()
    promise(C1, offer=None)(core._floor)
    core.handle(CustomerReached(call=C1, attempt=1), NOW)

    assert core._floor.calls[C1].state is CallState.TALKING
    check(core)


def test_a_promise_whose_customer_is_said_to_talk_is_kept() -> None:
    state = promising_floor().snapshot()
    calls = {call.call: call for call in state.calls}
    kept = calls[C1].promise
    assert kept is not None
    talking = replace(
        calls[C1], state=CallState.TALKING, promise=replace(kept, dial_until=None, offer=None)
    )
    rows = tuple(talking if call.call == C1 else call for call in state.calls)
    mended, _, _ = mend(replace(state, calls=rows))
    found = next(call for call in mended.calls if call.call == C1)

    assert (found.state, found.agent) == (CallState.TALKING, ANN)
    assert found.promise == replace(kept, dial_until=None, offer=None, is_reached=True)


def test_two_promises_to_one_number_in_one_queue_are_not_dialled_ahead_together() -> None:
    """Nobody is promised a call twice in a queue; a state that has it all the same is survived."""
    floor = busy(500).promise("c1", "one", "sales").promise("c2", "two", "sales")
    state = floor.distributor.snapshot()
    rows = tuple(
        call if call.promise is None else replace(call, promise=replace(call.promise, party="one"))
        for call in state.calls
    )
    core = Distributor.restore(replace(state, calls=rows))
    commands = core.advance(at(525))

    assert [one.call for one in commands if isinstance(one, DialCustomer)] == [C1]


def test_nothing_is_promised_by_a_call_that_has_no_promise() -> None:
    with pytest.raises(InvariantError, match="nothing is promised by call c5"):
        _ = promising_floor()._floor.calls[C5].promised


BEFORE = promising_floor().snapshot()
_instants = st.sampled_from([at(0), at(5), at(90), None])
_NAMES = {
    "state": st.sampled_from(CallState),
    "asked": st.sampled_from(Asked),
    "agent": st.sampled_from([ANN, BEN, CAT, None]),
    "offer": st.sampled_from([OfferId(3), OfferId(99), None]),
    "held_until": _instants,
    "queue": st.sampled_from([SALES, SUPPORT, QueueName("nowhere")]),
}
_PROMISED: dict[str, st.SearchStrategy[object]] = {
    "party": st.sampled_from(["one", "two", "three"]),
    "attempt": st.integers(0, 4),
    "last": st.sampled_from([*NotReached, None]),
    "not_before": _instants,
    "dial_until": _instants,
    "offer": st.sampled_from([OfferId(2), OfferId(99), None]),
    "is_reached": st.booleans(),
}


@st.composite
def broken_promises(draw: st.DrawFn) -> DistributorState:
    state = BEFORE
    for _ in range(draw(st.integers(1, 6))):
        rows = list(state.calls)
        number = draw(st.integers(0, len(rows) - 1))
        row = rows[number]
        if row.promise is not None and draw(st.booleans()):
            name = draw(st.sampled_from(sorted(_PROMISED)))
            changed = replace(row.promise, **{name: draw(_PROMISED[name])})  # type: ignore[arg-type]
            rows[number] = replace(row, promise=changed)
        else:
            name = draw(st.sampled_from(sorted(_NAMES)))
            rows[number] = replace(row, **{name: draw(_NAMES[name])})
        state = replace(state, calls=tuple(rows))
    return state


@settings(max_examples=300, deadline=None)
@given(broken_promises())
def test_whatever_stands_in_a_promise_is_mended(state: DistributorState) -> None:
    mended, mends, _ = mend(state)

    assert mend(mended) == (mended, (), ())
    assert (mended == state) == (mends == ())
    assert {call.call for call in mended.calls} == CALLS

    core = Distributor.restore(mended)
    for agent in core._floor.agents.values():
        core._floor.freed(agent)
    core.handle(NOTHING, mended.now)
    check(core)
