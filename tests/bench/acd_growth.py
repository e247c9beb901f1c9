"""What a decision costs with a hundred times as many agents in one queue."""

from math import log

from acd.distributor import Distributor
from tests.bench.acd_floor import Size, WorkingFloor
from tests.bench.figure import Growth, alternately


async def measure(
    *, few: int = 100, many: int = 10_000, facts: int = 3_000, rounds: int = 7
) -> Growth:
    """
    Return the cost of a fact with many agents over that with few, a hundred calls waiting.

    The bound is what a search in sorted order may cost, the ratio of the logarithms: a scan of the
    agents would come near to `many / few`.
    """
    small = WorkingFloor(Distributor(), Size(agents=few, queues=1, waiting=100))
    large = WorkingFloor(Distributor(), Size(agents=many, queues=1, waiting=100))

    async def with_few() -> float:
        return small.facts_per_second(facts)

    async def with_many() -> float:
        return large.facts_per_second(facts)

    few_rate, many_rate = await alternately(with_few, with_many, rounds=rounds)
    return Growth(
        name="acd_growth",
        ours=few_rate / many_rate,
        bound=log(many) / log(few),
        unit=f"times the cost of a fact with {many:,} agents instead of {few:,}",
    )
