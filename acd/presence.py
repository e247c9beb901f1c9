"""How many of a queue's agents are logged on, and how many of those want calls."""

from acd.commands import Wish


class Presence:
    """Counts the agents of one queue by what they wish, whatever they are doing."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
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
        """Return how many want calls, be they free or not."""
        return self._counts[Wish.READY]
