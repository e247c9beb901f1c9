"""Call-backs in words: what was asked and promised, each attempt, and why there is none now."""

from acd.call_backs import (
    AcknowledgeCallBack,
    AskCallBack,
    CustomerNotReached,
    DialCustomer,
    EndCallBack,
    NotReached,
    PromiseEnd,
    RefusalCause,
    RefuseCallBack,
)
from acd.explaining import PromiseStay
from acd.tables.promises import Bar
from acd.ways import Cause
from cti.explaining.moments import as_clock, as_typed
from cti.language import _, ngettext

_ASKED = {
    Cause.CLOSED: _("Queue {queue} was closed: by its rule he was asked whether to call him back."),
    Cause.FULL: _("Queue {queue} was full: by its rule he was asked whether to call him back."),
    Cause.NO_AGENTS: _(
        "No agent of queue {queue} was logged on: by its rule he was asked whether to call him"
        " back."
    ),
    Cause.ALL_NOT_READY: _(
        "No agent of queue {queue} who was logged on wanted calls: by its rule he was asked whether"
        " to call him back."
    ),
    Cause.OVERFLOW: _(
        "After {waited} a rule of the overflow chain of queue {queue} had him asked whether to call"
        " him back."
    ),
    Cause.KEY: _("After {waited} he asked by a key to be called back, in queue {queue}."),
}
_REFUSED = {
    RefusalCause.QUEUE_UNKNOWN: _("Nothing was promised: the queue was not in the policy."),
    RefusalCause.ALREADY_PROMISED: _(
        "Nothing more was promised: the same number was to be called back already in this queue."
    ),
    RefusalCause.CALL_ENDED: _("Nothing was promised: the call had ended, or was answered."),
    RefusalCause.TOO_MANY: _("Nothing was promised: there were too many promises."),
}
_MISSED = {
    NotReached.BUSY: _("Attempt {attempt} did not reach him: his number was busy."),
    NotReached.NO_ANSWER: _("Attempt {attempt} did not reach him: he did not answer."),
    NotReached.MACHINE: _("Attempt {attempt} did not reach him: a machine answered."),
    NotReached.FAILED: _("Attempt {attempt} failed: he could not be dialled."),
    NotReached.AGENT_LEFT: _(
        "Attempt {attempt} did not reach him: the agent hung up before he answered."
    ),
}
_ENDED = {
    PromiseEnd.NOT_REACHED: _("The promise ended: he was not reached (attempts: {attempts})."),
    PromiseEnd.EXPIRED: _("The promise ended: its time was over (attempts: {attempts})."),
    PromiseEnd.WITHDRAWN: _("The promise was taken back (attempts: {attempts})."),
}
_KEPT = {
    Bar.CLOSED: _("He is not called now: his queue is closed."),
    Bar.RESTING: _("He is not called before {until}: the last attempt did not reach him."),
    Bar.NUMBER_IN_USE: _(
        "He is not called now: the same number is being called back for another promise."
    ),
}


def of_asking(body: object) -> str | None:
    """Return why a caller was asked."""
    return _ASKED[body.cause] if isinstance(body, AskCallBack) else None


def of_acknowledgement(body: object) -> str | None:
    """Return what was promised."""
    if not isinstance(body, AcknowledgeCallBack):
        return None
    until = as_typed(body.expires_at)
    return _(
        "It was promised to call him back, from his place in queue {queue}, until {until}."
    ).format(queue=body.queue, until=until)


def of_refusal(body: object) -> str | None:
    """Return why nothing was promised."""
    return _REFUSED[body.cause] if isinstance(body, RefuseCallBack) else None


def of_dialling(body: object) -> str | None:
    """Return for whom a customer was dialled."""
    if not isinstance(body, DialCustomer):
        return None
    if body.agent is None:
        return _("It was his turn: he was dialled, attempt {attempt}.")
    return _("He was dialled for {agent}, who had the card: attempt {attempt}.")


def of_miss(body: object) -> str | None:
    """Return how an attempt ended that did not reach the customer."""
    return _MISSED[body.cause] if isinstance(body, CustomerNotReached) else None


def of_end(body: object) -> str | None:
    """Return how a promise ended."""
    return _ENDED[body.end] if isinstance(body, EndCallBack) else None


def promise_lines(promise: PromiseStay) -> list[str]:
    """Return what stands with a promise, and what keeps it from being attended to."""
    lines = [
        ngettext(
            "He has hung up and is to be called back, until {until}; {count} attempt was made.",
            "He has hung up and is to be called back, until {until}; {count} attempts were made.",
            promise.attempts,
        ).format(count=promise.attempts, until=as_typed(promise.expires_at))
    ]
    if promise.kept_by is not None:
        until = "" if promise.until is None else as_clock(promise.until)
        lines.append(_KEPT[promise.kept_by].format(until=until))
    elif promise.is_in_turn:
        lines.append(_("He is dialled when an agent is left for him by those before him."))
    return lines
