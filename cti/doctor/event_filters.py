"""
AMI's event filters as Asterisk takes them, so that what a user's own let through is known.

A line of manager.conf is either a regular expression for the whole event (`eventfilter = Event: A`,
with `!` before what is to be kept out), or names what it is for in brackets (`action`, `name`,
`header`, `method`). With filters of both kinds, an event passes that one includes and none excludes
(manager.c, `manager_add_filter` and `should_send_event`). FullyBooted passes every filter.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cti.doctor.asterisk_conf import ConfFile, Place

KEY = "eventfilter"
_OPTION = re.compile(r"(action|name|header|method)\(([^()]*)\)")
_METHODS = frozenset({"regex", "exact", "starts_with", "ends_with", "contains", "none"})
_PATTERN_MAX = 500
"""A regular expression that is longer is not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """One line; empty are the name, the header and the method that it does not have."""

    place: Place
    text: str
    includes: bool
    name: str = ""
    header: str = ""
    method: str = "none"
    pattern: str = ""

    def fits(self, name: str, headers: Iterable[tuple[str, str]]) -> bool:
        """Tell whether an event is one of those that the line speaks of."""
        if self.name and self.name != name:
            return False
        if not self.header:
            lines = [("Event", name), *headers]
            return self._fits("".join(f"{key}: {value}\r\n" for key, value in lines))
        return any(key == self.header and self._fits(value) for key, value in headers)

    def _fits(self, text: str) -> bool:
        match self.method:
            case "regex":
                return re.search(self.pattern, text) is not None
            case "exact":
                return text == self.pattern
            case "starts_with":
                return text.startswith(self.pattern)
            case "ends_with":
                return text.endswith(self.pattern)
            case "contains":
                return self.pattern in text
            case _:
                return True


def filters_of(manager: ConfFile, user: str) -> list[EventFilter]:
    """Return a user's filters; a line that Asterisk drops is none."""
    found = (_parsed(place, key, value) for place, key, value in manager.lines(user, KEY))
    return [one for one in found if one is not None]


def passes(filters: Sequence[EventFilter], name: str, headers: Sequence[tuple[str, str]]) -> bool:
    """Tell whether an event arrives through filters; without any, all do."""
    included = [one for one in filters if one.includes]
    if included and not any(one.fits(name, headers) for one in included):
        return False
    return not any(one.fits(name, headers) for one in filters if not one.includes)


def _parsed(place: Place, key: str, value: str) -> EventFilter | None:
    excludes, pattern = value.startswith("!"), value.removeprefix("!")
    text = f"{key} = {value}".rstrip()
    _before, bracket, rest = key.partition("(")
    if not bracket:
        if not _is_regex(pattern):
            return None
        return EventFilter(
            place=place, text=text, includes=not excludes, method="regex", pattern=pattern
        )
    options = dict(_OPTION.findall(rest))
    method = options.get("method", "none")
    action = options.get("action", "exclude" if excludes else "include")
    if method not in _METHODS or action not in {"include", "exclude"}:
        return None
    if (method == "none") != (not pattern) or (method == "regex" and not _is_regex(pattern)):
        return None
    if not pattern and not options.keys() & {"name", "header"}:
        return None
    return EventFilter(
        place=place,
        text=text,
        includes=action == "include",
        name=options.get("name", ""),
        header=options.get("header", "").removesuffix(":"),
        method=method,
        pattern=pattern,
    )


def _is_regex(pattern: str) -> bool:
    if not pattern or len(pattern) > _PATTERN_MAX:
        return False
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
