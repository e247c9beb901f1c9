"""
How many of a queue's agents are logged on, and how many of those want its calls.

They are counted by what they wish, whatever they do. Who wants calls, but none of this queue,
stands in `declining`.
"""

from acd.commands import Wish
from cti.ids import AgentId


class Presence:
    """Counts the agents of one queue by what they wish."""

    __slots__ = ("_counts", "declining")

    def __init__(self) -> None:
        self.declining: set[AgentId] = set()
        self._counts = dict.fromkeys(Wish, 0)

    def enter(self, wish: Wish) -> None:
        """Count an agent who wishes this."""
        self._counts[wish] += 1

    def leave(self, wish: Wish) -> None:
        """Count an agent no longer, who had entered with this wish."""
        self._counts[wish] -= 1

    def count(self, wish: Wish) -> int:
        """Return how many wish this."""
        return self._counts[wish]

    @property
    def logged_on(self) -> int:
        """Return how many are logged on."""
        return self._counts[Wish.READY] + self._counts[Wish.NOT_READY]

    @property
    def wanting(self) -> int:
        """Return how many want calls of this queue, be they free or not."""
        return self._counts[Wish.READY] - len(self.declining)
