"""
What a call's row says of being called back, put right by itself and with its state.

A promise is kept rather than forgotten: an attempt that is in doubt is given up, and comes again.
"""

from collections.abc import Iterable
from dataclasses import replace

from acd.snapshot import CallSnapshot
from acd.tables.promises import Asked, Promise
from acd.tables.waiting import CallState
from cti.ids import CallId

WITHOUT_LEG = (CallState.PROMISED, CallState.DIALLING)
ASKED = (Asked.NOW, Asked.GONE)


def promise_mended(call: CallSnapshot, *, agent_is_busy: bool) -> CallSnapshot:
    """
    Return a call whose promise and state go together.

    `agent_is_busy`: the agent whom it names, if it names one, is busy with it.
    """
    if call.asked in ASKED and call.state is not CallState.HELD:
        call = replace(call, asked=Asked.BEFORE)
    promise = call.promise
    if promise is None or promise.is_reached:
        if call.state in WITHOUT_LEG:
            call = replace(call, state=CallState.WAITING, agent=None, held_until=None)
        return call if promise is None else replace(call, promise=_given_up(promise))
    if call.state is CallState.TALKING and promise.dial_until is None:
        return replace(call, promise=replace(promise, is_reached=True))
    dials = call.state in (CallState.TALKING, CallState.DIALLING)
    if dials and promise.dial_until is not None and not call.offers and agent_is_busy:
        return replace(call, state=CallState.DIALLING, held_until=None, ring_next_at=None)
    if call.state not in (CallState.WAITING, CallState.OFFERED):
        asked = Asked.BEFORE if call.asked in ASKED else call.asked
        call = replace(call, state=CallState.PROMISED, held_until=None, asked=asked)
    return replace(call, agent=None, promise=_given_up(promise))


def twice_attended(calls: Iterable[CallSnapshot]) -> list[CallSnapshot]:
    """Return those calls that are attended to beside an older one with the same number."""
    found: list[CallSnapshot] = []
    known: dict[str, CallId] = {}
    for call in sorted(calls, key=_by_attention):
        promise = call.promise
        if promise is None or not (
            promise.is_reached or call.offers or promise.dial_until is not None
        ):
            continue
        first = known.setdefault(promise.party, call.call)
        if first != call.call and not promise.is_reached:
            found.append(call)
    return found


def put_apart(call: CallSnapshot) -> CallSnapshot:
    """Return a call to which nobody attends."""
    apart = replace(call, state=CallState.PROMISED, offer=None, other_offers=(), agent=None)
    return apart if apart.promise is None else replace(apart, promise=_given_up(apart.promise))


def _given_up(promise: Promise) -> Promise:
    return replace(promise, dial_until=None, offer=None)


def _by_attention(call: CallSnapshot) -> tuple[bool, int, CallId]:
    reached = call.promise is not None and call.promise.is_reached
    return (not reached, call.sequence, call.call)
