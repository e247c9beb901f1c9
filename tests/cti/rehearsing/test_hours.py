"""Opening hours in a rehearsal: told as then where they say the same, else by the new hours."""

from dataclasses import dataclass

import pytest

from acd.facts import AcdFact, QueueClosed, QueueOpened, SaidBy
from acd.picture import AgentCounts, QueuePicture
from acd.tables.opening import Opening, Word
from cti.ids import QueueName
from cti.instants import Time
from cti.rehearsing.hours import by_the_hours
from cti.rehearsing.recorded import Told

SALES = QueueName("sales")
HOUR = 3_600_000_000
NOBODY = AgentCounts(
    ready=0,
    logged_off=0,
    not_ready=0,
    offered=0,
    busy=0,
    busy_elsewhere=0,
    wrapping_up=0,
    resting=0,
)


@dataclass(frozen=True)
class Phase:
    is_open: bool
    until: Time


@dataclass(frozen=True)
class Daily:
    """Open from one hour to another."""

    first: int
    last: int

    def phase(self, now: Time) -> Phase:
        if now < self.first * HOUR:
            return Phase(is_open=False, until=Time(self.first * HOUR))
        if now < self.last * HOUR:
            return Phase(is_open=True, until=Time(self.last * HOUR))
        return Phase(is_open=False, until=Time(1_000 * HOUR))


def at(hour: float) -> Time:
    return Time(round(hour * HOUR))


def opened(hour: float, by: SaidBy = SaidBy.CALENDAR) -> Told:
    return Told(at=at(hour), position=round(hour), fact=QueueOpened(queue=SALES, said_by=by))


def closed(hour: float) -> Told:
    fact = QueueClosed(queue=SALES, said_by=SaidBy.CALENDAR)
    return Told(at=at(hour), position=round(hour), fact=fact)


def picture(*, is_open: bool | None) -> QueuePicture:
    word = None if is_open is None else Word(is_open=is_open, since=Time(0))
    return QueuePicture(
        name=SALES, removed=False, waiting=(), agents=NOBODY, opening=Opening(calendar=word)
    )


def rehearsed(
    told: list[Told], hours: Daily | None, *, was_open: bool | None = None
) -> tuple[list[Told], list[tuple[Time, AcdFact]]]:
    stands, other = by_the_hours(
        told,
        [picture(is_open=was_open)],
        {} if hours is None else {SALES: hours},
        (at(0), at(24)),
    )
    return stands, list(other)


@pytest.mark.parametrize("late", [0.0, 0.001, 3.0])
def test_what_was_told_stands_where_the_hours_say_it_too_even_late(late: float) -> None:
    told = [closed(0), opened(8 + late), opened(9 + late), closed(17 + late)]

    assert rehearsed(told, Daily(8, 17)) == (told, [])


def test_other_hours_are_told_at_the_hour_and_a_persons_word_stands() -> None:
    person = opened(12, by=SaidBy.PERSON)
    stands, other = rehearsed([closed(0), opened(8), person, closed(17)], Daily(8, 19))

    assert stands == [person]
    assert [(time / HOUR, type(fact)) for time, fact in other] == [
        (0, QueueClosed),
        (8, QueueOpened),
        (19, QueueClosed),
    ]


def test_a_queue_that_was_closed_and_has_no_hours_any_more_is_open_from_the_beginning() -> None:
    stands, other = rehearsed([opened(8), closed(17)], None, was_open=False)

    assert stands == []
    assert [(time, type(fact)) for time, fact in other] == [(at(0), QueueOpened)]


def test_a_queue_without_hours_then_and_now_is_left_alone() -> None:
    assert rehearsed([], None) == ([], [])
