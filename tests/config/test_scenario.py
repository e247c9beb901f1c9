from pathlib import Path

import pytest

from config.errors import ConfigError
from config.scenario import read_scenario

GOOD = """\
duration: 100h
warm_up: 1h
arrivals:
  - {queue: sales, per_hour: 12.5, handle_time: {mean: 3m}, patience: none}
agents:
  - {count: 2, queues: [sales]}
"""


def test_a_scenario_is_read(tmp_path: Path) -> None:
    (stream,) = _read(tmp_path, GOOD)
    assert stream == ((0, 12.5),)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("warm_up: 1h", "warm_up: 100h", "warm_up must be shorter than duration"),
        ("12.5", "many", ":4:30: arrivals.0.per_hour: must be a number of calls an hour"),
        ("12.5", "0", "no call ever comes"),
        ("12.5", "[{from: 2h, per_hour: 1}, {from: 1h, per_hour: 2}]", "times must ascend"),
        ("{mean: 3m}", "{mean: 3m, distribution: lognormal}", "cv belongs to"),
        ("{mean: 3m}", "{mean: 3}", "needs a unit"),
        (
            "[sales]}",
            "[sales], skills: german}",
            "agents.0.skills: must be a list of skills",
        ),
        ("count: 2", "count: 0", "must be 1 to"),
        ("[sales]", "[sales], shift: {from: 8h, to: 8h}", "must end at another time"),
        ("[sales]", "[sales], shift: {frm: 8h, to: 9h}", "did you mean from?"),
        ("patience: none", "patience: never", "must be none, or how long a caller waits"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _read(tmp_path, GOOD.replace(old, new))
    assert said in str(refused.value)


def test_a_queue_that_nobody_serves_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(GOOD.replace("[sales]", "[sails]"))
    with pytest.raises(ConfigError, match=r"4:13: .*no group of agents serves the queue 'sales'"):
        read_scenario(file).refuse_queues(None)


def test_a_queue_that_the_configuration_lacks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(GOOD)
    with pytest.raises(ConfigError, match="there is no queue"):
        read_scenario(file).refuse_queues(["sale"])


def test_a_skill_that_nobody_has_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    asking = GOOD.replace("patience: none", "patience: none, skills: [german]")
    file.write_text(asking)
    with pytest.raises(ConfigError, match=r"skills.0: nobody has the skill 'german'"):
        read_scenario(file).refuse_skills([])
    read_scenario(file).refuse_skills(["german"])
    file.write_text(asking.replace("[sales]}", "[sales], skills: [german]}"))
    read_scenario(file).refuse_skills([])


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        read_scenario(tmp_path / "none.yaml")


def _read(folder: Path, text: str) -> list[tuple[tuple[int, float], ...]]:
    file = folder / "scenario.yaml"
    file.write_text(text)
    return [stream.levels for stream in read_scenario(file).scenario.arrivals]
