"""
What a figure is, and how two sides are measured fairly: in turns, in one run, by their medians.

Knows nothing of what is measured.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How much Cordboard does beside a peer in the same run, in units of which more is better."""

    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str

    @property
    def ratio(self) -> float:
        """Above 1 where ours is better."""
        return self.ours / self.peer

    def line(self) -> str:
        """Return the figure as one line of JSON."""
        return _line(
            {
                "name": self.name,
                "ours": _readable(self.ours),
                "peer": _readable(self.peer),
                "peer_name": self.peer_name,
                "unit": self.unit,
                "ratio": round(self.ratio, 2),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How much dearer something becomes as its load grows, and what it may not exceed."""

    name: str
    ours: float
    bound: float
    unit: str

    @property
    def ratio(self) -> float:
        """Below 1 where the bound is kept."""
        return self.ours / self.bound

    def line(self) -> str:
        """Return the figure as one line of JSON."""
        return _line(
            {
                "name": self.name,
                "ours": _readable(self.ours),
                "bound": _readable(self.bound),
                "unit": self.unit,
                "ratio": round(self.ratio, 2),
            }
        )


Figure = Comparison | Growth


async def alternately(
    one: Callable[[], Awaitable[float]], other: Callable[[], Awaitable[float]], *, rounds: int
) -> tuple[float, float]:
    """
    Measure two sides in turns, and return the median of each.

    In every second round the other side goes first, so that neither always finds the machine as
    the other has left it.
    """
    ones: list[float] = []
    others: list[float] = []
    for number in range(rounds):
        turns = [(ones, one), (others, other)]
        for results, measure in turns if number % 2 == 0 else reversed(turns):
            results.append(await measure())
    return median(ones), median(others)


def _readable(value: float) -> float:
    """Return a number with no more digits than a measurement has."""
    return round(value) if value >= 100 else round(value, 2)


def _line(fields: dict[str, object]) -> str:
    return orjson.dumps(fields).decode()
