"""
Places of callers who hung up while they waited, kept for a while for those who call again.

A caller is known by an opaque key that the shell gives him: the core sees no number. A place is
kept for as long as the queue that he left says, and is his once; the oldest are forgotten first.
This module moves no call: who comes in is asked here how old he is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cti.instants import Duration, Time, later

PLACES_MAX: Final = 10_000
"""How many places are kept at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlace:
    """Whose place it is, since when he had waited, and until when it is kept."""

    party: str
    entered_at: Time
    until: Time


class KeptPlaces:
    """The places that are kept, in the order in which they were left."""

    __slots__ = ("_places",)

    def __init__(self, places: Iterable[KeptPlace] = ()) -> None:
        self._places = {place.party: place for place in places}

    def keep(self, party: str, entered_at: Time, *, now: Time, lasts: Duration) -> None:
        """Keep the place of a caller who hangs up now; one that is kept for him is replaced."""
        self._places.pop(party, None)
        self._places[party] = KeptPlace(party=party, entered_at=entered_at, until=later(now, lasts))
        while len(self._places) > PLACES_MAX or self._first().until < now:
            del self._places[self._first().party]

    def regain(self, party: str, now: Time) -> Time | None:
        """Return since when a caller who calls again has waited; None: nothing is kept for him."""
        place = self._places.pop(party, None)
        return None if place is None or place.until < now else place.entered_at

    def saved(self) -> tuple[KeptPlace, ...]:
        """Return all that is kept, in its order."""
        return tuple(self._places.values())

    def _first(self) -> KeptPlace:
        return next(iter(self._places.values()))
