"""A new policy on a running floor: only differences are applied, and nobody is lost."""

from acd.facts import OfferOutcome
from tests.acd.script import Script, policy, queue_policy

SALES, SUPPORT = queue_policy("sales"), queue_policy("support")


def test_the_same_policy_again_changes_nothing() -> None:
    agents = "ann:sales ben:sales"
    floor = Script(SALES, SUPPORT, agents=agents, ready="ann ben")
    floor.at(1).queue("c1").queue("c2").answer(2).queue("c3").at(2).end_talk("c2", "ben")
    before = floor.distributor.snapshot()

    floor.apply(policy(agents, SALES, SUPPORT)).forget()
    assert floor.distributor.snapshot() == before


def test_a_removed_queue_takes_no_new_calls_but_those_that_wait_are_served() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support", ready="ann")
    floor.at(1).queue("t1", "support").answer(1).queue("c1").queue("c2").forget()

    floor.at(2).apply(policy("ann:support", SUPPORT)).expect()
    floor.queue("c3").expect("turn away c3 queue_unknown")
    floor.at(3).end_talk("t1", "ann").end_wrap_up("ann").expect("offer 2 c1 ann")
    floor.at(4).answer(2).at(5).end_talk("c1", "ann").end_wrap_up("ann").expect("offer 3 c2 ann")
    floor.at(6).answer(3).at(7).end_talk("c2", "ann").end_wrap_up("ann")

    assert [str(queue.name) for queue in floor.distributor.picture(floor.now).queues] == ["support"]


def test_a_removed_queue_keeps_its_last_rules() -> None:
    sales = queue_policy("sales", overflow=(60, "support"))
    floor = Script(sales, SUPPORT, agents="ann:sales")
    floor.at(1).queue("c1").at(2).apply(policy("", SUPPORT)).forget()

    floor.at(61).expect("overflow c1 sales support", "place c1 support")


def test_new_skills_count_in_a_removed_queue_too() -> None:
    asking = queue_policy("sales", skills="english:2")
    floor = Script(asking, SUPPORT, agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").expect("place c1 sales")

    content = policy("ann:support", SUPPORT, skills={"ann": "english:2"})
    floor.at(2).apply(content).expect("offer 1 c1 ann")


def test_a_removed_queue_in_which_nobody_waits_is_forgotten() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support", ready="ann")
    floor.apply(policy("ann:sales,support", SUPPORT))

    assert [str(queue.name) for queue in floor.distributor.picture(floor.now).queues] == ["support"]


def test_a_removed_queue_ends_when_its_last_caller_leaves() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support ben:support")
    floor.at(1).queue("c1").queue("c2").apply(policy("ann:support ben:support", SUPPORT))
    floor.at(2).leave("c1").at(3).leave("c2").forget()

    assert floor.distributor.snapshot().agents[0].queues == ("support",)


def test_a_removed_queue_can_come_back() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support")
    floor.at(1).queue("c1").apply(policy("ann:support", SUPPORT))
    floor.at(2).apply(policy("ann:sales", SALES)).forget()

    floor.queue("c2").expect("place c2 sales")
    assert floor.waiting() == ["c1", "c2"]


def test_nothing_overflows_or_moves_into_a_removed_queue() -> None:
    sales = queue_policy("sales", overflow=(60, "support"))
    floor = Script(sales, SUPPORT, agents="")
    floor.at(1).queue("t1", "support").queue("c1").queue("c2")
    floor.apply(policy("", sales)).queue("c2", "support").forget()

    floor.at(100).expect()
    assert floor.waiting("sales") == ["c1", "c2"]


def test_a_queue_that_is_new_can_be_served_at_once() -> None:
    floor = Script(SALES, agents="ann:sales", ready="ann")
    floor.at(1).apply(policy("ann:sales,support", SALES, SUPPORT)).forget()

    floor.queue("t1", "support").expect("place t1 support", "offer 1 t1 ann")


def test_an_agent_who_is_given_a_queue_gets_its_waiting_calls() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales", ready="ann")
    floor.at(1).queue("t1", "support").forget()

    floor.at(2).apply(policy("ann:sales,support", SALES, SUPPORT)).expect("offer 1 t1 ann")


def test_several_agents_who_are_given_a_queue_share_its_waiting_calls() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:sales cat:sales", ready="ben ann cat")
    floor.at(1).queue("t1", "support").queue("t2", "support").forget()

    floor.at(2).apply(policy("ann:support ben:support cat:support", SALES, SUPPORT))
    floor.expect("offer 1 t1 ann", "offer 2 t2 ben")


def test_an_agent_who_loses_a_queue_gets_no_more_calls_of_it() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support", ready="ann")
    floor.at(1).apply(policy("ann:support", SALES, SUPPORT)).forget()

    floor.queue("c1").expect("place c1 sales")


def test_an_agent_who_loses_a_queue_keeps_his_place_in_the_other_lines() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support ben:support", ready="ann ben")
    floor.at(1).apply(policy("ann:support ben:support", SALES, SUPPORT)).forget()

    floor.queue("t1", "support").expect("place t1 support", "offer 1 t1 ann")


def test_an_agent_who_loses_a_queue_while_its_call_rings_may_answer() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").apply(policy("ann:support", SALES, SUPPORT)).forget()

    floor.at(2).answer(1).expect().shown("ann ready busy c1")


def test_a_new_agent_can_work_at_once() -> None:
    floor = Script(SALES, agents="ann:sales")
    floor.at(1).queue("c1").apply(policy("ann:sales ben:sales", SALES)).forget()

    floor.log_on("ben").ready("ben").expect("offer 1 c1 ben")


def test_a_removed_agent_is_logged_off() -> None:
    floor = Script(SALES, agents="ann:sales ben:sales", ready="ann ben")

    floor.at(1).apply(policy("ben:sales", SALES)).shown("ann logged_off idle")
    floor.log_on("ann").ready("ann").queue("c1").expect("place c1 sales", "offer 1 c1 ben")


def test_a_removed_agent_who_was_logged_off_is_forgotten() -> None:
    floor = Script(SALES, agents="ann:sales ben:sales")
    floor.at(1).apply(policy("ben:sales", SALES)).forget()

    assert [agent.agent for agent in floor.distributor.snapshot().agents] == ["ben"]


def test_a_removed_agent_whose_phone_rings_loses_the_offer() -> None:
    floor = Script(SALES, agents="ann:sales ben:sales", ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(2).apply(policy("ben:sales", SALES)).expect("withdraw 1 agent_lost")
    floor.at(2.1).end(1, OfferOutcome.REJECTED).expect("offer 2 c1 ben")
    assert [agent.agent for agent in floor.distributor.snapshot().agents] == ["ben"]
    floor.at(60).forget()


def test_a_removed_agent_ends_his_talk_first() -> None:
    floor = Script(SALES, agents="ann:sales ben:sales", ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(2).apply(policy("ben:sales", SALES)).shown("ann logged_off busy c1")
    floor.at(3).log_on("ann", "desk-9").ready("ann").shown()
    floor.at(60).end_talk("c1", "ann").shown("ann logged_off idle")
    assert [agent.agent for agent in floor.distributor.snapshot().agents] == ["ben"]


def test_a_removed_agent_may_come_back_during_his_talk() -> None:
    floor = Script(SALES, agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).apply(policy("", SALES)).forget()
    floor.at(3).apply(policy("ann:sales", SALES)).log_on("ann").ready("ann").at(4).queue("c2")

    floor.at(60).end_talk("c1", "ann").end_wrap_up("ann").expect("place c2 sales", "offer 2 c2 ann")


def test_several_removed_agents_go_in_the_order_of_their_ids() -> None:
    floor = Script(SALES, agents="cat:sales ann:sales ben:sales", ready="ben cat ann")

    floor.apply(policy("", SALES)).shown(
        "ann logged_off idle", "ben logged_off idle", "cat logged_off idle"
    )


def test_queues_that_the_policy_does_not_have_and_repetitions_are_left_out() -> None:
    floor = Script(SALES, agents="ann:sales,nowhere,sales", ready="ann")

    assert floor.distributor.snapshot().agents[0].queues == ("sales",)


def test_a_call_may_outlive_the_agent_whom_it_is_spared() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales ben:sales", ready="ann")
    floor.queue("c1").end(1).log_off("ann").apply(policy("ben:sales", SALES, SUPPORT)).forget()

    floor.at(6).expect()
    floor.log_on("ben").ready("ben").expect("offer 2 c1 ben")


def test_an_offer_may_outlive_the_queue_that_made_it() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support", ready="ann")
    floor.queue("c1").queue("c1", "support").apply(policy("ann:support", SUPPORT)).forget()

    floor.end(1, OfferOutcome.FAILED).at(6).expect("offer 2 c1 ann")


def test_an_agent_who_is_removed_while_his_phone_rings_is_shown_a_last_time() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales", ready="ann")
    floor.queue("c1").apply(policy("", SALES, SUPPORT)).forget()

    floor.end(1, OfferOutcome.FAILED).shown("ann logged_off idle")
    assert floor.distributor.picture(floor.now).agents == ()


def test_who_left_a_queue_out_and_loses_it_begins_anew_when_he_has_it_again() -> None:
    both = policy("ann:sales,support", SALES, SUPPORT)
    floor = Script(SALES, SUPPORT, agents="ann:sales,support", ready="ann")
    floor.not_ready("ann", queue="sales").queue("c1").expect("place c1 sales")

    floor.apply(policy("ann:support", SALES, SUPPORT)).apply(both).expect("offer 1 c1 ann")
