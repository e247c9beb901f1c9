"""
What an agent did lately: calls answered, time busy, time in which he wanted calls.

Kept in slots of five minutes, so that a window slides without a list of calls: a break, a log-off
or a restart of the daemon resets nothing, and what is older than the window is forgotten. Nothing
is kept while no queue's strategy looks at it.
"""

from dataclasses import dataclass, field

from cti.instants import Duration, Time, seconds

SLOT = seconds(300)
PARTS = 1_000_000
"""An occupancy is told in millionths."""

SlotRecord = tuple[int, int, int, int]
"""(slot, calls answered, microseconds busy, microseconds available), as a snapshot has it."""


def next_slot(now: Time) -> Time:
    """Return when the slot of this instant is over."""
    return Time((now // SLOT + 1) * SLOT)


@dataclass(slots=True, eq=False)
class Workload:
    """
    One agent's slots, and since when he is busy and available just now.

    Available is who wants calls, and who is busy with one: a break makes him neither more nor less
    occupied.
    """

    slots: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    busy_since: Time | None = None
    available_since: Time | None = None

    def answer(self, now: Time) -> None:
        """Count a call."""
        self._add(now // SLOT, calls=1)

    def follow(self, now: Time, *, busy: bool, available: bool) -> None:
        """Note what he does from now on."""
        self.settle(now)
        self.busy_since = now if busy else None
        self.available_since = now if available else None

    def settle(self, now: Time) -> None:
        """Put into the slots what has gone on until now."""
        if self.busy_since is not None:
            self._spend(self.busy_since, now, busy=True)
            self.busy_since = now
        if self.available_since is not None:
            self._spend(self.available_since, now, busy=False)
            self.available_since = now

    def calls(self, now: Time, window: Duration) -> int:
        """Return how many calls he answered within the window."""
        oldest = _oldest(now, window)
        return sum(slot[0] for number, slot in self.slots.items() if number >= oldest)

    def occupancy(self, now: Time, window: Duration) -> int:
        """
        Return for how many millionths of the time he was available he was busy, in the window.

        Who was available for less than a slot counts as if it had been one: a first minute says
        little.
        """
        self.settle(now)
        oldest = _oldest(now, window)
        kept = [slot for number, slot in self.slots.items() if number >= oldest]
        available = max(sum(slot[2] for slot in kept), SLOT)
        return sum(slot[1] for slot in kept) * PARTS // available

    def forget(self, now: Time, window: Duration) -> None:
        """Forget what is older than the window."""
        oldest = _oldest(now, window)
        for number in [number for number in self.slots if number < oldest]:
            del self.slots[number]

    def saved(self) -> tuple[SlotRecord, ...]:
        """Return the slots as a snapshot has them."""
        return tuple((number, *slot) for number, slot in sorted(self.slots.items()))

    def _spend(self, since: Time, until: Time, *, busy: bool) -> None:
        while since < until:
            end = min(next_slot(since), until)
            spent = end - since
            self._add(since // SLOT, busy=spent if busy else 0, available=0 if busy else spent)
            since = Time(end)

    def _add(self, number: int, *, calls: int = 0, busy: int = 0, available: int = 0) -> None:
        had = self.slots.get(number, (0, 0, 0))
        self.slots[number] = (had[0] + calls, had[1] + busy, had[2] + available)


def _oldest(now: Time, window: Duration) -> int:
    """Return the first slot of the window that ends with the slot of now."""
    return now // SLOT - max(1, window // SLOT) + 1
