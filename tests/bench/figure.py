"""
What a figure is, and how two sides are measured fairly: in turns, in one run, by their medians.

Knows nothing of what is measured.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

import orjson


class MeasureError(Exception):
    """Nothing can be measured here and now; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    How Cordboard does beside a peer in the same run.

    More of the unit is better, unless `less_is_better`.
    """

    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    less_is_better: bool = False

    @property
    def ratio(self) -> float:
        """Above 1 where ours is better."""
        better, worse = (self.peer, self.ours) if self.less_is_better else (self.ours, self.peer)
        return better / worse

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

Figures = Figure | Sequence[Figure]
"""What a measurement gives: one figure, or several under one name, each `<name>.<part>`."""


def each(figures: Figures) -> Sequence[Figure]:
    """Return one or several as several."""
    return [figures] if isinstance(figures, Comparison | Growth) else figures


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
    if value >= 100:
        return round(value)
    return round(value, 2) if abs(value) >= 1 else round(value, 4)


def _line(fields: dict[str, object]) -> str:
    return orjson.dumps(fields).decode()
