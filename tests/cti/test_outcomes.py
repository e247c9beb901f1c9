"""Asterisk's words for a Dial, told apart."""

import pytest

from acd.facts import OfferOutcome
from cti.switch.outcomes import outcome_of_cause, outcome_of_dial


@pytest.mark.parametrize(
    ("status", "cause", "rang", "expected"),
    [
        ("NOANSWER", 19, True, OfferOutcome.NO_ANSWER),
        ("NOANSWER", 0, None, OfferOutcome.NO_ANSWER),
        ("NOANSWER", 0, False, OfferOutcome.UNREACHABLE),
        ("NOANSWER", 26, True, OfferOutcome.NO_ANSWER),
        ("BUSY", 17, False, OfferOutcome.BUSY),
        ("CHANUNAVAIL", 21, True, OfferOutcome.REJECTED),
        ("CHANUNAVAIL", 1, False, OfferOutcome.UNREACHABLE),
        ("CHANUNAVAIL", 20, False, OfferOutcome.UNREACHABLE),
        ("CHANUNAVAIL", 26, True, OfferOutcome.WITHDRAWN),
        ("CHANUNAVAIL", 58, True, OfferOutcome.FAILED),
        ("CONGESTION", 34, False, OfferOutcome.FAILED),
        ("CANCEL", 0, True, OfferOutcome.CALLER_LEFT),
        ("", 0, None, OfferOutcome.WITHDRAWN),
        ("NEW IN ASTERISK 30", 0, None, OfferOutcome.FAILED),
    ],
)
def test_a_dial_ends_with_an_outcome(
    status: str, cause: int, rang: bool | None, expected: OfferOutcome
) -> None:
    assert expected is outcome_of_dial(status, cause, rang=rang)


@pytest.mark.parametrize(
    ("cause", "rang", "expected"),
    [
        (19, True, OfferOutcome.NO_ANSWER),
        (19, False, OfferOutcome.UNREACHABLE),
        (17, False, OfferOutcome.BUSY),
        (16, True, OfferOutcome.FAILED),
    ],
)
def test_a_leg_hung_up_unanswered_ends_its_offer(
    cause: int, rang: bool | None, expected: OfferOutcome
) -> None:
    assert expected is outcome_of_cause(cause, rang=rang)
