"""Queues that ring at several agents at once: who is added, who wins, and who is blamed."""

import pytest

from acd.commands import WithdrawCause, WithdrawOffer
from acd.distributor import Distributor
from acd.facts import OfferOutcome
from acd.policy import Strategy
from acd.rules.estimating import estimate
from acd.tables.waiting import HOLD_PAUSE
from cti.ids import CallId
from cti.instants import as_seconds, seconds
from tests.acd.script import Script, policy, queue_policy, step

ALL_AT_ONCE = queue_policy(strategy=Strategy.RING_ALL)
ONE_MORE = queue_policy(strategy=Strategy.RING_PROGRESSIVELY, ring_next=5)
THREE = "ann:sales ben:sales cat:sales"
ELSEWHERE = WithdrawCause.ANSWERED_ELSEWHERE.value


def silenced(floor: Script) -> list[tuple[int, str]]:
    """Return the offers that were to be withdrawn, with the causes."""
    return [
        (made.offer, made.cause.value) for made in floor.commands if isinstance(made, WithdrawOffer)
    ]


def rung(floor: Script) -> tuple[str, ...]:
    """Return at whom the first call of the queue rings."""
    return floor.distributor.picture(floor.now).queues[0].waiting[0].offered_to


def test_a_call_rings_at_all_who_are_ready_the_longest_idle_first() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="cat ben ann")
    floor.at(1).queue("c1")
    made = [offer.reason for offer in floor.offers()]

    assert rung(floor) == ("ann", "ben", "cat")
    assert [reason.rule for reason in made] == ["ring_all"] * 3
    assert [(reason.ready, reason.next_best) for reason in made] == [
        (3, "ben"),
        (2, "cat"),
        (1, None),
    ]


def test_the_order_of_the_list_comes_first_where_there_is_one() -> None:
    ordered = queue_policy(strategy=Strategy.RING_PROGRESSIVELY, order="cat ann")
    floor = Script(ordered, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(30)

    assert [offer.agent for offer in floor.offers()] == ["cat", "ann", "ben"]


def test_whoever_answers_first_has_the_call_and_the_others_phones_are_silenced() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(3).answer(2)

    assert silenced(floor) == [(1, ELSEWHERE), (3, ELSEWHERE)]
    assert floor.distributor.picture(floor.now).talks == (("c1", "ben"),)


def test_two_who_answer_at_the_same_moment_are_one_talk_and_one_who_is_free_at_once() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(3).answer(2).answer(1).forget()
    floor.end(3, OfferOutcome.WITHDRAWN).at(4).queue("c2")

    assert floor.distributor.picture(floor.now).talks == (("c1", "ben"),)
    assert rung(floor) == ("ann", "cat")


@pytest.mark.parametrize(
    "outcome", [OfferOutcome.WITHDRAWN, OfferOutcome.NO_ANSWER, OfferOutcome.REJECTED]
)
def test_nobody_is_blamed_whose_ringing_ended_as_another_answered(outcome: OfferOutcome) -> None:
    strict = queue_policy(strategy=Strategy.RING_ALL, misses=1, causes="rejected:1:60")
    floor = Script(strict, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(3).answer(2).forget()
    floor.end(1, outcome).end(3, outcome)
    floor.shown("ann ready idle", "cat ready idle")
    floor.at(4).queue("c2")

    assert [offer.agent for offer in floor.offers()][3:] == ["ann", "cat"]


def test_who_does_not_answer_is_spared_the_call_and_the_others_ring_on() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.REJECTED)

    assert rung(floor) == ("ben", "cat")

    floor.at(8)

    assert rung(floor) == ("ben", "cat", "ann")  # it still rings, and he may have it again


def test_a_call_that_nobody_answers_rings_at_all_again() -> None:
    floor = Script(ALL_AT_ONCE, agents="ann:sales ben:sales", ready="ann ben")
    floor.at(1).queue("c1").at(16).end(1).end(2)

    assert floor.waiting() == ["c1"]
    assert rung(floor) == ()

    floor.at(21)

    assert rung(floor) == ("ann", "ben")


def test_who_becomes_ready_while_it_rings_is_rung_at_once() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann")
    floor.at(1).queue("c1").at(4).log_on("ben").ready("ben")

    assert rung(floor) == ("ann", "ben")


def test_the_next_call_waits_until_somebody_has_the_first() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).queue("c2")

    assert {offer.call for offer in floor.offers()} == {"c1"}

    floor.at(3).answer(1).end(2, OfferOutcome.WITHDRAWN).end(3, OfferOutcome.WITHDRAWN)

    assert rung(floor) == ("ben", "cat")


def test_one_more_phone_rings_after_each_pause() -> None:
    floor = Script(ONE_MORE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1")
    assert rung(floor) == ("ann",)
    floor.at(5.9)
    assert rung(floor) == ("ann",)
    floor.at(6)
    assert rung(floor) == ("ann", "ben")
    floor.at(11)
    assert rung(floor) == ("ann", "ben", "cat")
    floor.at(16).end(1)
    assert rung(floor) == ("ben", "cat")
    floor.at(17).answer(3)
    assert silenced(floor) == [(2, ELSEWHERE)]


def test_a_newcomer_is_rung_when_a_pause_is_over_and_nobody_else_was_there() -> None:
    floor = Script(ONE_MORE, agents=THREE, ready="ann")
    floor.at(1).queue("c1").at(3).log_on("ben").ready("ben")
    assert rung(floor) == ("ann",)
    floor.at(6)
    assert rung(floor) == ("ann", "ben")
    floor.at(12).log_on("cat").ready("cat")
    assert rung(floor) == ("ann", "ben", "cat")


def test_a_second_call_rings_at_those_whom_the_first_does_not_ring_at_yet() -> None:
    floor = Script(ONE_MORE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).queue("c2").at(5.9)

    assert [(offer.call, offer.agent) for offer in floor.offers()] == [("c1", "ann"), ("c2", "ben")]

    floor.at(6)

    assert rung(floor) == ("ann", "cat")


def test_all_ringing_stops_when_the_caller_leaves() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).leave("c1")

    assert silenced(floor) == [(number, "caller_left") for number in (1, 2, 3)]
    assert floor.outcomes() == {"abandoned": 1}


def test_a_call_whose_caller_is_said_to_have_left_rings_nowhere_until_he_surely_stays() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).end(2, OfferOutcome.CALLER_LEFT)

    assert silenced(floor) == [(1, "caller_left"), (3, "caller_left")]
    assert rung(floor) == ()

    floor.end(1, OfferOutcome.CALLER_LEFT).end(3, OfferOutcome.CALLER_LEFT)
    floor.at(2 + as_seconds(HOLD_PAUSE))

    assert rung(floor) == ("ann", "ben", "cat")


def test_an_agent_who_logs_off_while_it_rings_is_taken_out_and_the_others_ring_on() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).log_off("ann").end(1, OfferOutcome.WITHDRAWN)

    assert silenced(floor) == [(1, "agent_lost")]
    assert rung(floor) == ("ben", "cat")


def test_a_call_that_is_sent_on_while_it_rings_rings_elsewhere_when_all_is_silent() -> None:
    support = queue_policy("support", strategy=Strategy.RING_ALL)
    agents = "ann:sales ben:sales cat:support"
    floor = Script(ALL_AT_ONCE, support, agents=agents, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).queue("c1", "support")

    assert silenced(floor) == [(1, "call_moved"), (2, "call_moved")]
    assert [offer.agent for offer in floor.offers()] == ["ann", "ben"]

    floor.at(3).end(1, OfferOutcome.WITHDRAWN)
    assert [offer.agent for offer in floor.offers()] == ["ann", "ben"]
    floor.end(2, OfferOutcome.WITHDRAWN)
    assert [offer.agent for offer in floor.offers()] == ["ann", "ben", "cat"]


def test_only_those_are_rung_who_have_the_skills_and_then_those_of_the_next_step() -> None:
    skilled = queue_policy(
        strategy=Strategy.RING_ALL, skills="english:2", steps=(step(10, any_skills=True),)
    )
    floor = Script(
        skilled, agents=THREE, ready="ann ben cat", skills={"ann": "english:3", "cat": "english:2"}
    )
    floor.at(1).queue("c1")
    assert rung(floor) == ("ann", "cat")
    floor.at(11)
    assert rung(floor) == ("ann", "cat", "ben")


def test_a_call_kept_for_a_preferred_agent_rings_at_him_alone_until_the_time_is_over() -> None:
    kept = queue_policy(strategy=Strategy.RING_ALL, preferred=10)
    floor = Script(kept, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1", preferred="ben")
    assert rung(floor) == ("ben",)
    floor.at(11)
    assert rung(floor) == ("ben", "ann", "cat")


def test_a_preferred_agent_who_refuses_gives_it_to_all_others() -> None:
    kept = queue_policy(strategy=Strategy.RING_ALL, preferred=30)
    floor = Script(kept, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1", preferred="ben cat")
    assert rung(floor) == ("ben", "cat")
    floor.at(3).end(1, OfferOutcome.REJECTED)
    assert rung(floor) == ("cat",)
    floor.end(2, OfferOutcome.REJECTED)
    assert rung(floor) == ("ann",)


@pytest.mark.parametrize("after", [Strategy.LONGEST_IDLE, Strategy.RING_PROGRESSIVELY])
def test_a_new_strategy_lets_what_rings_ring_on(after: Strategy) -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben")
    floor.at(1).queue("c1").at(2).apply(policy(THREE, queue_policy(strategy=after), version="v2"))
    floor.at(3).answer(2)

    assert silenced(floor) == [(1, ELSEWHERE)]
    assert floor.distributor.picture(floor.now).talks == (("c1", "ben"),)


def test_a_queue_that_rings_at_all_from_now_on_rings_at_the_others_at_once() -> None:
    floor = Script(agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).apply(policy(THREE, ALL_AT_ONCE, version="v2"))

    assert rung(floor) == ("ann", "ben", "cat")


def test_a_queue_that_rings_at_one_from_now_on_adds_nobody() -> None:
    floor = Script(ONE_MORE, agents=THREE, ready="ann ben cat")
    floor.at(1).queue("c1").at(2).apply(policy(THREE, queue_policy(), version="v2"))
    floor.at(14)

    assert rung(floor) == ("ann",)


def test_an_answer_of_another_agent_is_no_call_in_the_count_of_those_who_were_rung() -> None:
    fewest = queue_policy("support", strategy=Strategy.FEWEST_CALLS)
    agents = "ann:sales,support ben:sales,support"
    floor = Script(ALL_AT_ONCE, fewest, agents=agents, ready="ann ben")
    floor.at(1).queue("c1").at(2).answer(1).answer(2)
    floor.at(3).end_talk("c1", "ann").end_wrap_up("ann").forget()
    floor.at(4).queue("c2", "support").expect("place c2 support", "offer 3 c2 ben")


def test_a_wait_is_estimated_by_the_one_agent_who_will_have_what_rings() -> None:
    floor = Script(ALL_AT_ONCE, agents=THREE, ready="ann ben cat")
    for number in range(5):
        start = 100 * number
        first = 3 * number + 1
        floor.at(start + 1).queue(f"x{number}").at(start + 3).answer(first)
        floor.end(first + 1, OfferOutcome.WITHDRAWN).end(first + 2, OfferOutcome.WITHDRAWN)
        floor.at(start + 63).end_talk(f"x{number}", floor.offers()[first - 1].agent)
    floor.at(600).queue("c1").queue("c2")

    waiting = floor.distributor._floor.calls[CallId("c2")]

    assert sorted(rung(floor)) == ["ann", "ben", "cat"]
    assert estimate(floor.distributor._floor, waiting) == seconds(2)


def test_what_rings_survives_a_restart() -> None:
    for rules in (ALL_AT_ONCE, ONE_MORE):
        floor = Script(rules, agents=THREE, ready="ann ben cat")
        floor.at(1).queue("c1").at(8)
        floor.distributor = Distributor.restore(floor.distributor.snapshot())
        before = rung(floor)
        floor.at(11).answer(1)

        assert len(before) == (3 if rules is ALL_AT_ONCE else 2)
        assert {number for number, _ in silenced(floor)} == {2, 3}
