"""Rough days, a few of them, and how many are asked for; `make simulate-faults` runs more."""

import pytest

from acd.tables.outcomes import Outcome
from tests.simulation.__main__ import main
from tests.simulation.rough import FAULTS, RoughWorld


@pytest.mark.parametrize("seed", [2, len(FAULTS) - 1])
def test_a_day_with_crashes_and_bursts_loses_nobody_and_is_replayed_alike(seed: int) -> None:
    world = RoughWorld(seed)
    world.run(steps=80)

    assert world.crashes > 0
    assert any(outcome is Outcome.ANSWERED for _, outcome in world.ledger.outcomes)


def test_days_are_run_beside_one_another_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["2", "5", "10"]) == 0

    assert capsys.readouterr().out.startswith("2 seeds of 10 steps, ")


def test_a_day_that_fails_says_how_it_fails_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: RoughWorld, steps: int) -> None:
        raise ValueError(f"after {steps}")

    monkeypatch.setattr(RoughWorld, "run", fail)

    assert main(["2", "5", "10"]) == 1
    assert (
        "seed 6: ValueError in fail: after 10\n"
        "  again: make simulate-faults SEEDS=1 FIRST=6 STEPS=10\n" in capsys.readouterr().out
    )


def test_a_single_day_that_fails_tells_its_story(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: RoughWorld) -> None:
        raise ValueError("no")

    monkeypatch.setattr(RoughWorld, "_come_to_a_good_end", fail)

    assert main(["1", "5", "10"]) == 1
    said = capsys.readouterr()
    assert "AgentMade" in said.out
    assert "ValueError: no" in said.err


def test_so_many_failures_that_one_cause_is_likely_end_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(RoughWorld, "run", fail)

    assert main(["50"]) == 1
    assert "10 have failed; the rest is left" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["x"], ["0"], ["1", "-1"], ["1", "2", "3", "4"]])
def test_what_cannot_be_run_is_refused(arguments: list[str]) -> None:
    assert main(arguments) == 2
