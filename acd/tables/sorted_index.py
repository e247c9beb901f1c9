"""
Keys in order, quick to add, to remove and to read from the front.

A sorted list cut into blocks: finding a block and a place in it are binary searches, and a change
moves at most one block. Entries are removed when they leave (a lazily deleted heap would keep the
dead ones), so the whole can be read in order at any time. Keys are tuples without duplicates. This
module knows nothing of calls and agents.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Generic, TypeVar

from acd.errors import InvariantError

BLOCK_MAX = 512
"""Entries in a block before it is cut in two; small enough to move in a microsecond."""

Key = TypeVar("Key", bound=tuple[object, ...])


class SortedIndex(Generic[Key]):
    """A set of keys that is read in ascending order."""

    __slots__ = ("_blocks", "_count", "_lasts")

    def __init__(self) -> None:
        self._blocks: list[list[Key]] = []
        self._lasts: list[Key] = []  # no key of a block is greater; those of the next are
        self._count = 0

    def add(self, key: Key) -> None:
        """Put a key that is not there yet in its place."""
        self._count += 1
        if not self._blocks:
            self._blocks.append([key])
            self._lasts.append(key)
            return
        at = min(bisect_left(self._lasts, key), len(self._blocks) - 1)
        block = self._blocks[at]
        insort(block, key)
        if len(block) > BLOCK_MAX:
            half = len(block) // 2
            low, high = block[:half], block[half:]
            self._blocks[at : at + 1] = [low, high]
            self._lasts[at : at + 1] = [low[-1], high[-1]]
        else:
            self._lasts[at] = block[-1]

    def remove(self, key: Key) -> None:
        """
        Take a key out.

        Raises:
            InvariantError: the key is not there, so an index and what it stands for differ.
        """
        at = bisect_left(self._lasts, key)
        block = self._blocks[at] if at < len(self._blocks) else []
        within = bisect_left(block, key)
        if within == len(block) or block[within] != key:
            raise InvariantError(f"not in the index: {key!r}")
        del block[within]
        self._count -= 1
        if not block:
            del self._blocks[at], self._lasts[at]

    def __contains__(self, key: Key) -> bool:
        """Return whether a key is there."""
        at = bisect_left(self._lasts, key)
        if at == len(self._blocks):
            return False
        block = self._blocks[at]
        within = bisect_left(block, key)
        return within < len(block) and block[within] == key

    def first(self) -> Key | None:
        """Return the smallest key, or None."""
        return self._blocks[0][0] if self._blocks else None

    def rank(self, key: Key) -> int:
        """Return how many keys are smaller than this one, which need not be there."""
        at = bisect_left(self._lasts, key)
        before = sum(map(len, self._blocks[:at]))
        return before + (bisect_left(self._blocks[at], key) if at < len(self._blocks) else 0)

    def __iter__(self) -> Iterator[Key]:
        """Go through all keys in ascending order; nothing may be changed meanwhile."""
        for block in self._blocks:
            yield from block

    def __len__(self) -> int:
        """Return how many keys there are."""
        return self._count
