"""
Who calls again: one opaque key for each number, for as long as this process remembers the number.

The key is that of the number's first call; numbers stand in memory only, the oldest are forgotten
first. A caller who shows no number is never known again.
"""

from typing import Final

from cti.ids import PartyKey

NUMBERS_MAX: Final = 50_000
"""How many numbers are remembered at once."""


class KnownCallers:
    """The numbers that have called, each with its key."""

    def __init__(self) -> None:
        self._keys: dict[str, PartyKey] = {}

    def key_of(self, number: str, party: PartyKey) -> PartyKey | None:
        """Return the key by which a caller is known who is this party; None: he shows no number."""
        if not number:
            return None
        known = self._keys.pop(number, party)
        self._keys[number] = known  # the last of all: who calls often is not forgotten
        if len(self._keys) > NUMBERS_MAX:
            del self._keys[next(iter(self._keys))]
        return known
