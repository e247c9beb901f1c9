"""
When something is open: opening hours as OpenStreetMap writes them, and when they change next.

The library `opening_hours` knows the grammar and the public holidays; it is asked in wall time
without a zone, and the wall time is brought to UTC here: an hour that a zone leaves out in spring
ends at once, and the hour that it has twice in autumn is one long hour, open wherever one of the
two is. This module reads no clock and no file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import opening_hours

from cti.instants import Time, as_datetime, from_datetime

HOURS_TEXT_MAX: Final = 2_000
"""Characters of one text; the longest that never opens costs some 10 ms to see that."""
LOOK_AHEAD: Final = timedelta(days=60)
"""So far a change is looked for; where none is found, one looks again at the end."""
NEVER_WITHIN: Final = timedelta(days=732)
"""What does not open within two years never opens: long enough for the 29th of February to miss."""
# The library's stubs leave its errors out.
_PARSER_ERROR: Final[type[Exception]] = opening_hours.ParserError  # type: ignore[attr-defined]
_NO_COUNTRY: Final[type[Exception]] = opening_hours.UnknownCountryError  # type: ignore[attr-defined]
_BEFORE: Final = timedelta(days=2)
"""Longer than one opening that began before midnight, and than any jump of a zone."""
_MINUTE: Final = timedelta(minutes=1)
_COMMENT: Final = re.compile(r'"[^"]*"')
_MONTHS: Final = dict(
    zip(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31),
        strict=True,
    )
)
_DAY: Final = r"(\d\d?)(?![\d:])"
_DATE: Final = re.compile(
    rf"\b({'|'.join(_MONTHS)})\s*(\d\d?)(?![\d:])(?:-(\d\d?)(?![\d:]))?", re.IGNORECASE
)
_LINE_AND_COLUMN: Final = re.compile(r"-->\s*1:(\d+)")
_EXPECTED: Final = re.compile(r"=\s*expected (.+)\s*$")
_SUN: Final = re.compile(r"\b(dawn|sunrise|sunset|dusk)\b", re.IGNORECASE)
_UNDECIDED: Final = re.compile(r"\bunknown\b", re.IGNORECASE)
_SHUT: Final = re.compile(r"\b(off|closed)\b", re.IGNORECASE)
_HOLIDAYS: Final = re.compile(r"\bPH\b", re.IGNORECASE)
_HOLIDAYS_SHUT: Final = re.compile(r"\bPH\s+(off|closed)\b", re.IGNORECASE)
_SCHOOL: Final = re.compile(r"\bSH\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    Why a text is no opening hours: `at` is the character, from 0, from which on it is wrong.

    `kind` is what is wrong there: a `date` that no year has, the `sun` that is not known here,
    `undecided` between open and closed, or the `grammar`; `expected` are the grammar's own words
    for what it would have taken.
    """

    at: int
    kind: str
    expected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Whether it is open, and until when at least: the next change, or when to look again."""

    is_open: bool
    until: Time
    changes: bool


def one_line(text: str) -> str:
    """Return a text of several lines as the one line that the grammar takes, as long as it was."""
    return re.sub(r"[\r\n\t]", " ", text).rstrip()


def find_fault(text: str) -> Fault | None:
    """Return the first thing that is wrong with a text by itself, or None."""
    bare = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    if not text.isprintable():
        at = next(place for place, one in enumerate(text) if not one.isprintable())
        return Fault(at=at, kind="grammar")
    try:
        _parsed(text, None)
    except _PARSER_ERROR as error:
        return _grammar_fault(str(error))
    for pattern, kind in ((_SUN, "sun"), (_UNDECIDED, "undecided")):
        found = pattern.search(bare)
        if found is not None:
            return Fault(at=found.start(), kind=kind)
    # The library takes a day that its month has not as if no day were named: every day.
    for found in _DATE.finditer(bare):
        most = _MONTHS[found[1].capitalize()]
        if any(not 1 <= int(day) <= most for day in (found[2], found[3]) if day is not None):
            return Fault(at=found.start(), kind="date")
    return None


def says_closed(text: str) -> bool:
    """Return whether a text speaks of being closed."""
    return _SHUT.search(_COMMENT.sub("", text)) is not None


def names_holidays(text: str) -> bool:
    """Return whether a text speaks of public holidays."""
    return _HOLIDAYS.search(_COMMENT.sub("", text)) is not None


def names_school_holidays(text: str) -> bool:
    """Return whether a text speaks of school holidays, which nobody here knows."""
    return _SCHOOL.search(_COMMENT.sub("", text)) is not None


def knows_holidays(country: str) -> bool:
    """Return whether the public holidays of a country are known."""
    try:
        _parsed("24/7", country)
    except _NO_COUNTRY:
        return False
    return True


class OpeningTimes:
    """
    One set of opening hours in one place: `text`, with special days by date (`2026-12-24`).

    A special day's rule comes last and so stands above all others, public holidays included; it is
    `closed`, or times such as `09:00-12:00`. The text has no fault; equals say the same.
    """

    __slots__ = ("_key", "_rules", "_zone")

    def __init__(
        self,
        text: str,
        *,
        zone: ZoneInfo,
        country: str | None = None,
        special_days: Mapping[str, str] | None = None,
    ) -> None:
        days = [] if special_days is None else sorted(special_days.items())
        rules = "; ".join([one_line(text), *(f"{_as_rule(day)} {hours}" for day, hours in days)])
        if country is not None and not (names_holidays(text) and knows_holidays(country)):
            country = None
        self._rules = _parsed(rules, country)
        self._zone = zone
        self._key = (rules, country, zone.key)

    def __eq__(self, other: object) -> bool:
        """Return whether both are open at the same times by the same words."""
        return isinstance(other, OpeningTimes) and self._key == other._key

    def __hash__(self) -> int:
        """Return the same for equals."""
        return hash(self._key)

    def __repr__(self) -> str:
        """Return the rules, where they hold, and by whose clock."""
        return f"OpeningTimes{self._key!r}"

    @property
    def text(self) -> str:
        """All rules in one line, special days at the end."""
        return self._key[0]

    @property
    def time_zone(self) -> str:
        """The name of the zone whose clock counts."""
        return self._key[2]

    def phase(self, now: Time) -> Phase:
        """Return whether it is open at an instant, and until when that stays so at least."""
        horizon = as_datetime(now) + LOOK_AHEAD
        for begins, ends in self._open_spans(as_datetime(now), horizon):
            if begins > as_datetime(now):
                return Phase(is_open=False, until=from_datetime(begins), changes=True)
            if ends < horizon:
                return Phase(is_open=True, until=from_datetime(ends), changes=True)
            return Phase(is_open=True, until=from_datetime(horizon), changes=False)
        return Phase(is_open=False, until=from_datetime(horizon), changes=False)

    def first_opening(self, today: datetime) -> datetime | None:
        """Return when it opens first from `today` on, in wall time, within two years; or None."""
        for begins, _ends in self._open_walls(today, today + NEVER_WITHIN):
            return begins
        return None

    def never_closes(self, today: datetime) -> bool:
        """Return whether it is open for two years without a break."""
        open_until = today
        for begins, ends in self._open_walls(today, today + NEVER_WITHIN):
            if begins > open_until:
                return False
            open_until = ends
        return open_until >= today + NEVER_WITHIN

    def opens_on_holidays(self, today: datetime) -> bool:
        """
        Return whether rules after `PH off` undo it: it is open on each holiday of a working week.

        Later rules stand above earlier ones, which surprises who writes `PH off` first.
        """
        if _HOLIDAYS_SHUT.search(_COMMENT.sub("", self._key[0])) is None or self._key[1] is None:
            return False
        holidays = _parsed("PH", self._key[1])
        found = False
        for begins, ends in _open_walls(holidays, today, today + NEVER_WITHIN):
            day = begins.replace(hour=0, minute=0)
            while day < ends:
                if day.weekday() < 5:  # noqa: PLR2004 - Monday to Friday
                    found = True
                    if next(self._open_walls(day, day + timedelta(days=1)), None) is None:
                        return False
                day += timedelta(days=1)
        return found

    def _open_walls(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        return _open_walls(self._rules, since, until)

    def _open_spans(self, now: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the joined spans in UTC in which it is open and that end after `now`."""
        wall = now.astimezone(self._zone).replace(tzinfo=None)
        last = until.astimezone(self._zone).replace(tzinfo=None)
        present: tuple[datetime, datetime] | None = None
        for begins, ends in self._open_walls(wall - _BEFORE, last):
            span = self._begin(begins), until if ends >= last else self._end(ends)
            if span[1] <= span[0]:
                continue  # it would be in a gap of the clock, such as a day that a place left out
            if present is not None and span[0] <= present[1]:
                present = present[0], max(present[1], span[1])
                continue
            if present is not None and present[1] > now:
                yield present
            present = span
        if present is not None and present[1] > now:
            yield present

    def _begin(self, wall: datetime) -> datetime:
        """Return the first instant at which the clock shows this time or, in a gap, a later one."""
        return self._shown(wall).replace(tzinfo=self._zone, fold=0).astimezone(UTC)

    def _end(self, wall: datetime) -> datetime:
        """Return the last instant at which the clock shows this time or, in a gap, a later one."""
        return self._shown(wall).replace(tzinfo=self._zone, fold=1).astimezone(UTC)

    def _shown(self, wall: datetime) -> datetime:
        """Return the first time from this one on that the zone's clock shows at all."""
        while True:
            there = wall.replace(tzinfo=self._zone).astimezone(UTC).astimezone(self._zone)
            if there.replace(tzinfo=None) == wall:
                return wall
            wall += _MINUTE


def _parsed(text: str, country: str | None) -> opening_hours.OpeningHours:
    return opening_hours.OpeningHours(
        text, country=country, auto_country=False, auto_timezone=False
    )


def _open_walls(
    rules: opening_hours.OpeningHours, since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans of wall time in which rules are open; those at the edges are cut there."""
    for begins, ends, state, _comment in rules.intervals(since, until):
        if state is opening_hours.State.OPEN:
            yield begins, ends


def _as_rule(day: str) -> str:
    """Return `2026-12-24` as the grammar has it."""
    year, month, number = day.split("-")
    return f"{year} {list(_MONTHS)[int(month) - 1]} {number}"


def _grammar_fault(message: str) -> Fault:
    """Read the parser's message: where its caret stands, and what it expected there."""
    place, expected = _LINE_AND_COLUMN.search(message), _EXPECTED.search(message)
    rules = () if expected is None else tuple(re.split(r",\s+(?:or\s+)?|\s+or\s+", expected[1]))
    at = 0 if place is None else int(place[1]) - 1
    return Fault(at=at, kind="grammar", expected=rules)
