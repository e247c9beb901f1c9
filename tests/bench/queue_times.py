"""What a load's times say of whoever served it: how soon, beside somebody who needs no time."""

import heapq
from collections.abc import Iterator
from itertools import pairwise

from lab.load.times import NS, LoadTimes, Visit


def free_to_invite_s(times: LoadTimes, agents: int) -> list[float]:
    """
    Return how long agents had to wait for their next call where one was there for each.

    Counted from the end of an agent's talk to the ringing of his phone, if by that end there were
    at least as many callers waiting as agents free: then his call was due at once, whoever is
    preferred.
    """
    due = set(_due(times, agents))
    return [
        (after.rung_ns - before.left_ns) / NS
        for before, after in _turns(times)
        if before.left_ns in due
    ]


def wait_over_ideal_s(times: LoadTimes, agents: int) -> float:
    """Return by how much the callers' mean wait was longer than the shortest possible."""
    waits = times.waits_s
    return sum(waits) / len(waits) - ideal_wait_s(times, agents)


def ideal_wait_s(times: LoadTimes, agents: int) -> float:
    """
    Return the mean wait of the same callers at an ideal server.

    They come at the same moments in the same order and keep an agent as long, but whoever waits is
    served in the instant in which an agent is free.
    """
    free_at = [0] * agents
    waited = 0
    served = sorted(times.served, key=lambda both: both[0].keyed_ns)
    for call, visit in served:
        begins = max(call.keyed_ns, heapq.heappop(free_at))
        waited += begins - call.keyed_ns
        heapq.heappush(free_at, begins + visit.left_ns - visit.rung_ns)
    return waited / len(served) / NS


def _turns(times: LoadTimes) -> Iterator[tuple[Visit, Visit]]:
    """Give each two calls that one agent had after one another."""
    by_agent: dict[str, list[Visit]] = {}
    for visit in times.visits:
        if visit.left_ns:
            by_agent.setdefault(visit.agent, []).append(visit)
    for visits in by_agent.values():
        yield from pairwise(sorted(visits, key=lambda visit: visit.rung_ns))


def _due(times: LoadTimes, agents: int) -> Iterator[int]:
    """Give the moments at which an agent became free and a caller was there for him."""
    events = [(visit.rung_ns, 0, 1) for visit in times.visits if visit.left_ns]
    events += [(visit.left_ns, 0, -1) for visit in times.visits if visit.left_ns]
    for call, visit in times.served:
        events += [(call.keyed_ns, 1, 0), (visit.rung_ns, -1, 0)]
    waiting = busy = 0
    for at_ns, callers, calls in sorted(events):
        waiting, busy = waiting + callers, busy + calls
        if calls < 0 and waiting >= agents - busy:
            yield at_ns
