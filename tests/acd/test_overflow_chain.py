"""An overflow chain: the first rule all of whose conditions hold, and whose target takes a call."""

from tests.acd.script import Script, policy, queue_policy

SUPPORT = queue_policy("support")


def test_the_rules_of_a_chain_follow_one_another_in_time() -> None:
    floor = Script(
        queue_policy(chain="wait=30>queue:support wait=90>voicemail:box"),
        queue_policy("support", room=1),
        agents="",
    )
    floor.queue("t1", "support").queue("c1").queue("c2").at(20).leave("t1").forget()

    floor.at(30).expect("overflow c1 sales support", "place c1 support")
    floor.at(89.9).expect()
    floor.at(90).expect("divert c2 sales voicemail box for overflow")
    assert floor.outcomes() == {"overflowed": 1, "diverted": 1}


def test_a_rule_without_a_wait_is_for_newcomers() -> None:
    floor = Script(queue_policy(chain="waiting=2>queue:support"), SUPPORT, agents="")
    floor.queue("c1").queue("c2").queue("back", since=-9).forget()

    floor.queue("c3").expect("overflow c3 sales support", "place c3 support")
    assert floor.waiting() == ["back", "c1", "c2"]


def test_calls_per_agent_counts_those_who_are_logged_on() -> None:
    floor = Script(queue_policy(chain="calls_per_agent=1.5>busy"))
    floor.log_on("ann").log_on("ben").queue("c1").queue("c2").forget()

    floor.queue("c3").expect("place c3 sales")
    floor.queue("c4").expect("turn away c4 overflow")
    assert floor.outcomes() == {"turned_away": 1}


def test_with_nobody_logged_on_there_are_always_too_many_calls_per_agent() -> None:
    floor = Script(queue_policy(chain="calls_per_agent=100>busy"))

    floor.queue("c1").expect("turn away c1 overflow")


def test_all_conditions_of_a_rule_must_hold() -> None:
    floor = Script(queue_policy(chain="wait=10,waiting=2>voicemail:box"), agents="")
    floor.queue("c1").at(12).expect("place c1 sales")
    floor.queue("c2").forget()

    floor.at(14.9).expect()
    floor.at(15).expect("divert c1 sales voicemail box for overflow")
    floor.at(90).expect()


def test_the_first_rule_that_holds_counts() -> None:
    floor = Script(
        queue_policy(chain="wait=20,calls_per_agent=9>busy wait=20>queue:support"),
        SUPPORT,
        agents="ann:sales",
    )
    floor.log_on("ann").queue("c1").forget()

    floor.at(20).expect("overflow c1 sales support", "place c1 support")


def test_a_chain_that_refuses_tries_again() -> None:
    floor = Script(
        queue_policy(chain="wait=10>queue:support wait=25>queue:night"),
        queue_policy("support", room=1),
        agents="",
    )
    floor.queue("t1", "support").queue("c1").forget()

    floor.at(26).expect()
    floor.leave("t1").at(35).expect("overflow c1 sales support", "place c1 support")


def test_a_call_may_begin_anew_in_the_other_queue() -> None:
    floor = Script(queue_policy(chain="wait=10>fresh:support"), SUPPORT, agents="")
    floor.queue("c1").at(5).queue("t1", "support").at(10)

    assert floor.waiting("support") == ["t1", "c1"]


def test_the_short_form_and_a_chain_of_one_rule_are_the_same() -> None:
    floor = Script(queue_policy(overflow=(60, "support")), SUPPORT, agents="")
    floor.queue("c1").at(30)
    before = floor.distributor.next_deadline()
    floor.apply(policy("", queue_policy(chain="wait=60>queue:support"), SUPPORT)).forget()

    assert before == floor.distributor.next_deadline()
    floor.at(60).expect("overflow c1 sales support", "place c1 support")


def test_a_door_rule_of_the_chain_comes_after_the_join_rules() -> None:
    floor = Script(queue_policy(join="no_agents>voicemail:box", chain="waiting=1>busy"))
    floor.queue("c0", since=-1).forget()

    floor.queue("c1").expect("divert c1 sales voicemail box for no_agents")
    floor.log_on("ann").queue("c2").expect("turn away c2 overflow")


def taught(chain: str) -> Script:
    """Return a floor with one agent, whose calls have taken half a minute each so far."""
    floor = Script(queue_policy(wrap=0, chain=chain), agents="ann:sales", ready="ann")
    for number in range(30):
        floor.queue(f"t{number}").answer(number + 1).at(30 * (number + 1))
        floor.end_talk(f"t{number}", "ann")
    return floor.forget()


def test_newcomers_go_elsewhere_where_their_wait_is_expected_to_be_long() -> None:
    floor = taught("estimated_wait=45>busy")
    floor.queue("c1").answer(31).queue("c2").forget()

    floor.queue("c3").expect("turn away c3 overflow")


def test_who_waits_goes_elsewhere_where_so_much_more_waiting_is_expected() -> None:
    floor = taught("wait=10,estimated_wait=60>voicemail:box")
    floor.queue("c1").answer(31).queue("c2").queue("c3").queue("c4").forget()

    floor.at(911).expect("divert c4 sales voicemail box for overflow")
    assert floor.waiting() == ["c2", "c3"]


def test_where_the_wait_cannot_be_told_nobody_goes_elsewhere_for_it() -> None:
    floor = Script(queue_policy(chain="estimated_wait=1>busy"))

    floor.queue("c1").expect("place c1 sales")
