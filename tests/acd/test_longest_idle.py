"""Which agent gets a call, and which call an agent gets."""

from acd.commands import OfferCall, OfferReason
from cti.ids import CallId, OfferId, QueueName
from cti.instants import seconds
from tests.acd.script import ANN, BEN, CAT, Script, at, phone, queue_policy

SALES, SUPPORT = queue_policy("sales"), queue_policy("support")


def test_the_agent_who_has_been_idle_longest_gets_the_call() -> None:
    floor = Script(agents="ann:sales ben:sales")
    floor.at(1).log_on("ben").ready("ben")
    floor.at(2).log_on("ann").ready("ann")

    floor.at(9).queue("c1").expect("place c1 sales", "offer 1 c1 ben")


def test_equally_idle_agents_come_in_the_order_of_their_ids() -> None:
    floor = Script(agents="cat:sales ben:sales ann:sales", ready="cat ben ann")

    floor.queue("c1").queue("c2").queue("c3").expect(
        "place c1 sales",
        "offer 1 c1 ann",
        "place c2 sales",
        "offer 2 c2 ben",
        "place c3 sales",
        "offer 3 c3 cat",
    )


def test_an_offer_tells_why_it_was_made() -> None:
    floor = Script(agents="ann:sales ben:sales cat:sales dan:sales eve:sales", ready="cat dan")
    floor.at(3).log_on("eve")
    floor.at(5).log_on("ann").ready("ann")
    floor.at(6).queue("c0").queue("c1", since=2)

    assert floor.offers()[-1] == OfferCall(
        offer=OfferId(2),
        call=CallId("c1"),
        agent=floor.offers()[-1].agent,
        device=phone("dan-phone"),
        queue=QueueName("sales"),
        ring_time=seconds(15),
        reason=OfferReason(
            rule="longest_idle",
            sort_key=(at(0), floor.offers()[-1].agent),
            next_best=ANN,
            ready=2,
            excluded=(("logged_off", 1), ("not_ready", 1), ("offered", 1)),
            waited=seconds(4),
            policy_version="v1",
        ),
    )
    assert floor.offers()[-1].agent == "dan"


def test_the_reason_counts_who_is_spared_this_call() -> None:
    floor = Script(ready="ann ben", agents="ann:sales ben:sales cat:sales")
    floor.queue("c1")
    floor.at(3).end(1).at(4).end(2).at(5).log_on("cat").ready("cat")

    reason = floor.offers()[-1].reason
    assert reason.sort_key == (at(5), CAT)
    assert reason.next_best is None
    assert reason.ready == 1
    assert reason.excluded == (("missed_this_call", 2),)


def test_calls_are_served_in_the_order_of_their_coming() -> None:
    floor = Script()
    floor.at(1).queue("c1").at(2).queue("c2").at(3).queue("c3").forget()
    floor.at(4).log_on("ann").ready("ann").expect("offer 1 c1 ann")
    floor.at(5).log_on("ben").ready("ben").expect("offer 2 c2 ben")


def test_priority_is_a_head_start_in_time() -> None:
    floor = Script()
    floor.at(10).queue("plain")
    floor.at(39).queue("vip", ahead=30)
    floor.at(41).queue("late-vip", ahead=30)

    assert floor.waiting() == ["vip", "plain", "late-vip"]


def test_with_equal_head_start_and_age_the_longer_waiting_comes_first() -> None:
    floor = Script()
    floor.at(30).queue("vip", ahead=20)
    floor.at(31).queue("plain", since=10)

    assert floor.waiting() == ["plain", "vip"]


def test_calls_that_came_at_the_same_instant_come_in_the_order_of_their_arrival() -> None:
    floor = Script()
    floor.at(1).queue("z").queue("a").queue("m")

    assert floor.waiting() == ["z", "a", "m"]


def test_an_agent_of_several_queues_gets_the_best_call_of_all_of_them() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales,support")
    floor.at(1).queue("s1", "sales").at(2).queue("s2", "sales")
    floor.at(3).queue("t1", "support", ahead=5).forget()

    floor.at(4).log_on("ann").ready("ann").expect("offer 1 t1 ann")
    floor.at(5).answer(1).at(6).end_talk("t1", "ann").end_wrap_up("ann").expect("offer 2 s1 ann")


def test_an_agent_gets_no_call_of_a_queue_that_he_does_not_serve() -> None:
    floor = Script(SALES, SUPPORT, agents="ann:sales", ready="ann")

    floor.queue("t1", "support").expect("place t1 support")


def test_a_break_never_betters_an_agents_place_in_the_line() -> None:
    floor = Script(ready="ann")
    floor.at(5).log_on("ben").ready("ben")
    floor.at(6).not_ready("ann").ready("ann")

    floor.at(7).queue("c1").expect("place c1 sales", "offer 1 c1 ben")


def test_being_idle_counts_from_the_end_of_wrap_up() -> None:
    floor = Script(queue_policy(wrap=10), ready="ann ben")
    floor.at(1).queue("c1").answer(1)
    floor.at(2).queue("c2").answer(2)
    floor.at(3).end_talk("c1", "ann")
    floor.at(4).end_talk("c2", "ben").end_wrap_up("ben")
    floor.at(20).forget()

    floor.queue("c3").expect("place c3 sales", "offer 3 c3 ben")


def test_a_call_and_an_agent_that_come_free_in_one_step_do_not_overtake_an_older_call() -> None:
    floor = Script(queue_policy(wrap=0), SUPPORT, agents="ann:sales,support", ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).queue("old", "support").forget()

    floor.at(3).queue("c1", "support").expect("place c1 support", "offer 2 old ann")


def test_a_call_and_an_agent_that_come_free_in_one_step_do_not_overtake_an_idler_agent() -> None:
    floor = Script(queue_policy(wrap=0), SUPPORT, agents="ann:sales,support ben:support")
    floor.log_on("ann").ready("ann").at(1).queue("c1").answer(1)
    floor.at(2).log_on("ben").ready("ben").forget()

    floor.at(3).queue("c1", "support").expect("place c1 support", "offer 2 c1 ben")


def test_ids_decide_nothing_but_ties() -> None:
    floor = Script(agents="ann:sales ben:sales cat:sales")
    for instant, name in enumerate(["cat", "ben", "ann"]):
        floor.at(instant).log_on(name).ready(name)
    floor.at(5).queue("c1").queue("c2").queue("c3")

    assert [offer.agent for offer in floor.offers()] == [CAT, BEN, ANN]


def test_a_call_that_is_given_a_head_start_goes_ahead_of_older_ones_and_keeps_its_age() -> None:
    floor = Script()
    floor.at(10).queue("old").at(20).queue("young").forget()
    floor.at(30).prioritise("young", 60).expect("place young sales")
    assert floor.waiting() == ["young", "old"]

    floor.at(31).prioritise("young", 0).expect("place young sales")
    assert floor.waiting() == ["old", "young"]
    (waiting,) = [one for one in floor.distributor.snapshot().calls if one.call == "young"]
    assert waiting.entered_at == at(20)


def test_a_head_start_changes_no_offer_and_no_talk() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").queue("c2").forget()
    floor.at(2).prioritise("c1", 30).expect("place c1 sales")
    floor.at(3).answer(1).prioritise("c1", 60).expect()
    floor.prioritise("nobody", 5).prioritise("c2", 0).expect()


def test_the_overflow_of_a_call_with_another_head_start_comes_when_it_would_have_come() -> None:
    floor = Script(queue_policy("sales", overflow=(60, "support")), SUPPORT)
    floor.at(10).queue("c1").at(50).prioritise("c1", 600).forget()

    floor.at(69).expect()
    floor.at(70).expect("overflow c1 sales support", "place c1 support")
