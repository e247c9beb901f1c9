import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from acd.policy import Strategy
from cti.commands.simulate import command
from tests.acd.script import policy, queue_policy
from tests.cti.simulation.runs import plain_scenario, simulated

EXAMPLES = Path("config/examples")
SCENARIO = """\
seed: 3
duration: 10h
warm_up: 1h
arrivals:
  - queue: sales
    per_hour: [{from: 0h, per_hour: 40}, {from: 4h, per_hour: 90}]
    handle_time: {mean: 3m, distribution: lognormal, cv: "1.2"}
    patience: {mean: 90s, distribution: exponential}
agents:
  - {count: 3, queues: [sales]}
  - {count: 2, queues: [sales], shift: {from: 3h, to: 6h}}
lines: 12
"""


def test_the_same_seed_gives_the_same_bytes_in_processes_that_hash_otherwise(
    tmp_path: Path,
) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO)
    outputs = []
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-m", "cti", "simulate", "--json", "--scenario", file],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        outputs.append([line for line in run.stdout.splitlines() if b'"wall_s"' not in line])
    assert outputs[0] == outputs[1]


def test_every_call_has_one_fate(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO)
    run = CliRunner().invoke(command, ["--scenario", str(file), "--json"])
    told = json.loads(run.stdout)
    fates = ("answered", "abandoned", "blocked", "turned_away", "waiting")
    assert told["arrivals"] == sum(told[fate] for fate in fates)
    assert told["abandoned"] > 0
    assert told["queues"]["sales"]["answered"] == told["answered"]
    assert (told["virtual_s"], told["batches"]) == (36_000, 20)


def test_agents_work_in_their_shift_alone() -> None:
    values = plain_scenario(100, 1, duration="24h", warm_up="0s")
    values["agents"] = [{"count": 1, "queues": ["sales"], "shift": {"from": "6h", "to": "12h"}}]
    values["arrivals"][0]["patience"] = {"mean": "60s"}
    (one,) = simulated(values)["agents"].values()
    assert 80 < one["answered"] < 160
    assert one["occupancy"] > 0.8


def test_too_few_calls_give_no_interval() -> None:
    told = simulated(plain_scenario(1, 1, duration="10h", warm_up="0s"))
    assert told["interval_99"]["asa_s"] is None


def test_ringing_is_part_of_the_wait() -> None:
    told = simulated(plain_scenario(20, 20, ring="5s"))
    assert told["asa_s"] == 5.0
    assert told["wait_probability"] == 0.0


@pytest.mark.parametrize("strategy", [Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY])
def test_ringing_at_several_answers_every_call_once(strategy: Strategy) -> None:
    rules = queue_policy(ring=20, wrap=0, strategy=strategy, ring_next=1)
    calm = plain_scenario(60, 8, ring="3s")
    one, several = simulated(calm), simulated(calm, policy("", rules))

    assert one["answered"] == several["answered"] == several["arrivals"]
    assert several["decisions"] > one["decisions"]
    assert several["asa_s"] == pytest.approx(one["asa_s"], rel=0.05)


def test_another_stream_leaves_the_draws_of_the_first_as_they_were() -> None:
    alone = plain_scenario(100, 8)
    both = plain_scenario(100, 8)
    both["arrivals"] = [*alone["arrivals"], {**alone["arrivals"][0], "queue": "support"}]
    both["agents"] = [*alone["agents"], {"count": 8, "queues": ["support"]}]
    assert simulated(both)["queues"]["sales"] == simulated(alone)["queues"]["sales"]


def test_a_configuration_decides_by_its_queues(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO)
    run = CliRunner().invoke(
        command, ["--scenario", str(file), "--config", str(EXAMPLES), "--json"]
    )
    told = json.loads(run.stdout)
    assert told["policy_version"] != "plain"
    assert told["answered"] > 0


def test_a_table_is_printed_for_people(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO)
    run = CliRunner().invoke(command, ["--scenario", str(file)])
    assert run.exit_code == 0
    assert "share answered within 20 s" in run.stdout


def test_what_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(SCENARIO.replace("lines: 12", "linse: 12"))
    run = CliRunner().invoke(command, ["--scenario", str(file)])
    assert run.exit_code == 1
    assert f"{file}:12:1: linse: is not a known key; did you mean lines?" in run.stderr
