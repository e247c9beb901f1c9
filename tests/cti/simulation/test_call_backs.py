"""Callers who would rather be called back than wait, as `cordboard simulate` plays them."""

import pytest

from tests.acd.script import call_back_policy, policy, queue_policy
from tests.cti.simulation.runs import plain_scenario, simulated

DAYS = {"duration": "40h", "warm_up": "0s"}


@pytest.mark.parametrize("first", ["agent", "customer"])
def test_who_is_called_back_frees_his_line_and_is_served_all_the_same(first: str) -> None:
    rules = queue_policy(
        wrap=0, misses=0, chain="wait=30>call_back", call_back=call_back_policy(first=first)
    )
    told = simulated(plain_scenario(90, 5, **DAYS, patience={"mean": "5m"}), policy("", rules))
    without = simulated(plain_scenario(90, 5, **DAYS, patience={"mean": "5m"}))

    assert told["promised"] > 300
    assert 0 <= told["promised"] - told["called_back"] < 60
    assert told["lapsed"] == 0
    assert told["abandoned"] < without["abandoned"]
    assert told["answered"] + told["called_back"] > without["answered"]
    assert max(told["wait_s"].values()) <= 31
    assert told["arrivals"] == sum(
        told[name] for name in ("answered", "abandoned", "called_back", "waiting")
    )


def test_promises_that_nobody_has_time_for_lapse() -> None:
    rules = queue_policy(
        wrap=0, misses=0, chain="wait=30>call_back", call_back=call_back_policy(expires=600)
    )
    told = simulated(plain_scenario(180, 5, duration="10h", warm_up="0s"), policy("", rules))

    assert told["lapsed"] > 50
    assert told["lapsed"] + told["called_back"] <= told["promised"]


def test_a_promise_takes_no_line() -> None:
    rules = queue_policy(wrap=0, misses=0, chain="wait=30>call_back", call_back=call_back_policy())
    scenario = plain_scenario(90, 5, **DAYS, lines=9)

    assert simulated(scenario, policy("", rules))["blocked"] < simulated(scenario)["blocked"] / 2
