"""
Synthetic load: when calls come, how long they take, how long callers wait.

Each purpose of each stream has a chance of its own, drawn once for every call, so that a change of
one thing leaves all other draws as they were. The seeds are texts: Python hashes those alike in
every process.
"""

import math
import random
from collections.abc import Iterator

from config.scenario import DAY, Arrivals, Length
from cti.instants import Duration, Time

MICROSECONDS_PER_HOUR = 3_600_000_000


def chance(seed: int, purpose: str, stream: int) -> random.Random:
    """Return the chance of one purpose of one stream."""
    return random.Random(f"{seed}/{purpose}/{stream}")  # noqa: S311 - it hides nothing from anybody


def lengths(length: Length, source: random.Random) -> Iterator[Duration]:
    """Yield lengths of time without end."""
    mean = float(length.mean)
    if length.distribution == "deterministic":
        while True:
            yield length.mean
    if length.distribution == "exponential":
        while True:
            yield Duration(round(source.expovariate(1.0) * mean))
    variance = math.log(1.0 + (length.cv or 0.0) ** 2)
    middle, spread = math.log(mean) - variance / 2, math.sqrt(variance)
    while True:
        yield Duration(round(source.lognormvariate(middle, spread)))


def arrivals(stream: Arrivals, source: random.Random) -> Iterator[Time]:
    """
    Yield when calls come, without end: a Poisson process of piecewise constant rate.

    One exponential draw of expected calls for each call is carried through the levels, which is
    exact and needs no thinning.
    """
    levels = stream.levels
    if levels[0][0] > 0:
        levels = ((Duration(0), 0.0), *levels)
    ends = [start for start, _rate in levels[1:]] + [DAY]
    now, day, at = 0.0, 0, 0
    while True:
        expected = source.expovariate(1.0)
        while True:
            rate = levels[at][1] / MICROSECONDS_PER_HOUR
            end = float(day * DAY + ends[at])
            if rate and now + expected / rate < end:
                now += expected / rate
                break
            expected -= (end - now) * rate
            now, at = end, at + 1
            if at == len(levels):
                day, at = day + 1, 0
        yield Time(round(now))
