"""The core against what is known of cross-training: a second skill is nearly worth all of them."""

import pytest

from tests.cti.simulation.pooling import RECOVERED, WAYS, exact_asa_s, recovered

HOURS = 50


@pytest.mark.parametrize("way", WAYS)
def test_a_second_skill_saves_most_of_the_wait_that_all_would(way: str) -> None:
    _saved, least = recovered(way, HOURS)
    assert least > RECOVERED


def test_what_agents_with_one_skill_and_with_all_make_callers_wait() -> None:
    """Five callers at a time for each six agents, and thirty for all thirty-six."""
    assert exact_asa_s(1) == pytest.approx(105.76, abs=0.01)
    assert exact_asa_s(6) == pytest.approx(6.36, abs=0.01)
