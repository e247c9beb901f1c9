"""Those who wait leave when a cause for it arises, after a grace period, by queue and in order."""

import pytest

from acd.distributor import Distributor
from acd.facts import AgentMadeNotReady, AgentMadeReady, OfferOutcome
from cti.ids import QueueName
from tests.acd.script import ANN, Script, policy, queue_policy

SALES = QueueName("sales")
SUPPORT = queue_policy("support")


def test_those_who_wait_leave_when_the_queue_closes() -> None:
    floor = Script(queue_policy(leave="closed>voicemail:box"))
    floor.at(1).queue("c1").at(2).queue("c2").at(5).forget()

    floor.close().expect(
        "divert c1 sales voicemail box for closed", "divert c2 sales voicemail box for closed"
    )
    assert floor.waiting() == []
    assert floor.outcomes() == {"diverted": 2}


def test_those_who_wait_leave_when_the_last_agent_logs_off() -> None:
    floor = Script(queue_policy(leave="no_agents>queue:support"), SUPPORT)
    floor.log_on("ann").log_on("ben").at(1).queue("c1").at(9).log_off("ann").forget()

    floor.log_off("ben").expect("overflow c1 sales support", "place c1 support")


def test_those_who_wait_leave_when_the_last_agent_takes_a_break() -> None:
    floor = Script(queue_policy(leave="all_not_ready>busy"), agents="ann:sales", ready="ann")
    floor.queue("c1").answer(1).at(1).queue("c2").at(9).forget()

    floor.not_ready("ann").expect("turn away c2 all_not_ready")
    assert floor.outcomes() == {"answered": 1, "all_not_ready": 1}


def test_the_grace_period_lets_the_cause_pass() -> None:
    floor = Script(queue_policy(leave="no_agents@30>busy"))
    floor.log_on("ann").at(1).queue("c1").at(10).log_off("ann").at(30).log_on("ann")
    floor.at(50).log_off("ann").forget()

    floor.at(79.9).expect()
    floor.at(80).expect("turn away c1 no_agents")


def test_the_grace_period_of_a_later_caller_begins_when_he_comes() -> None:
    floor = Script(queue_policy(leave="no_agents@30>busy"))
    floor.at(10).queue("c1").at(20).queue("c2").forget()

    floor.at(40).expect("turn away c1 no_agents")
    floor.at(49.9).expect()
    floor.at(50).expect("turn away c2 no_agents")


def test_a_ringing_call_is_not_taken_from_its_agent() -> None:
    floor = Script(queue_policy(leave="closed>busy"), agents="ann:sales", ready="ann")
    floor.queue("c1").at(1).queue("c2").at(5).forget()

    floor.close().expect("turn away c2 queue_closed")
    floor.end(1).expect("turn away c1 queue_closed")


def test_a_held_call_leaves_when_it_is_held_no_longer() -> None:
    floor = Script(queue_policy(leave="closed>busy"), agents="ann:sales", ready="ann")
    floor.queue("c1").at(5).end(1, OfferOutcome.CALLER_LEFT).close().forget()

    floor.at(6.9).expect()
    floor.at(7).expect("turn away c1 queue_closed")


def test_where_the_target_refuses_they_stay_and_try_again() -> None:
    floor = Script(
        queue_policy(leave="closed>queue:support"), queue_policy("support", room=2), agents=""
    )
    floor.queue("t1", "support").queue("c1").at(1).queue("c2").at(10).forget()

    floor.close().expect("overflow c1 sales support", "place c1 support")
    floor.at(12).leave("t1").at(14.9).expect()
    floor.at(15).expect("overflow c2 sales support", "place c2 support")


def test_whom_the_target_of_one_rule_refuses_goes_by_the_next() -> None:
    floor = Script(queue_policy(leave="closed>queue:nowhere closed@20>voicemail:box"), agents="")
    floor.queue("c1").at(10).close().forget()

    floor.at(29.9).expect()
    floor.at(30).expect("divert c1 sales voicemail box for closed")


def test_where_a_queue_is_full_the_longest_there_make_room() -> None:
    floor = Script(queue_policy(room=2, leave="full>queue:support"), SUPPORT, agents="")
    floor.queue("c1").at(5).forget()

    floor.queue("c2").expect("place c2 sales", "overflow c1 sales support", "place c1 support")
    assert floor.waiting() == ["c2"]


def test_queues_that_send_to_each_other_go_round_and_do_not_spin() -> None:
    floor = Script(
        queue_policy("a", leave="no_agents>queue:b"),
        queue_policy("b", leave="no_agents>queue:a"),
        agents="",
    )
    floor.queue("c1", "a").forget()

    floor.at(2.5).expect("overflow c1 a b", "place c1 b", "overflow c1 b a", "place c1 a")


def test_a_call_without_its_age_is_as_if_it_had_just_come() -> None:
    floor = Script(queue_policy(leave="closed>fresh:support"), SUPPORT, agents="")
    floor.at(1).queue("c1").at(5).queue("t1", "support").at(9).close()

    assert floor.waiting("support") == ["t1", "c1"]


def test_a_new_policy_brings_and_takes_leave_rules() -> None:
    ruled = queue_policy(leave="no_agents@10>busy")
    floor = Script(queue_policy(), agents="")
    floor.queue("c1").at(20).apply(policy("", ruled, version="v2")).at(25)
    floor.apply(policy("", queue_policy(), version="v3")).at(60).forget()

    assert floor.distributor.next_deadline() is None
    floor.apply(policy("", ruled, version="v4")).at(69.9).expect()
    floor.at(70).expect("turn away c1 no_agents")


def test_a_removed_queue_may_lose_its_last_caller_by_a_leave_rule() -> None:
    floor = Script(queue_policy(leave="no_agents@30>busy"), SUPPORT, agents="")
    floor.queue("c1").at(5).apply(policy("", SUPPORT, version="v2")).forget()

    floor.at(30).expect("turn away c1 no_agents")
    assert floor.distributor.next_deadline() is None


@pytest.mark.parametrize("after", [0, 30])
def test_leaving_outlives_a_restart(after: int) -> None:
    floor = Script(queue_policy(leave=f"closed@{after}>busy"), agents="ann:sales", ready="ann")
    floor.queue("c1").at(5).close().forget()
    floor.distributor = Distributor.restore(floor.distributor.snapshot())

    floor.at(10).end(1).not_ready("ann").at(35).expect("turn away c1 queue_closed")


def test_who_wants_calls_but_none_of_this_queue_is_not_ready_here() -> None:
    floor = Script(
        queue_policy(leave="all_not_ready>busy", join="all_not_ready>busy"),
        SUPPORT,
        agents="ann:sales,support",
        ready="ann",
    )
    floor.occupy("ann").queue("c1").at(9).forget()

    floor.tell(AgentMadeNotReady(agent=ANN, reason="no", queue=SALES))
    floor.expect("turn away c1 all_not_ready")
    floor.queue("c2").expect("turn away c2 all_not_ready").queue("c3", "support").forget()
    floor.tell(AgentMadeReady(agent=ANN, queue=SALES)).queue("c4").expect("place c4 sales")
