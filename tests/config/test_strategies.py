"""Which agent gets the call, as queues.yaml says it."""

import pytest

from acd.policy import RING_NEXT_AFTER, RINGS_SEVERAL, Strategy
from config.errors import ConfigError
from config.models import StrategyName
from cti.ids import AgentId
from cti.instants import seconds
from tests.config.folders import Folder

RING = "ring_time: 15s"


def problems(folder: Folder, *lines: str) -> list[str]:
    """Return what is said of a queue that has these lines more."""
    folder.replace("queues.yaml", RING, "\n    ".join((RING, *lines)))
    return [str(problem).partition(": ")[2] for problem in folder.problems()]


def test_every_strategy_of_the_core_can_be_configured() -> None:
    assert [strategy.value for strategy in Strategy] == list(StrategyName.__args__)  # type: ignore[attr-defined]


def test_what_a_queue_says_of_its_strategy_arrives_in_the_policy(folder: Folder) -> None:
    folder.replace(
        "queues.yaml",
        RING,
        f"{RING}\n    strategy: weighted_random\n    weights: {{ann: 3}}\n    seed: 7\n"
        "    window: 2h\n    order: [chen, ann]",
    )
    sales, support = folder.load().policy.queues

    assert sales.strategy is Strategy.WEIGHTED_RANDOM
    assert sales.weights == ((AgentId("ann"), 3),)
    assert (sales.seed, sales.window) == (7, seconds(7_200))
    assert sales.order == (AgentId("chen"), AgentId("ann"))
    assert support.strategy is Strategy.LONGEST_IDLE


def test_another_strategy_is_another_policy(folder: Folder) -> None:
    before = folder.load().policy.version
    folder.replace("queues.yaml", RING, f"{RING}\n    strategy: round_robin")

    assert folder.load().policy.version != before


def test_agents_who_do_not_exist_have_neither_place_nor_weight(folder: Folder) -> None:
    found = problems(folder, "strategy: ordered", "order: [ann, an]", "weights: {chenn: 2, ann: 1}")

    assert "queues.sales.order.1: there is no agent 'an'; did you mean ann?" in found
    assert "queues.sales.weights.chenn: there is no agent 'chenn'; did you mean chen?" in found


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "strategy: longest",
            (
                "queues.sales.strategy: must be one of longest_idle, round_robin, fewest_calls,"
                " most_skilled, least_occupied, ordered, weighted_random, ring_all,"
                " ring_progressively, not 'longest'"
            ),
        ),
        ("weights: {ann: 0}", "queues.sales.weights.ann: must be 1 to 1000, not 0"),
        ("weights: [ann]", "queues.sales.weights: must be a mapping of agents to weights"),
        ("order: [ann, ann]", "queues.sales.order"),
        ("seed: -1", "queues.sales.seed: must be 0 to 2147483647, not -1"),
        (
            "window: 4m",
            (
                "queues.sales.window: must be a duration from 5m to 24h, such as 500ms, 15s, 2m or"
                " 1h30m, not '4m'"
            ),
        ),
    ],
)
def test_what_no_queue_can_have_is_refused(folder: Folder, line: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in problems(folder, line))
    with pytest.raises(ConfigError):
        folder.load()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            ["strategy: ordered"],
            (
                "warning: queues.sales.strategy: has no order: name the agents in it, the first"
                " to be rung first"
            ),
        ),
        (
            ["order: [ann]"],
            (
                "warning: queues.sales.order: has no effect: the strategy is longest_idle, and only"
                " ordered, round_robin, ring_all, ring_progressively look at it"
            ),
        ),
        (
            ["strategy: ordered", "order: [ann]", "weights: {ann: 2}"],
            (
                "warning: queues.sales.weights: has no effect: the strategy is ordered, and only"
                " weighted_random look at it"
            ),
        ),
        (
            ["ring_next_after: 5s"],
            (
                "warning: queues.sales.ring_next_after: has no effect: the strategy is"
                " longest_idle, not ring_progressively"
            ),
        ),
        (
            ["strategy: ring_progressively", "ring_next_after: 15s"],
            (
                "warning: queues.sales.ring_next_after: is not shorter than ring_time (15s): one"
                " phone is silent before the next one rings"
            ),
        ),
        (
            ["seed: 3"],
            (
                "warning: queues.sales.seed: has no effect: the strategy is longest_idle, and only"
                " weighted_random look at it"
            ),
        ),
    ],
)
def test_what_is_said_for_nothing_is_warned_of(folder: Folder, lines: list[str], told: str) -> None:
    assert told in problems(folder, *lines)


def test_agents_of_other_queues_are_warned_of(folder: Folder) -> None:
    folder.replace("agents.yaml", "queues: [sales, support]", "queues: [support]")
    found = problems(folder, "strategy: weighted_random", "weights: {ann: 2}")

    assert "warning: queues.sales.weights.ann: ann does not serve this queue" in found


@pytest.mark.parametrize("strategy", sorted(strategy.value for strategy in RINGS_SEVERAL))
def test_ringing_at_several_is_doubted_and_keeps_the_daemon_from_starting(
    folder: Folder, strategy: str
) -> None:
    (told,) = problems(folder, f"strategy: {strategy}", "order: [chen, ann]")

    assert told == (
        "warning: queues.sales.strategy: the daemon cannot ring at several agents at once yet, and"
        f" does not start with {strategy} (cordboard simulate knows it)"
    )
    with pytest.raises(ConfigError):
        folder.load()


def test_the_pause_before_one_more_phone_arrives_in_the_policy(folder: Folder) -> None:
    folder.replace("queues.yaml", RING, f"{RING}\n    ring_next_after: 7s")
    sales, support = folder.load().policy.queues

    assert (sales.ring_next_after, support.ring_next_after) == (seconds(7), RING_NEXT_AFTER)
