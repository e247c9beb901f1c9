"""
Figures of a run, each estimate with its 99 % interval by batch means.

A figure is worked out over all batches, and its interval from how the batches differ: Student's t
with one degree of freedom fewer than batches. Where a batch holds too little, there is none.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from cti.ids import AgentId, QueueName
from cti.instants import Duration, as_seconds
from cti.simulation.run import agents_of
from cti.simulation.tally import BATCHES, Batch, Tally, spent

STUDENT_T = 2.8609346064649799
"""The 99.5 % quantile of Student's t with 19 degrees of freedom: 99 % on both sides."""
BATCH_CALLS_MIN = 10
"""Calls in every batch, or there is no interval."""
DIGITS = 6

ENDED = (
    "answered",
    "abandoned",
    "blocked",
    "turned_away",
    "diverted",
    "called_back",
    "lapsed",
)
"""What may become of a call that has not gone on waiting."""
COUNTS = ("arrivals", *ENDED, "promised", "overflowed", "decisions", "announcements")
_SUMMED = (
    "delayed",
    "in_time",
    "lost_waits",
    "estimates",
    "estimates_right",
    "estimates_late",
)
QUANTILES = {"p50": 0.50, "p90": 0.90, "p99": 0.99}
Values = Sequence[Batch]


def figures(tally: Tally, level: Duration) -> dict[str, Any]:
    """Return the figures in total, of each queue and of each agent."""
    together = [_sum([batches[at] for batches in tally.queues.values()]) for at in range(BATCHES)]
    total = _of(together, tally, None, level)
    total["queues"] = {
        name: _of(batches, tally, name, level) for name, batches in tally.queues.items()
    }
    total["agents"] = {
        name: {"answered": one.answered, **_occupancy(tally, [name])}
        for name, one in tally.agents.items()
    }
    return total


def _of(batches: Values, tally: Tally, queue: QueueName | None, level: Duration) -> dict[str, Any]:
    shown: dict[str, Any] = {name: sum(getattr(one, name) for one in batches) for name in COUNTS}
    shown["waiting"] = shown["arrivals"] - sum(shown[name] for name in ENDED)
    intervals: dict[str, Any] = {}

    def estimate(name: str, value: Callable[[Values], float | None], most: float = math.inf) -> Any:  # noqa: ANN401 - JSON
        shown[name], intervals[name] = _estimate(batches, value, most)
        return shown[name], intervals[name]

    estimate("wait_probability", lambda some: _share(some, "delayed"), 1.0)
    estimate("abandoned_share", lambda some: _share(some, "abandoned"), 1.0)
    estimate("blocked_share", _blocked, 1.0)
    estimate("asa_s", _asa)
    estimate("mean_wait_s", _mean_wait)
    key = f"{as_seconds(level):g}"
    in_time, interval = _estimate(batches, lambda some: _share(some, "in_time"), 1.0)
    shown["service_level"], intervals["service_level"] = {key: in_time}, {key: interval}
    told = {name: _estimate(batches, _quantile(part), math.inf) for name, part in QUANTILES.items()}
    shown["wait_s"] = {name: value for name, (value, _interval) in told.items()}
    intervals["wait_s"] = {name: interval for name, (_value, interval) in told.items()}
    busy = _occupancy(tally, agents_of(tally, queue))
    shown["occupancy"] = busy["occupancy"]
    intervals["occupancy"] = busy["interval_99"]["occupancy"]
    shown["estimates"] = _estimates(batches)
    shown["interval_99"] = intervals
    return shown


def _estimates(some: Values) -> dict[str, Any]:
    """Return how right the waits were that callers were told; no interval: they hang together."""
    count = sum(one.estimates for one in some)
    right = sum(one.estimates_right for one in some)
    late = sum(one.estimates_late for one in some)
    return {
        "count": count,
        "right_share": round(right / count, DIGITS) if count else None,
        "late_s": round(as_seconds(late) / count, DIGITS) if count else None,
    }


def _sum(batches: Values) -> Batch:
    together = Batch()
    for one in batches:
        for name in (*COUNTS, *_SUMMED):
            setattr(together, name, getattr(together, name) + getattr(one, name))
        together.waits += one.waits
    return together


def _estimate(
    batches: Values, value: Callable[[Values], float | None], most: float
) -> tuple[float | None, list[float] | None]:
    """Return a figure over all batches, and its interval."""
    whole = value(batches)
    if whole is None:
        return None, None
    if min(one.arrivals for one in batches) < BATCH_CALLS_MIN:
        return round(whole, DIGITS), None
    parts = [value([one]) for one in batches]
    return round(whole, DIGITS), interval(whole, parts, most)


def interval(whole: float, parts: Sequence[float | None], most: float) -> list[float] | None:
    """Return from where to where the true value lies with 99 % confidence, or None."""
    known = [part for part in parts if part is not None]
    if len(known) < BATCHES:
        return None
    mean = math.fsum(known) / BATCHES
    variance = math.fsum((part - mean) ** 2 for part in known) / (BATCHES - 1)
    half = STUDENT_T * math.sqrt(variance / BATCHES)
    return [round(max(0.0, whole - half), DIGITS), round(min(most, whole + half), DIGITS)]


def _share(some: Values, name: str) -> float | None:
    taken = sum(one.answered + one.abandoned for one in some)
    return sum(getattr(one, name) for one in some) / taken if taken else None


def _blocked(some: Values) -> float | None:
    came = sum(one.arrivals for one in some)
    return sum(one.blocked for one in some) / came if came else None


def _asa(some: Values) -> float | None:
    answered = sum(one.answered for one in some)
    return as_seconds(spent(list(some))) / answered if answered else None


def _mean_wait(some: Values) -> float | None:
    ended = sum(one.answered + one.abandoned for one in some)
    lost = sum(one.lost_waits for one in some)
    return as_seconds(spent(list(some)) + lost) / ended if ended else None


def _quantile(part: float) -> Callable[[Values], float | None]:
    def of(some: Values) -> float | None:
        waits = sorted(wait for one in some for wait in one.waits)
        return as_seconds(waits[math.ceil(part * len(waits)) - 1]) if waits else None

    return of


def _occupancy(tally: Tally, names: Sequence[AgentId]) -> dict[str, Any]:
    busy = [sum(tally.agents[name].busy[at] for name in names) for at in range(BATCHES)]
    working = [sum(tally.agents[name].working[at] for name in names) for at in range(BATCHES)]
    if not sum(working):
        return {"occupancy": None, "interval_99": {"occupancy": None}}
    whole = sum(busy) / sum(working)
    parts = [part / time if time else None for part, time in zip(busy, working, strict=True)]
    return {
        "occupancy": round(whole, DIGITS),
        "interval_99": {"occupancy": interval(whole, parts, 1.0)},
    }
