"""At the door: who comes in, who is sent elsewhere, who is turned away."""

import pytest

from acd.commands import DivertCall
from acd.ways import Cause
from cti.ids import CallId, QueueName
from cti.instants import Duration
from tests.acd.script import Script, queue_policy, target

BY_CAUSE = "closed>voicemail:box full>number:1234 no_agents>flow:night all_not_ready>call_back"
SUPPORT = queue_policy("support")


def test_each_cause_sends_newcomers_to_its_target() -> None:
    floor = Script(queue_policy(room=1, join=BY_CAUSE), agents="ann:sales")
    floor.queue("c1").expect("divert c1 sales flow night for no_agents")
    floor.log_on("ann").queue("c2").expect("divert c2 sales call_back for all_not_ready")
    floor.ready("ann").occupy("ann").queue("c3").expect("place c3 sales")
    floor.queue("c4").expect("divert c4 sales number 1234 for full")
    floor.close().queue("c5").expect("divert c5 sales voicemail box for closed")

    assert floor.commands[-1] == DivertCall(
        call=CallId("c5"),
        from_queue=QueueName("sales"),
        cause=Cause.CLOSED,
        target=target("voicemail:box"),
        waited=Duration(0),
    )
    assert floor.waiting() == ["c3"]


def test_of_several_causes_that_hold_the_first_rule_counts() -> None:
    floor = Script(queue_policy(join="no_agents>flow:night closed>voicemail:box"))

    floor.close().queue("c1").expect("divert c1 sales flow night for no_agents")


def test_an_agent_who_talks_and_wants_calls_is_neither_gone_nor_not_ready() -> None:
    floor = Script(queue_policy(join="no_agents>busy all_not_ready>busy"), agents="ann:sales")
    floor.log_on("ann").ready("ann").queue("c1").answer(1).forget()

    floor.queue("c2").expect("place c2 sales")
    floor.not_ready("ann").queue("c3").expect("turn away c3 all_not_ready")
    floor.log_off("ann").queue("c4").expect("turn away c4 no_agents")


@pytest.mark.parametrize("state", ["age", "waits", "talks"])
def test_who_states_his_age_or_is_there_already_is_no_newcomer(state: str) -> None:
    floor = Script(queue_policy(join="closed>busy"), SUPPORT, agents="ann:support", ready="ann")
    floor.close()
    if state == "waits":
        floor.queue("c0", "support").queue("c1", "support")
    if state == "talks":
        floor.queue("c1", "support").answer(1)
    floor.forget()

    floor.queue("c1", since=-5 if state == "age" else None).expect("place c1 sales")


def test_a_newcomer_may_be_sent_to_the_door_of_another_queue() -> None:
    floor = Script(
        queue_policy(join="closed>queue:support"),
        queue_policy("support", join="no_agents>queue:night"),
        queue_policy("night"),
        agents="eve:night",
        ready="eve",
    )
    floor.close().queue("c1").expect(
        "overflow c1 sales support", "overflow c1 support night", "place c1 night", "offer 1 c1 eve"
    )

    assert floor.outcomes() == {"overflowed": 1}
    assert floor.outcomes("support") == {"overflowed": 1}


def test_where_the_target_refuses_the_next_rule_counts() -> None:
    floor = Script(
        queue_policy(join="closed>queue:nowhere no_agents>queue:support no_agents>voicemail:box"),
        queue_policy("support", room=1),
    )
    floor.close().queue("c1").expect("overflow c1 sales support", "place c1 support")
    floor.queue("c2").expect("divert c2 sales voicemail box for no_agents")


def test_where_all_refuse_a_closed_queue_turns_away_and_an_open_one_takes() -> None:
    floor = Script(queue_policy(join="no_agents>queue:support closed>queue:support"), SUPPORT)
    floor.close("support").queue("c1").expect("place c1 sales")
    floor.close().queue("c2").expect("turn away c2 queue_closed")

    assert floor.outcomes() == {"closed": 1}


def test_a_circle_of_doors_comes_to_an_end() -> None:
    floor = Script(
        queue_policy("a", join="closed>queue:b"),
        queue_policy("b", join="closed>queue:a"),
        agents="",
    )
    floor.close("a").close("b").queue("c1", "a").expect("turn away c1 queue_closed")

    assert floor.outcomes("a") == {"closed": 1}
    assert floor.outcomes("b") == {}


def test_a_full_queue_with_a_way_turns_nobody_away() -> None:
    floor = Script(queue_policy(room=1, join="full>queue:support"), SUPPORT)
    floor.queue("c1").forget()

    floor.queue("c2").expect("overflow c2 sales support", "place c2 support")
    assert floor.outcomes() == {"overflowed": 1}


def test_a_call_that_was_sent_away_comes_back_with_its_age_and_as_a_newcomer_without() -> None:
    floor = Script(queue_policy(join="closed>number:1234"))
    floor.at(5).close().queue("c1").at(40).forget()

    floor.queue("c1").expect("divert c1 sales number 1234 for closed")
    floor.queue("c1", since=5).expect("place c1 sales")
    floor.leave("c1").queue("c1", since=5).expect()


def test_overflow_is_no_cause_at_a_door() -> None:
    Script(queue_policy(join="overflow>busy")).queue("c1").expect("place c1 sales")
