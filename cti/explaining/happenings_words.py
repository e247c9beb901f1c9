"""What happened to a call, one sentence for each record that tells something of its own."""

from collections.abc import Callable, Mapping
from dataclasses import fields

from acd.call_backs import (
    AcknowledgeCallBack,
    AskCallBack,
    CallBackPromised,
    CallBackWithdrawn,
    CustomerNotReached,
    CustomerReached,
    DialCustomer,
    EndCallBack,
    RefuseCallBack,
    StopDialling,
)
from acd.commands import (
    AcdCommand,
    Announce,
    DivertCall,
    JudgeEstimate,
    OfferCall,
    OverflowCall,
    PlaceCall,
    TurnAwayCall,
    TurnAwayCause,
    WithdrawCause,
    WithdrawOffer,
)
from acd.facts import (
    AcdFact,
    CallerLeft,
    CallerPressed,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    TalkEnded,
)
from acd.ways import Cause, TargetKind
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallArrived,
    CallAttached,
    CallCleared,
    CallFact,
    ChoiceMade,
    ClearReason,
    FlowEntered,
    FlowLeft,
    HungUpBy,
    ScreenPopped,
)
from cti.explaining.announcement_words import of_announcement, of_judgement
from cti.explaining.call_back_words import (
    of_acknowledgement,
    of_asking,
    of_dialling,
    of_end,
    of_miss,
    of_refusal,
)
from cti.explaining.moments import as_length
from cti.ids import AgentId, OfferId
from cti.language import _

_OUTCOMES = {
    OfferOutcome.NO_ANSWER: _("{agent} did not answer within the ring time."),
    OfferOutcome.BUSY: _("The phone of {agent} was busy."),
    OfferOutcome.REJECTED: _("{agent} rejected the call."),
    OfferOutcome.UNREACHABLE: _("The phone of {agent} could not be reached."),
    OfferOutcome.WITHDRAWN: _("The offer to {agent} was withdrawn."),
    OfferOutcome.CALLER_LEFT: _("The offer to {agent} ended, as the caller had left."),
    OfferOutcome.FAILED: _("The offer to {agent} failed."),
}
_WITHDRAWALS = {
    WithdrawCause.OVERDUE: _(
        "The ringing of {agent} was to stop: the switch had not said in time how it ended."
    ),
    WithdrawCause.CALLER_LEFT: _("The ringing of {agent} was to stop: the caller had left."),
    WithdrawCause.AGENT_LOST: _(
        "The ringing of {agent} was to stop: he had logged off or changed his phone."
    ),
    WithdrawCause.CALL_MOVED: _(
        "The ringing of {agent} was to stop: the call went to another queue."
    ),
    WithdrawCause.ANSWERED_ELSEWHERE: _(
        "The ringing of {agent} was to stop: another agent had answered."
    ),
    WithdrawCause.PROMISE_ENDED: _(
        "The ringing of {agent} was to stop: the caller is not to be called back now."
    ),
    WithdrawCause.HEALED: _(
        "The ringing of {agent} was to stop: what was known of it did not hold together."
    ),
}
_TURNED_AWAY = {
    TurnAwayCause.QUEUE_FULL: _("Queue {queue} turned him away: it was full."),
    TurnAwayCause.QUEUE_CLOSED: _("Queue {queue} turned him away: it was closed."),
    TurnAwayCause.NO_AGENTS: _(
        "Queue {queue} turned him away by its rule: no agent was logged on."
    ),
    TurnAwayCause.ALL_NOT_READY: _(
        "Queue {queue} turned him away by its rule: no agent who was logged on wanted calls."
    ),
    TurnAwayCause.OVERFLOW: _("Queue {queue} turned him away by a rule of its overflow chain."),
    TurnAwayCause.KEY: _("Queue {queue} turned him away by a key that he pressed."),
    TurnAwayCause.QUEUE_UNKNOWN: _("Queue {queue} turned him away: it was not in the policy."),
}
_MOVED = {
    Cause.CLOSED: _("Queue {from_queue} was closed: by its rule he went on to {to_queue}."),
    Cause.FULL: _("Queue {from_queue} was full: by its rule he went on to {to_queue}."),
    Cause.NO_AGENTS: _(
        "No agent of queue {from_queue} was logged on: by its rule he went on to {to_queue}."
    ),
    Cause.ALL_NOT_READY: _(
        "No agent of queue {from_queue} who was logged on wanted calls: by its rule he went on to"
        " {to_queue}."
    ),
    Cause.OVERFLOW: _("After {waited} a rule moved him on from {from_queue} to {to_queue}."),
    Cause.KEY: _("After {waited} he went on from {from_queue} to {to_queue} by a key."),
}
_DIVERTED = {
    Cause.CLOSED: _("Queue {from_queue} was closed, and its rule sent him elsewhere."),
    Cause.FULL: _("Queue {from_queue} was full, and its rule sent him elsewhere."),
    Cause.NO_AGENTS: _(
        "No agent of queue {from_queue} was logged on, and its rule sent him elsewhere."
    ),
    Cause.ALL_NOT_READY: _(
        "No agent of queue {from_queue} who was logged on wanted calls, and its rule sent him"
        " elsewhere."
    ),
    Cause.OVERFLOW: _(
        "After {waited} a rule of the overflow chain of queue {from_queue} sent him elsewhere."
    ),
    Cause.KEY: _("After {waited} he left queue {from_queue} by a key."),
}
_TARGETS = {
    TargetKind.QUEUE: _("He was to go to queue {name}."),
    TargetKind.VOICEMAIL: _("He was to go to the voicemail box {name}."),
    TargetKind.NUMBER: _("He was to go to the number {name}."),
    TargetKind.FLOW: _("He was to go to the flow {name}."),
    TargetKind.CALL_BACK: _("He was to be called back."),
    TargetKind.BUSY: _("He was to be turned away."),
}
_CLEARED = {
    ClearReason.FALLBACK: _("The call ended outside, with the dialplan's fallback."),
    ClearReason.SWITCH_RESTARTED: _("The call ended, as the PBX was restarted."),
    ClearReason.GONE_FROM_SWITCH: _("The call ended: the PBX no longer had it."),
}
_HUNG_UP = {
    HungUpBy.CALLER: _("The call ended: the caller hung up."),
    HungUpBy.AGENT: _("The call ended: the agent hung up."),
    HungUpBy.SYSTEM: _("The call ended: we hung up."),
    HungUpBy.UNKNOWN: _("The call ended; it is not known who hung up."),
}
_TEMPLATES: Mapping[type, str] = {
    CallArrived: _("The caller came, for service {service}."),
    FlowEntered: _("He heard the flow {flow}."),
    ChoiceMade: _("He chose {choice} in the flow {flow}."),
    OfferCall: _("The call was offered to {agent} (offer {offer}, {device})."),
    AgentLegRang: _("The phone of {agent} rang."),
    OfferAnswered: _("{agent} answered."),
    TalkEnded: _("The talk with {agent} ended."),
    CallerLeft: _("The caller's line was gone."),
    CallerPressed: _("The caller pressed {key} while he waited."),
    CallBackPromised: _("A number was confirmed at which to call him back."),
    CallBackWithdrawn: _("A person took the promise back to call him."),
    CustomerReached: _("Attempt {attempt} reached him."),
    StopDialling: _("The dialling of attempt {attempt} was to stop."),
}
_LENGTHS = frozenset({"waited", "estimate", "said", "actual"})
"""Fields that hold a duration."""
_SILENT = frozenset({ScreenPopped, AgentLegEnded})
"""What is told by another record at the same time."""


def _of_turn_away(body: object) -> str | None:
    if not isinstance(body, TurnAwayCall):
        return None
    return _TURNED_AWAY.get(body.cause, body.cause.value)


def _of_place(body: object) -> str | None:
    if isinstance(body, PlaceCall) and body.regained:
        return _("He had hung up while he waited, and has his place again, in queue {queue}.")
    return _("He was given a place in queue {queue}.")


def _of_overflow(body: object) -> str | None:
    return _MOVED[body.cause] if isinstance(body, OverflowCall) else None


def _of_diversion(body: object) -> str | None:
    if not isinstance(body, DivertCall):
        return None
    return f"{_DIVERTED[body.cause]} {_TARGETS[body.target.kind]}"


def _of_withdrawal(body: object) -> str | None:
    if not isinstance(body, WithdrawOffer):
        return None
    return _WITHDRAWALS.get(body.cause, body.cause.value)


def _of_offer_ended(body: object) -> str | None:
    if not isinstance(body, OfferEnded):
        return None
    return _OUTCOMES.get(body.outcome, body.outcome.value)


def _of_cleared(body: object) -> str | None:
    if not isinstance(body, CallCleared):
        return None
    return _CLEARED.get(body.reason) or _HUNG_UP[body.hung_up_by]


def _of_attached(body: object) -> str | None:
    again = isinstance(body, CallAttached) and body.session > 1
    return _("He came back to us from the dialplan (session {session}).") if again else None


def _of_flow_left(body: object) -> str | None:
    without = isinstance(body, FlowLeft) and body.queue is None
    return _("He left the flow {flow}: {outcome}.") if without else None


_CHOSEN: Mapping[type, Callable[[object], str | None]] = {
    TurnAwayCall: _of_turn_away,
    PlaceCall: _of_place,
    OverflowCall: _of_overflow,
    DivertCall: _of_diversion,
    Announce: of_announcement,
    JudgeEstimate: of_judgement,
    WithdrawOffer: _of_withdrawal,
    OfferEnded: _of_offer_ended,
    CallCleared: _of_cleared,
    CallAttached: _of_attached,
    FlowLeft: _of_flow_left,
    AskCallBack: of_asking,
    AcknowledgeCallBack: of_acknowledgement,
    RefuseCallBack: of_refusal,
    DialCustomer: of_dialling,
    CustomerNotReached: of_miss,
    EndCallBack: of_end,
}


def sentence(
    body: AcdFact | AcdCommand | CallFact, agents: Mapping[OfferId, AgentId]
) -> str | None:
    """Return what a record tells; None where another one tells it."""
    kind = type(body)
    if kind in _SILENT:
        return None
    template = _CHOSEN[kind](body) if kind in _CHOSEN else _TEMPLATES.get(kind)
    if template is None:
        return None
    values = {field.name: getattr(body, field.name) for field in fields(body)}
    for name in _LENGTHS & values.keys():
        if values[name] is not None:
            values[name] = as_length(values[name])
    if isinstance(body, DivertCall):
        values["name"] = body.target.name
    if "agent" not in values:
        values["agent"] = agents.get(values.get("offer", OfferId(0)), _("an agent"))
    return template.format(**values)
