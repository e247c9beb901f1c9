"""
A call that has not ended, as the call log has followed it so far.

What each record tells of the caller's way and of the agents' offers, and what remains of it all
when the call ends. Which records belong to which call is `call_log`'s business.
"""

from dataclasses import dataclass, field

from acd.commands import DivertCall, OfferCall, OverflowCall, TurnAwayCall
from acd.facts import CallerLeft, CallQueued, OfferOutcome, TalkEnded
from acd.ways import TargetKind
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallArrived,
    CallCleared,
    ChoiceMade,
    ClearReason,
    FlowEntered,
    FlowLeft,
    HungUpBy,
    ScreenPopped,
)
from cti.ids import AgentId, CallId, LegId, OfferId, PartyKey, QueueName
from cti.instants import Duration, Time
from storage.call_record import (
    CallOutcome,
    CallRecord,
    OfferRecord,
    PathStep,
    QueueExit,
    QueueStay,
)

_NEVER = Time(0)


@dataclass(slots=True, kw_only=True)
class OpenOffer:
    """An offer of a call that has not ended."""

    offer: OfferId
    agent: AgentId
    queue: QueueName
    offered_at: Time
    popped_at: Time | None = None
    pop_found: bool | None = None
    rang_at: Time | None = None
    leg: LegId | None = None
    answered_at: Time | None = None
    ended_at: Time | None = None
    outcome: OfferOutcome | None = None
    policy_version: str = ""

    def end_talk(self, at: Time) -> bool:
        """End the talk, by the first of the facts that say so; tell whether there was one."""
        if self.answered_at is None or self.ended_at is not None:
            return False
        self.ended_at = at
        return True

    def final(self, at: Time) -> OfferRecord:
        """Return its record; an offer that is still open ends with the call."""
        outcome = self.outcome
        if self.answered_at is None and outcome is None:
            outcome = OfferOutcome.CALLER_LEFT
        return OfferRecord(
            offer=self.offer,
            agent=self.agent,
            queue=self.queue,
            offered_at=self.offered_at,
            popped_at=self.popped_at,
            pop_found=self.pop_found,
            rang_at=self.rang_at,
            answered_at=self.answered_at,
            ended_at=at if self.ended_at is None else self.ended_at,
            outcome=outcome,
            policy_version=self.policy_version,
        )


@dataclass(slots=True, kw_only=True)
class OpenCall:
    """What is known so far of a call that has not ended."""

    call: CallId
    first_position: int
    arrived_at: Time
    service: str | None = None
    party: PartyKey | None = None
    path: list[PathStep] = field(default_factory=list)
    queues: list[QueueStay] = field(default_factory=list)
    queue: QueueName | None = None
    """The queue that it is in now; it stays there while it rings."""
    last_queue: QueueName | None = None
    entered_at: Time = _NEVER
    entered_under: str = ""
    """The version of the policy under which it came into that queue."""
    policy_version: str = ""
    """The version in force at the record that is folded now."""
    waiting_since: Time | None = None
    waited: int = 0
    offers: dict[OfferId, OpenOffer] = field(default_factory=dict)
    turned_away: bool = False
    diverted: bool = False
    flow_hung_up: bool = False
    hung_up_by: HungUpBy = HungUpBy.UNKNOWN

    def enter(self, queue: QueueName, at: Time, entered_at: Time | None) -> None:
        """Begin to wait; the first wait may have begun before we knew of it."""
        if self.queue == queue:
            return
        since = at if entered_at is None or self.queues else min(at, entered_at)
        self.leave(at, QueueExit.MOVED)
        self.queue = self.last_queue = queue
        self.entered_at = since
        self.entered_under = self.policy_version
        if self.waiting_since is None:
            self.waiting_since = since

    def leave(self, at: Time, way: QueueExit) -> None:
        """Leave the queue, if it is in one."""
        if self.queue is None:
            return
        self.queues.append(
            QueueStay(
                queue=self.queue,
                entered_at=self.entered_at,
                left_at=at,
                exit=way,
                policy_version=self.entered_under,
            )
        )
        self.queue = None

    def stop_waiting(self, at: Time) -> None:
        """Count the wait that ends now."""
        if self.waiting_since is not None:
            self.waited += max(0, at - self.waiting_since)
            self.waiting_since = None

    def end_everything(self, at: Time) -> None:
        """The caller is gone: no wait and no talk goes on."""
        self.leave(at, QueueExit.LEFT)
        self.stop_waiting(at)
        for offer in self.offers.values():
            offer.end_talk(at)


CallerTold = (
    CallArrived
    | FlowEntered
    | ChoiceMade
    | FlowLeft
    | CallQueued
    | OverflowCall
    | DivertCall
    | TurnAwayCall
    | CallerLeft
)
"""What the journal tells of the caller's own way."""
AgentTold = OfferCall | ScreenPopped | AgentLegRang | AgentLegEnded | TalkEnded
"""What the journal tells of the agents that the call was offered to."""


def follow_caller(call: OpenCall, at: Time, told: CallerTold) -> None:
    """Take a step of the caller's way: flow, queues, end."""
    match told:
        case CallArrived():
            if call.service is None:
                call.service, call.party = told.service, told.party
        case FlowEntered():
            call.path.append(PathStep(at=at, flow=told.flow))
        case ChoiceMade():
            call.path.append(PathStep(at=at, flow=told.flow, choice=told.choice))
        case FlowLeft():
            call.flow_hung_up = told.outcome == "hang_up"
        case CallQueued():
            call.diverted = False
            call.enter(told.queue, at, told.entered_at)
        case OverflowCall():
            call.leave(at, QueueExit.OVERFLOWED)
            call.enter(told.to_queue, at, None)
        case DivertCall() | TurnAwayCall():
            _send_away(call, at, told)
        case CallerLeft():
            call.end_everything(at)


def _send_away(call: OpenCall, at: Time, told: DivertCall | TurnAwayCall) -> None:
    if isinstance(told, TurnAwayCall):
        call.turned_away = True
        call.leave(at, QueueExit.TURNED_AWAY)
    else:
        # In a flow he is still with us; what becomes of him there is told by the flow.
        call.diverted = told.target.kind is not TargetKind.FLOW
        call.leave(at, QueueExit.DIVERTED)
    call.stop_waiting(at)


def follow_agent(call: OpenCall, at: Time, told: AgentTold) -> None:
    """Take a step of an offer: made, popped, ringing, talked."""
    match told:
        case OfferCall():
            call.offers.setdefault(
                told.offer,
                OpenOffer(
                    offer=told.offer,
                    agent=told.agent,
                    queue=told.queue,
                    offered_at=at,
                    policy_version=told.reason.policy_version,
                ),
            )
        case ScreenPopped() | AgentLegRang():
            _follow_ringing(call.offers.get(told.offer), at, told)
        case AgentLegEnded():
            for offer in call.offers.values():
                if offer.leg == told.leg and offer.end_talk(at):
                    call.hung_up_by = told.hung_up_by
        case TalkEnded():
            for offer in call.offers.values():
                if offer.agent == told.agent:
                    offer.end_talk(at)


def _follow_ringing(offer: OpenOffer | None, at: Time, told: ScreenPopped | AgentLegRang) -> None:
    if offer is None:
        return
    if isinstance(told, AgentLegRang):
        if offer.rang_at is None:
            offer.rang_at, offer.leg = at, told.leg
    elif offer.popped_at is None:
        offer.popped_at, offer.pop_found = at, told.found


def final_record(call: OpenCall, position: int, at: Time, end: CallCleared | None) -> CallRecord:
    """Return the record of a call that ended at `at`; `end` is None where it never said so."""
    call.end_everything(at)
    offers = tuple(offer.final(at) for offer in call.offers.values())
    talks = [(offer.answered_at, offer) for offer in offers if offer.answered_at is not None]
    answered_at, _ = min(talks, key=lambda talk: talk[0], default=(None, None))
    _, last = max(talks, key=lambda talk: talk[0], default=(None, None))
    hung_up_by = call.hung_up_by
    if end is not None and end.hung_up_by is not HungUpBy.UNKNOWN:
        hung_up_by = end.hung_up_by
    return CallRecord(
        call=call.call,
        service=call.service,
        party=call.party,
        arrived_at=call.arrived_at,
        answered_at=answered_at,
        talk_ended_at=None if last is None else last.ended_at,
        cleared_at=at,
        outcome=_outcome(call, end, answered=bool(talks)),
        queue=call.last_queue,
        agent=None if last is None else last.agent,
        hung_up_by=hung_up_by,
        clear_reason=None if end is None else end.reason,
        cause=0 if end is None else end.cause,
        waited=Duration(call.waited),
        talked=Duration(sum(offer.ended_at - answered for answered, offer in talks)),
        path=tuple(call.path),
        queues=tuple(call.queues),
        offers=offers,
        position=position,
    )


def _outcome(call: OpenCall, end: CallCleared | None, *, answered: bool) -> CallOutcome:
    reason = None if end is None else end.reason
    by_system = end is not None and end.hung_up_by is HungUpBy.SYSTEM
    rules = (
        (answered, CallOutcome.ANSWERED),
        (reason is ClearReason.FALLBACK, CallOutcome.FALLBACK),
        (reason is ClearReason.SWITCH_RESTARTED, CallOutcome.LOST_BY_SWITCH),
        (
            reason is None or reason is ClearReason.GONE_FROM_SWITCH,
            CallOutcome.ENDED_UNSEEN,
        ),
        (call.turned_away, CallOutcome.TURNED_AWAY),
        (call.diverted, CallOutcome.DIVERTED),
        (bool(call.queues) and by_system, CallOutcome.ENDED_BY_SYSTEM),
        (bool(call.queues), CallOutcome.ABANDONED),
        (call.flow_hung_up, CallOutcome.FLOW_ENDED),
    )
    return next((outcome for holds, outcome in rules if holds), CallOutcome.LEFT_IN_FLOW)
