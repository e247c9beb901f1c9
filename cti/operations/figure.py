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


class Sheet:
    """Figures at one instant; each family of `figures` stands on it, with or without values."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._families = {
            figure.name: Metric(figure.name.removesuffix("_total"), figure.help, figure.kind)
            for figure in figures
        }

    def write(self, figure: Figure, value: float, *labels: str) -> None:
        """Write a counter's or gauge's value."""
        named = dict(zip(figure.labels, labels, strict=True))
        self._families[figure.name].add_sample(figure.name, named, value)

    def spread(self, figure: Figure, buckets: Buckets, *labels: str) -> None:
        """Write a histogram."""
        family, name = self._families[figure.name], figure.name
        named = dict(zip(figure.labels, labels, strict=True))
        cumulated = list(accumulate(buckets.counts))
        bounds = (*map(float, buckets.bounds), float("inf"))
        for bound, count in zip(bounds, cumulated, strict=True):
            family.add_sample(f"{name}_bucket", {**named, "le": _as_text(bound)}, count)
        family.add_sample(f"{name}_count", named, cumulated[-1])
        family.add_sample(f"{name}_sum", named, buckets.total)

    def families(self) -> list[Metric]:
        """Return all that was written."""
        return list(self._families.values())
