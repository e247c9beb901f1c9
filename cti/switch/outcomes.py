"""
What Asterisk says of a Dial, told as the outcome of an offer.

`DIALSTATUS` alone does not tell: 603, 404, 488 and our own withdrawal all read CHANUNAVAIL. The
hangup cause (Q.850, in `HANGUPCAUSE`) does: busy 17, no answer 19, rejected 21, our own 26.
"""

from acd.facts import OfferOutcome

CAUSE_UNALLOCATED = 1
CAUSE_NO_ROUTE = 3
CAUSE_BUSY = 17
CAUSE_NO_USER_RESPONSE = 18
CAUSE_NO_ANSWER = 19
CAUSE_SUBSCRIBER_ABSENT = 20
CAUSE_REJECTED = 21
CAUSE_WITHDRAWN = 26
"""Q.850 26, non-selected user clearing: what we send when we take an offer back."""
CAUSE_OUT_OF_ORDER = 27

_BY_CAUSE = {
    CAUSE_UNALLOCATED: OfferOutcome.UNREACHABLE,
    CAUSE_NO_ROUTE: OfferOutcome.UNREACHABLE,
    CAUSE_BUSY: OfferOutcome.BUSY,
    CAUSE_NO_USER_RESPONSE: OfferOutcome.UNREACHABLE,
    CAUSE_NO_ANSWER: OfferOutcome.NO_ANSWER,
    CAUSE_SUBSCRIBER_ABSENT: OfferOutcome.UNREACHABLE,
    CAUSE_REJECTED: OfferOutcome.REJECTED,
    CAUSE_WITHDRAWN: OfferOutcome.WITHDRAWN,
    CAUSE_OUT_OF_ORDER: OfferOutcome.UNREACHABLE,
}


def outcome_of_dial(dial_status: str, cause: int, *, rang: bool | None) -> OfferOutcome:
    """
    Return how an offer ended that was not answered.

    Args:
        dial_status: `DIALSTATUS` after the Dial; empty where no Dial ran at all.
        cause: `HANGUPCAUSE`, 0 where unknown.
        rang: Whether the phone ever said that it rings; None where that was not watched. A phone
            that never said so within the ring time was not there: no agent missed anything.
    """
    if dial_status == "":
        return OfferOutcome.WITHDRAWN
    if dial_status == "CANCEL":
        return OfferOutcome.CALLER_LEFT
    if dial_status == "BUSY":
        return OfferOutcome.BUSY
    if dial_status == "NOANSWER":
        # The cause says nothing here: Asterisk leaves what the Dial before has set (measured).
        return OfferOutcome.UNREACHABLE if rang is False else OfferOutcome.NO_ANSWER
    return _BY_CAUSE.get(cause, OfferOutcome.FAILED)


def outcome_of_cause(cause: int, *, rang: bool | None) -> OfferOutcome:
    """Return how an offer ended whose leg was hung up with this cause, unanswered."""
    if cause == CAUSE_NO_ANSWER and rang is False:
        return OfferOutcome.UNREACHABLE
    return _BY_CAUSE.get(cause, OfferOutcome.FAILED)
