"""Who may take a call, as queues.yaml and agents.yaml say it: skills, steps, rings, weights."""

import pytest

from acd.policy import Step
from cti.ids import AgentId, SkillName
from cti.instants import seconds
from ivr.flow import ToQueue
from tests.config.folders import Folder

RING = "ring_time: 15s"
QUEUES = "queues: [sales, support]"
ENGLISH, SPANISH = SkillName("english"), SkillName("spanish")


def problems(folder: Folder, *lines: str) -> list[str]:
    """Return what is said of a queue that has these lines more."""
    folder.replace("queues.yaml", RING, "\n    ".join((RING, *lines)))
    return [str(problem).partition(": ")[2] for problem in folder.problems()]


def teach(folder: Folder, skills: str) -> None:
    """Have the first agent know something."""
    folder.replace("agents.yaml", QUEUES, f"{QUEUES}\n    skills: {skills}")


def test_skills_steps_rings_and_weight_arrive_in_the_policy(folder: Folder) -> None:
    teach(folder, "{spanish: 2, english: 5}")
    folder.replace(
        "queues.yaml",
        RING,
        f"{RING}\n    strategy: most_skilled\n    skills: {{english: 3}}\n    rings: {{chen: 2}}\n"
        "    weight: 30s\n    steps:\n      - {after: 20s, skills: {english: 1}}\n"
        "      - {after: 1m, any_skills: true, ring: 2, agents: [ann]}",
    )
    policy = folder.load().policy
    sales = policy.queues[0]

    assert sales.skills == ((ENGLISH, 3),)
    assert sales.rings == ((AgentId("chen"), 2),)
    assert sales.weight == seconds(30)
    assert sales.steps == (
        Step(after=seconds(20), skills=((ENGLISH, 1),)),
        Step(after=seconds(60), any_skills=True, ring=2, agents=(AgentId("ann"),)),
    )
    assert ((ENGLISH, 5), (SPANISH, 2)) in {agent.skills for agent in policy.agents}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["skills: {englich: 2}"], "no agent has the skill 'englich'; did you mean english?"),
        (
            ["steps: [{after: 9s, skills: {french: 0}}]"],
            "no agent has the skill 'french'; agents have: spanish, english",
        ),
        (["skills: {english: 0}"], "queues.sales.skills.english: must be 1 to 100"),
        (["skills: {english: 101}"], "queues.sales.skills.english: must be 1 to 100"),
        (["rings: {chen: 1}"], "queues.sales.rings.chen: must be 2 to 20"),
        (["rings: {chenn: 2}"], "there is no agent 'chenn'; did you mean chen?"),
        (["steps: [{after: 9s, agents: [an]}]"], "there is no agent 'an'; did you mean ann?"),
        (["steps: [{after: 9s}]"], "needs one of these at least: skills, any_skills, ring, agents"),
        (
            ["steps: [{after: 9s, any_skills: true}, {after: 9s, ring: 2}]"],
            "the steps must be in order: 9s does not come after 9s",
        ),
        (["weight: 2h"], "queues.sales.weight: must be a duration from 0s to 1h"),
        (["weight: 15m"], "may wait up to 15m longer than those of this queue"),
        (["skills: {english: 9}"], "who waits here is offered to nobody"),
        (
            ["skills: {english: 9}", "steps: [{after: 9s, any_skills: true}]"],
            "callers come to the next step at once",
        ),
        (["rings: {chen: 2}"], "no step opens ring 2: chen gets no call of this queue"),
        (["steps: [{after: 9s, ring: 2}]"], "nobody is in a ring that this step opens"),
    ],
)
def test_what_is_wrong_with_them_is_said(folder: Folder, lines: list[str], told: str) -> None:
    teach(folder, "{spanish: 2, english: 5}")

    assert any(told in problem for problem in problems(folder, *lines)), problems(folder, *lines)


HEAVY = "callers who get this are served before others who came up to {} sooner"


@pytest.mark.parametrize(
    ("priority", "weight", "told"),
    [("9m59s", "0s", ""), ("10m", "0s", "10m"), ("6m", "4m", "10m"), ("0s", "9m", "")],
)
def test_a_head_start_that_lets_others_wait_long_is_doubted_with_the_queues_weight(
    folder: Folder, priority: str, weight: str, told: str
) -> None:
    folder.replace("services.yaml", "flow: welcome", f"flow: welcome\n    priority: {priority}")
    folder.replace("flows.yaml", "queue: sales}", f"queue: sales, priority: {priority}}}")
    found = [
        problem for problem in problems(folder, f"weight: {weight}") if "served before" in problem
    ]
    where = ("services.0.priority", "flows.welcome.menu.choices.1.priority") if told else ()

    assert len(found) == len(where)
    assert all(any(path in one and HEAVY.format(told) in one for one in found) for path in where)


def test_where_no_agent_has_any_skill_that_is_said(folder: Folder) -> None:
    assert "queues.sales.skills.english: no agent has skills" in problems(
        folder, "skills: {english: 2}"
    )


def test_an_agent_who_is_added_at_a_step_may_have_his_own_wrap_up_there(folder: Folder) -> None:
    lines = ("steps: [{after: 9s, agents: [ann, chen]}]",)

    assert not [told for told in problems(folder, *lines) if "does not serve" in told]


def test_numbers_and_choices_say_head_starts_and_skills(folder: Folder) -> None:
    teach(folder, "{spanish: 2, english: 5}")
    folder.replace(
        "services.yaml",
        "flow: welcome",
        "flow: welcome\n    priority: 20s\n    skills: {spanish: 1}",
    )
    folder.replace(
        "flows.yaml",
        "1: {name: sales, queue: sales}",
        "1: {name: sales, queue: sales, priority: 1m, skills: {english: 2}}",
    )
    found = folder.load()
    (menu,) = found.flows["welcome"].steps
    sales = menu.choices[0].to

    assert isinstance(sales, ToQueue)
    assert (sales.priority, sales.skills) == (seconds(60), ((ENGLISH, 2),))
    assert found.services["8000"].priority == seconds(20)
    assert found.services["8000"].skills == ((SPANISH, 1),)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "services.yaml",
            "flow: welcome",
            "flow: welcome\n    skills: {x: 1}",
            "services.yaml:5:14: services.0.skills.x: no agent has skills",
        ),
        (
            "flows.yaml",
            "otherwise: {queue: support}",
            "otherwise: {queue: support, skills: {x: 1}}",
            "flows.welcome.menu.otherwise.skills.x: no agent has skills",
        ),
        (
            "flows.yaml",
            "otherwise: {queue: support}",
            "otherwise: {hang_up: true, priority: 3s}",
            "priority and skills are for a queue, and here the call ends",
        ),
        ("services.yaml", "flow: welcome", "flow: welcome\n    priority: 2h", "from 0s to 1h"),
    ],
)
def test_what_is_wrong_with_those_is_said(
    folder: Folder, file: str, old: str, new: str, told: str
) -> None:
    folder.replace(file, old, new)

    assert any(told in problem for problem in folder.complaints()), folder.complaints()
