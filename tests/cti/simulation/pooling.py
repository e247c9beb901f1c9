"""
What a second skill is worth: six kinds of calls, and agents who know one, two or all of them.

W. C. Jordan, S. C. Graves: Principles on the benefits of manufacturing process flexibility (1995);
R. B. Wallace, W. Whitt: A staffing algorithm for call centers with skill-based routing (2005):
where the handle time does not depend on kind or agent and each agent has two skills “in appropriate
combinations, the performance is almost as good as when each agent has all skills”. The measure
here: the part of the mean wait between one skill and all that the second one saves. Here the skills
form one chain. Both ends are known exactly: six queues M/M/6, and one M/M/36 (A. K. Erlang).
"""

from typing import Any, Final

from tests.cti.simulation.erlang import erlang_c
from tests.cti.simulation.runs import simulated

KINDS: Final = 6
PER_HOUR: Final = 100
HANDLE_S: Final = 180.0
AGENTS_EACH: Final = 6
RECOVERED: Final = 0.85
"""Of the waiting time between one skill and all, so much at least is saved by the second."""
WAYS: Final = ("queues", "skills")
"""Each kind of call has a queue, or asks for a skill."""


def exact_asa_s(skills_each: int) -> float:
    """Return the mean wait where agents know one kind, or all of them."""
    pools = KINDS if skills_each == 1 else 1
    load, agents = PER_HOUR * KINDS * HANDLE_S / 3_600 / pools, AGENTS_EACH * KINDS // pools
    return erlang_c(load, agents) * HANDLE_S / (agents - load)


def recovered(way: str, hours: int) -> tuple[float, float]:
    """Return what the second skill saves, and what it saves at least by its 99 % interval."""
    ours = simulated(scenario(way, 2, hours))
    alone, together = exact_asa_s(1), exact_asa_s(KINDS)
    worst = ours["interval_99"]["asa_s"][1]
    return (alone - ours["asa_s"]) / (alone - together), (alone - worst) / (alone - together)


def scenario(way: str, skills_each: int, hours: int) -> dict[str, Any]:
    """Return it for `cordboard simulate`."""
    kinds = [f"kind{number}" for number in range(KINDS)]
    known = [
        [kinds[(number + step) % KINDS] for step in range(skills_each)] for number in range(KINDS)
    ]
    by_skills = way == "skills"
    calls = {"per_hour": PER_HOUR, "handle_time": {"mean": f"{HANDLE_S:g}s"}}
    return {
        "seed": 1,
        "duration": f"{hours}h",
        "warm_up": "2h",
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
