"""Who is first in line, by each strategy of a queue."""

from collections import Counter

import pytest

from acd.facts import OfferOutcome
from acd.policy import Strategy
from acd.tables.queue_state import LOOKING_BACK
from tests.acd.script import ANN, BEN, CAT, Script, policy, queue_policy

THREE = "ann:sales ben:sales cat:sales"
SLOT_S = 300


def served(floor: Script, call: str, talk_s: float = 10) -> str:
    """Let a call come, be answered, and end after a while; return who had it."""
    floor.queue(call)
    offer = floor.offers()[-1]
    assert offer.call == call
    floor.answer(offer.offer)
    floor.at(floor.now / 1_000_000 + talk_s).leave(call)
    return offer.agent


def agents(floor: Script) -> list[str]:
    return [offer.agent for offer in floor.offers()]


def test_round_robin_takes_turns_however_long_each_was_busy() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.ROUND_ROBIN)
    floor = Script(queue, agents=THREE, ready="cat ben ann")

    assert [served(floor, f"c{n}", talk_s=50 - 10 * n) for n in range(5)] == [
        ANN,
        BEN,
        CAT,
        ANN,
        BEN,
    ]


def test_round_robin_begins_in_the_order_of_the_rules() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.ROUND_ROBIN, order="cat ann")
    floor = Script(queue, agents=THREE, ready="ann ben cat")

    assert [served(floor, f"c{n}") for n in range(4)] == [CAT, ANN, BEN, CAT]


def test_a_break_does_not_change_whose_turn_it_is() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.ROUND_ROBIN)
    floor = Script(queue, agents=THREE, ready="ann ben cat")
    served(floor, "c1")
    floor.not_ready("ben").ready("ben").log_off("cat").log_on("cat").ready("cat")

    assert [served(floor, f"d{n}") for n in range(3)] == [BEN, CAT, ANN]


def test_who_was_not_to_blame_has_his_turn_still() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.ROUND_ROBIN)
    floor = Script(queue, agents=THREE, ready="ann ben cat")
    floor.queue("c1").leave("c1").end(1, OfferOutcome.WITHDRAWN)
    assert served(floor, "c2") == ANN

    floor.queue("c3").end(floor.offers()[-1].offer)
    assert agents(floor)[-2:] == [BEN, CAT]


def test_turns_are_of_a_queue_and_not_of_all() -> None:
    robin = Strategy.ROUND_ROBIN
    floor = Script(
        queue_policy("sales", wrap=0, strategy=robin),
        queue_policy("support", wrap=0, strategy=robin),
        agents="ann:sales,support ben:sales,support",
        ready="ann ben",
    )
    assert served(floor, "c1") == ANN
    floor.queue("c2", "support")

    assert agents(floor)[-1] == ANN


def test_the_fewest_calls_of_all_queues_within_the_window() -> None:
    floor = Script(
        queue_policy("sales", wrap=0, strategy=Strategy.FEWEST_CALLS, window=1_200),
        queue_policy("support", wrap=0),
        agents="ann:sales,support ben:sales",
        ready="ann",
    )
    for n in range(2):
        floor.queue(f"s{n}", "support").answer(floor.offers()[-1].offer).leave(f"s{n}")
    floor.log_on("ben").ready("ben")

    assert [served(floor, f"c{n}") for n in range(2)] == [BEN, BEN]
    assert served(floor, "c3") == ANN  # two each, and idle for longer
    floor.not_ready("ann").ready("ann")
    assert served(floor, "c4") == BEN  # a break forgets nothing


def test_calls_older_than_the_window_count_no_longer() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.FEWEST_CALLS, window=600)
    floor = Script(queue, agents="ann:sales ben:sales", ready="ann")
    for n in range(3):
        served(floor, f"a{n}")
    floor.at(SLOT_S).log_on("ben").ready("ben")
    assert [served(floor, f"b{n}") for n in range(2)] == [BEN, BEN]
    floor.at(2 * SLOT_S)  # the slot with Ann's calls is out of the window now

    assert served(floor, "c1") == ANN


def test_the_least_occupied_by_share_of_the_time_in_which_calls_were_wanted() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.LEAST_OCCUPIED, window=3_600)
    floor = Script(queue, agents="ann:sales ben:sales", ready="ann ben")
    floor.queue("c1").queue("c2").answer(1).answer(2)
    floor.at(400).leave("c1")
    floor.at(500).leave("c2")  # Ann had 400 s, and has been free for longer; Ben had 500 s
    floor.at(510).not_ready("ann")
    floor.at(900).ready("ann")
    # In work for 400 of 510 s against 500 of 900: her break does not make her less occupied.
    floor.at(901)

    assert served(floor, "c3") == BEN


def test_wrapping_up_is_work() -> None:
    queue = queue_policy(wrap=400, strategy=Strategy.LEAST_OCCUPIED, window=3_600)
    floor = Script(queue, agents="ann:sales ben:sales", ready="ann ben")
    floor.queue("c1").queue("c2").answer(1).answer(2)
    floor.at(100).leave("c1").at(101).leave("c2").end_wrap_up("ben").at(600)

    assert served(floor, "c3") == BEN


def test_a_list_is_gone_through_from_its_beginning() -> None:
    queue = queue_policy(wrap=0, strategy=Strategy.ORDERED, order="cat ann")
    floor = Script(queue, agents=THREE, ready="ann ben cat")
    floor.queue("c1").queue("c2").queue("c3")

    assert agents(floor) == [CAT, ANN, BEN]


def by_chance(calls: int, seed: int, weights: str = "ann:6 ben:3") -> list[str]:
    """Return who had each of so many calls that came one after the other."""
    queue = queue_policy(wrap=0, strategy=Strategy.WEIGHTED_RANDOM, weights=weights, seed=seed)
    floor = Script(queue, agents=THREE, ready="ann ben cat", checked=False)
    for n in range(calls):
        floor.queue(f"c{n}").answer(n + 1).leave(f"c{n}")
    return agents(floor)


@pytest.mark.parametrize("seed", range(5))
def test_chance_goes_by_the_weights(seed: int) -> None:
    calls = 2_000
    counts = Counter(by_chance(calls, seed))

    # 6 : 3 : 1, within four standard deviations of the binomial
    for name, share in ((ANN, 0.6), (BEN, 0.3), (CAT, 0.1)):
        assert abs(counts[name] - calls * share) < 4 * (calls * share * (1 - share)) ** 0.5


def test_equal_seeds_draw_equally_and_others_otherwise() -> None:
    assert by_chance(50, seed=1) == by_chance(50, seed=1)
    assert by_chance(50, seed=1) != by_chance(50, seed=2)


def test_the_next_by_chance_has_the_same_weights_once_the_first_is_gone() -> None:
    """Who is left in line keeps his draw; by weights it is as good as a new one."""
    seconds_had: Counter[str] = Counter()
    for seed in range(800):
        queue = queue_policy(
            strategy=Strategy.WEIGHTED_RANDOM, weights="ann:1000000 ben:3", seed=seed
        )
        floor = Script(queue, agents=THREE, ready="ann ben cat", checked=False)
        floor.queue("c1").queue("c2")
        assert agents(floor)[0] == ANN
        seconds_had[agents(floor)[1]] += 1

    assert abs(seconds_had[BEN] - 600) < 4 * (800 * 0.75 * 0.25) ** 0.5


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_strategy_may_change_while_agents_stand_in_line(strategy: Strategy) -> None:
    floor = Script(queue_policy(wrap=0), agents=THREE, ready="cat ann ben")
    served(floor, "c1")
    other = queue_policy(wrap=0, strategy=strategy, order="ben", weights="ann:2")
    floor.apply(policy(THREE, other, version="v2")).at(400)
    served(floor, "c2")
    floor.apply(policy(THREE, queue_policy(wrap=0), version="v3")).at(800).queue("c3")

    assert floor.offers()[1].reason.rule == strategy.value
    assert floor.offers()[-1].reason.rule == "longest_idle"


@pytest.mark.parametrize(
    "strategy", [strategy for strategy in Strategy if strategy in LOOKING_BACK]
)
def test_nothing_is_kept_of_agents_work_while_nobody_looks_at_it(strategy: Strategy) -> None:
    looking = queue_policy(wrap=0, strategy=strategy)
    floor = Script(looking, agents=THREE, ready="ann")
    served(floor, "c1")
    assert any(agent.work for agent in floor.distributor.snapshot().agents)
    floor.apply(policy(THREE, queue_policy(wrap=0), version="v2"))

    state = floor.distributor.snapshot()
    assert state.slot_ends is None
    assert not any(agent.work for agent in state.agents)
    assert {agent.busy_since for agent in state.agents} == {None}


def test_a_line_that_does_not_look_back_stays_as_it_is_when_a_slot_ends() -> None:
    floor = Script(
        queue_policy("sales", strategy=Strategy.FEWEST_CALLS),
        queue_policy("support"),
        agents="ann:sales,support ben:sales,support",
        ready="ben ann",
    )

    floor.at(2 * SLOT_S).queue("c1", "support").expect("place c1 support", "offer 1 c1 ann")
