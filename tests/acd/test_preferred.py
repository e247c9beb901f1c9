"""A call is kept for the agents whom it wants, for a bounded wait; heavier queues come first."""

from acd.facts import OfferOutcome
from cti.ids import QueueName
from tests.acd.script import BEN, Script, policy, queue_policy

AGENTS = "ann:sales ben:sales cat:support"


def floor(wait: float = 30, ready: str = "ann ben cat") -> Script:
    rules = queue_policy("sales", preferred=wait, wrap=0)
    return Script(rules, queue_policy("support", wrap=0), agents=AGENTS, ready=ready)


def test_a_call_goes_to_its_preferred_agent_though_others_are_idle_longer() -> None:
    wanting = floor()

    wanting.at(1).queue("c1", preferred="ben").expect("place c1 sales", "offer 1 c1 ben")
    reason = wanting.offers()[0].reason
    assert (
        reason.rule,
        reason.sort_key,
        reason.ready,
        reason.next_best,
    ) == ("preferred", (0, BEN), 1, None)


def test_it_waits_for_him_while_he_is_busy_and_no_longer_than_is_said() -> None:
    wanting = floor(30)
    wanting.at(1).queue("c1", preferred="ben").answer(1).forget()

    wanting.at(2).queue("c2", preferred="ben").expect("place c2 sales")
    wanting.at(32).expect("offer 2 c2 ann")


def test_it_goes_to_him_as_soon_as_he_is_free() -> None:
    wanting = floor(30)
    wanting.at(1).queue("c1", preferred="ben").answer(1).at(2).queue("c2", preferred="ben").forget()

    wanting.at(9).end_talk("c1", "ben").expect("offer 2 c2 ben")


def test_the_first_of_several_who_is_ready_gets_it() -> None:
    wanting = floor()

    wanting.at(1).queue("c1", preferred="ben ann").expect("place c1 sales", "offer 1 c1 ben")
    wanting.at(2).queue("c2", preferred="ben ann").expect("place c2 sales", "offer 2 c2 ann")
    wanting.at(3).queue("c3", preferred="ben ann").expect("place c3 sales")
    wanting.at(4).answer(2).end_talk("c2", "ann").expect("offer 3 c3 ann")


def test_it_is_kept_for_nobody_who_is_off_or_on_a_break_or_unknown() -> None:
    floor(ready="ann").at(1).queue("c1", preferred="ben").expect("place c1 sales", "offer 1 c1 ann")
    floor().not_ready("ben").forget().at(1).queue("c1", preferred="ben nobody").expect(
        "place c1 sales", "offer 1 c1 ann"
    )


def test_it_is_kept_no_longer_when_he_takes_a_break_meanwhile() -> None:
    wanting = floor(60)
    wanting.at(1).queue("c1", preferred="ben").answer(1).at(2).queue("c2", preferred="ben").forget()

    wanting.at(3).not_ready("ben").expect("offer 2 c2 ann")


def test_who_did_not_take_it_is_preferred_no_longer() -> None:
    wanting = floor(60)
    wanting.at(1).queue("c1", preferred="ben").forget()

    wanting.at(16).end(1).expect("offer 2 c1 ann")


def test_who_was_not_to_blame_is_preferred_still() -> None:
    wanting = floor(60)
    wanting.at(1).queue("c1", preferred="ben").forget()

    wanting.at(2).end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c1 ben")


def test_he_need_not_serve_the_queue() -> None:
    wanting = floor(60)

    wanting.at(1).queue("c1", preferred="cat").expect("place c1 sales", "offer 1 c1 cat")


def test_a_call_that_is_kept_for_him_has_its_place_among_all_others() -> None:
    wanting = floor(60)
    wanting.at(1).queue("s0", "support").answer(1)
    wanting.at(2).queue("s1", "support").at(3).queue("c1", preferred="cat").forget()

    wanting.at(9).end_talk("s0", "cat").expect("offer 2 s1 cat")


def test_a_queue_that_keeps_nothing_takes_no_notice() -> None:
    wanting = floor(0)

    wanting.at(1).queue("c1", preferred="ben").expect("place c1 sales", "offer 1 c1 ann")


def test_the_weight_of_a_queue_is_a_head_start_before_other_queues() -> None:
    heavy, light = queue_policy("sales", weight=60), queue_policy("support")
    weighing = Script(heavy, light, agents="ann:sales,support", ready="")
    weighing.log_on("ann").at(0).queue("old", "support")
    weighing.at(1).queue("older", "support").at(61).queue("c1").at(62).queue("c2").forget()

    weighing.ready("ann").expect("offer 1 old ann")
    weighing.answer(1).end_talk("old", "ann").end_wrap_up("ann").expect("offer 2 older ann")
    weighing.answer(2).end_talk("older", "ann").end_wrap_up("ann").expect("offer 3 c1 ann")


def test_a_new_weight_changes_places_at_once() -> None:
    weighing = Script(agents="ann:sales,support", ready="")
    weighing.log_on("ann").at(1).queue("s1", "support").at(2).queue("c1").forget()

    heavy, light = queue_policy("sales", weight=60), queue_policy("support")
    weighing.apply(policy("ann:sales,support", heavy, light)).ready("ann").expect("offer 1 c1 ann")


def test_an_agent_can_be_not_ready_for_one_queue() -> None:
    choosy = Script(agents="ann:sales,support ben:sales", ready="ann")
    choosy.not_ready("ann", "training", "sales").shown(
        "ann ready idle without sales(training)"
    ).forget()

    choosy.at(1).queue("c1").queue("s1", "support").expect(
        "place c1 sales", "place s1 support", "offer 1 s1 ann"
    )
    choosy.at(2).answer(1).end_talk("s1", "ann").end_wrap_up("ann").expect()
    choosy.at(3).ready("ann", "sales").expect("offer 2 c1 ann")


def test_logging_on_anew_ends_what_he_wanted_of_single_queues() -> None:
    choosy = Script(agents="ann:sales,support", ready="ann")
    choosy.not_ready("ann", "training", "sales").log_off("ann").log_on("ann").ready("ann")

    choosy.forget().at(1).queue("c1").expect("place c1 sales", "offer 1 c1 ann")


def test_of_a_queue_that_he_does_not_serve_he_cannot_want_none() -> None:
    choosy = Script(agents="ann:sales", ready="ann")

    choosy.not_ready("ann", "training", "support").shown()
    assert choosy.distributor.snapshot().agents[0].not_ready_in == ()
    assert QueueName("sales") in choosy.distributor.snapshot().agents[0].queues


def test_a_call_is_kept_for_those_who_want_its_queue_s_calls() -> None:
    wanting = Script(
        queue_policy("sales", preferred=30, wrap=0),
        queue_policy("support", wrap=0),
        agents="ann:sales,support ben:sales cat:sales",
        ready="ann ben",
    )
    wanting.at(1).queue("c1").answer(1).queue("c2").answer(2).forget()

    wanting.at(2).queue("c3", preferred="ann ben").queue("c4", preferred="ann ben").forget()
    wanting.not_ready("ann", queue="sales").at(3).end_talk("c1", "ann").expect()
    wanting.at(4).leave("c3").end_talk("c2", "ben").expect("offer 3 c4 ben")


def test_who_is_preferred_beside_one_who_did_not_answer_is_waited_for() -> None:
    wanting = floor(ready="ann ben")
    wanting.at(1).queue("c1", preferred="ben").answer(1).forget()

    wanting.at(2).queue("c2", preferred="ann ben").expect("place c2 sales", "offer 2 c2 ann")
    wanting.at(3).end(2, OfferOutcome.BUSY).log_on("cat").ready("cat").expect()
    wanting.at(4).end_talk("c1", "ben").expect("offer 3 c2 ben")
