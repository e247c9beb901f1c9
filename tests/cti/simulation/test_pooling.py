"""
The core against what is known of cross-training: a second skill is worth nearly as much as all.

W. C. Jordan, S. C. Graves: Principles on the benefits of manufacturing process flexibility (1995);
R. B. Wallace, W. Whitt: A staffing algorithm for call centers with skill-based routing (2005):
where each agent has two skills so that all of them form one chain, callers wait hardly longer than
where everybody knows everything.
"""

from typing import Any

import pytest

from tests.cti.simulation.runs import simulated

KINDS = 6
PER_HOUR = 100
AGENTS_EACH = 6
RECOVERED = 0.85
"""Of the waiting time between one skill and all, so much at least is saved by the second."""


def _scenario(way: str, skills_each: int) -> dict[str, Any]:
    """Return a scenario in which each kind of call has a queue, or asks for a skill."""
    kinds = [f"kind{number}" for number in range(KINDS)]
    known = [
        [kinds[(number + step) % KINDS] for step in range(skills_each)] for number in range(KINDS)
    ]
    by_skills = way == "skills"
    calls = {"per_hour": PER_HOUR, "handle_time": {"mean": "3m"}}
    return {
        "seed": 1,
        "duration": "60h",
        "warm_up": "4h",
        "arrivals": [
            {**calls, "queue": "all", "skills": [kind]} if by_skills else {**calls, "queue": kind}
            for kind in kinds
        ],
        "agents": [
            {"count": AGENTS_EACH, "queues": ["all"], "skills": knows}
            if by_skills
            else {"count": AGENTS_EACH, "queues": knows}
            for knows in known
        ],
    }


@pytest.mark.parametrize("way", ["queues", "skills"])
def test_a_second_skill_saves_most_of_the_wait_that_all_would(way: str) -> None:
    waits = {skills: simulated(_scenario(way, skills))["asa_s"] for skills in (1, 2, KINDS)}

    assert waits[1] - waits[2] > RECOVERED * (waits[1] - waits[KINDS])
