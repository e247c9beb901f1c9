"""`cordboard explain`: call-backs, from the question to the talk, and why there is none yet."""

from pathlib import Path

import pytest

from acd.call_backs import (
    CallBackPromised,
    CallBackWithdrawn,
    CustomerNotReached,
    CustomerReached,
    NotReached,
)
from acd.facts import (
    CallerLeft,
    CallerPressed,
    OfferAnswered,
    PolicyApplied,
    QueueClosed,
    QueueOpened,
    SaidBy,
)
from cti.ids import CallId, OfferId, QueueName
from tests.acd.script import call_back_policy, policy, queue_policy
from tests.cti.explaining.life import Life
from tests.cti.floors import ANN, arrived, queued, works
from tests.cti.test_explain_command import lines

C1, C2 = CallId("c1"), CallId("c2")
SALES = QueueName("sales")


def life(folder: Path, first: str = "agent") -> Life:
    """Return a desk at which c1 is promised a call, and nobody works."""
    rules = queue_policy(keys="1>call_back", call_back=call_back_policy(first=first), wrap=0)
    begun = Life(folder)
    begun.go(PolicyApplied(policy=policy("ann:sales", rules)))
    begun.go(arrived("c1"), queued("c1"), then_s=5)  # 22:13:21
    begun.go(CallerPressed(call=C1, key="1"), then_s=4)
    begun.go(CallBackPromised(call=C1, party="anna"))
    begun.go(CallerLeft(call=C1), then_s=60)
    return begun


def test_a_call_back_is_told_from_the_question_to_the_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    desk = life(tmp_path)
    desk.go(*works(ANN), then_s=3)  # 22:14:31
    desk.go(OfferAnswered(offer=OfferId(1)), then_s=10)
    missed = CustomerNotReached(call=C1, attempt=1, cause=NotReached.BUSY)
    desk.go(missed, then_s=60)
    desk.go(OfferAnswered(offer=OfferId(2)), then_s=5)
    desk.go(CustomerReached(call=C1, attempt=2), then_s=30)
    desk.go(CallerLeft(call=C1))
    told = lines(desk, "c1")
    happened = [line[14:] for line in told if line.startswith("22:")]

    assert happened == [
        "The caller came, for service 8000.",
        "He was given a place in queue sales.",
        "The caller pressed 1 while he waited.",
        "After 5.0 s he asked by a key to be called back, in queue sales.",
        "A number was confirmed at which to call him back.",
        (
            "It was promised to call him back, from his place in queue sales, until"
            " 2023-11-14 23:13:30."
        ),
        "The caller's line was gone.",
        "The call was offered to ann (offer 1, main/PJSIP/ann).",
        "ann answered.",
        "He was dialled for ann, who had the card: attempt 1.",
        "Attempt 1 did not reach him: his number was busy.",
        "The call was offered to ann (offer 2, main/PJSIP/ann).",
        "ann answered.",
        "He was dialled for ann, who had the card: attempt 2.",
        "Attempt 2 reached him.",
        "The caller's line was gone.",
    ]
    assert (
        "              He has hung up and is to be called back, until 2023-11-14 23:13:30;"
        " 0 attempts were made. He is the first in queue sales."
    ) in told
    assert (
        "              He is not called before 22:15:44.000: the last attempt did not reach him."
    ) in told
    assert "call c1 in sales was to be called back, but not just now" in "".join(
        lines(desk, "--agent", "ann", "--at", "2023-11-14T22:14:50Z")
    )
    desk.journal.close()


def test_what_keeps_a_customer_from_being_called_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    desk = life(tmp_path, first="customer")
    asked = "He is dialled when an agent is left for him by those before him."
    assert asked in lines(desk, "--caller", "c1", "--at", "2023-11-14T22:13:35Z")
    desk.go(QueueClosed(queue=SALES, said_by=SaidBy.PERSON), then_s=5)
    desk.go(CallBackPromised(call=C2, party="anna", queue=SALES))
    desk.go(CallBackPromised(call=C2, party="ben", queue=SALES), then_s=5)
    desk.go(QueueOpened(queue=SALES, said_by=SaidBy.PERSON))
    desk.go(*works(ANN))
    desk.go(CallBackWithdrawn(call=C1))
    one, other = lines(desk, "c1"), lines(desk, "c2")
    desk.journal.close()

    assert "He is not called now: his queue is closed." in "".join(other)
    assert any(
        line.endswith(
            "Nothing more was promised: the same number was to be called back already in this"
            " queue."
        )
        for line in other
    )
    assert [line[14:] for line in one if line.startswith("22:")][-4:] == [
        "It was his turn: he was dialled, attempt 1.",
        "A person took the promise back to call him.",
        "The dialling of attempt 1 was to stop.",
        "The promise was taken back (attempts: 1).",
    ]
