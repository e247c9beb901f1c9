"""What a caller was to hear, in plain sentences."""

import pytest

from acd.commands import Announce, EstimateOutcome, JudgeEstimate
from cti.explaining.happenings_words import sentence
from cti.ids import CallId, QueueName
from cti.instants import Duration, Time, seconds

CALL, SALES = CallId("c1"), QueueName("sales")


@pytest.mark.parametrize(
    ("position", "wait", "message", "told"),
    [
        ((3, False), None, None, "He was to hear that his position was 3."),
        ((10, True), None, None, "He was to hear that his position was beyond 10."),
        (None, (120, False), None, "He was to hear that it would take 2 min 0 s at most."),
        (None, (1_800, True), None, "He was to hear that it would take more than 30 min 0 s."),
        (None, None, "please_hold", "He was to hear the prompt please_hold."),
        (
            (1, False),
            (60, False),
            None,
            (
                "He was to hear that his position was 1. "
                "He was to hear that it would take 1 min 0 s at most."
            ),
        ),
    ],
)
def test_an_announcement_is_told_as_it_was_to_be_heard(
    position: tuple[int, bool] | None,
    wait: tuple[int, bool] | None,
    message: str | None,
    told: str,
) -> None:
    said = Announce(
        call=CALL,
        queue=SALES,
        position=None if position is None else position[0],
        position_is_more=position is not None and position[1],
        estimate=None if wait is None else seconds(wait[0]),
        estimate_is_more=wait is not None and wait[1],
        message=message,
    )

    assert sentence(said, {}) == told


@pytest.mark.parametrize(
    ("outcome", "aloud", "is_more", "told"),
    [
        (
            EstimateOutcome.ANSWERED,
            True,
            False,
            (
                "He had been told that it would take 2 min 0 s at most. "
                "He was answered 1 min 35 s after that."
            ),
        ),
        (
            EstimateOutcome.LEFT,
            True,
            True,
            (
                "He had been told that it would take more than 2 min 0 s. "
                "He left 1 min 35 s after that."
            ),
        ),
        (
            EstimateOutcome.MOVED,
            False,
            False,
            (
                "His wait was estimated, and not told him: estimates of sales had proved wrong. "
                "He was moved on 1 min 35 s after that."
            ),
        ),
    ],
)
def test_an_estimate_is_told_beside_what_happened(
    outcome: EstimateOutcome, aloud: bool, is_more: bool, told: str
) -> None:
    judged = JudgeEstimate(
        call=CALL,
        queue=SALES,
        at=Time(0),
        expected=Duration(0),
        said=seconds(120),
        is_more=is_more,
        aloud=aloud,
        actual=seconds(95),
        outcome=outcome,
    )

    assert sentence(judged, {}) == told
