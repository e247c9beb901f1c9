"""One rule: after a wait in this queue, the call goes on to another."""

import pytest

from acd.commands import OverflowCall
from acd.facts import OfferOutcome
from acd.rules.placing import OVERFLOW_WAIT_MIN
from cti.ids import CallId, QueueName
from cti.instants import as_seconds, seconds
from tests.acd.script import Script, at, policy, queue_policy

SALES = queue_policy("sales", overflow=(60, "support"))
SUPPORT = queue_policy("support")


def test_a_call_goes_on_to_the_other_queue_after_the_wait() -> None:
    floor = Script(SALES, SUPPORT, agents="ben:support", ready="ben")
    floor.at(1).queue("c1", since=-10).forget()

    floor.at(60.9).expect()
    floor.at(61).expect("overflow c1 sales support", "place c1 support", "offer 1 c1 ben")
    assert floor.commands[-4] == OverflowCall(
        call=CallId("c1"),
        from_queue=QueueName("sales"),
        to_queue=QueueName("support"),
        waited=seconds(71),
    )


def test_a_call_that_overflows_keeps_its_age_and_head_start() -> None:
    floor = Script(SALES, SUPPORT)
    floor.at(1).queue("c1").at(2).queue("t1", "support", ahead=2).at(30).queue("t2", "support")
    floor.at(61)

    assert floor.waiting("support") == ["t1", "c1", "t2"]


def test_a_ringing_call_is_not_taken_from_the_agent_by_an_overflow() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:support", ready="ann ben")
    floor.at(1).queue("c0").at(2).answer(1).queue("c1").at(50).end_talk("c0", "ann")
    floor.end_wrap_up("ann").forget()

    floor.at(63).expect()
    floor.at(65).end(2).expect("overflow c1 sales support", "place c1 support", "offer 3 c1 ben")


def test_an_overflow_that_fell_due_while_ringing_is_forgotten_with_the_answer() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:support", ready="ann ben")
    floor.at(1).queue("c0").at(2).answer(1).queue("c1").at(50).end_talk("c0", "ann")
    floor.end_wrap_up("ann").at(63).forget()

    floor.at(64).answer(2).at(500).expect()


def test_a_held_call_overflows_when_it_is_held_no_longer() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:support")
    floor.at(1).queue("c1").at(59).log_on("ann").ready("ann").at(60).forget()

    floor.end(1, OfferOutcome.CALLER_LEFT).at(61.5).expect()
    floor.at(62).expect("overflow c1 sales support", "place c1 support")


def test_the_wait_counts_anew_in_each_queue_of_a_chain() -> None:
    floor = Script(
        queue_policy("a", overflow=(10, "b")),
        queue_policy("b", overflow=(20, "c")),
        queue_policy("c"),
        agents="",
    )
    floor.at(0).queue("c1", "a").forget()

    floor.at(29.9).expect("overflow c1 a b", "place c1 b")
    floor.at(300).expect("overflow c1 b c", "place c1 c")


@pytest.mark.parametrize("wait", [0, -5, 1])
def test_a_circle_of_queues_goes_round_and_does_not_spin(wait: float) -> None:
    floor = Script(
        queue_policy("a", overflow=(wait, "b")), queue_policy("b", overflow=(wait, "a")), agents=""
    )
    floor.queue("c1", "a").forget()
    floor.at(10)

    hops = [command for command in floor.commands if isinstance(command, OverflowCall)]
    assert len(hops) == 10 / as_seconds(OVERFLOW_WAIT_MIN)


def test_a_long_delay_of_the_clock_makes_one_hop_only() -> None:
    floor = Script(
        queue_policy("a", overflow=(1, "b")), queue_policy("b", overflow=(1, "a")), agents=""
    )
    floor.queue("c1", "a").forget()

    late = floor.distributor.advance(at(3600))

    assert len([command for command in late if isinstance(command, OverflowCall)]) == 1


def test_a_rule_that_leads_back_to_its_own_queue_does_nothing() -> None:
    floor = Script(queue_policy("a", overflow=(10, "a")), agents="")
    floor.queue("c1", "a").forget()

    floor.at(100).expect()
    assert floor.distributor.next_deadline() is None


def test_where_the_other_queue_is_full_the_call_stays_and_tries_again() -> None:
    floor = Script(SALES, queue_policy("support", room=1), agents="ben:support")
    floor.at(1).queue("t1", "support").queue("c1").forget()

    floor.at(61).expect()
    floor.at(62).leave("t1").at(120.9).expect()
    floor.at(121).expect("overflow c1 sales support", "place c1 support")


def test_where_the_other_queue_does_not_exist_the_call_stays() -> None:
    floor = Script(queue_policy("sales", overflow=(60, "nowhere")))
    floor.at(1).queue("c1").forget()

    floor.at(500).expect()
    assert floor.waiting() == ["c1"]


def test_a_new_rule_counts_from_when_the_call_entered_the_queue() -> None:
    floor = Script(queue_policy("sales"), SUPPORT)
    floor.at(1).queue("c1").at(30).apply(policy("", SALES, SUPPORT)).forget()

    floor.at(61).expect("overflow c1 sales support", "place c1 support")


def test_a_new_rule_counts_from_when_the_call_came_here_by_overflow() -> None:
    floor = Script(SALES, SUPPORT)
    floor.at(1).queue("c1").at(70).forget()
    floor.apply(policy("", SALES, queue_policy("support", overflow=(30, "sales"))))

    floor.at(90.9).expect()
    floor.at(91).expect("overflow c1 support sales", "place c1 sales")


def test_a_new_rule_that_is_long_due_acts_at_once() -> None:
    floor = Script(queue_policy("sales"), SUPPORT)
    floor.at(1).queue("c1").at(100).apply(policy("", SALES, SUPPORT)).forget()

    floor.at(100).expect("overflow c1 sales support", "place c1 support")


def test_a_rule_that_is_taken_away_moves_nobody_any_more() -> None:
    floor = Script(SALES, SUPPORT)
    floor.at(1).queue("c1").at(30).apply(policy("", queue_policy("sales"), SUPPORT)).forget()

    floor.at(500).expect()


def test_a_rule_that_is_taken_away_after_it_fell_due_moves_nobody() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales")
    floor.at(1).queue("c1").at(59).log_on("ann").ready("ann").at(62)
    floor.apply(policy("ann:sales", queue_policy("sales"), SUPPORT)).forget()

    floor.at(63).end(1).expect()


def test_an_unchanged_rule_is_not_touched_by_a_new_policy() -> None:
    floor = Script(SALES, SUPPORT)
    floor.at(1).queue("c1").at(30).apply(policy("", SALES, SUPPORT, version="v2")).forget()

    floor.at(61).expect("overflow c1 sales support", "place c1 support")
