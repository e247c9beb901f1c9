"""
Cases of queueing theory whose figures are printed somewhere, and what the formulas say of them.

`published` holds the digits as they are printed, twelve after the point at most, so a formula must
agree with each of them. Where a figure was not read at its source, `source` says who quotes it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.cti.simulation.erlang import erlang_a, erlang_a_in_time, erlang_b, erlang_c

CRAN = "R package ErlangC 0.1.0 (CRAN, 2024), README: erlang_c and calculate_agents"
TANNER = (
    "M. Tanner: The Erlang-C formula (mitan.co.uk/erlang/elgcmath.htm), steps 5 to 9, as quoted by"
    " the programs that follow it"
)
RENDER = (
    "B. Render, R. M. Stair, M. E. Hanna: Quantitative analysis for management, instructor's"
    " manual, alternative example 14.3"
)
GROSS = (
    "D. Gross, C. M. Harris: Fundamentals of queueing theory, the eye clinic, also an example of"
    " Mathematica's QueueingProcess; not looked up: L_q is the fraction 8/9"
)
ZELTYN = (
    "A. Mandelbaum, S. Zeltyn: The Palm/Erlang-A queue, with applications to call centers (2005),"
    " the comparison of Erlang-C and Erlang-A, as quoted by shiftmesh (README, tests)"
)
PYWORKFORCE = "pyworkforce, guide “Erlang A (abandonment)”, basic usage"
QUEUING = "queuingSystem (F. Kleine Bösing), tests of its Erlang A (M/M/c/80+M)"
WESTBAY = (
    "Westbay Engineers, Erlang B calculator manual (erlang.com): 15 lines at 1 % carry 8.108 E"
)
COLLINS = (
    "D. Collins: Carrier grade voice over IP, 2nd edition, appendix: table of Erlang B; 8 channels"
    " at 5 % carry 4.5 E"
)
WOLFRAM = "Mathematica 9, “Compute loss probabilities for a queue”: ErlangB[30, 25]"
OURS = "none: Palm's formula alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One queue: calls an hour at random, handled and borne for exponential times."""

    name: str
    source: str
    per_hour: float
    handle_s: float
    agents: int
    patience_s: float | None = None
    """None: everybody waits."""
    all_lines: bool = False
    """Whether there are as many lines as agents, so that nobody waits."""
    within_s: int = 20
    published: Mapping[str, str]
    seed: int
    """One of its own, so that no case leans on the draws of another."""

    @property
    def load(self) -> float:
        """Return the offered traffic in erlangs."""
        return self.per_hour * self.handle_s / 3_600

    @property
    def is_stable(self) -> bool:
        """Say whether the queue has an end: it may grow for ever where all lines wait for ever."""
        return self.all_lines or self.patience_s is not None or self.load < self.agents

    @property
    def compared(self) -> tuple[str, ...]:
        """Return the figures of `cordboard simulate` that theory knows."""
        if self.all_lines:
            return ("blocked_share", "occupancy")
        if self.patience_s is None:
            return ("wait_probability", "asa_s", "service_level", "occupancy")
        return ("wait_probability", "abandoned_share", "mean_wait_s", "service_level", "occupancy")

    @property
    def memory_s(self) -> float:
        """Return in which time the queue forgets its state, roughly (J. Abate, W. Whitt: 1/e)."""
        if self.all_lines:
            return self.handle_s
        if self.patience_s is not None:
            return max(self.handle_s, self.patience_s)
        return self.handle_s / (math.sqrt(self.agents) - math.sqrt(self.load)) ** 2

    def theory(self) -> dict[str, float]:
        """Return the exact figures."""
        load, agents = self.load, self.agents
        if self.all_lines:
            lost = erlang_b(load, agents)
            return {"blocked_share": lost, "occupancy": load * (1 - lost) / agents}
        if self.patience_s is None:
            waits = erlang_c(load, agents)
            spare = (agents - load) / self.handle_s
            figures = {
                "wait_probability": waits,
                "asa_s": waits / spare,
                "service_level": 1 - waits * math.exp(-spare * self.within_s),
                "occupancy": load / agents,
                "waiting": load / self.handle_s * waits / spare,
            }
            return figures | {"in_system": figures["waiting"] + load}
        patience = self.patience_s / self.handle_s
        waits, leaves = erlang_a(load, agents, patience)
        return {
            "wait_probability": waits,
            "abandoned_share": leaves,
            "mean_wait_s": leaves * self.patience_s,
            "mean_wait_min": leaves * self.patience_s / 60,
            "service_level": erlang_a_in_time(
                load, agents, patience, self.within_s / self.handle_s
            ),
            "occupancy": load * (1 - leaves) / agents,
            "waiting": load / self.handle_s * leaves * self.patience_s,
        }

    def scenario(self, *, calls: int, memories: int, seed: int | None = None) -> dict[str, Any]:
        """
        Return it for `cordboard simulate`, with so many calls at least.

        Each of the 20 batches, and the warm-up, lasts `memories` times as long as the memory.
        """
        hours = max(calls / self.per_hour, 20 * memories * self.memory_s / 3_600)
        warm_up = math.ceil(memories * self.memory_s)
        patience: object = "none"
        if self.patience_s is not None:
            patience = {"mean": f"{self.patience_s:g}s", "distribution": "exponential"}
        values: dict[str, Any] = {
            "seed": self.seed if seed is None else seed,
            "duration": f"{math.ceil(hours * 3_600) + warm_up}s",
            "warm_up": f"{warm_up}s",
            "service_level": f"{self.within_s}s",
            "arrivals": [
                {
                    "queue": "sales",
                    "per_hour": self.per_hour,
                    "handle_time": {"mean": f"{self.handle_s:g}s", "distribution": "exponential"},
                    "patience": patience,
                }
            ],
            "agents": [{"count": self.agents, "queues": ["sales"]}],
        }
        return values | ({"lines": self.agents} if self.all_lines else {})


def _cran(agents: int, waits: str, level: str, asa: str) -> Case:
    return Case(
        name=f"10 E, {agents} agents",
        source=CRAN,
        per_hour=200,
        handle_s=180,
        agents=agents,
        published={"wait_probability": waits, "service_level": level, "asa_s": asa},
        seed=agents,
    )


NEAR_THE_LIMIT = _cran(11, "0.6821182", "0.3896138", "122.78127684408")
"""It forgets its state in two hours only, so it takes 80,000 calls to say anything."""
WAITING = (
    _cran(12, "0.4493882", "0.640158", "40.444940186844"),
    _cran(13, "0.2852705", "0.7955948", "17.116227182190"),
    _cran(14, "0.1741319", "0.88835", "7.835937011777"),
    Case(
        name="48 E, 55 agents",
        source=TANNER,
        per_hour=720,
        handle_s=240,
        agents=55,
        within_s=15,
        published={
            "occupancy": "0.873",
            "wait_probability": "0.239",
            "asa_s": "8.2",
            "service_level": "0.846",
        },
        seed=1,
    ),
    Case(
        name="2/3 E, 2 agents",
        source=RENDER,
        per_hour=20,
        handle_s=120,
        agents=2,
        published={"in_system": "0.75"},
        seed=2,
    ),
    Case(
        name="2 E, 3 agents",
        source=GROSS,
        per_hour=6,
        handle_s=1_200,
        agents=3,
        published={"waiting": "0.8888888889"},
        seed=3,
    ),
)
"""Against Erlang C."""
LEAVING = (
    Case(
        name="48 E, 50 agents, patience 2 min",
        source=ZELTYN,
        per_hour=2_880,
        handle_s=60,
        agents=50,
        patience_s=120,
        published={"abandoned_share": "0.031", "mean_wait_s": "3.7", "occupancy": "0.93"},
        seed=4,
    ),
    Case(
        name="10 E, 13 agents, patience 5 min",
        source=PYWORKFORCE,
        per_hour=200,
        handle_s=180,
        agents=13,
        patience_s=300,
        published={
            "service_level": "0.858",
            "occupancy": "0.750",
            "abandoned_share": "0.025",
            "wait_probability": "0.226",
            "mean_wait_min": "0.125",
        },
        seed=5,
    ),
    Case(
        name="24 E, 28 agents, patience 5 min",
        source=QUEUING,
        per_hour=360,
        handle_s=240,
        agents=28,
        patience_s=300,
        published={"waiting": "0.683326183836", "mean_wait_s": "6.833261838358"},
        seed=6,
    ),
    Case(
        name="24 E, 25 agents, patience 30 s",
        source=QUEUING,
        per_hour=360,
        handle_s=240,
        agents=25,
        patience_s=30,
        published={"abandoned_share": "0.097590815625"},
        seed=7,
    ),
)
"""Against Erlang A."""
LINES = (
    Case(
        name="8.108 E, 15 lines",
        source=WESTBAY,
        per_hour=162.16,
        handle_s=180,
        agents=15,
        all_lines=True,
        published={"blocked_share": "0.01000"},
        seed=8,
    ),
    Case(
        name="4.5 E, 8 lines",
        source=COLLINS,
        per_hour=90,
        handle_s=180,
        agents=8,
        all_lines=True,
        published={"blocked_share": "0.05"},
        seed=9,
    ),
    Case(
        name="25 E, 30 lines",
        source=WOLFRAM,
        per_hour=500,
        handle_s=180,
        agents=30,
        all_lines=True,
        published={"blocked_share": "0.05"},
        seed=10,
    ),
)
"""Against Erlang B."""
CROWD = Case(
    name="10 E, 1 agent, patience 1 min",
    source=OURS,
    per_hour=200,
    handle_s=180,
    agents=1,
    patience_s=60,
    published={},
    seed=15,
)
"""Nine of ten give up, so their wait is their patience: a wrong one shows."""
SHORT = (*WAITING, *LEAVING, *LINES)
"""Those that say something within 15,000 to 40,000 calls."""
CASES = (NEAR_THE_LIMIT, *SHORT)


def wrong(case: Case) -> dict[str, Case]:
    """Return the case with each of its parameters wrong, by 5 % or by one agent."""
    found = {
        "5 % more calls": replace(case, per_hour=case.per_hour * 1.05),
        "5 % longer calls": replace(case, handle_s=case.handle_s * 1.05),
    }
    if case.agents > 1:
        found["an agent more"] = replace(case, agents=case.agents + 1)
    if case.patience_s is not None:
        found["5 % more patience"] = replace(case, patience_s=case.patience_s * 1.05)
    return {name: one for name, one in found.items() if one.is_stable}
