"""
The one door of the core: facts and a time in, commands out.

After every fact and every timer the floor is settled: whoever may match now, matches. Facts come
before timers: an answer that arrives at the instant at which its offer is overdue is an answer.
This module knows which rule a fact concerns, and no rule itself.
"""

from typing import assert_never

from acd import agent_rules, call_rules, offer_rules, opening_rules, policy_rules
from acd.agent_state import Agent
from acd.commands import AcdCommand
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
from acd.floor import Floor
from acd.matching import match as match_floor
from acd.picture import FloorPicture, draw
from acd.snapshot import DistributorState, load, save
from acd.timers import Timer, TimerKind
from cti.ids import AgentId, CallId, OfferId
from cti.instants import Time


class Distributor:
    """
    Decides which agent is offered which call.

    Feed it every fact in one order, with a time that does not run back (it is held where it does),
    carry out what it returns in that order, and call `advance` when `next_deadline` has come. It
    never raises for what the outside does; an `InvariantError` is a bug of ours.
    """

    def __init__(self) -> None:
        self._floor = Floor(Time(0))

    def handle(self, fact: AcdFact, now: Time) -> list[AcdCommand]:
        """Take a fact in, in whatever state, and return what is to be done."""
        floor = self._floor
        floor.now = max(floor.now, now)
        _apply(floor, fact)
        match_floor(floor)
        return floor.take_commands()

    def advance(self, now: Time) -> list[AcdCommand]:
        """Let the timers act that are due by `now`, and return what is to be done."""
        floor = self._floor
        floor.now = max(floor.now, now)
        # What is due at one instant acts together, so that none of it is a head start; what was
        # due earlier comes first, also where the shell was late.
        while (due := floor.timers.next_due()) is not None and due <= floor.now:
            while (timer := floor.timers.take_due(due)) is not None:
                _fire(floor, timer)
            match_floor(floor)
        return floor.take_commands()

    def next_deadline(self) -> Time | None:
        """Return when `advance` is due next, or None while no timer runs."""
        return self._floor.timers.next_due()

    def snapshot(self) -> DistributorState:
        """Return the whole state as frozen plain values."""
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


def _apply(floor: Floor, fact: AcdFact) -> None:
    match fact:
        case PolicyApplied(policy=policy):
            policy_rules.apply(floor, policy)
        case QueueOpened() | QueueClosed() | QueueLeftToCalendar():
            opening_rules.hear(floor, fact)
        case CallQueued():
            call_rules.queue_call(floor, fact)
        case CallPrioritised(call=call_id, priority=priority):
            call_rules.prioritise(floor, call_id, priority)
        case CallerLeft(call=call_id):
            call_rules.caller_left(floor, call_id)
        case OfferAnswered(offer=offer):
            offer_rules.answered(floor, offer)
        case OfferEnded(offer=offer, outcome=outcome):
            offer_rules.ended(floor, offer, outcome)
        case TalkEnded(call=call_id, agent=agent_id):
            call_rules.talk_ended(floor, call_id, agent_id)
        case _:
            # An agent whom the policy does not know has no state that could change; one who is
            # leaving has no wishes any more, but his phone and his paperwork still tell.
            agent = floor.agents.get(fact.agent)
            if agent is not None:
                _apply_to_agent(floor, agent, fact)


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
        case AgentMadeReady():
            agent_rules.make_ready(floor, agent)
        case AgentMadeNotReady(reason=reason):
            agent_rules.make_not_ready(floor, agent, reason)
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
        case TimerKind.WRAP_UP:
            agent_rules.end_wrap_up(floor, floor.agents[AgentId(timer.agent)])
        case TimerKind.REST:
            agent_rules.end_rest(floor, floor.agents[AgentId(timer.agent)])
        case TimerKind.SPARED:
            call_rules.end_spared(floor, CallId(timer.call), AgentId(timer.agent))
        case TimerKind.HELD:
            call_rules.give_back(floor, floor.calls[CallId(timer.call)])
        case TimerKind.OFFER_OVERDUE:
            offer_rules.overdue(floor, OfferId(timer.offer))
        case TimerKind.OVERFLOW:
            call_rules.overflow(floor, floor.calls[CallId(timer.call)])
        case TimerKind.SLOT:
            floor.end_slot()
        case _ as unreachable:
            assert_never(unreachable)
