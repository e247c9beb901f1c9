"""Erlang's and Palm's formulas by their exact recurrences, and the quantiles of Student's t."""

import math
from collections.abc import Callable

STEPS = 2_000
"""Of Simpson's rule; an even number."""
TAIL = 10_000
"""States beyond the last agent that are summed: by far the most are nothing."""


def erlang_b(load: float, servers: int) -> float:
    """Return the share of calls that find all servers taken where nobody waits."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Return the share of calls that wait where everybody does."""
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def erlang_a(load: float, servers: int, patience: float) -> tuple[float, float]:
    """
    Return the shares of calls that wait and that are abandoned.

    `patience` is the mean patience, in mean handle times; states are summed until they are nothing.
    """
    weight, free, waiting, lost = 1.0, 0.0, 0.0, 0.0
    for calls in range(servers + TAIL):
        if calls < servers:
            free += weight
        else:
            waiting += weight
            lost += weight * (calls - servers) / patience
        leaving = min(calls + 1, servers) + max(0, calls + 1 - servers) / patience
        weight *= load / leaving
    return waiting / (free + waiting), lost / (load * (free + waiting))


def erlang_a_in_time(load: float, servers: int, patience: float, within: float) -> float:
    """
    Return the share of calls that are answered within a time; times are in mean handle times.

    The wait that a caller would have, were he patient, has the density
    load * P(one server free) * exp(load * patience * (1 - exp(-t / patience)) - servers * t):
    F. Baccelli, G. Hebuterne: On queues with impatient customers (1981). He is answered if his
    patience is longer than that.
    """
    weights = [1.0]
    while len(weights) < servers + TAIL:
        calls = len(weights)
        leaving = min(calls, servers) + max(0, calls - servers) / patience
        weights.append(weights[-1] * load / leaving)
    everything = math.fsum(weights)
    last_free = weights[servers - 1] / everything

    def answered_after(wait: float) -> float:
        bearing = math.exp(-wait / patience)
        return bearing * math.exp(load * patience * (1 - bearing) - servers * wait)

    at_once = math.fsum(weights[:servers]) / everything
    return at_once + load * last_free * simpson(answered_after, within)


def simpson(density: Callable[[float], float], end: float) -> float:
    """Return the integral from nothing to an end."""
    width = end / STEPS
    return (
        width
        / 3
        * math.fsum(
            (1 if at in {0, STEPS} else 4 if at % 2 else 2) * density(at * width)
            for at in range(STEPS + 1)
        )
    )


def student_t(outside: float, degrees: int) -> float:
    """Return what Student's t exceeds, on either side, with this probability."""
    scale = math.gamma((degrees + 1) / 2) / math.gamma(degrees / 2) / math.sqrt(degrees * math.pi)

    def beyond(t: float) -> float:
        return 1 - 2 * scale * simpson(lambda x: (1 + x**2 / degrees) ** (-(degrees + 1) / 2), t)

    low, high = 0.0, 50.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > outside else (low, middle)
    return low
