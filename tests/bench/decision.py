"""Decisions a CPU second of the core, with 1,000 agents and 10,000 calls waiting."""

from acd.distributor import Distributor
from tests.bench.acd_floor import Size, WorkingFloor
from tests.bench.figure import Comparison, alternately
from tests.bench.linear_scan import LinearScan

SIZE = Size(agents=1_000, queues=20, waiting=10_000)


async def measure(
    *, size: Size = SIZE, our_rounds: int = 3_000, their_rounds: int = 300, rounds: int = 7
) -> Comparison:
    """
    Compare the core with a peer that walks lists, on two floors of the same size.

    Raises:
        RuntimeError: the two did not decide alike.
    """
    our_floor = WorkingFloor(Distributor(), size)
    their_floor = WorkingFloor(LinearScan(), size)

    async def ours() -> float:
        return our_floor.decisions_per_second(our_rounds)

    async def peer() -> float:
        return their_floor.decisions_per_second(their_rounds)

    our_rate, their_rate = await alternately(ours, peer, rounds=rounds)
    common = min(len(our_floor.offers), len(their_floor.offers))
    if our_floor.offers[:common] != their_floor.offers[:common]:
        raise RuntimeError("the two did not decide alike")
    return Comparison(
        name="decision",
        ours=our_rate,
        peer=their_rate,
        peer_name="linear scan as in app_queue",
        unit="decisions per CPU second, each of three facts",
    )
