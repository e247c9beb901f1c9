"""
Whether a queue is open, and who said so.

Two may speak: the calendar and a person. A person's word stands above the calendar's until he
takes it back, and the calendar goes on speaking beneath it. A queue of which nobody has spoken is
open. This module knows no hours and no calls: the shell reads calendars and tells their words.
"""

from dataclasses import dataclass, replace

from acd.facts import SaidBy
from cti.instants import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one of the two said of a queue, when, and why."""

    is_open: bool
    since: Time
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What has been said of a queue."""

    calendar: Word | None = None
    person: Word | None = None

    @property
    def word(self) -> Word | None:
        """Return the word that stands, None where nobody has spoken."""
        return self.calendar if self.person is None else self.person

    @property
    def said_by(self) -> SaidBy | None:
        """Return whose word stands, None where nobody has spoken."""
        if self.person is not None:
            return SaidBy.PERSON
        return None if self.calendar is None else SaidBy.CALENDAR

    @property
    def is_open(self) -> bool:
        """Return whether the queue takes callers by the word that stands."""
        word = self.word
        return word is None or word.is_open

    def told(self, said_by: SaidBy, word: Word) -> "Opening":
        """Return what has been said after one more word; the same said again changes nothing."""
        before = self.person if said_by is SaidBy.PERSON else self.calendar
        if before is not None and (before.is_open, before.note) == (word.is_open, word.note):
            return self
        if said_by is SaidBy.PERSON:
            return replace(self, person=word)
        return replace(self, calendar=word)

    def left_to_calendar(self) -> "Opening":
        """Return what has been said once the person has taken his word back."""
        return replace(self, person=None)


UNSAID = Opening()
"""Nobody has spoken: open."""
