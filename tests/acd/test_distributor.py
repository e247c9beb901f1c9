"""The door itself: time, unknown facts, snapshots, pictures."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest
from cattrs.preconf.orjson import make_converter

from acd.commands import Occupation, Wish
from acd.distributor import Distributor, _fire
from acd.errors import SnapshotRefusedError
from acd.facts import CallQueued, OfferOutcome
from acd.misses import MissCause
from acd.picture import AgentCounts, AgentPicture, QueuePicture, WaitingPicture
from acd.snapshot import STATE_VERSION, DistributorState
from acd.tables.floor import Floor
from acd.tables.offer_state import OfferState
from acd.tables.timers import Timer
from acd.tables.waiting import Call, CallState
from cti.ids import CallId, OfferId, QueueName
from cti.instants import Duration, seconds
from tests.acd.script import ANN, BEN, Script, at, brief, phone
from tests.simulation.chance import story


def test_before_any_policy_every_call_is_turned_away() -> None:
    fact = CallQueued(call=CallId("c1"), queue=QueueName("sales"))

    assert [brief(c) for c in Distributor().handle(fact, at(0))] == ["turn away c1 queue_unknown"]


def test_an_idle_floor_has_no_deadline() -> None:
    distributor = Distributor()

    assert distributor.next_deadline() is None
    assert distributor.advance(at(99)) == []


def test_time_that_runs_back_is_held() -> None:
    floor = Script(ready="ann")
    floor.at(10).queue("c1").forget()
    floor.now = at(4)

    floor.queue("c2").answer(1).shown("ann ready busy c1")
    assert floor.distributor.snapshot().now == at(10)
    assert floor.distributor.picture(at(4)).at == at(10)
    assert floor.distributor.advance(at(3)) == []


def test_a_timer_of_no_kind_is_a_bug() -> None:
    floor = Floor(at(0))
    call = Call(
        call=CallId("c1"),
        queue=QueueName("sales"),
        entered_at=at(0),
        priority=Duration(0),
        sequence=1,
        queued_at=at(0),
    )
    floor.calls[call.call] = call

    with pytest.raises(AssertionError):
        _fire(floor, Timer(kind=99, call=call.call))  # type: ignore[arg-type]


def test_a_snapshot_of_another_core_is_refused() -> None:
    state = dataclasses.replace(Distributor().snapshot(), state_version=STATE_VERSION + 1)

    with pytest.raises(SnapshotRefusedError, match="reads 1"):
        Distributor.restore(state)


def busy_floor() -> Script:
    """Return a floor on which something of everything is going on, at 63 s."""
    floor = Script(
        agents="ann:sales ben:sales,support cat:sales dan:support eve:support fay:sales gus:sales",
        ready="ann ben cat dan eve fay gus",
    )
    floor.at(1).queue("c1").answer(1).queue("c2").answer(2).at(58).end_talk("c2", "ben")
    floor.at(59).queue("c3", ahead=20).queue("c4").leave("c4").queue("c5").queue("c6")
    floor.at(60).end(5, OfferOutcome.UNREACHABLE).queue("c7", "support")
    floor.at(61).end(6, OfferOutcome.CALLER_LEFT).log_off("fay").occupy("eve")
    floor.at(62).leave("c9").queue("c8", since=30)
    return (
        floor.promise("c11", "anna", "support").answer(7).promise("c12", "anna", "sales").forget()
    )


def test_a_restored_distributor_goes_on_exactly_as_the_first() -> None:
    floor = busy_floor()
    twin = Distributor.restore(floor.distributor.snapshot())

    fact = CallQueued(call=CallId("c10"), queue=QueueName("support"))
    assert floor.distributor.handle(fact, at(62)) == twin.handle(fact, at(62))
    assert floor.distributor.advance(at(1000)) == twin.advance(at(1000))
    assert floor.distributor.snapshot() == twin.snapshot()


def test_a_snapshot_survives_being_written_as_json() -> None:
    state = busy_floor().distributor.snapshot()
    codec = make_converter()

    assert codec.loads(codec.dumps(state), DistributorState) == state


def test_the_busy_floor_of_these_tests_has_something_of_everything() -> None:
    state = busy_floor().distributor.snapshot()

    assert {call.state for call in state.calls} == set(CallState)
    assert {offer.state for offer in state.offers} == {OfferState.RINGING, OfferState.WITHDRAWING}
    assert {agent.wish for agent in state.agents} >= {Wish.READY, Wish.LOGGED_OFF}
    assert any(agent.rests_until for agent in state.agents)
    assert any(call.spared for call in state.calls)
    assert state.departed


def test_looking_changes_nothing() -> None:
    floor = busy_floor()
    before = floor.distributor.snapshot()

    assert floor.distributor.picture(at(70)) == floor.distributor.picture(at(70))
    assert floor.distributor.snapshot() == before


def test_a_picture_shows_who_waits_and_who_works() -> None:
    floor = Script(agents="ann:sales ben:sales,support", ready="ann ben")
    floor.at(5).queue("c1", ahead=20).at(6).queue("t1", "support").answer(2)
    floor.at(7).end(1).queue("c2")
    picture = floor.distributor.picture(at(8))

    assert picture.at == at(8)
    assert picture.policy_version == "v1"
    assert picture.talks == ((CallId("t1"), BEN),)
    assert picture.queues[0] == QueuePicture(
        name=QueueName("sales"),
        removed=False,
        waiting=(
            WaitingPicture(call=CallId("c1"), since=at(5), priority=seconds(20), offered_to=()),
            WaitingPicture(call=CallId("c2"), since=at(7), priority=seconds(0), offered_to=(ANN,)),
        ),
        agents=AgentCounts(
            ready=0,
            logged_off=0,
            not_ready=0,
            offered=1,
            busy=1,
            busy_elsewhere=0,
            wrapping_up=0,
            resting=0,
        ),
    )
    assert picture.agents[0] == AgentPicture(
        agent=ANN,
        queues=(QueueName("sales"),),
        wish=Wish.READY,
        reason=None,
        occupation=Occupation.OFFERED,
        device=phone("ann-phone"),
        call=CallId("c2"),
        offer=OfferId(3),
        since=at(7),
        until=None,
        idle_since=at(7),
        misses=((MissCause.NO_ANSWER, 1),),
    )


def test_a_picture_shows_until_when_an_agent_rests() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(5).queue("c1").at(6).end(1, OfferOutcome.UNREACHABLE)

    assert floor.distributor.picture(at(8)).agents[0].until == at(36)


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_the_order_of_hashing_decides_nothing(hash_seed: str) -> None:
    """Other processes hash strings otherwise; they must command the same nevertheless."""
    program = (
        "import json; from tests.simulation.chance import story;"
        "print(json.dumps(story(seed=5, steps=60)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        text=True,
    )

    assert story(seed=5, steps=60) == json.loads(done.stdout)
