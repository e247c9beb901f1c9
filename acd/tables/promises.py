"""
Promises to call back: what stands with such a call, and the promises of each number.

Frozen, replaced as time goes on. A number is an opaque key: the core sees none. This module moves
no call and decides nothing.
"""

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from acd.call_backs import NotReached
from cti.ids import CallId, OfferId, QueueName
from cti.instants import Time


class Asked(Enum):
    """Whether a caller has been asked for a number, which a rule does once."""

    __hash__ = object.__hash__  # as Standing has it

    NEVER = "never"
    NOW = "now"
    """He is being asked, and held meanwhile."""
    GONE = "gone"
    """His leg is gone since he was asked: what he said may be on its way."""
    BEFORE = "before"


class Bar(Enum):
    """What keeps a promise from being attended to, whoever is free."""

    __hash__ = object.__hash__  # as Standing has it

    CLOSED = "closed"
    RESTING = "resting"
    NUMBER_IN_USE = "number_in_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """
    A promise to call back.

    `party` is the number's key. `attempt` counts the attempts begun; `last` is how the last one
    ended, and until `not_before` there is no other. `dial_until` is when one that is under way
    should have ended, and `offer` the one by which its agent has the card. `is_reached`: the
    customer is on the line, and the promise is kept.
    """

    party: str
    promised_at: Time
    expires_at: Time
    attempt: int = 0
    last: NotReached | None = None
    not_before: Time | None = None
    dial_until: Time | None = None
    offer: OfferId | None = None
    is_reached: bool = False

    @property
    def rests_until(self) -> Time:
        """Return when something is due for a promise that nobody attends to just now."""
        return self.expires_at if self.not_before is None else min(self.not_before, self.expires_at)


class Promises:
    """
    The promises by number, reached ones too while their calls last.

    By queue are counted: `attended` the customers who are dialled for an agent, since they wait and
    are his work already; `dialled` those who are dialled first; and `in_turn` those who are to be.
    """

    __slots__ = ("_by_party", "_stirred", "attended", "dialled", "in_turn")

    def __init__(self) -> None:
        self._by_party: dict[str, dict[CallId, None]] = {}
        self._stirred: dict[str, None] = {}
        self.attended: Counter[QueueName] = Counter()
        self.dialled: Counter[QueueName] = Counter()
        self.in_turn: Counter[QueueName] = Counter()

    def add(self, party: str, call: CallId) -> None:
        """Note a promise to a number."""
        self._by_party.setdefault(party, {})[call] = None

    def dial(self, queue: QueueName, *, for_agent: bool, change: int) -> None:
        """Count a customer who is dialled, or is so no longer."""
        counted = self.attended if for_agent else self.dialled
        counted[queue] += change

    def drop(self, party: str, call: CallId) -> None:
        """Forget a promise, whose number is free for others by that."""
        of_party = self._by_party.get(party, {})
        of_party.pop(call, None)
        if not of_party:
            self._by_party.pop(party, None)
        self.stir(party)

    def of(self, party: str) -> tuple[CallId, ...]:
        """Return the calls promised to a number, in the order of their names."""
        return tuple(sorted(self._by_party.get(party, ())))

    def holds(self, party: str, call: CallId) -> bool:
        """Return whether a promise is known here."""
        return call in self._by_party.get(party, {})

    def stir(self, party: str) -> None:
        """Note that other promises to this number may go on."""
        if party in self._by_party:
            self._stirred[party] = None

    def take_stirred(self) -> list[str]:
        """Return the numbers noted by `stir` since the last time."""
        stirred = list(self._stirred)
        self._stirred.clear()
        return stirred

    def queues_in_turn(self) -> list[QueueName]:
        """Return the queues in which customers wait to be dialled in their turn."""
        return sorted(name for name, count in self.in_turn.items() if count)

    def __len__(self) -> int:
        """Return how many promises there are."""
        return sum(map(len, self._by_party.values()))
