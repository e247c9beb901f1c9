"""What waiting callers hear on a floor that was put right."""

from dataclasses import replace

import pytest

from acd.proof.healing import heal
from acd.proof.invariants import audit
from acd.tables.floor import Floor
from acd.tables.hearing import NOTHING_HEARD
from acd.tables.timers import Timer, TimerKind
from cti.ids import CallId
from tests.acd.script import Script, announce_policy, at, queue_policy

C1 = CallId("c1")
PLACE = queue_policy(announce=announce_policy(position=10))


def forget_the_timer(floor: Floor) -> None:
    floor.timers.cancel(Timer(TimerKind.ANNOUNCE, call=C1))


def forget_what_comes_next(floor: Floor) -> None:
    floor.calls[C1].hearing = NOTHING_HEARD


def believe_that_it_is_due(floor: Floor) -> None:
    floor.calls[C1].hearing = replace(floor.calls[C1].hearing, is_due=True)


@pytest.mark.parametrize("wrong", [forget_the_timer, forget_what_comes_next])
def test_a_waiting_caller_hears_what_he_was_to_hear(wrong: object) -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").at(10).forget()
    assert callable(wrong)
    wrong(floor.distributor._floor)
    assert audit(floor.distributor._floor) != []

    heal(floor.distributor._floor, [])

    assert audit(floor.distributor._floor) == []
    floor.at(20).expect("announce c1 at 1")


def test_what_is_thought_to_be_due_to_a_caller_who_waits_is_told_when_it_is() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").at(10)
    believe_that_it_is_due(floor.distributor._floor)
    assert audit(floor.distributor._floor) != []

    heal(floor.distributor._floor, [])

    floor.queue("c2").forget()
    assert audit(floor.distributor._floor) == []
    floor.at(20).expect("announce c1 at 1")


def test_who_talks_hears_nothing() -> None:
    floor = Script(PLACE, agents="ann:sales", ready="ann")
    floor.queue("c1").answer(1).forget()
    call = floor.distributor._floor.calls[C1]
    call.hearing = replace(call.hearing, next_at=at(20), place_at=at(20))
    assert audit(floor.distributor._floor) != []

    heal(floor.distributor._floor, [])

    assert floor.distributor._floor.calls[C1].hearing == NOTHING_HEARD
    assert audit(floor.distributor._floor) == []
    floor.at(500).expect()
