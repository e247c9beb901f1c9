"""Events a CPU second, parsed and handed to the callback that wants them."""

from tests.bench.ami_links import compare
from tests.bench.figure import Comparison


async def measure(*, events: int = 20_000, rounds: int = 7) -> Comparison:
    """Compare the two links where every event has a callback."""
    return await compare("ami_wanted", wanted=True, events=events, rounds=rounds)
