"""Days by chance, a few of them; `python -m tests.simulation SEEDS` runs as many as you like."""

import pytest

from acd.tables.outcomes import Outcome
from tests.simulation.chance import World, story


@pytest.mark.parametrize("seed", range(10))
def test_a_day_with_everything_going_wrong_loses_nobody(seed: int) -> None:
    """The checkers, the ledger and the good end are in the world itself."""
    world = World(seed)
    world.run(steps=150)

    assert {outcome for _, outcome in world.ledger.outcomes} >= {Outcome.ANSWERED}


@pytest.mark.parametrize("seed", range(2))
def test_a_day_without_faults_answers_or_loses_every_caller_by_his_own_will(seed: int) -> None:
    world = World(seed, faults=0)
    world.run(steps=150)

    assert world.ledger.arrivals.total() == world.ledger.outcomes.total()


def test_the_same_seed_tells_the_same_story() -> None:
    assert story(seed=3, steps=100) == story(seed=3, steps=100)


def test_another_seed_tells_another_story() -> None:
    assert story(seed=3, steps=100) != story(seed=4, steps=100)
