"""
What a figure is, and the sheet on which figures are written for one look.

The names follow Prometheus' conventions: a unit in the name, `_total` for what only grows. Values
of labels are configured names or words of ours, never anything that a caller sent.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from prometheus_client import Metric, utils

from cti.buckets import Buckets


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One family of figures: its name, its kind, what it tells, and the names of its labels."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


def counter(name: str, help_text: str, *labels: str) -> Figure:
    """Return a figure that only grows until the next start."""
    return Figure(name=name, kind="counter", help=help_text, labels=labels)


def gauge(name: str, help_text: str, *labels: str) -> Figure:
    """Return a figure that goes up and down."""
    return Figure(name=name, kind="gauge", help=help_text, labels=labels)


def histogram(name: str, help_text: str, *labels: str) -> Figure:
    """Return a distribution."""
    return Figure(name=name, kind="histogram", help=help_text, labels=labels)


_as_text: Callable[[float], str] = utils.floatToGoString


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


class Sheet:
    """
    Figures at one instant; each family of `figures` stands on it, with or without values.

    Writing only notes the values, as it is done in the loop's thread; `families` does the rest,
    in any thread.
    """

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = tuple(figures)
        self._notes: list[tuple[Figure, tuple[str, ...], float | _Spread]] = []

    def write(self, figure: Figure, value: float, *labels: str) -> None:
        """Write a counter's or gauge's value."""
        self._notes.append((figure, labels, value))

    def spread(self, figure: Figure, buckets: Buckets, *labels: str) -> None:
        """Write a histogram."""
        spread = _Spread(bounds=buckets.bounds, counts=tuple(buckets.counts), total=buckets.total)
        self._notes.append((figure, labels, spread))

    def families(self) -> list[Metric]:
        """
        Return all that was written.

        Raises:
            ValueError: a figure was written with other labels than it has.
        """
        families = {
            figure.name: Metric(figure.name.removesuffix("_total"), figure.help, figure.kind)
            for figure in self._figures
        }
        for figure, labels, value in self._notes:
            named = dict(zip(figure.labels, labels, strict=True))
            if isinstance(value, _Spread):
                _add_spread(families[figure.name], figure.name, named, value)
            else:
                families[figure.name].add_sample(figure.name, named, value)
        return list(families.values())


def _add_spread(family: Metric, name: str, named: dict[str, str], spread: _Spread) -> None:
    cumulated = list(accumulate(spread.counts))
    bounds = (*map(float, spread.bounds), float("inf"))
    for bound, count in zip(bounds, cumulated, strict=True):
        family.add_sample(f"{name}_bucket", {**named, "le": _as_text(bound)}, count)
    family.add_sample(f"{name}_count", named, cumulated[-1])
    family.add_sample(f"{name}_sum", named, spread.total)
