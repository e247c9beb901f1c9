"""
A floor that does not hold together any more: found, told, healed, and no caller lost.

Each corruption puts one table or one index wrong on a floor on which everything is going on. The
guard must see it within the stated bound; what follows must be a floor on which all checkers agree,
and on which every caller who was there is served.
"""

import dataclasses
from collections.abc import Callable

import pytest

from acd import distributor
from acd.commands import (
    Healing,
    Invariant,
    InvariantBroken,
    Occupation,
    OfferCall,
    OfferReason,
    PlaceCall,
    ShowAgentState,
    Wish,
    WithdrawCause,
    WithdrawOffer,
)
from acd.distributor import Distributor
from acd.facts import (
    AgentEndedWrapUp,
    AgentFreedElsewhere,
    AgentLoggedOn,
    AgentMadeReady,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferOutcome,
    TalkEnded,
)
from acd.policy import Strategy
from acd.proof import mending
from acd.proof.breaches import Breach
from acd.proof.healing import TOLD_MAX, heal
from acd.proof.invariants import AUDIT_EVERY, Guard, audit
from acd.rules import agent_rules
from acd.tables.agent_state import Standing
from acd.tables.floor import DEPARTED_MAX, Floor
from acd.tables.lanes import Lane
from acd.tables.offer_state import OfferState
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import CallState
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time, seconds
from tests.acd.checkers import check
from tests.acd.script import ANN, BEN, CAT, Script, at, phone, queue_policy

SALES, SUPPORT, NIGHT = QueueName("sales"), QueueName("support"), QueueName("night")
C1, C3, C4, C5, C6 = (CallId(name) for name in ("c1", "c3", "c4", "c5", "c6"))
CALLERS = {C1, C3, C4, C5, C6}
DAN, EVE, FAY, GUS = (AgentId(name) for name in ("dan", "eve", "fay", "gus"))
AGENTS = (ANN, BEN, CAT, DAN, EVE, FAY, GUS)
BOUND = 2 * AUDIT_EVERY * (len(AGENTS) + 1)

Corruption = Callable[[Floor], object]


def busy_floor() -> Distributor:
    """
    Return a floor on which everything is going on.

    ann talks with c1, ben is offered c4, cat is not ready, dan waits for a call, eve wraps up, fay
    rests, gus uses his phone; c3 is held, c5 and c6 wait.
    """
    floor = Script(
        queue_policy("sales", overflow=(60, "support")),
        queue_policy("support"),
        queue_policy("night", misses=1),
        agents="ann:sales ben:sales cat:sales,support dan:night eve:sales fay:sales gus:sales",
    )
    for name in AGENTS:
        floor.log_on(name)
    floor.ready("ann").queue("c1").answer(1)
    floor.ready("eve").queue("c2").answer(2).end_talk("c2", "eve").leave("c2")
    floor.ready("gus").occupy("gus")
    floor.ready("fay").queue("c3").end(3, OfferOutcome.BUSY)
    floor.ready("ben").end(4, OfferOutcome.CALLER_LEFT)
    floor.queue("c4").queue("c5").queue("c6", "support").ready("dan")
    return floor.distributor


def test_the_busy_floor_is_as_it_is_said_to_be() -> None:
    floor = busy_floor()._floor

    assert {call.call: call.state for call in floor.calls.values()} == {
        C1: CallState.TALKING,
        C3: CallState.HELD,
        C4: CallState.OFFERED,
        C5: CallState.WAITING,
        C6: CallState.WAITING,
    }
    assert {agent.agent: agent.standing() for agent in floor.agents.values()} == {
        ANN: Standing.BUSY,
        BEN: Standing.OFFERED,
        CAT: Standing.NOT_READY,
        DAN: Standing.READY,
        EVE: Standing.WRAPPING_UP,
        FAY: Standing.RESTING,
        GUS: Standing.BUSY_ELSEWHERE,
    }


def put(table: str, key: object, **values: object) -> Corruption:
    """Return a corruption that writes other values into a row."""

    def corrupt(floor: Floor) -> None:
        for name, value in values.items():
            setattr(getattr(floor, table)[key], name, value)

    return corrupt


def lose(table: str, key: object) -> Corruption:
    """Return a corruption by which a row is lost."""
    return lambda floor: getattr(floor, table).pop(key)


def the_offer(floor: Floor) -> OfferId:
    return next(iter(floor.offers))


def mishap(floor: Floor, **values: object) -> None:
    for name, value in values.items():
        setattr(floor.offers[the_offer(floor)], name, value)


TABLES: dict[str, Corruption] = {
    "a talk's row is lost": lose("calls", C1),
    "a held call's row is lost": lose("calls", C3),
    "an offered call's row is lost": lose("calls", C4),
    "a waiting call's row is lost": lose("calls", C5),
    "a talk is with nobody": put("calls", C1, agent=None),
    "a talk is with somebody else": put("calls", C1, agent=BEN),
    "a talk is with a stranger": put("calls", C1, agent=AgentId("zoe")),
    "a talk is said to wait": put("calls", C1, state=CallState.WAITING, agent=None),
    "a held call is held for ever": put("calls", C3, held_until=None),
    "an offered call has lost its offer": put("calls", C4, offers=()),
    "an offered call has another offer": put("calls", C4, offers=(OfferId(99),)),
    "an offered call is said to wait": put("calls", C4, state=CallState.WAITING),
    "an offered call is said to talk": put("calls", C4, state=CallState.TALKING, agent=ANN),
    "a waiting call is said to be offered": put("calls", C5, state=CallState.OFFERED),
    "a waiting call has an offer": put("calls", C5, offers=(OfferId(5),), state=CallState.OFFERED),
    "a waiting call is said to be held": put("calls", C5, state=CallState.HELD),
    "a waiting call is in an unknown queue": put("calls", C5, queue=QueueName("nowhere")),
    "a waiting call is in another queue": put("calls", C5, queue=SUPPORT),
    "a waiting call has ended": lambda floor: floor.departed.update({C5: None}),
    "a talker's row is lost": lose("agents", ANN),
    "a rung agent's row is lost": lose("agents", BEN),
    "an idle agent's row is lost": lose("agents", DAN),
    "an agent at his paperwork is lost": lose("agents", EVE),
    "a talker is said to be idle": put("agents", ANN, occupation=Occupation.IDLE, call=None),
    "a talker talks with another": put("agents", ANN, call=C5),
    "a talker has an offer, too": put("agents", ANN, offer=OfferId(5)),
    "a rung agent is said to be idle": put("agents", BEN, occupation=Occupation.IDLE, offer=None),
    "a rung agent has another offer": put("agents", BEN, offer=OfferId(99)),
    "a rung agent is said to use his phone": put(
        "agents", BEN, occupation=Occupation.BUSY_ELSEWHERE
    ),
    "an idle agent is said to be rung": put("agents", DAN, occupation=Occupation.OFFERED),
    "an idle agent is said to talk": put("agents", DAN, occupation=Occupation.BUSY),
    "an idle agent has somebody's talk": put("agents", DAN, occupation=Occupation.BUSY, call=C1),
    "an idle agent has somebody's offer": put("agents", DAN, offer=OfferId(5)),
    "an idle agent is at no phone": put("agents", DAN, device=None),
    "an idle agent is at ann's phone": put("agents", DAN, device=phone("ann-phone")),
    "an idle agent serves other queues": put("agents", DAN, queues=(SALES,)),
    "an idle agent serves an unknown queue": put("agents", DAN, queues=(QueueName("x"),)),
    "a logged-off agent is at his paperwork": put("agents", EVE, wish=Wish.LOGGED_OFF),
    "paperwork does not end": put("agents", EVE, wrap_up_ends=None),
    "a rest is forgotten": put("agents", FAY, rests_until=None),
    "other use of the phone is forgotten": put("agents", GUS, in_use_elsewhere=False),
    "an offer's row is lost": lambda floor: floor.offers.pop(the_offer(floor)),
    "an offer is somebody else's": lambda floor: mishap(floor, agent=DAN),
    "an offer is a stranger's": lambda floor: mishap(floor, agent=AgentId("zoe")),
    "an offer is of another call": lambda floor: mishap(floor, call=C5),
    "an offer is of an unknown call": lambda floor: mishap(floor, call=CallId("c9")),
    "an offer is said to have ended": lambda floor: mishap(floor, state=OfferState.ENDED),
    "a queue is lost": lose("queues", SALES),
    "an empty queue is lost": lose("queues", QueueName("night")),
    "a phone is nobody's": lose("devices", phone("ann-phone")),
    "a phone is somebody else's": lambda floor: floor.devices.update({phone("ann-phone"): DAN}),
    "a phone that nobody works at is held": lambda floor: floor.devices.update({phone("x"): DAN}),
    "a cause to leave has no timer": put("queues", SALES, leave_at=at(50)),
    "too many ended calls are remembered": lambda floor: floor.departed.update(
        {CallId(f"d{number}"): None for number in range(DEPARTED_MAX + 1)}
    ),
}
"""The tables, each put wrong in each way that matters."""


def lane(floor: Floor, name: QueueName) -> Lane:
    """Return the lane of the calls of a queue that ask for nothing."""
    queue = floor.queues[name]
    return queue.lane(queue.reach((), 0))


INDEXES: dict[str, Corruption] = {
    "agents' wishes are counted wrong": lambda floor: floor._wishes.update({DAN: Wish.NOT_READY}),
    "a queue has lost a call": lambda floor: floor.queues[SALES].waiting._calls.pop(C5),
    "a place is lost": lambda floor: floor.queues[SALES].waiting._places.remove(
        floor.calls[C5].place
    ),
    "a place is somebody's who is not there": lambda floor: floor.queues[SALES].waiting._places.add(
        (0, 0, 0, CallId("c9"))
    ),
    "a call is not open": lambda floor: lane(floor, SALES).shut(floor.calls[C5].place),
    "an offered call is open": lambda floor: lane(floor, SALES).open_up(floor.calls[C4].place),
    "a call is said to be open nowhere": lambda floor: setattr(floor.calls[C5], "reach", None),
    "a call is kept for nobody": lambda floor: setattr(floor.calls[C5], "is_kept", True),
    "a ready agent is not in line": lambda floor: lane(floor, NIGHT).step_out(DAN),
    "a ready agent has no figure": lambda floor: floor.queues[NIGHT].members.ready.pop(DAN),
    "a busy agent is in line": lambda floor: lane(floor, SALES).line_up(
        floor.agents[ANN], 1, (0, 0)
    ),
    "agents are counted wrong": lambda floor: floor.queues[SALES].members._counts.update(
        {Standing.BUSY: 7}
    ),
    "a ready agent is said to stand otherwise": lambda floor: floor.queues[
        NIGHT
    ].members._standings.update({DAN: Standing.BUSY}),
    "a step is awaited that is none": lambda floor: setattr(floor.calls[C5], "step_at", at(99)),
    "an agent's standing is forgotten": lose("_standings", DAN),
    "an agent's standing is another": lambda floor: floor._standings.update({DAN: Standing.BUSY}),
    "a stranger stands somewhere": lambda floor: floor._standings.update(
        {AgentId("zoe"): Standing.BUSY}
    ),
    "it is forgotten how an agent was shown": lose("_shown", DAN),
    "the timer of an overflow does not run": lambda floor: floor.timers.cancel(
        Timer(TimerKind.OVERFLOW, call=C5)
    ),
    "the timer of a pause does not run": lambda floor: floor.timers.cancel(
        Timer(TimerKind.HELD, call=C3)
    ),
    "the timer of a spared agent does not run": lambda floor: floor.timers.cancel(
        Timer(TimerKind.SPARED, call=C3, agent=FAY)
    ),
    "the timer of an offer does not run": lambda floor: floor.timers.cancel(
        Timer(TimerKind.OFFER_OVERDUE, offer=the_offer(floor))
    ),
    "the timer of paperwork does not run": lambda floor: floor.timers.cancel(
        Timer(TimerKind.WRAP_UP, agent=EVE)
    ),
    "the timer of a rest does not run": lambda floor: floor.timers.cancel(
        Timer(TimerKind.REST, agent=FAY)
    ),
    "a timer runs for nothing": lambda floor: floor.timers.start(
        Timer(TimerKind.HELD, call="c9"), at(1)
    ),
    "a timer is not in its place": lambda floor: floor.timers._due.update(
        {Timer(TimerKind.REST, agent=FAY): at(3)}
    ),
}
"""All that is made of the tables, each put wrong."""

NOTHING = AgentEndedWrapUp(agent=AgentId("nobody"))


def steps_until_found(core: Distributor) -> tuple[int, list[InvariantBroken]]:
    """Let steps go by in which nothing happens, until something is told; return how many."""
    for step in range(1, BOUND + 1):
        commands = core.handle(NOTHING, at(0))
        broken = [told for told in commands if isinstance(told, InvariantBroken)]
        if broken:
            return step, broken
    return 0, []


@pytest.mark.parametrize("what", [*TABLES, *INDEXES])
def test_what_does_not_hold_is_found_and_healed_and_every_caller_is_served(what: str) -> None:
    core = busy_floor()
    (TABLES | INDEXES)[what](core._floor)
    _, broken = steps_until_found(core)

    assert broken
    assert {call.call for call in check(core).calls} >= CALLERS
    assert steps_until_found(core) == (0, [])
    assert served(core) >= CALLERS


@pytest.mark.parametrize("what", [*TABLES, *INDEXES])
def test_whoever_looks_at_the_whole_floor_sees_it_at_once(what: str) -> None:
    core = busy_floor()
    (TABLES | INDEXES)[what](core._floor)

    assert is_seen(core._floor)


def is_seen(floor: Floor) -> bool:
    try:
        return audit(floor) != []
    except KeyError:  # he serves what is not there; to fail at that is to see it, too
        return True


@pytest.mark.parametrize("what", [*TABLES, *INDEXES])
def test_whatever_does_not_hold_is_survived_by_those_who_come_upon_it_first(what: str) -> None:
    """The whole day goes on upon the corrupted floor, until nobody waits any more."""
    core = busy_floor()
    (TABLES | INDEXES)[what](core._floor)

    assert served(core) >= CALLERS
    for _ in range(BOUND):
        core.handle(NOTHING, at(0))
    check(core)


def test_the_same_floor_is_healed_alike() -> None:
    one, other = busy_floor(), busy_floor()
    for core in (one, other):
        put("agents", ANN, call=C5)(core._floor)
        lose("offers", the_offer(core._floor))(core._floor)

    assert [one.handle(NOTHING, at(0)) for _ in range(BOUND)] == [
        other.handle(NOTHING, at(0)) for _ in range(BOUND)
    ]
    assert one.snapshot() == other.snapshot()


def test_who_goes_on_from_a_snapshot_finds_the_same_in_the_same_step() -> None:
    core = busy_floor()
    for _ in range(AUDIT_EVERY // 2):
        core.handle(NOTHING, at(0))
    put("agents", GUS, in_use_elsewhere=False)(core._floor)
    again = Distributor.restore(core.snapshot())
    found = steps_until_found(core)

    assert found[0] > 0
    assert steps_until_found(again) == found


def test_a_ready_agent_beside_a_call_is_found_in_the_same_step_and_matched() -> None:
    """Somebody forgot to say that the call was opened: the step that shows its agent finds it."""
    core = busy_floor()
    floor = core._floor
    agent = floor.agents[CAT]
    agent.want(Wish.READY, None, at(0))
    floor.changed(agent)
    floor.take_candidates()
    first, *rest = core.handle(NOTHING, at(0))
    told, offer, *_ = rest

    assert isinstance(first, ShowAgentState)
    assert told == InvariantBroken(
        name=Invariant.NO_VAIN_WAIT, about="agent cat", healed_by=Healing.MATCHED
    )
    assert isinstance(offer, OfferCall)
    assert offer.agent == CAT
    check(core)


def test_a_fact_that_fails_half_way_is_taken_again_on_the_healed_floor() -> None:
    core = busy_floor()
    floor = core._floor
    floor.queues[SALES].waiting._places.remove(floor.calls[C4].place)
    commands = core.handle(OfferAnswered(offer=the_offer(floor)), at(1))
    told = commands[0]

    assert isinstance(told, InvariantBroken)
    assert told.name is Invariant.STEP_TAKEN
    assert told.about.startswith("OfferAnswered: InvariantError not in the index: ")
    assert told.about.endswith(" in remove < remove < vacate")
    assert {call.call: call.agent for call in check(core).calls if call.agent} == {
        C1: ANN,
        C4: BEN,
    }


def test_what_cannot_be_dealt_with_on_a_healed_floor_either_is_dropped_and_told() -> None:
    core = busy_floor()
    commands = core.handle(_NoFact(agent=ANN), at(1))  # type: ignore[arg-type]

    assert [told.healed_by for told in commands if isinstance(told, InvariantBroken)] == [
        Healing.REBUILT,
        Healing.REBUILT,
        Healing.PUT_OFF,
    ]
    assert {call.call for call in check(core).calls} == CALLERS


def test_a_timer_that_fails_is_tried_again_and_then_put_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core = busy_floor()

    def fail(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(agent_rules, "end_wrap_up", fail)
    monkeypatch.setattr(agent_rules, "end_rest", fail)
    commands = core.advance(at(11))
    told = [told for told in commands if isinstance(told, InvariantBroken)]

    assert {one.about for one in told} == {
        "wrap_up: RuntimeError no in fail < _fire_for_agent < _fire",
        "rest: RuntimeError no in fail < _fire_for_agent < _fire",
    }
    assert core.next_deadline() == at(17)  # of the offer: the two are put off by a minute

    monkeypatch.undo()
    for instant in (17, 60, 71):
        core.advance(at(instant))

    assert core._floor.agents[EVE].standing() is Standing.READY
    assert core._floor.agents[FAY].rests_until is None
    check(core)


def test_a_floor_that_cannot_be_matched_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    core = busy_floor()

    def fail(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(distributor, "match_floor", fail)
    core.handle(CallQueued(call=CallId("c7"), queue=QueueName("night")), at(0))
    commands = core.advance(at(3))

    assert any(isinstance(told, InvariantBroken) for told in commands)

    monkeypatch.undo()
    _, broken = steps_until_found(core)

    assert [told.name for told in broken] == [Invariant.NO_VAIN_WAIT]
    check(core)


def test_of_very_many_breaches_the_first_are_told_one_by_one() -> None:
    core = busy_floor()
    breaches = [Breach(Invariant.INDEXED, f"queue {number}") for number in range(TOLD_MAX + 7)]
    heal(core._floor, breaches)
    told = [one for one in core._floor.take_commands() if isinstance(one, InvariantBroken)]

    assert len(told) == TOLD_MAX + 1
    assert told[-1].about == "7 more"


def test_ringing_that_is_nobodys_any_more_is_stopped() -> None:
    core = busy_floor()
    put("agents", BEN, occupation=Occupation.IDLE, offer=None)(core._floor)
    put("calls", C4, offers=())(core._floor)
    commands = [command for _ in range(BOUND) for command in core.handle(NOTHING, at(0))]

    assert (
        WithdrawOffer(offer=OfferId(5), call=C4, agent=BEN, cause=WithdrawCause.HEALED) in commands
    )
    check(core)


def test_a_talk_that_has_ended_is_not_recalled() -> None:
    core = busy_floor()
    floor = core._floor
    floor.departed[C1] = None
    lose("calls", C1)(floor)
    steps_until_found(core)

    assert floor.agents[ANN].call == C5  # he was free for the next
    assert C1 not in {call.call for call in check(core).calls}


def test_an_offer_that_has_just_been_made_must_be_one_thing_to_all_sides() -> None:
    wrong: list[tuple[Corruption, Invariant, str]] = [
        (lambda floor: mishap(floor, agent=DAN), Invariant.ONE_OFFER, "agent ben"),
        (lambda floor: mishap(floor, call=C5), Invariant.ONE_WINNER, "call c4"),
    ]
    for corrupt, name, about in wrong:
        floor = busy_floor()._floor
        made = OfferCall(
            offer=the_offer(floor),
            call=C4,
            agent=BEN,
            device=phone("ben-phone"),
            queue=SALES,
            ring_time=seconds(15),
            reason=reason_for(BEN),
        )

        assert Guard().look(floor, [made]) == []

        corrupt(floor)

        assert Guard().look(floor, [made]) == [Breach(name, about)]


def test_who_has_gone_since_he_was_told_of_is_not_looked_for() -> None:
    floor = busy_floor()._floor
    shown = floor.agents[DAN].shown()
    placed = PlaceCall(call=C5, queue=SALES, entered_at=at(0), priority=seconds(0), sequence=1)
    del floor.agents[DAN], floor.calls[C5]

    assert Guard().look(floor, [shown, placed]) == []


def test_what_agents_did_is_followed_on_after_healing() -> None:
    floor = Script(
        queue_policy("sales", strategy=Strategy.FEWEST_CALLS), agents="ann:sales ben:sales"
    )
    floor.log_on("ann").ready("ann").queue("c1").answer(1)
    core = floor.distributor
    put("agents", ANN, offer=OfferId(7))(core._floor)
    steps_until_found(core)

    assert core._floor.agents[ANN].workload.busy_since == at(0)
    check(core)

    core._floor.slot_ends = None
    heal(core._floor, [])

    assert core.snapshot().slot_ends is not None
    check(core)


def test_a_removed_queue_that_is_found_empty_is_forgotten() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    core = floor.distributor
    core._floor.queues[SUPPORT].removed = True
    heal(core._floor, [])

    assert SUPPORT not in core._floor.queues


def test_a_state_that_does_not_come_to_rest_is_gone_through_so_often_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core = busy_floor()
    put("calls", C4, state=CallState.TALKING, agent=ANN, offers=())(core._floor)
    monkeypatch.setattr(mending, "PASSES_MAX", 1)
    state, mends, _ = mending.mend(core.snapshot())

    assert mends
    assert core.snapshot() != state


def reason_for(agent: AgentId) -> OfferReason:
    return OfferReason(
        rule="longest_idle",
        sort_key=(0, agent),
        next_best=None,
        ready=1,
        excluded=(),
        waited=seconds(0),
        policy_version="v1",
    )


@dataclasses.dataclass
class _NoFact:
    agent: AgentId


def served(core: Distributor) -> set[CallId]:
    """Let everybody work until nobody waits any more; return with whom was talked."""
    now, talked = Time(0), {C1}
    commands = core.handle(CallerLeft(call=C1), now)
    for agent in AGENTS:
        commands += core.handle(AgentLoggedOn(agent=agent, device=phone(f"{agent}-phone")), now)
        commands += core.handle(AgentFreedElsewhere(agent=agent), now)
        commands += core.handle(AgentMadeReady(agent=agent), now)
    rung = [offer.offer for offer in core.snapshot().offers]
    for _ in range(60):
        rung += [command.offer for command in commands if isinstance(command, OfferCall)]
        commands = []
        while rung:
            commands += core.handle(OfferAnswered(offer=rung.pop()), now)
            for call in core.snapshot().calls:
                if call.agent is not None:
                    talked.add(call.call)
                    commands += core.handle(TalkEnded(call=call.call, agent=call.agent), now)
                    commands += core.handle(CallerLeft(call=call.call), now)
        now = Time(now + seconds(5))
        commands += core.advance(now)
    return talked
