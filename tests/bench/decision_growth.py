"""What a decision costs with a hundred times as many agents in one queue."""

from acd.distributor import Distributor
from tests.bench.acd_floor import Size, WorkingFloor
from tests.bench.figure import Growth, alternately

BOUND = 3.0


async def measure(
    *, few: int = 100, many: int = 10_000, decisions: int = 3_000, rounds: int = 7
) -> Growth:
    """
    Return the cost of a decision with many agents over that with few, a hundred calls waiting.

    What a search in sorted order costs more is the ratio of the logarithms, 2, and what a larger
    floor costs the processor's caches; a scan of the agents would come near to `many / few`.
    """
    small = WorkingFloor(Distributor(), Size(agents=few, queues=1, waiting=100))
    large = WorkingFloor(Distributor(), Size(agents=many, queues=1, waiting=100))

    async def with_few() -> float:
        return small.decisions_per_second(decisions)

    async def with_many() -> float:
        return large.decisions_per_second(decisions)

    few_rate, many_rate = await alternately(with_few, with_many, rounds=rounds)
    return Growth(
        name="decision_growth",
        ours=few_rate / many_rate,
        bound=BOUND,
        unit=f"times the cost of a decision with {many:,} agents instead of {few:,}",
    )
