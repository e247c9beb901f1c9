"""Erlang's formulas by their exact recurrences, and the quantiles of Student's t."""

import math


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
    for calls in range(servers + 10_000):
        if calls < servers:
            free += weight
        else:
            waiting += weight
            lost += weight * (calls - servers) / patience
        leaving = min(calls + 1, servers) + max(0, calls + 1 - servers) / patience
        weight *= load / leaving
    return waiting / (free + waiting), lost / (load * (free + waiting))


def student_t(outside: float, degrees: int) -> float:
    """Return what Student's t exceeds, on either side, with this probability."""
    scale = math.gamma((degrees + 1) / 2) / math.gamma(degrees / 2) / math.sqrt(degrees * math.pi)

    def beyond(t: float) -> float:
        steps = 2_000
        width = t / steps
        points = (
            (1 if at in {0, steps} else 4 if at % 2 else 2)
            * (1 + (at * width) ** 2 / degrees) ** (-(degrees + 1) / 2)
            for at in range(steps + 1)
        )
        return 1 - 2 * scale * width / 3 * math.fsum(points)

    low, high = 0.0, 50.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > outside else (low, middle)
    return low
