"""From an agent becoming free to his offer, with 50,000 calls waiting."""

from acd.distributor import Distributor
from tests.bench.acd_floor import Size, WorkingFloor
from tests.bench.call_scan import CallScan
from tests.bench.figure import Comparison, alternately

SIZE = Size(agents=1_000, queues=1, waiting=50_000, queues_each=1)
MICROSECONDS_PER_SECOND = 1_000_000


async def measure(
    *, size: Size = SIZE, our_rounds: int = 3_000, their_rounds: int = 100, rounds: int = 7
) -> Comparison:
    """
    Compare the core with a peer that looks at every waiting call, on two floors of the same size.

    All wait in one queue, which every agent serves.

    Raises:
        RuntimeError: the two did not decide alike.
    """
    our_floor = WorkingFloor(Distributor(), size)
    their_floor = WorkingFloor(CallScan(), size)

    async def ours() -> float:
        return our_floor.seconds_to_offer(our_rounds) * MICROSECONDS_PER_SECOND

    async def peer() -> float:
        return their_floor.seconds_to_offer(their_rounds) * MICROSECONDS_PER_SECOND

    our_time, their_time = await alternately(ours, peer, rounds=rounds)
    common = min(len(our_floor.offers), len(their_floor.offers))
    if our_floor.offers[:common] != their_floor.offers[:common]:
        raise RuntimeError("the two did not decide alike")
    return Comparison(
        name="agent_free",
        ours=our_time,
        peer=their_time,
        peer_name="a scan of all waiting calls",
        unit=f"µs of CPU time to the offer, {size.waiting:,} calls waiting",
        less_is_better=True,
    )
