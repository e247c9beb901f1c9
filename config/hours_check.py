"""
Opening hours that cannot be meant: unreadable, never open, of nobody, of no known country.

The texts are looked at in the trees, so that a mistake in them is told at its own column and beside
all others; what is legal and odd is told once nothing is wrong.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from phonenumbers import SUPPORTED_REGIONS

from config.doubts import MAIN, QUEUES, Read
from config.errors import Position, Problem
from config.explain import listed, nearest
from config.hours import HoursSection, machine_zone, time_zone
from config.nodes import ANY, KeyPath, Node, Scalar, Table, child, problem_at, select
from config.opening import (
    HOURS_TEXT_MAX,
    Fault,
    OpeningTimes,
    find_fault,
    knows_holidays,
    names_holidays,
    names_school_holidays,
    one_line,
    says_closed,
)
from config.values import NAME
from cti.language import _

ALL_HOURS_MAX: Final = 100_000
"""Characters of all different texts of a file: beyond it, reading them would take its time."""
SHOWN_MAX: Final = 24
_WORDS: Final[Mapping[str, str]] = {
    "EOI": _("the end"),
    "any_rule_separator": _("a semicolon"),
    "rules_modifier": _("off, closed or open"),
    "always_open": "24/7",
    "small_range_selectors": _("weekdays such as Mo-Fr"),
    "weekday_selector": _("weekdays such as Mo-Fr"),
    "week_selector": _("week with its number"),
    "monthday_range": _("a date such as Dec 24"),
    "year": _("a year"),
    "comment": _("a remark in quotes"),
    "comment_inner": _("a remark in quotes"),
    "timespan": _("times such as 09:00-17:30"),
    "timespan_plus": _("times such as 09:00-17:30"),
    "holiday": "PH",
    "nth_entry": _("a number from 1 to 5"),
}
"""The grammar's names for what may stand somewhere, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """Opening hours as they stand somewhere in the file."""

    path: KeyPath
    node: Scalar
    text: str
    section: Table | None = None

    def position(self, at: int) -> Position:
        """Return where in the file a character of the text stands, as far as that is known."""
        start = self.node.position
        if not self.node.in_one_line:
            return start
        return Position(line=start.line, column=start.column + at + self.node.quoted)

    def told(self, key: str) -> str | None:
        """Return what the section says of the country or the time zone."""
        found = None if self.section is None else child(self.section, key)
        return str(found.value) if isinstance(found, Scalar) and found.value is not None else None

    @property
    def special_days(self) -> Mapping[str, str]:
        """The section's special days, which are checked by their own types."""
        found = None if self.section is None else child(self.section, "special_days")
        if not isinstance(found, Table):
            return {}
        return {
            day: str(entry.node.value)
            for day, entry in found.entries.items()
            if isinstance(entry.node, Scalar)
        }


def is_name(text: str) -> bool:
    """Return whether a queue's hours are a name, and no opening hours themselves."""
    return re.fullmatch(NAME, text) is not None


def unreadable_hours(trees: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield opening hours that cannot be read, are too many, or name holidays that nobody knows."""
    main = trees.get(MAIN)
    country = None if main is None else _text(main, ("telephony", "country"))
    seen: set[str] = set()
    room = ALL_HOURS_MAX
    for hours in _all_hours(trees):
        room -= 0 if hours.text in seen else len(hours.text)
        seen.add(hours.text)
        if room < 0:
            message = _("all opening hours of this file together are longer than {most} characters")
            most = f"{ALL_HOURS_MAX:,}"
            yield problem_at(QUEUES, hours.node.position, hours.path, message.format(most=most))
            return
        fault = find_fault(hours.text)
        if fault is not None:
            yield problem_at(
                QUEUES, hours.position(fault.at), hours.path, _explained(hours.text, fault)
            )
            continue
        where = hours.told("country") or country
        if where not in SUPPORTED_REGIONS:
            continue  # nothing, or said by itself
        if names_holidays(hours.text) and not knows_holidays(where):
            message = _("public holidays (PH) of {country} are not known: write special_days")
            yield problem_at(
                QUEUES, hours.node.position, hours.path, message.format(country=repr(where))
            )


def hours_that_never_open(trees: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield opening hours that do not open within the next two years."""
    main = trees.get(MAIN)
    country = None if main is None else _text(main, ("telephony", "country"))
    today = _today()
    never: dict[tuple[str, str | None], bool] = {}
    room = ALL_HOURS_MAX
    for hours in _all_hours(trees):
        where = hours.told("country") or country
        key = (hours.text, where)
        if key not in never:
            room -= len(hours.text)
            if room < 0:
                return  # that they are too many is said by itself
            if find_fault(hours.text) is not None:
                continue
            times = _times(hours.text, where)
            never[key] = times.first_opening(today) is None
        if never[key] and not _opens_specially(hours, today):
            message = _("never opens: not within the next two years")
            yield problem_at(QUEUES, hours.node.position, hours.path, message)


def unknown_hours(trees: Mapping[str, Node]) -> Iterator[Problem]:
    """Yield each queue whose hours are a name that no hours have."""
    tree = trees.get(QUEUES)
    if tree is None:
        return
    named = child(tree, "hours")
    known = list(named.entries) if isinstance(named, Table) else []
    for path, node in select(tree, ("queues", ANY, "hours")):
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue
        name = node.value
        if not is_name(name) or name in known:
            continue
        near = nearest(name, known)
        if near is not None:
            message = _("there are no hours {name}; did you mean {near}?")
        elif known:
            message = _("there are no hours {name}; there are: {known}")
        else:
            message = _("there are no hours {name}: this file names none (hours)")
        yield problem_at(
            QUEUES,
            node.position,
            path,
            message.format(name=repr(name), near=near, known=listed(known)),
        )


def odd_hours(read: Read) -> Iterator[Problem]:
    """Yield opening hours that are legal and surely not meant."""
    if read.queues is None or read.main is None:
        return
    today = _today()
    used = {queue.hours for queue in read.queues.queues.values()}
    for name in read.queues.hours:
        if name not in used:
            yield read.doubt_key(QUEUES, ("hours", name), _("no queue has these hours"))
    seen: set[str] = set()
    for hours in _all_hours(read.trees):
        if hours.section is None and hours.text in seen:
            continue
        seen.add(hours.text)
        times = _times(
            hours.text, hours.told("country") or read.main.telephony.country, hours.special_days
        )
        for message in _oddities(hours.text, times, today):
            yield read.doubt(QUEUES, hours.path, message)
    yield from _past_days(read, today)
    if seen and read.main.telephony.time_zone is None and machine_zone().key in _NO_PLACE:
        zoneless = [
            hours.path for hours in _all_hours(read.trees) if hours.told("time_zone") is None
        ]
        if zoneless:
            message = _(
                "is read by the clock of this machine, which is UTC: "
                "say telephony.time_zone in cordboard.yaml"
            )
            yield read.doubt(QUEUES, zoneless[0], message)


_NO_PLACE: Final = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal"})
"""Names of the zone that machines have to which nobody has given one."""


def _oddities(text: str, times: OpeningTimes, today: datetime) -> Iterator[str]:
    if says_closed(text) and times.never_closes(today):
        yield _("is open all the time, although it speaks of being closed")
    if names_school_holidays(text):
        yield _("school holidays (SH) are not known here: SH means no day")
    if times.opens_on_holidays(today):
        yield _("is open on public holidays: what follows PH off undoes it; write PH off last")


def _past_days(read: Read, today: datetime) -> Iterator[Problem]:
    for name, section in read.queues.hours.items() if read.queues is not None else ():
        for day in section.special_days if isinstance(section, HoursSection) else ():
            if day < today.date().isoformat():
                path = ("hours", name, "special_days", day)
                yield read.doubt_key(QUEUES, path, _("is a day in the past"))


def _opens_specially(hours: _Hours, today: datetime) -> bool:
    first = today.date().isoformat()
    return any(day >= first and text != "closed" for day, text in hours.special_days.items())


_FAULTS: Final[Mapping[str, str]] = {
    "date": _("there is no such day: {rest}"),
    "sun": _("where the sun stands is not known here: write times instead of {rest}"),
    "undecided": _("a queue is open or closed, never {rest}"),
}


def _explained(text: str, fault: Fault) -> str:
    rest = text[fault.at :]
    shown = repr(rest if len(rest) <= SHOWN_MAX else f"{rest[:SHOWN_MAX]}…")
    if fault.kind in _FAULTS:
        return _FAULTS[fault.kind].format(rest=shown)
    expected = ", ".join(
        dict.fromkeys(_WORDS.get(one, one.replace("_", " ")) for one in fault.expected)
    )
    if expected:
        words = (
            _("cannot be read from {rest} on; expected: {expected}")
            if rest
            else _("ends too early; expected: {expected}")
        )
        return words.format(rest=shown, expected=expected)
    words = _("cannot be read from {rest} on") if rest else _("ends too early")
    return words.format(rest=shown)


def _all_hours(trees: Mapping[str, Node]) -> Iterator[_Hours]:
    """Yield all opening hours of a file that are text of an allowed length, in its order."""
    tree = trees.get(QUEUES)
    if tree is None:
        return
    found: list[tuple[KeyPath, Node, Table | None]] = []
    for path, node in select(tree, ("hours", ANY)):
        if isinstance(node, Table):
            below = child(node, "open")
            if below is not None:
                found.append(((*path, "open"), below, node))
        else:
            found.append((path, node, None))
    found.extend((path, node, None) for path, node in select(tree, ("queues", ANY, "hours")))
    for path, node, section in found:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            continue
        if not 1 <= len(node.value) <= HOURS_TEXT_MAX:
            continue
        if path[0] == "queues" and is_name(node.value):
            continue
        yield _Hours(path=path, node=node, text=one_line(node.value), section=section)


def _text(tree: Node, path: KeyPath) -> str | None:
    for _path, found in select(tree, path):
        if isinstance(found, Scalar) and isinstance(found.value, str):
            return found.value
    return None


def _times(
    text: str, country: str | None, special_days: Mapping[str, str] | None = None
) -> OpeningTimes:
    """Return times to ask in wall time; by whose clock does not matter for that."""
    utc = time_zone("UTC") or machine_zone()
    return OpeningTimes(text, zone=utc, country=country, special_days=special_days)


def _today() -> datetime:
    """Return the beginning of today, in no zone: two years are two years everywhere."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
