"""Simulated figures beside exact ones: how far they are apart, and how far chance may take them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cti.simulation.figures import STUDENT_T
from cti.simulation.tally import BATCHES
from tests.cti.simulation.erlang import student_t
from tests.cti.simulation.published import Case

FAMILY_LEVEL: Final = 0.01
"""The probability that right figures are called wrong anywhere in a family of comparisons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One simulated figure of one case."""

    name: str
    exact: float
    simulated: float
    half: float
    """Half its 99 % interval."""

    def agrees(self, family: int) -> bool:
        """Say whether chance may be all that is between them, in a family of so many."""
        return abs(self.simulated - self.exact) <= self.half * wider(family)


def agree(case: Case, ours: Mapping[str, Any], number: int, theory: Case | None = None) -> bool:
    """Say whether all agree, in a family of so many comparisons."""
    return all(one.agrees(number) for one in comparisons(case, ours, theory))


@cache
def wider(family: int) -> float:
    """Return how much wider than at 99 % an interval is at 1 % over a number (Bonferroni)."""
    return student_t(FAMILY_LEVEL / family, BATCHES - 1) / STUDENT_T


def comparisons(
    case: Case, ours: Mapping[str, Any], theory: Case | None = None
) -> list[Comparison]:
    """
    Return each figure that theory knows of the output of `cordboard simulate --json`.

    `theory` is another case whose theory is taken.
    """
    exact = (theory or case).theory()
    found = []
    for name in case.compared:
        estimate, interval = ours[name], ours["interval_99"][name]
        if name == "service_level":
            estimate, interval = estimate[f"{case.within_s}"], interval[f"{case.within_s}"]
        half = max(estimate - interval[0], interval[1] - estimate)
        found.append(Comparison(name=name, exact=exact[name], simulated=estimate, half=half))
    return found


def family(cases: Sequence[Case]) -> int:
    """Return the number of comparisons of all these cases."""
    return sum(len(case.compared) for case in cases)
