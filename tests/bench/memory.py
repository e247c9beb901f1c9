"""
Memory of the core: bytes for a waiting call, and for an agent who serves five queues.

What Python's allocator gave out while so many came and that is still in use, by their number: the
core's own records and indexes, and ids and facts that it keeps.
"""

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Sequence

from acd.distributor import Distributor
from tests.bench.acd_floor import Size, WorkingFloor
from tests.bench.figure import Growth

CALL_BOUND = 1_500
AGENT_BOUND = 4_000


async def measure(*, agents: int = 5_000, calls: int = 50_000) -> Sequence[Growth]:
    """Return the bytes for one of each, against a bound."""
    return list(_figures(agents, calls))


def _figures(agents: int, calls: int) -> Iterator[Growth]:
    floors: list[WorkingFloor] = []
    floor_size = Size(agents=agents, queues=50, waiting=0)

    def open_floor() -> None:
        floors.append(WorkingFloor(Distributor(), floor_size))

    yield Growth(
        name="memory.agent",
        ours=_kept(open_floor) / agents,
        bound=AGENT_BOUND,
        unit=f"bytes for each of {agents:,} agents who talk, their queues and policy included",
    )
    (floor,) = floors
    yield Growth(
        name="memory.call",
        ours=_kept(lambda: floor.let_wait(calls)) / calls,
        bound=CALL_BOUND,
        unit=f"bytes for each of {calls:,} waiting calls",
    )


def _kept(act: Callable[[], None]) -> float:
    """Return how many bytes are in use after an act that were not before it."""
    gc.collect()
    tracemalloc.start()
    try:
        act()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
