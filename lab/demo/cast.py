"""
Who calls, and what chance has him do: a seeded deck of callers, their patience and their words.

A deck holds each kind of caller as often as its weight says and is dealt to its end before it is
shuffled anew, so that even a short show has something of everything. Nothing here knows phones.

Numbers: those that regulators keep free for fiction where there are such; nobody is ever called.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from lab.demo.pace import Pace

T = TypeVar("T")


ANONYMOUS = "anonymous"
"""The number of who withholds his own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody outside. `company` and `note` stand in the customers' table, where there is one."""

    name: str
    number: str
    company: str = ""
    note: str = ""

    @property
    def as_logged(self) -> str:
        """How he stands in the call log as a caller: by name, by number, or not at all."""
        return self.name or ("" if self.number == ANONYMOUS else self.number)

    @property
    def known(self) -> bool:
        """Whether he is a customer on record."""
        return bool(self.company)


PEOPLE = (
    Person(name="李伟", number="+861055550142", company="长城贸易", note="回电请用中文"),
    Person(name="Alice Brown", number="+442079460958", company="Brown & Daughters", note="VIP"),
    Person(name="王芳", number="+862155550110", company="东方软件"),
    Person(name="Grace Miller", number="+12025550143", company="Miller Robotics"),
    Person(
        name="Jonas Weber", number="+493023125042", company="Weber GmbH", note="pays by invoice"
    ),
    Person(name="Maria Rossi", number="+390699900123"),
    Person(name="张敏", number="+85225550123"),
    Person(name="Noah Smith", number="+61255501234"),
    Person(name="Léa Martin", number="+33199001234"),
    Person(name="陈静", number="+886255550123"),
    Person(name="Carlos Díaz", number="+34910000000"),
    Person(name="Yuki Tanaka", number="+81355550123"),
    Person(name="Priya Nair", number="+912255550123"),
    Person(name="Emma Jansen", number="+31205550123"),
    Person(name="Tan Hui Ling", number="+6565550123"),
    Person(name="João Alves", number="+551155550123"),
    Person(name="刘洋", number="+861055550176"),
    Person(name="Hannah Cohen", number="+97235550123"),
    Person(name="Oliver Jones", number="+442079460123"),
    Person(name="Sofia Lindqvist", number="+4684650123"),
    Person(name="Ahmed Hassan", number="+20255501234"),
    Person(name="周杰", number="+862155550188"),
    Person(name="", number=ANONYMOUS),
)


class Kind(Enum):
    """How a caller goes about the menu and the waiting."""

    DECIDED = "presses a key and waits for as long as it takes"
    MISTAKEN = "presses a key that is no choice, then another"
    HESITANT = "hears the menu twice before he presses a key"
    SILENT = "never presses a key"
    IMPATIENT = "hangs up when nobody answers soon"
    LOST = "hangs up in the menu"


WEIGHTS = {
    Kind.DECIDED: 12,
    Kind.MISTAKEN: 2,
    Kind.HESITANT: 1,
    Kind.SILENT: 1,
    Kind.IMPATIENT: 3,
    Kind.LOST: 1,
}
"""How many of twenty callers are of which kind."""

SLOW = frozenset({Kind.SILENT, Kind.HESITANT})
"""Kinds that take half a minute in the menu; a show that is to end deals them out early."""

CROWD = 4
CROWDED_GAP_S = (0.6, 1.8)
CALM_GAP_S = (2.4, 4.2)
"""Four callers come close together, the next four at leisure: 2.2 s apart on average."""

AT_ONCE_MAX = 24
"""So many callers at most are there at once: at high speeds agents take calls no faster for it."""

LAST_CALLS = 6
PATIENT_S = 120.0
GREETING_UNANSWERED_S = 12.0
"""How long the example's greeting, its wait for a key and its "no key" prompt take."""
TALK_S = (4.5, 11.0)
LAST_TALK_S = (4.0, 6.0)
BREAK_SHARE = 0.06
CHOICES = "12"
NO_CHOICE = "7"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerScript:
    """
    What one caller does: presses `keys`, each after a pause, waits for `patience_s`, talks.

    He hangs up after `talk_s` unless the agent was quicker. All times in seconds.
    """

    person: Person
    kind: Kind
    keys: tuple[tuple[float, str], ...]
    patience_s: float
    talk_s: float


class Dealing(Enum):
    """What an agent does with a call that rings."""

    ANSWER = "answer"
    MISS = "miss"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentScript:
    """What an agent does with one call: lets it ring for `ring_s`, then talks or does not."""

    dealing: Dealing
    ring_s: float
    talk_s: float


DEALINGS = (Dealing.MISS, Dealing.DECLINE, *[Dealing.ANSWER] * 14)
FIRST_DEALINGS = (*[Dealing.ANSWER] * 3, Dealing.MISS, *[Dealing.ANSWER] * 3, Dealing.DECLINE)
"""The first miss and the first refusal come early, so that no show is without them."""


class Direction(Protocol):
    """Who tells agents what they do: chance, or a written script."""

    def next_offer(self, agent: str) -> AgentScript:
        """Return what the agent will do with the call that rings now."""
        ...

    def paperwork_s(self, agent: str) -> float:
        """Return how long the agent writes things up after a call."""
        ...

    def break_s(self, agent: str) -> float:
        """Return how long the agent goes for a break after a call; 0: not at all."""
        ...


class Deck(Generic[T]):
    """Cards that are dealt to the last one and then shuffled anew; `opening` is dealt first."""

    def __init__(
        self, cards: Sequence[T], chance: random.Random, *, opening: Sequence[T] = ()
    ) -> None:
        self._cards = tuple(cards)
        self._chance = chance
        self._left = list(reversed(opening))

    def deal(self) -> T:
        """Return the next card."""
        if not self._left:
            self._left = list(self._cards)
            self._chance.shuffle(self._left)
        return self._left.pop()


class Chance:
    """
    All the chance of one show, from one seed.

    `calls` is how many callers there will be, where that is known: nothing that takes long is begun
    near the end of such a show. `pace` is that of the people; who they are and what they do does
    not depend on it.
    """

    def __init__(self, seed: int, *, calls: int | None = None, pace: Pace | None = None) -> None:
        self._chance = random.Random(seed)
        self._pace = pace or Pace()
        self._calls_max = calls
        self._calls = 0
        self._people = Deck(PEOPLE, self._chance)
        self._kinds = Deck(_all_kinds(), self._chance, opening=self._first_kinds())
        self._dealings = Deck(DEALINGS, self._chance, opening=FIRST_DEALINGS)

    @property
    def near_end(self) -> bool:
        """Whether the callers who come now are among the last."""
        return self._calls_max is not None and self._calls > self._calls_max - LAST_CALLS

    def next_gap_s(self) -> float:
        """Return the pause before the next caller: a few come close together, then fewer."""
        crowded = (self._calls // CROWD) % 2 == 0
        gap_s = self._chance.uniform(*(CROWDED_GAP_S if crowded else CALM_GAP_S))
        return self._pace.lasts_s(gap_s)

    def next_caller(self) -> CallerScript:
        """Return what the next caller will do."""
        self._calls += 1
        kind = self._kinds.deal()
        if kind in SLOW and self.near_end:
            kind = Kind.DECIDED
        return CallerScript(
            person=self._people.deal(),
            kind=kind,
            keys=self._keys(kind),
            patience_s=self._patience_s(kind),
            talk_s=self._talk_s(),
        )

    def next_offer(self, agent: str) -> AgentScript:  # noqa: ARG002 - chance knows nobody
        """Return what an agent will do with the call that rings now."""
        dealing = self._dealings.deal()
        if dealing is Dealing.MISS and self.near_end:
            dealing = Dealing.ANSWER
        return AgentScript(
            dealing=dealing,
            ring_s=self._pace.lasts_s(self._chance.uniform(0.7, 2.0)),
            talk_s=self._talk_s(),
        )

    def paperwork_s(self, agent: str) -> float:  # noqa: ARG002 - chance knows nobody
        """Return how long an agent writes things up after a call."""
        return self._pace.lasts_s(self._chance.uniform(0.8, 2.8))

    def break_s(self, agent: str) -> float:  # noqa: ARG002 - chance knows nobody
        """Return how long an agent goes for a break after a call: mostly not at all."""
        goes = self._chance.random() < BREAK_SHARE and not self.near_end
        return self._pace.lasts_s(self._chance.uniform(5.0, 9.0)) if goes else 0.0

    def _first_kinds(self) -> list[Kind]:
        """Return the first deck, with those who take long right after the first caller."""
        kinds = _all_kinds()
        self._chance.shuffle(kinds)
        slow = [kind for kind in kinds if kind in SLOW]
        quick = [kind for kind in kinds if kind not in SLOW]
        return [quick[0], *slow, *quick[1:]]

    def _keys(self, kind: Kind) -> tuple[tuple[float, str], ...]:
        chance = self._chance
        choice = (self._pace.thinks_s(chance.uniform(1.5, 4.5)), chance.choice(CHOICES))
        match kind:
            case Kind.DECIDED | Kind.IMPATIENT:
                return (choice,)
            case Kind.MISTAKEN:
                return ((self._pace.thinks_s(chance.uniform(1.5, 3.0)), NO_CHOICE), choice)
            case Kind.HESITANT:
                return ((GREETING_UNANSWERED_S + choice[0], choice[1]),)
            case Kind.SILENT | Kind.LOST:
                return ()

    def _talk_s(self) -> float:
        """Return after how long one of the two would hang up; the quicker one does."""
        return self._pace.talks_s(self._chance.uniform(*(LAST_TALK_S if self.near_end else TALK_S)))

    def _patience_s(self, kind: Kind) -> float:
        if kind in {Kind.IMPATIENT, Kind.LOST}:
            return self._pace.lasts_s(self._chance.uniform(2.5, 5.0))
        return PATIENT_S


def _all_kinds() -> list[Kind]:
    return [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]
