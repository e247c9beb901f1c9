"""Events a CPU second where nobody wants them: more than half of what an unfiltered link brings."""

from tests.bench.ami_links import compare
from tests.bench.figure import Comparison


async def measure(*, events: int = 20_000, rounds: int = 7) -> Comparison:
    """Compare the two links where no event has a callback."""
    return await compare("ami_unwanted", wanted=False, events=events, rounds=rounds)
