"""
What can be told from an extensions.conf without running it: who dials what, and which queue.

Only what stands there literally counts: `Queue(sales)` in an extension of digits, `Dial(PJSIP/x)`
behind a Local channel. Variables other than `${EXTEN}`, jumps and subroutines are not followed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from config.asterisk_import.place import Place
from config.asterisk_import.reader import Section

PATTERN_MAX = 80
PATTERNS_MAX = 200
"""Patterns of one context that are looked at."""
DIFFERENT_MAX = 500
"""Different patterns of all contexts that numbers are compared with."""
_STEP: Final = re.compile(
    r"\s*(?P<priority>hint|[0-9]+|n|s)(\([^)]*\)|\+[0-9]+)*\s*,\s*(?P<call>.*)",
    re.DOTALL | re.ASCII,
)
_CLASSES: Final = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One priority of an extension: an application and its arguments as they stand there."""

    application: str
    data: str
    place: Place


@dataclass(slots=True, kw_only=True)
class Extension:
    """An extension of a context; `hint` is what its state is read off."""

    context: str
    number: str
    steps: list[Step] = field(default_factory=list)
    hint: str = ""


class Dialplan:
    """All extensions, by context."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self._contexts: dict[str, dict[str, Extension]] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], Extension]]] = {}
        for section in sections:
            if not section.template:
                self._take(section)
        for context, extensions in self._contexts.items():
            compiled = ((_pattern(number), one) for number, one in extensions.items())
            known = ((pattern, one) for pattern, one in compiled if pattern is not None)
            self._patterns[context] = list(islice(known, PATTERNS_MAX))
        patterns = (pair for pairs in self._patterns.values() for pair in pairs)
        self._different = dict(
            islice(({pair[0].pattern: pair for pair in patterns}).items(), DIFFERENT_MAX)
        )
        """One of each pattern that is written in any context."""

    def extensions(self) -> Iterator[Extension]:
        """Yield all extensions in the order of the files."""
        for context in self._contexts.values():
            yield from context.values()

    def dials(self, number: str, context: str) -> str | None:
        """Return what an extension dials first, `PJSIP/x`; None where that cannot be told."""
        extension = self._find(number, context)
        for step in extension.steps if extension else ():
            if step.application.lower() == "dial":
                first = step.data.split(",")[0].split("&")[0].strip()
                dialled = first.replace("${EXTEN}", number)
                return None if "${" in dialled else dialled
        return None

    def hint(self, number: str, context: str) -> str | None:
        """Return the device that an extension's state is read off, the first of several."""
        extension = self._find(number, context)
        if extension is None or not extension.hint:
            return None
        device = extension.hint.split(",")[0].split("&")[0].strip()
        return device.replace("${EXTEN}", number)

    def taken_by(self, number: str) -> Extension | None:
        """Return an extension of any context that takes a number: itself, or a pattern."""
        for context in self._contexts.values():
            if number in context:
                return context[number]
        patterns = self._different.values()
        return next((one for pattern, one in patterns if pattern.fullmatch(number)), None)

    def _find(self, number: str, context: str) -> Extension | None:
        extensions = self._contexts.get(context, {})
        if number in extensions:
            return extensions[number]
        patterns = self._patterns.get(context, [])
        return next((one for pattern, one in patterns if pattern.fullmatch(number)), None)

    def _take(self, section: Section) -> None:
        context = self._contexts.setdefault(section.name, {})
        number = ""
        for option in section.options:
            keyword = option.name.lower()
            rest = option.value
            if keyword == "exten":
                number, _comma, rest = rest.partition(",")
                number = number.strip().partition("/")[0]
            elif keyword != "same" or not number:
                continue
            match = _STEP.fullmatch(rest)
            if match is None:
                continue
            extension = context.setdefault(number, Extension(context=section.name, number=number))
            if match["priority"] == "hint":
                extension.hint = match["call"]
                continue
            application, bracket, data = match["call"].strip().partition("(")
            if bracket:
                data = data.rpartition(")")[0] if ")" in data else data
            extension.steps.append(
                Step(application=application.strip(), data=data, place=option.place)
            )


def _pattern(number: str) -> re.Pattern[str] | None:
    """Return what a pattern such as `_1XXX` takes; None: it is none."""
    if not number.startswith("_") or len(number) > PATTERN_MAX:
        return None
    parts: list[str] = []
    rest = number[1:]
    while rest:
        if rest[0] == "[" and "]" in rest:
            inside, _bracket, rest = rest[1:].partition("]")
            parts.append("[" + re.sub(r"([\\\[^])", r"\\\1", inside) + "]")
            continue
        mark, rest = rest[0], rest[1:]
        parts.append(_CLASSES.get(mark.upper(), re.escape(mark)))
        if mark in ".!":
            break  # nothing counts behind these
    try:
        return re.compile("".join(parts), re.ASCII)
    except re.error:
        return None
