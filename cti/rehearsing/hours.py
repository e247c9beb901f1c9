"""
When queues open and close in a rehearsal: as was told then, or by the hours of a configuration.

The calendar's word came a moment after the hour, or late where the daemon did not run. Where the
hours say what was told, in the same order and each before it was told, what was told stands; so an
unchanged configuration changes nothing. Where they say otherwise, theirs is told at the hour.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from acd.facts import QueueClosed, QueueOpened, SaidBy
from acd.picture import QueuePicture
from cti.ids import QueueName
from cti.instants import Time
from cti.rehearsing.recorded import FOR_EVER, Told

CHANGES_MAX = 100_000
"""Changes of one queue's hours within a record; nobody's hours change so often."""
Words = list[tuple[Time, bool]]
"""From when on a queue is said to be open, or closed."""


class Phase(Protocol):
    """Whether a queue is open, and until when that stays so at least."""

    @property
    def is_open(self) -> bool:
        """Whether it is open."""

    @property
    def until(self) -> Time:
        """Until when that stays so."""


class Hours(Protocol):
    """One queue's opening hours."""

    def phase(self, now: Time) -> Phase:
        """Return whether it is open at an instant."""


def by_the_hours(
    told: Sequence[Told],
    queues: Sequence[QueuePicture],
    hours: Mapping[QueueName, Hours],
    span: tuple[Time, Time],
) -> tuple[list[Told], list[tuple[Time, QueueOpened | QueueClosed]]]:
    """
    Return what of the told facts stands, and what is told beside it.

    `queues` are those that the core knew when the record began, and `span` is from when to when it
    lasts.
    """
    before = {
        queue.name: queue.opening.calendar is None or queue.opening.calendar.is_open
        for queue in queues
    }
    recorded: dict[QueueName, Words] = {name: [] for name in (*before, *hours)}
    for one in told:
        queue, is_open = _word(one)
        if queue is not None:
            recorded.setdefault(queue, []).append((one.at, is_open))
    other = set()
    planned: list[tuple[Time, QueueOpened | QueueClosed]] = []
    for queue, words in recorded.items():
        first = before.get(queue, True)
        ours = _changes(_said_by(hours.get(queue), span), first)
        if not _follow(_changes(words, first), ours):
            other.add(queue)
            planned += [(at, _said(queue, is_open)) for at, is_open in ours]
    return [one for one in told if _word(one)[0] not in other], planned


def _word(told: Told) -> tuple[QueueName | None, bool]:
    """Return of which queue a fact is the calendar's word, and what it says."""
    fact = told.fact
    if isinstance(fact, QueueOpened | QueueClosed) and fact.said_by is SaidBy.CALENDAR:
        return fact.queue, isinstance(fact, QueueOpened)
    return None, True


def _said(queue: QueueName, is_open: bool) -> QueueOpened | QueueClosed:  # noqa: FBT001 - a word
    kind = QueueOpened if is_open else QueueClosed
    return kind(queue=queue, said_by=SaidBy.CALENDAR)


def _said_by(hours: Hours | None, span: tuple[Time, Time]) -> Words:
    now, end = span
    if hours is None:
        return [(now, True)]
    words: Words = []
    while now <= end and len(words) < CHANGES_MAX:
        phase = hours.phase(now)
        words.append((now, phase.is_open))
        now = max(phase.until, Time(now + 1))
    return words


def _changes(words: Words, before: bool) -> Words:  # noqa: FBT001 - the state before the first word
    """Return the words that say something else than the one before."""
    changed: Words = []
    for at, is_open in words:
        if is_open is not before:
            changed.append((at, is_open))
        before = is_open
    return changed


def _follow(told: Words, ours: Words) -> bool:
    """Tell whether each word was told after its hour and before the next one."""
    if [is_open for _at, is_open in told] != [is_open for _at, is_open in ours]:
        return False
    nexts = [*(at for at, _is_open in ours), FOR_EVER][1:]
    return all(
        due <= at < following
        for (at, _open), (due, _is_open), following in zip(told, ours, nexts, strict=True)
    )
