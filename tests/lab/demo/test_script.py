"""Scripts of shows: what may stand in them, and what is said of mistakes."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from cti.instants import as_seconds
from lab.demo.cast import PEOPLE
from lab.demo.drama import ScriptedAgents, person_named
from lab.demo.pace import Pace
from lab.demo.screen import _wrapped
from lab.demo.script import find_script, read_script, ready_scripts
from lab.demo.stage import EXAMPLES
from lab.site import agents_of

AGENTS = [agent.name for agent in agents_of(EXAMPLES)]


def problems(tmp_path: Path, text: str) -> list[str]:
    """Return what is wrong with a script, without the file's path."""
    file = tmp_path / "show.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        read_script(file, AGENTS)
    except ConfigError as error:
        return [str(problem).removeprefix(f"{tmp_path}/") for problem in error.problems]
    return []


@pytest.mark.parametrize("name", ready_scripts())
def test_the_scripts_that_come_along_are_in_order(name: str) -> None:
    script = read_script(find_script(name), AGENTS)
    known = {person.name for person in PEOPLE}

    assert script.calls > 0
    assert [who for step in script.steps for who in step.call or () if who not in known] == []


@pytest.mark.parametrize("name", ready_scripts())
def test_what_the_scripts_say_is_one_line_of_the_smallest_terminal(name: str) -> None:
    captions = read_script(find_script(name), AGENTS).captions

    assert [said for said in captions if len(_wrapped(said, 80)) > 1] == []


def test_the_tour_kills_the_daemon_and_takes_ninety_seconds() -> None:
    tour = read_script(find_script("tour"), AGENTS)

    assert [step.daemon for step in tour.steps if step.daemon] == ["kill"]
    assert max(as_seconds(step.at) for step in tour.steps) == 90


def test_a_file_of_the_callers_own_goes_before_a_script_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tour").touch()

    assert find_script("tour") == Path("tour")
    assert find_script("busy-hour").is_absolute()


def test_one_caller_and_one_key_need_no_brackets(tmp_path: Path) -> None:
    file = tmp_path / "show.yaml"
    file.write_text("title: x\nsteps: [{at: 1s, call: Ann, press: 1}]\n")
    (step,) = read_script(file, AGENTS).steps

    assert (as_seconds(step.at), step.call, step.press) == (1, ("Ann",), ("1",))


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("{at: 3, say: hi}", "3:10: steps.0.at: needs a unit: write 3s for seconds"),
        ("{at: 3s}", "3:5: steps.0: needs exactly one of these keys: say, call, agent, daemon"),
        ("{at: 3s, say: hi, call: Ann}", "3:5: steps.0: needs exactly one of these keys"),
        ("{at: 3s, say: hi, press: 1}", "3:5: steps.0: press belongs to steps with call"),
        ("{at: 3s, agent: bem, does: miss}", "'bem'; did you mean ben?"),
        ("{at: 3s, agent: ben, does: moss}", "3:32: steps.0.does: must be one of answer, miss"),
        ("{at: 3s, agent: ben}", "3:5: steps.0: says nothing that the agent does"),
        ("{at: 3s, call: [A, A]}", "3:20: steps.0.call: 'A' stands in this list twice"),
        ("{at: 3s, call: A, press: x}", "steps.0.press: must be a key of a telephone"),
        ("{at: 3s, daemon: stop}", "3:22: steps.0.daemon: must be kill, not 'stop'"),
        ("{at: 3s, daemon: kill, back_after: 2h}", "must be a duration from 0s to 1m"),
        ("{at: 3s, says: hi}", "3:14: steps.0.says: is not a known key; did you mean say?"),
        ('{at: 3s, say: "a\\nb"}', "3:19: steps.0.say: must be one line of up to 200"),
        ("{at: 3s, call: !!python/name:os.system x}", "tags (beginning with !) are not allowed"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_column(tmp_path: Path, step: str, told: str) -> None:
    found = problems(tmp_path, f"title: x\nsteps:\n  - {step}\n")

    assert [problem for problem in found if told in problem] != []
    assert [problem for problem in found if not problem.startswith("show.yaml:3:")] == []


def test_the_daemon_is_not_killed_before_it_is_back(tmp_path: Path) -> None:
    text = "title: x\nsteps:\n  - {at: 9s, daemon: kill}\n  - {at: 6s, daemon: kill}\n"

    assert problems(tmp_path, text) == [
        "show.yaml:3:10: steps.0.at: the daemon cannot be killed before it is back"
    ]


@pytest.mark.parametrize("text", ["", "[]", "title: x", "title: x\nsteps: []", "a: *b", "\x00"])
def test_what_is_no_script_is_refused(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) != []


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"show\.yaml:1:1: is missing"):
        read_script(tmp_path / "show.yaml", AGENTS)


def test_an_agent_does_what_is_asked_of_him_once_and_then_the_usual(tmp_path: Path) -> None:
    file = tmp_path / "show.yaml"
    file.write_text("title: x\nagents: {rings: 4s}\nsteps: [{at: 1s, say: x}]\n")
    agents = ScriptedAgents(read_script(file, AGENTS), Pace(2))
    agents.next_call("ben", agents.next_offer("ann").dealing.DECLINE)

    assert [agents.next_offer(name).dealing.value for name in ("ann", "ben", "ben")] == [
        "answer",
        "decline",
        "answer",
    ]
    assert agents.next_offer("ann").ring_s == 2


def test_a_stranger_gets_a_number_that_is_kept_free_for_fiction() -> None:
    assert person_named("Alice Brown").company == "Brown & Daughters"
    assert person_named("Zoe Zimmer").number.startswith("+493023125")
    assert len(person_named("Zoe Zimmer").number) == len("+493023125000")
