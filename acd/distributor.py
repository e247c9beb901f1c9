"""
The one door of the core: facts and a time in, commands out.

After every fact and every timer the floor is settled: whoever may match now, matches. Facts come
before timers: an answer that arrives at the instant at which its offer is overdue is an answer.
This module knows which rule a fact concerns, and no rule itself.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal, assert_never

from acd.call_backs import (
    CallBackFact,
    CallBackPromised,
    CallBackWithdrawn,
    CustomerNotReached,
    CustomerReached,
)
from acd.commands import AcdCommand, Healing, Invariant, InvariantBroken
from acd.facts import (
    AcdFact,
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    AgentFreedElsewhere,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
    AgentOccupiedElsewhere,
    CallerLeft,
    CallerPressed,
    CallPrioritised,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    PolicyApplied,
    QueueClosed,
    QueueLeftToCalendar,
    QueueOpened,
    TalkEnded,
)
from acd.picture import FloorPicture, draw
from acd.proof.breaches import Breach
from acd.proof.healing import DEFECTS, described, heal, match_anew
from acd.proof.invariants import Guard
from acd.rules import (
    agent_rules,
    announcing,
    attempt_rules,
    call_back_rules,
    call_rules,
    key_rules,
    offer_rules,
    opening_rules,
    policy_rules,
    promise_rules,
    step_rules,
)
from acd.rules.leave_rules import judge_stirred, overflow
from acd.rules.matching import match as match_floor
from acd.snapshot import DistributorState, load, save
from acd.tables.agent_state import Agent
from acd.tables.floor import Floor
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time, later, seconds

PUT_OFF: Final = seconds(60)
"""When a timer is tried again that failed, and failed again when the floor had been healed."""

_OfCall = Literal[
    TimerKind.HELD,
    TimerKind.OVERFLOW,
    TimerKind.ANNOUNCE,
    TimerKind.CALL_BACK,
    TimerKind.STEP,
    TimerKind.PREFERRED,
    TimerKind.RING_NEXT,
]
"""What is due for a call, and for nobody beside it."""


class Distributor:
    """
    Decides which agent is offered which call.

    Feed it every fact in one order, with a time that does not run back (it is held where it does),
    carry out what it returns in that order, and call `advance` when `next_deadline` has come. It
    never raises for what the outside does. A defect of ours is survived: the floor is healed, the
    step is taken again, and `InvariantBroken` tells of it.
    """

    def __init__(self) -> None:
        self._floor = Floor(Time(0))
        self._guard = Guard()

    def handle(self, fact: AcdFact, now: Time) -> list[AcdCommand]:
        """Take a fact in, in whatever state, and return what is to be done."""
        floor = self._floor
        floor.now = max(floor.now, now)
        try:
            _apply(floor, fact)
            _settle(floor)
        except DEFECTS as error:
            self._survive(type(fact).__name__, error, lambda: _apply(floor, fact))
        return self._guarded(floor.take_commands())

    def advance(self, now: Time) -> list[AcdCommand]:
        """Let the timers act that are due by `now`, and return what is to be done."""
        floor = self._floor
        floor.now = max(floor.now, now)
        # What is due at one instant acts together, so that none of it is a head start; what was
        # due earlier comes first, also where the shell was late.
        failed: dict[Timer, bool] = {}
        while (due := floor.timers.next_due()) is not None and due <= floor.now:
            timer: Timer | None = None
            try:
                while (timer := floor.timers.take_due(due)) is not None:
                    _fire(floor, timer)
                _settle(floor)
            except DEFECTS as error:
                self._survive("match" if timer is None else timer.kind.name.lower(), error)
                if timer is not None:
                    failed[timer] = timer in failed
                self._put_off(failed)
        return self._guarded(floor.take_commands())

    def next_deadline(self) -> Time | None:
        """Return when `advance` is due next, or None while no timer runs."""
        return self._floor.timers.next_due()

    def snapshot(self) -> DistributorState:
        """Return the whole state as frozen plain values."""
        self._guard.begin_anew()
        return save(self._floor)

    @classmethod
    def restore(cls, state: DistributorState) -> "Distributor":
        """
        Return a distributor that goes on from a snapshot exactly as its first would have.

        Raises:
            SnapshotRefusedError: it was written by a core with another state.
        """
        distributor = cls()
        distributor._floor = load(state)
        return distributor

    def picture(self, now: Time) -> FloorPicture:
        """Return who waits, who works and how, for people to look at; nothing changes by it."""
        return draw(self._floor, now)

    def _guarded(self, commands: list[AcdCommand]) -> list[AcdCommand]:
        """Return the commands of a step, after which all must hold; what does not is healed."""
        try:
            breaches = self._guard.look(self._floor, commands)
        except DEFECTS as error:
            breaches = [described("look", error)]
        return commands if not breaches else commands + self._healed(breaches)

    def _healed(self, breaches: list[Breach]) -> list[AcdCommand]:
        """Heal what does not hold after a step, and return what is to be done by that."""
        floor = self._floor
        if all(breach.name is Invariant.NO_VAIN_WAIT for breach in breaches):
            match_anew(floor, breaches)
        else:
            heal(floor, breaches)
        self._match_healed()
        return floor.take_commands()

    def _survive(
        self, what: str, error: Exception, again: Callable[[], None] = lambda: None
    ) -> None:
        """Heal the floor on which a step failed half-way, and take the step again, once."""
        floor = self._floor
        heal(floor, [described(what, error)])
        try:
            again()
        except DEFECTS as second:
            heal(floor, [described(what, second)])
            floor.tell(
                InvariantBroken(name=Invariant.STEP_TAKEN, about=what, healed_by=Healing.PUT_OFF)
            )
        self._match_healed()

    def _match_healed(self) -> None:
        """Match on a floor that was healed; where that fails, nobody is matched in this step."""
        floor = self._floor
        try:
            _settle(floor)
        except DEFECTS as error:
            heal(floor, [described("match", error)])
            floor.take_candidates()
            floor.take_hearers()

    def _put_off(self, failed: Mapping[Timer, bool]) -> None:
        """Try those timers again later that failed on a healed floor, too."""
        floor = self._floor
        for timer, is_hopeless in failed.items():
            if is_hopeless:
                floor.timers.start(timer, later(floor.now, PUT_OFF))


def _settle(floor: Floor) -> None:
    """
    Have those leave who are to, then match who may, then tell those who go on waiting.

    Customers are dialled in their turn before, while agents are ready who then take somebody who
    came later, and after, since the match may have taken those who came sooner.
    """
    call_back_rules.settle(floor)
    judge_stirred(floor)
    attempt_rules.dial_in_turn(floor)
    match_floor(floor)
    attempt_rules.dial_in_turn(floor)
    announcing.speak(floor)


def _apply(floor: Floor, fact: AcdFact) -> None:
    match fact:
        case PolicyApplied(policy=policy):
            policy_rules.apply(floor, policy)
        case QueueOpened() | QueueClosed() | QueueLeftToCalendar():
            opening_rules.hear(floor, fact)
        case CallQueued() | CallPrioritised() | CallerPressed() | CallerLeft() | TalkEnded():
            _apply_to_call(floor, fact)
        case CallBackPromised() | CallBackWithdrawn() | CustomerReached() | CustomerNotReached():
            _apply_to_promise(floor, fact)
        case OfferAnswered(offer=offer):
            offer_rules.answered(floor, offer)
        case OfferEnded(offer=offer, outcome=outcome):
            offer_rules.ended(floor, offer, outcome)
        case _:
            # An agent whom the policy does not know has no state that could change; one who is
            # leaving has no wishes any more, but his phone and his paperwork still tell.
            agent = floor.agents.get(fact.agent)
            if agent is not None:
                _apply_to_agent(floor, agent, fact)


def _apply_to_call(
    floor: Floor, fact: CallQueued | CallPrioritised | CallerPressed | CallerLeft | TalkEnded
) -> None:
    match fact:
        case CallQueued():
            call_rules.queue_call(floor, fact)
        case CallPrioritised(call=call_id, priority=priority):
            call_rules.prioritise(floor, call_id, priority)
        case CallerPressed(call=call_id, key=key):
            key_rules.press(floor, call_id, key)
        case CallerLeft(call=call_id):
            call_rules.caller_left(floor, call_id)
        case TalkEnded(call=call_id, agent=agent_id):
            call_rules.talk_ended(floor, call_id, agent_id)
        case _ as unreachable:
            assert_never(unreachable)


def _apply_to_promise(floor: Floor, fact: CallBackFact) -> None:
    match fact:
        case CallBackPromised():
            promise_rules.promise(floor, fact)
        case CallBackWithdrawn():
            promise_rules.withdraw(floor, fact)
        case CustomerReached():
            attempt_rules.reached(floor, fact)
        case CustomerNotReached():
            attempt_rules.not_reached(floor, fact)
        case _ as unreachable:
            assert_never(unreachable)


def _apply_to_agent(
    floor: Floor,
    agent: Agent,
    fact: AgentLoggedOn
    | AgentLoggedOff
    | AgentMadeReady
    | AgentMadeNotReady
    | AgentEndedWrapUp
    | AgentExtendedWrapUp
    | AgentOccupiedElsewhere
    | AgentFreedElsewhere,
) -> None:
    match fact:
        case AgentLoggedOn(device=device):
            agent_rules.log_on(floor, agent, device)
        case AgentLoggedOff():
            agent_rules.log_off(floor, agent)
        case AgentMadeReady(queue=queue):
            agent_rules.make_ready(floor, agent, queue)
        case AgentMadeNotReady(reason=reason, queue=queue):
            agent_rules.make_not_ready(floor, agent, reason, queue)
        case AgentEndedWrapUp():
            agent_rules.end_wrap_up(floor, agent)
        case AgentExtendedWrapUp(by=by):
            agent_rules.extend_wrap_up(floor, agent, by)
        case AgentOccupiedElsewhere():
            agent_rules.occupy_elsewhere(floor, agent)
        case AgentFreedElsewhere():
            agent_rules.free_elsewhere(floor, agent)
        case _ as unreachable:
            assert_never(unreachable)


def _fire(floor: Floor, timer: Timer) -> None:
    match timer.kind:
        case TimerKind.WRAP_UP | TimerKind.REST:
            _fire_for_agent(floor, floor.agents[AgentId(timer.agent)], timer.kind)
        case TimerKind.SPARED:
            call_rules.end_spared(floor, CallId(timer.call), AgentId(timer.agent))
        case TimerKind.OFFER_OVERDUE:
            offer_rules.overdue(floor, OfferId(timer.offer))
        case TimerKind.SLOT:
            floor.end_slot()
        case TimerKind.LEAVE:
            floor.stir(floor.queues[QueueName(timer.queue)])
        case TimerKind.TURN:
            attempt_rules.look_ahead(floor, floor.queues[QueueName(timer.queue)])
        case kind:
            _fire_for_call(floor, floor.calls[CallId(timer.call)], kind)


def _fire_for_call(floor: Floor, call: Call, kind: _OfCall) -> None:
    match kind:
        case TimerKind.HELD:
            call_rules.give_back(floor, call)
        case TimerKind.OVERFLOW:
            overflow(floor, call)
        case TimerKind.ANNOUNCE:
            announcing.fall_due(floor, call)
        case TimerKind.CALL_BACK:
            attempt_rules.fall_due(floor, call)
        case TimerKind.STEP | TimerKind.PREFERRED | TimerKind.RING_NEXT:
            step_rules.go_on(floor, call, kind)
        case _ as unreachable:
            assert_never(unreachable)


def _fire_for_agent(floor: Floor, agent: Agent, kind: TimerKind) -> None:
    if kind is TimerKind.WRAP_UP:
        agent_rules.end_wrap_up(floor, agent)
    else:
        agent_rules.end_rest(floor, agent)
