"""Skills with levels, rings, and the steps that relax them."""

from dataclasses import replace

import pytest

from acd.policy import Strategy
from acd.tables.queue_state import LANES_KEPT
from cti.ids import AgentId, QueueName
from tests.acd.script import ANN, BEN, CAT, Script, policy, queue_policy, step

KNOWING = {"ann": "english:1", "ben": "english:5 spanish:2", "cat": "spanish:4"}
AGENTS = "ann:sales ben:sales cat:sales"


def floor(**rules: object) -> Script:
    return Script(
        queue_policy("sales", **rules),  # type: ignore[arg-type]  # the script's own words
        agents=AGENTS,
        ready="ann ben cat",
        skills=KNOWING,
    )


def test_a_queue_asks_for_a_skill_at_a_least_level() -> None:
    asking = floor(skills="english:2")

    asking.at(1).queue("c1").expect("place c1 sales", "offer 1 c1 ben")
    asking.at(2).queue("c2").expect("place c2 sales")
    (offer,) = asking.offers()
    assert (offer.agent, offer.reason.next_best, offer.reason.ready) == (BEN, None, 1)
    assert offer.reason.excluded == (("skills", 2),)


def test_an_agent_without_a_skill_is_not_asked_even_for_the_lowest_level() -> None:
    floor(skills="english:1 spanish:1").at(1).queue("c1").expect("place c1 sales", "offer 1 c1 ben")


def test_a_call_asks_for_skills_of_its_own_beside_those_of_the_queue() -> None:
    asking = floor(skills="english:1")

    asking.at(1).queue("c1", skills="spanish:1").expect("place c1 sales", "offer 1 c1 ben")
    asking.at(2).queue("c2", skills="english:3").expect("place c2 sales")
    asking.at(3).queue("c3").expect("place c3 sales", "offer 2 c3 ann")


def test_the_higher_of_two_levels_for_one_skill_counts() -> None:
    asking = floor(skills="english:3")

    asking.at(1).queue("c1", skills="english:1").expect("place c1 sales", "offer 1 c1 ben")


def test_a_freed_agent_gets_the_oldest_call_that_he_has_the_skills_for() -> None:
    asking = floor(wrap=0)
    asking.not_ready("ann").not_ready("ben").not_ready("cat").forget()
    asking.at(1).queue("c1", skills="spanish:1").queue("c2", skills="english:1").forget()

    asking.at(5).ready("ann").expect("offer 1 c2 ann")
    asking.at(6).ready("cat").expect("offer 2 c1 cat")


def test_a_step_asks_for_less_and_the_place_is_kept() -> None:
    asking = floor(skills="english:5", steps=(step(20, "english:1"),))
    asking.not_ready("ben").forget()
    asking.at(1).queue("c1").at(2).queue("c2").expect("place c1 sales", "place c2 sales")

    asking.at(21).expect("offer 1 c1 ann")
    assert asking.waiting() == ["c1", "c2"]
    assert asking.offers()[0].reason.step == 1


def test_a_step_only_relaxes() -> None:
    asking = floor(skills="english:2", steps=(step(20, "english:9 french:1"),))
    asking.not_ready("ben").forget()

    asking.at(1).queue("c1").at(30).expect("place c1 sales")
    asking.at(31).ready("ben").expect("offer 1 c1 ben")


def test_level_0_asks_for_the_skill_no_longer_and_any_skills_for_none() -> None:
    relaxing = floor(
        skills="english:9 spanish:9",
        steps=(step(10, "english:0"), step(20, any_skills=True)),
    )
    relaxing.not_ready("ann").not_ready("ben").forget()

    # from the beginning nobody meets the first two steps, so the third is taken at once
    relaxing.at(1).queue("c1").expect("place c1 sales", "offer 1 c1 cat")


def test_a_step_that_nobody_logged_on_could_meet_is_passed_at_once() -> None:
    passing = floor(skills="english:5", steps=(step(60, "english:1"),))
    passing.log_off("ben").forget()

    passing.at(1).queue("c1").expect("place c1 sales", "offer 1 c1 ann")


def test_a_step_is_not_passed_while_who_could_meet_it_is_busy() -> None:
    waiting = floor(skills="english:5", steps=(step(60, "english:1"),))
    waiting.at(1).queue("c1").answer(1).forget()

    waiting.at(2).queue("c2").expect("place c2 sales")
    waiting.at(62).expect("offer 2 c2 ann")


def test_a_step_is_passed_when_the_last_who_could_meet_it_logs_off() -> None:
    waiting = floor(skills="english:5", steps=(step(60, "english:1"),))
    waiting.not_ready("ben").at(1).queue("c1").forget()

    waiting.at(9).log_off("ben").expect("offer 1 c1 ann")


def test_with_nobody_logged_on_no_step_is_passed_until_somebody_comes() -> None:
    empty = Script(
        queue_policy("sales", skills="english:5", steps=(step(60, "english:1"),)),
        agents=AGENTS,
        skills=KNOWING,
    )
    empty.at(1).queue("c1").forget()

    empty.at(2).log_on("ben").ready("ben").expect("offer 1 c1 ben")
    empty.at(3).end(1).forget()
    assert empty.distributor.snapshot().calls[0].step == 0


def test_somebody_who_logs_on_can_make_a_later_step_the_first_that_is_met() -> None:
    empty = Script(
        queue_policy("sales", skills="english:5", steps=(step(60, "english:1"),)),
        agents=AGENTS,
        skills=KNOWING,
    )
    empty.at(1).queue("c1").forget()

    empty.at(2).log_on("ann").ready("ann").expect("offer 1 c1 ann")


def test_a_step_opens_another_ring() -> None:
    ringed = floor(rings="cat:2 ben:3", steps=(step(10, ring=2), step(20, ring=3)))
    ringed.not_ready("ann").at(1).queue("c1").expect("place c1 sales")

    ringed.at(11).expect("offer 1 c1 cat")
    assert ("ring", 1) in ringed.offers()[0].reason.excluded
    ringed.at(12).end(1).expect()
    ringed.at(17).expect("offer 2 c1 cat").end(2).expect()
    ringed.at(21).expect("offer 3 c1 ben")


def test_a_step_adds_agents_who_need_not_serve_the_queue() -> None:
    helped = Script(
        queue_policy("sales", skills="english:3", steps=(step(10, agents="cat"),)),
        queue_policy("support"),
        agents="ann:sales cat:support",
        ready="ann cat",
        skills={"ann": "english:3"},
    )
    helped.not_ready("ann").at(1).queue("c1").expect("place c1 sales")

    helped.at(11).expect("offer 1 c1 cat")


def test_an_added_agent_gets_the_oldest_of_all_calls_that_he_may_take() -> None:
    helped = Script(
        queue_policy("sales", steps=(step(10, agents="cat"),)),
        queue_policy("support", wrap=0),
        agents="ann:sales cat:support",
        ready="cat",
    )
    helped.log_on("ann")
    helped.at(1).queue("s1", "support").answer(1)
    helped.at(2).queue("c1").at(3).queue("s2", "support").forget()

    helped.at(20).end_talk("s1", "cat").expect("offer 2 c1 cat")


def test_the_most_skilled_comes_first_and_of_equals_the_longest_idle() -> None:
    best = floor(strategy=Strategy.MOST_SKILLED, skills="english:1", misses=0)
    best.apply(
        policy(
            AGENTS,
            queue_policy("sales", strategy=Strategy.MOST_SKILLED, skills="english:1"),
            skills={"ann": "english:2 spanish:9", "ben": "english:7", "cat": "english:2"},
        )
    ).forget()

    best.at(1).queue("c1").queue("c2").queue("c3").expect(
        "place c1 sales",
        "offer 1 c1 ben",
        "place c2 sales",
        "offer 2 c2 ann",
        "place c3 sales",
        "offer 3 c3 cat",
    )
    assert best.offers()[0].reason.sort_key == (-7, BEN)


def test_the_most_skilled_is_still_found_by_skills_that_are_asked_for_no_longer() -> None:
    best = floor(
        strategy=Strategy.MOST_SKILLED, skills="spanish:9", steps=(step(10, any_skills=True),)
    )

    best.at(1).queue("c1").expect("place c1 sales", "offer 1 c1 cat")


def test_new_skills_count_from_the_policy_on() -> None:
    learning = floor(skills="english:3")
    learning.not_ready("ben").at(1).queue("c1").expect("place c1 sales")

    content = policy(
        AGENTS, queue_policy("sales", skills="english:3"), skills={**KNOWING, "ann": "english:4"}
    )
    learning.at(2).apply(content).expect("offer 1 c1 ann")


def test_new_steps_count_from_entry_into_the_queue() -> None:
    relaxing = floor(skills="english:3")
    relaxing.not_ready("ben").at(1).queue("c1").at(30).expect("place c1 sales")

    rules = queue_policy("sales", skills="english:3", steps=(step(20, "english:1"),))
    relaxing.apply(policy(AGENTS, rules, skills=KNOWING)).expect("offer 1 c1 ann")


def test_a_step_due_while_it_rings_is_taken_by_then() -> None:
    ringing = floor(skills="english:2", steps=(step(10, "english:1"),), ring=15)
    ringing.at(1).queue("c1").expect("place c1 sales", "offer 1 c1 ben")

    ringing.at(16).end(1).expect("offer 2 c1 ann")


def test_many_kinds_of_calls_take_many_lanes_and_all_are_served() -> None:
    kinds = [f"skill{number}" for number in range(40)]
    many = Script(
        queue_policy("sales", wrap=0),
        agents="ann:sales",
        skills={"ann": " ".join(f"{kind}:1" for kind in kinds)},
    )
    many.log_on("ann")
    for number, kind in enumerate(kinds):
        many.at(number + 1).queue(f"c{number}", skills=f"{kind}:1")
    many.at(50).ready("ann")
    for number in range(40):
        many.answer(number + 1).end_talk(f"c{number}", "ann")

    assert [f"c{number}" for number in range(40)] == [str(offer.call) for offer in many.offers()]


@pytest.mark.parametrize("name", [ANN, CAT])
def test_a_removed_added_agent_is_forgotten(name: AgentId) -> None:
    rules = queue_policy("sales", steps=(step(10, agents="cat"),))
    helped = Script(rules, agents="ann:sales cat:", ready="ann cat")
    helped.at(1).queue("c1").queue("c2").forget()

    kept = "cat:" if name == ANN else "ann:sales"
    helped.at(2).apply(policy(kept, replace(rules, ring_time=rules.ring_time)))
    helped.at(12)
    left = {agent.agent for agent in helped.distributor.snapshot().agents if not agent.leaving}
    assert {ANN, CAT} - {name} == left


def test_so_many_different_calls_that_lanes_are_forgotten_are_served_in_turn() -> None:
    skills = [f"s{number:02}" for number in range(LANES_KEPT + 4)]
    sales = queue_policy("sales", wrap=0)
    floor = Script(sales, agents="ann:sales").log_on("ann")
    known = {"ann": " ".join(f"{skill}:1" for skill in skills)}
    floor.apply(policy("ann:sales", sales, skills=known))
    for number, skill in enumerate(skills):
        floor.at(number).queue(f"c{number}", skills=f"{skill}:1").leave(f"c{number}")
    floor.queue("c90", skills=f"{skills[0]}:1").queue("c91", skills=f"{skills[-1]}:1").forget()

    assert len(floor.distributor._floor.queues[QueueName("sales")].lanes()) <= LANES_KEPT
    floor.ready("ann").expect("offer 1 c90 ann")
    floor.answer(1).end_talk("c90", "ann").expect("offer 2 c91 ann")
