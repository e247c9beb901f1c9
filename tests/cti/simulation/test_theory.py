"""
The core against queueing theory, at a family-wise level of 99 %.

The level of each comparison is 1 % over their number (Bonferroni). The intervals of the figures are
widened by the quantiles of Student's t from 99 % to that.
"""

import math
from fractions import Fraction
from typing import Any

import pytest

from cti.simulation.figures import STUDENT_T
from cti.simulation.tally import BATCHES
from tests.cti.simulation.erlang import erlang_a, erlang_b, erlang_c, student_t
from tests.cti.simulation.runs import plain_scenario, simulated

HANDLE_S = 180.0
WAITING = [(20, 2), (40, 3), (100, 7), (160, 10), (200, 12), (200, 14), (300, 18), (400, 24)]
"""Calls an hour, of three minutes each, and agents."""
LEAVING = [(200, 10, 60), (200, 11, 120), (400, 20, 60), (100, 4, 180)]
"""The same, and the mean patience in seconds."""
LINES = [(100, 5), (200, 10), (400, 20), (40, 2)]
"""The same, with as many lines as agents."""
COMPARISONS = 3 * len(WAITING) + 3 * len(LEAVING) + len(LINES)
WIDER = student_t(0.01 / COMPARISONS, BATCHES - 1) / STUDENT_T


EXACT = [(2, 2), (2, 3), (5, 5), (10, 10), (20, 20), (1, 2), (8, 10), (10, 12), (20, 24), (30, 32)]
"""Erlangs and servers at which the formulas are compared with their exact values."""


def _states(load: int, servers: int) -> list[Fraction]:
    """Return a^k / k! for each number of busy servers: Erlang's own terms, without rounding."""
    return [Fraction(load**busy, math.factorial(busy)) for busy in range(servers + 1)]


@pytest.mark.parametrize(("load", "servers"), EXACT)
def test_erlang_b_is_erlangs_own_quotient(load: int, servers: int) -> None:
    """A. K. Erlang, Solution of some problems in the theory of probabilities (1917), formula 1."""
    terms = _states(load, servers)
    assert erlang_b(load, servers) == pytest.approx(float(terms[-1] / sum(terms)), rel=1e-12)


@pytest.mark.parametrize(("load", "servers"), [case for case in EXACT if case[0] < case[1]])
def test_erlang_c_is_erlangs_own_quotient(load: int, servers: int) -> None:
    """As above, where calls wait: the last term counts for all states in which somebody waits."""
    *free, full = _states(load, servers)
    waiting = full * Fraction(servers, servers - load)
    exact = float(waiting / (sum(free) + waiting))
    assert erlang_c(load, servers) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("load", "servers", "patience"), [(10, 10, 0.5), (10, 12, 2.0), (30, 28, 1.0), (48, 50, 2.0)]
)
def test_erlang_a_is_palms_formula(load: int, servers: int, patience: float) -> None:
    """
    By A(x, y), a quotient of the incomplete gamma function, and the loss of as many servers.

    A. Mandelbaum, S. Zeltyn: The Palm/Erlang-A queue, with applications to call centers (2005),
    sections 4.4 and 4.5, after C. Palm (1957).
    """
    x, y = servers * patience, load * patience
    terms = [1.0]
    while terms[-1] > 1e-18:
        terms.append(terms[-1] * y / (x + len(terms)))
    a, lost = math.fsum(terms), erlang_b(load, servers)
    waits = a * lost / (1 + (a - 1) * lost)
    use = load / servers
    leaves = waits * (1 / (use * a) + 1 - 1 / use)
    assert erlang_a(load, servers, patience) == pytest.approx((waits, leaves), rel=1e-9)


def test_erlang_a_lies_between_nobody_and_everybody_waiting() -> None:
    assert erlang_a(10, 12, 1e9)[0] == pytest.approx(erlang_c(10, 12), rel=1e-5)
    assert erlang_a(10, 10, 1e-9)[1] == pytest.approx(erlang_b(10, 10), rel=1e-5)


def test_the_quantile_of_the_intervals_is_that_of_students_t() -> None:
    assert student_t(0.01, BATCHES - 1) == pytest.approx(STUDENT_T, abs=1e-6)


@pytest.mark.parametrize(("per_hour", "agents"), WAITING)
def test_without_patience_callers_wait_as_erlang_c_says(per_hour: int, agents: int) -> None:
    load = per_hour * HANDLE_S / 3_600
    waits = erlang_c(load, agents)
    spare = (agents - load) / HANDLE_S
    ours = simulated(plain_scenario(per_hour, agents, duration=_hours(per_hour)))
    _agrees(ours, "wait_probability", waits)
    _agrees(ours, "asa_s", waits / spare)
    level, spread = ours["service_level"]["20"], ours["interval_99"]["service_level"]["20"]
    _within(level, spread, 1 - waits * math.exp(-spare * 20))


@pytest.mark.parametrize(("per_hour", "agents", "patience_s"), LEAVING)
def test_with_patience_callers_leave_as_erlang_a_says(
    per_hour: int, agents: int, patience_s: int
) -> None:
    patience = {"mean": f"{patience_s}s", "distribution": "exponential"}
    waits, leaves = erlang_a(per_hour * HANDLE_S / 3_600, agents, patience_s / HANDLE_S)
    ours = simulated(plain_scenario(per_hour, agents, patience=patience))
    _agrees(ours, "wait_probability", waits)
    _agrees(ours, "abandoned_share", leaves)
    _agrees(ours, "mean_wait_s", leaves * patience_s)


@pytest.mark.parametrize(("per_hour", "agents"), LINES)
def test_with_as_many_lines_as_agents_calls_are_blocked_as_erlang_b_says(
    per_hour: int, agents: int
) -> None:
    ours = simulated(plain_scenario(per_hour, agents, lines=agents))
    _agrees(ours, "blocked_share", erlang_b(per_hour * HANDLE_S / 3_600, agents))
    assert ours["abandoned"] == 0


def _hours(per_hour: int) -> str:
    return f"{max(100, 50_000 // per_hour)}h"


def _agrees(ours: dict[str, Any], name: str, theory: float) -> None:
    _within(ours[name], ours["interval_99"][name], theory)


def _within(estimate: float, interval: list[float], theory: float) -> None:
    half = max(estimate - interval[0], interval[1] - estimate) * WIDER
    assert abs(estimate - theory) <= half
    assert half < max(0.05, theory)
