"""
What is told of finished calls: a line for each, in columns that stay in line, and the summary.

Pure text. A line fits 100 columns, or the terminal where that is narrower: the path gives way.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import groupby
from statistics import median

from lab.demo.call_log import LoggedCall, LoggedOffer
from lab.demo.terminal import Signs

LINE_CELLS_MAX = 100
PATH_CELLS_MIN = 12

OUTCOMES = {
    "answered": "answered",
    "abandoned": "gave up",
    "left_in_flow": "left menu",
    "turned_away": "refused",
    "flow_ended": "menu end",
    "fallback": "fallback",
    "ended_by_system": "ended",
    "lost_by_switch": "lost",
    "ended_unseen": "unseen",
}
OFFER_OUTCOMES = {
    "no_answer": "missed",
    "busy": "busy",
    "rejected": "declined",
    "unreachable": "no phone",
    "withdrawn": "withdrawn",
    "caller_left": "rang",
    "failed": "failed",
}


MISSES = frozenset({"no_answer", "busy", "rejected"})
"""Offers that an agent could have taken and did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    title: str
    cells: int
    right: bool = False


_FIELDS = (
    _Field(title="#", cells=3, right=True),
    _Field(title="arrived", cells=8),
    _Field(title="caller", cells=12),
    _Field(title="path", cells=0),
    _Field(title="agent", cells=5),
    _Field(title="wait", cells=5, right=True),
    _Field(title="talk", cells=5, right=True),
    _Field(title="outcome", cells=9),
    _Field(title="by", cells=6),
)
"""The path has what the others leave; `by` is who hung up."""


class CallTable:
    """Lines in columns, for one width of terminal."""

    def __init__(self, signs: Signs, *, width: int, zone: tzinfo | None = None) -> None:
        self._signs = signs
        self._zone = zone
        width = min(width, LINE_CELLS_MAX)
        self._terse = width < LINE_CELLS_MAX
        others = sum(field.cells for field in _FIELDS) + len(_FIELDS) - 1
        self._path_cells = max(PATH_CELLS_MIN, width - others)

    def heading(self) -> str:
        """Return the line above the others."""
        return self._joined([field.title for field in _FIELDS])

    def line(self, number: int, call: LoggedCall) -> str:
        """Return the line of one finished call."""
        return self._joined(
            [
                str(number),
                f"{call.arrived_at.astimezone(self._zone):%H:%M:%S}",
                call.caller or "withheld",
                self.path(call),
                call.agent or self._signs.none,
                f"{call.waited_s:.1f}s" if call.queues else self._signs.none,
                f"{call.talked_s:.1f}s" if call.agent else self._signs.none,
                outcome_of(call),
                call.hung_up_by,
            ]
        )

    def path(self, call: LoggedCall) -> str:
        """Return a call's way: what was chosen, the queues, whom it was offered to."""
        ways = ["/".join(_counted(call.choices)) or "menu", *call.queues]
        if self._terse and ways[:1] == ways[1:2]:
            del ways[0]  # the menu's choice has the name of the queue that it leads to
        if call.offers:
            ways.append(", ".join(_offer(offer) for offer in call.offers))
        return self._signs.arrow.join(ways)

    def _joined(self, texts: Sequence[str]) -> str:
        return " ".join(
            self._signs.fitted(text, field.cells or self._path_cells, right=field.right)
            for text, field in zip(texts, _FIELDS, strict=True)
        ).rstrip()


def outcome_of(call: LoggedCall) -> str:
    """Return what became of a call, in a word or two."""
    return OUTCOMES.get(call.outcome, call.outcome)


def _counted(choices: Sequence[str]) -> Iterator[str]:
    """Give what was chosen in a menu, and how often where that was repeated."""
    for choice, times in groupby(choices):
        often = len(list(times))
        yield ("" if often == 1 else f"{often}x ") + choice.replace("_", " ")


def _offer(offer: LoggedOffer) -> str:
    if offer.outcome is None:
        return offer.agent
    return f"{offer.agent} {OFFER_OUTCOMES.get(offer.outcome, offer.outcome)}"


@dataclass(slots=True, kw_only=True)
class Totals:
    """What finished calls come to, counted as they end."""

    calls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    waited_s: list[float] = field(default_factory=list)
    talked_s: float = 0.0
    pop_leads_s: list[float] = field(default_factory=list)

    SAMPLES_MAX = 10_000

    def add(self, call: LoggedCall) -> None:
        """Count one more finished call."""
        self.calls += 1
        self.outcomes[call.outcome] += 1
        self.talked_s += call.talked_s
        if call.outcome == "answered":
            self.waited_s.append(call.waited_s)
        for offer in call.offers:
            self.missed += offer.outcome in MISSES
            if offer.pop_lead_s is not None:
                self.pop_leads_s.append(offer.pop_lead_s)
        for samples in (self.waited_s, self.pop_leads_s):
            del samples[: -self.SAMPLES_MAX]

    @property
    def answered(self) -> int:
        """How many callers talked to an agent."""
        return self.outcomes["answered"]

    def summary(self) -> list[str]:
        """Return what there is to say in the end: outcomes, waits, and screens before phones."""
        if self.calls == 0:
            return ["No call has ended yet."]
        others = [
            f"{count} {OUTCOMES.get(outcome, outcome)}"
            for outcome, count in self.outcomes.most_common()
            if outcome != "answered"
        ]
        calls = "1 call" if self.calls == 1 else f"{self.calls} calls"
        lines = [f"{calls}: " + ", ".join([f"{self.answered} answered", *others])]
        if self.waited_s:
            lines.append(
                f"Answered after {median(self.waited_s):.1f} s in the median,"
                f" {max(self.waited_s):.1f} s at most"
            )
        if self.pop_leads_s:
            first = sum(lead > 0 for lead in self.pop_leads_s)
            lines.append(
                f"{first} of {len(self.pop_leads_s)} screens popped before the phone rang,"
                f" {median(self.pop_leads_s) * 1000:.0f} ms in the median"
            )
        return lines
