"""Keys that a waiting caller presses: where they lead, when they count, and when not."""

import pytest

from acd.facts import OfferOutcome
from tests.acd.script import Script, announce_policy, policy, queue_policy

SALES = queue_policy(keys="1>voicemail:box 2>queue:support 3>fresh:support 4>busy *>flow:menu")
SUPPORT = queue_policy("support")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("1", "divert c1 sales voicemail box for key"),
        ("*", "divert c1 sales flow menu for key"),
        ("4", "turn away c1 key"),
    ],
)
def test_a_key_leads_out_of_the_queue(key: str, told: str) -> None:
    floor = Script(SALES, SUPPORT, agents="")
    floor.queue("c1").forget()

    floor.at(5).press("c1", key).expect(told)
    assert floor.distributor.snapshot().calls == ()


def test_a_key_leads_to_another_queue_with_his_age() -> None:
    floor = Script(SALES, SUPPORT, agents="ben:support")
    floor.queue("c1").at(3).queue("s1", "support").forget()

    floor.at(5).press("c1", "2").expect("overflow c1 sales support", "place c1 support")
    assert floor.waiting("support") == ["c1", "s1"]


def test_a_key_may_lead_to_another_queue_and_begin_anew() -> None:
    floor = Script(SALES, SUPPORT, agents="")
    floor.queue("c1").at(3).queue("s1", "support").at(5).press("c1", "3")

    assert floor.waiting("support") == ["s1", "c1"]


def test_a_key_that_means_nothing_does_nothing() -> None:
    floor = Script(SALES, SUPPORT, agents="")
    floor.queue("c1").queue("s1", "support").forget()

    floor.press("c1", "9").press("s1", "1").press("nobody", "1").expect()


def test_a_key_that_leads_to_his_own_queue_does_nothing() -> None:
    floor = Script(queue_policy(keys="1>queue:sales"), agents="")
    floor.queue("c1").forget()

    floor.press("c1", "1").expect()


@pytest.mark.parametrize("target", ["queue:support", "queue:nowhere"])
def test_where_the_other_queue_takes_nobody_he_waits_on(target: str) -> None:
    floor = Script(queue_policy(keys=f"1>{target}"), queue_policy("support", room=1), agents="")
    floor.queue("s1", "support").queue("c1").forget()

    floor.press("c1", "1").expect()
    assert floor.waiting() == ["c1"]


def test_a_key_counts_while_an_agents_phone_rings() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:support", ready="ann")
    floor.queue("c1").forget()

    floor.at(5).press("c1", "1").expect(
        "withdraw 1 call_moved", "divert c1 sales voicemail box for key"
    )
    floor.end(1, OfferOutcome.WITHDRAWN).queue("c2").expect("place c2 sales", "offer 2 c2 ann")


def test_a_key_pressed_while_it_rings_moves_the_call_and_the_next_agent_gets_it_then() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:support", ready="ann ben")
    floor.queue("c1").forget()

    floor.at(5).press("c1", "2").expect(
        "withdraw 1 call_moved", "overflow c1 sales support", "place c1 support"
    )
    floor.end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c1 ben")


def test_a_key_does_not_count_while_it_rings_where_the_queue_says_so() -> None:
    floor = Script(
        queue_policy(keys="1>voicemail:box", keys_while_ringing=False), agents="ann:sales"
    )
    floor.log_on("ann").ready("ann").queue("c1").forget()

    floor.at(5).press("c1", "1").expect()
    floor.end(1).press("c1", "1").expect("divert c1 sales voicemail box for key")


def test_who_presses_a_key_has_not_left() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:support", ready="ann ben")
    floor.queue("c1").end(1, OfferOutcome.CALLER_LEFT).forget()

    floor.press("c1", "2").expect("overflow c1 sales support", "place c1 support", "offer 2 c1 ben")


def test_a_key_does_not_count_in_a_talk() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales", ready="ann")
    floor.queue("c1").answer(1).forget()

    floor.press("c1", "1").expect()


def test_a_key_counts_during_an_announcement_and_ends_those_of_the_queue() -> None:
    told = announce_policy(position=10, comfort="please", only_improved=False)
    floor = Script(queue_policy(announce=told, keys="1>voicemail:box"), agents="")
    floor.queue("c1").at(20).forget()

    floor.press("c1", "1").expect("divert c1 sales voicemail box for key").at(500).expect()


def test_the_queue_that_he_chose_tells_him_his_position_anew() -> None:
    told = announce_policy(position=10)
    floor = Script(
        queue_policy(announce=told, keys="2>queue:support"),
        queue_policy("support", announce=told),
        agents="",
    )
    floor.queue("s1", "support").queue("c1", since=-60).at(20).press("s1", "1").forget()
    floor.queue("s2", "support", since=-90).queue("s3", "support", since=-90)

    floor.press("c1", "2").at(40).expect(
        "place s2 support",
        "place s3 support",
        "overflow c1 sales support",
        "place c1 support",
        "announce c1 at 3",
        "announce s2 at 1",
        "announce s3 at 2",
    )


def test_new_rules_give_keys_another_meaning_at_once() -> None:
    floor = Script(SALES, SUPPORT, agents="")
    floor.queue("c1").apply(policy("", queue_policy(keys="1>number:1234"), SUPPORT)).forget()

    floor.press("c1", "2").expect()
    floor.press("c1", "1").expect("divert c1 sales number 1234 for key")


def test_a_key_is_no_cause_that_could_hold_at_the_door_or_while_waiting() -> None:
    rules = queue_policy(join="key>voicemail:box", leave="key>voicemail:box")
    floor = Script(rules, agents="", checked=False)

    floor.queue("c1").at(100).expect("place c1 sales")
