"""
What becomes of an offer: made, overdue, answered, ended; and what its end means for both sides.

Each offer has one final fact. Facts that name an offer which has had its own, or which never was,
are too late or forged, and have no effect.
"""

from acd.commands import Occupation, OfferCall, OfferReason, Wish, WithdrawCause
from acd.errors import InvariantError
from acd.facts import OfferOutcome
from acd.misses import MissCause, rule_for
from acd.rules import agent_rules, attempt_rules, call_rules, step_rules
from acd.rules.placing import leave_waiting
from acd.tables.agent_state import Agent
from acd.tables.floor import Floor
from acd.tables.offer_state import CONSEQUENCES, MISS_REASONS, OVERDUE_MARGIN, Offer, OfferState
from acd.tables.outcomes import Outcome
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from cti.ids import OfferId
from cti.instants import Duration, later


def offer_call(floor: Floor, call: Call, reason: OfferReason) -> None:
    """
    Offer a call to the agent whom the reason names.

    Raises:
        InvariantError: he is at no phone, yet he stood in line: our bug.
    """
    agent = floor.agents[reason.sort_key[1]]
    if agent.device is None:
        raise InvariantError(f"agent {agent.agent} is ready at no phone")
    queue = floor.queues[call.queue]
    floor.last_offer += 1
    offer = Offer(
        offer=OfferId(floor.last_offer),
        call=call.call,
        queue=call.queue,
        agent=agent.agent,
        wrap_up=agent.wrap_up_after(queue.rules),
        wrap_up_max=queue.rules.wrap_up_max,
        misses_max=queue.rules.misses_max,
        misses=queue.rules.misses,
        overdue_at=later(floor.now, Duration(queue.rules.ring_time + OVERDUE_MARGIN)),
    )
    floor.offers[offer.offer] = offer
    floor.timers.start(Timer(TimerKind.OFFER_OVERDUE, offer=offer.offer), offer.overdue_at)
    if call.state is not CallState.OFFERED:
        call.become(CallState.OFFERED)
    queue.note_offer(agent.agent)
    call.offers = (*call.offers, offer.offer)
    step_rules.ring_on(floor, call)
    attempt_rules.begin(floor, call)
    agent.become(Occupation.OFFERED, floor.now)
    agent.offer = offer.offer
    agent.call = call.call
    floor.teams.begin_stint(agent, call, floor.now)
    floor.changed(agent)
    floor.tell(
        OfferCall(
            offer=offer.offer,
            call=call.call,
            agent=agent.agent,
            device=agent.device,
            queue=call.queue,
            ring_time=queue.rules.ring_time,
            reason=reason,
            attempt=None if call.has_leg else call.promised.attempt + 1,
        )
    )


def overdue(floor: Floor, offer: OfferId) -> None:
    """Ask that an offer be withdrawn whose final fact should have come by now."""
    agent_rules.withdraw(floor, floor.offers[offer], WithdrawCause.OVERDUE)


def answered(floor: Floor, offer_id: OfferId) -> None:
    """
    Join the agent and the caller, also where the core had asked to withdraw the offer.

    Where the caller left as the agent answered, or another agent was first, there is nothing to
    wrap up: he is free at once. All others for whom it rings are no longer rung. Where it is a
    promise, the customer is dialled for him, and keeps his place until he is reached.
    """
    offer = _finish(floor, offer_id, OfferState.ANSWERED)
    if offer is None:
        return
    agent = floor.agents[offer.agent]
    agent.misses.clear()
    call = _call_of(floor, offer)
    is_dialled = call is not None and not call.has_leg
    if not is_dialled:
        if floor.window:
            agent.workload.answer(floor.now)
        _note_turn(floor, offer)
    if call is None:
        agent_rules.end_offer(floor, agent, loses_turn=False)
        return
    if is_dialled:
        step_rules.stop_ringing_on(floor, call)
    else:
        leave_waiting(floor, call, Outcome.CALLED_BACK if call.promise else Outcome.ANSWERED)
        call.become(CallState.TALKING)
    call.offers = tuple(other for other in call.offers if other != offer_id)
    _let_go(floor, call, WithdrawCause.ANSWERED_ELSEWHERE)
    call.agent = agent.agent
    agent.become(Occupation.BUSY, floor.now)
    agent.offer = None
    agent.wrap_up = offer.wrap_up
    agent.wrap_up_max = offer.wrap_up_max
    floor.changed(agent)
    if is_dialled:
        attempt_rules.dial_for(floor, call, agent, offer)


def ended(floor: Floor, offer_id: OfferId, outcome: OfferOutcome) -> None:
    """Free the agent, with the consequences of the outcome; the call goes on waiting."""
    offer = _finish(floor, offer_id, OfferState.ENDED)
    if offer is None:
        return
    outcome = offer.judged(outcome)
    consequence = CONSEQUENCES[outcome]
    agent = floor.agents[offer.agent]
    call = _call_of(floor, offer)
    if call is not None:
        call.offers = tuple(other for other in call.offers if other != offer_id)
        call_rules.spare(floor, call, agent.agent, consequence.spared)
        if outcome is OfferOutcome.CALLER_LEFT and call.has_leg:
            _let_go(floor, call, WithdrawCause.CALLER_LEFT)
            call_rules.hold(floor, call)
        elif not call.offers:
            call_rules.give_back(floor, call)
    pause = consequence.rest
    if consequence.miss is not None:
        pause = _count_miss(floor, agent, offer, consequence.miss)
    if consequence.loses_turn:
        _note_turn(floor, offer)
    agent_rules.rest(floor, agent, pause)
    agent_rules.end_offer(floor, agent, loses_turn=consequence.loses_turn)


def _finish(floor: Floor, offer_id: OfferId, state: OfferState) -> Offer | None:
    """Return an offer that had its final fact just now; None if it had it before, or never was."""
    offer = floor.offers.pop(offer_id, None)
    if offer is not None:
        offer.become(state)
        floor.timers.cancel(Timer(TimerKind.OFFER_OVERDUE, offer=offer_id))
    return offer


def _call_of(floor: Floor, offer: Offer) -> Call | None:
    """Return the call that is still this offer's; None where the caller or another has it."""
    call = floor.calls.get(offer.call)
    return call if call is not None and offer.offer in call.offers else None


def _let_go(floor: Floor, call: Call, cause: WithdrawCause) -> None:
    """Have a call be on offer no longer, and whoever it still rings for be rung no longer."""
    agent_rules.withdraw_call(floor, call, cause)
    call.offers = ()


def _note_turn(floor: Floor, offer: Offer) -> None:
    queue = floor.queues.get(offer.queue)
    if queue is not None:
        queue.note_turn(offer.agent, offer.offer)


def _count_miss(floor: Floor, agent: Agent, offer: Offer, cause: MissCause) -> Duration:
    """Count a miss in the row of its cause, and return for how long the agent is to rest."""
    rule = rule_for(cause, offer.misses_max, offer.misses)
    row = agent.misses.get(cause, 0) + 1
    if 0 < rule.limit <= row and agent.wish is Wish.READY:
        agent.misses.pop(cause, None)
        agent.want(Wish.NOT_READY, MISS_REASONS[cause].value, floor.now, row=row)
    else:
        agent.misses[cause] = row
    return rule.rest
