"""
The call log as a fold over the journal: facts and commands in, one final record per call out.

Pure: the same records give the same log, so that it can be folded anew at any time. Facts may come
twice, late, or about calls that it does not know; none of that makes a second record. It decides
nothing about calls and knows no database.
"""

from collections.abc import Iterator

from acd.commands import OfferCall
from acd.facts import CallQueued, OfferAnswered, OfferEnded
from cti.call_facts import CallArrived, CallCleared, FlowEntered
from cti.ids import CallId, OfferId
from cti.instants import Time, seconds
from storage.call_record import CallRecord, QueueExit
from storage.open_call import (
    AgentTold,
    CallerTold,
    OpenCall,
    final_record,
    follow_agent,
    follow_caller,
)

CALL_AGE_MAX = seconds(24 * 3600)
"""A call of which no end is reported is closed at this age, so that nothing waits for it."""
CLEARED_CALLS_KEPT = 10_000
"""So many ended calls are known again, should a late or double fact name them."""

_BEGINNINGS = (CallArrived, FlowEntered, CallQueued)
"""By these a call can become known, should the first of them be missing."""


class CallLog:
    """
    Folds journal records in their order; gives a call's record when it has ended.

    `oldest_position` is where the folding has to begin anew to know the calls that are open.
    """

    def __init__(self) -> None:
        self._calls: dict[CallId, OpenCall] = {}
        self._offers: dict[OfferId, CallId] = {}
        self._cleared: dict[CallId, None] = {}

    def oldest_position(self) -> int | None:
        """Return the first position of the oldest call that is open; None where none is."""
        # Calls stand in the order of their first positions: dicts keep the order of insertion.
        return next((call.first_position for call in self._calls.values()), None)

    def open_calls(self) -> int:
        """Return how many calls have begun and not ended."""
        return len(self._calls)

    def fold(
        self, position: int, at: Time, body: object, policy_version: str = ""
    ) -> list[CallRecord]:
        """
        Take the next record, and return the records of the calls that it ends: seldom one.

        `policy_version` is that of the rules that were in force then.
        """
        finished = list(self._overaged(position, at))
        if isinstance(body, CallCleared):
            if body.call not in self._cleared:
                call = self._opened(body.call, position, at)
                finished.append(self._finished(call, position, at, body))
        elif isinstance(body, OfferAnswered | OfferEnded):
            self._fold_offer(at, body)
        elif isinstance(body, CallerTold):
            known = self._calls.get(body.call)
            if known is None and isinstance(body, _BEGINNINGS) and body.call not in self._cleared:
                known = self._opened(body.call, position, at)
            if known is not None:
                known.policy_version = policy_version
                follow_caller(known, at, body)
        elif isinstance(body, AgentTold):
            known = self._calls.get(body.call)
            if known is not None:
                follow_agent(known, at, body)
                if isinstance(body, OfferCall):
                    self._offers[body.offer] = body.call
        return finished

    def _opened(self, call: CallId, position: int, at: Time) -> OpenCall:
        known = self._calls.get(call)
        if known is None:
            known = OpenCall(call=call, first_position=position, arrived_at=at)
            self._calls[call] = known
        return known

    def _fold_offer(self, at: Time, fact: OfferAnswered | OfferEnded) -> None:
        call = self._calls.get(self._offers.get(fact.offer, CallId("")))
        if call is None:
            return
        offer = call.offers[fact.offer]
        if offer.ended_at is not None or offer.answered_at is not None:
            return
        if isinstance(fact, OfferEnded):
            offer.ended_at, offer.outcome = at, fact.outcome
            return
        offer.answered_at = at
        call.leave(at, QueueExit.ANSWERED)
        call.stop_waiting(at)

    def _overaged(self, position: int, at: Time) -> Iterator[CallRecord]:
        while self._calls:
            oldest = next(iter(self._calls.values()))
            if at - oldest.arrived_at < CALL_AGE_MAX:
                return
            yield self._finished(oldest, position, at, None)

    def _finished(
        self, call: OpenCall, position: int, at: Time, end: CallCleared | None
    ) -> CallRecord:
        del self._calls[call.call]
        for offer in call.offers:
            if self._offers.get(offer) == call.call:
                del self._offers[offer]
        self._cleared[call.call] = None
        if len(self._cleared) > CLEARED_CALLS_KEPT:
            del self._cleared[next(iter(self._cleared))]
        return final_record(call, position, at, end)
