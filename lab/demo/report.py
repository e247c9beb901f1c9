"""
What is told of finished calls: a line for each, in columns that stay in line, and the summary.

Pure text. A line fits 100 columns, or the terminal where that is narrower: the path gives way.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import groupby
from statistics import median
from typing import Final

from rich.cells import cell_len

from cti.ids import AgentId
from cti.language import _, ngettext
from lab.demo.call_log import LoggedCall, LoggedOffer
from lab.demo.promise import Kept
from lab.demo.terminal import Signs
from lab.demo.words import (
    ANONYMOUS,
    HUNG_UP_BY,
    OFFER_OUTCOMES,
    OUTCOMES,
    choice,
    listed,
    outcome,
    short,
    widest,
)

LINE_CELLS_MAX: Final = 100
PATH_CELLS_MIN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    title: str
    cells: int
    right: bool = False


_FIELDS: Final = (
    _Field(title=_("#"), cells=3, right=True),
    _Field(title=_("arrived"), cells=8),
    _Field(title=_("caller"), cells=12),
    _Field(title=_("path"), cells=0),
    _Field(title=_("agent"), cells=6),
    _Field(title=_("wait"), cells=5, right=True),
    _Field(title=_("talk"), cells=5, right=True),
    _Field(title=_("outcome"), cells=widest(OUTCOMES.values())),
    _Field(title=_("by"), cells=widest(HUNG_UP_BY.values())),
)
"""The path has what the others leave; `by` is who hung up."""


class CallTable:
    """Lines in columns, for one width of terminal; `names` are the agents' spoken ones."""

    def __init__(
        self,
        signs: Signs,
        *,
        width: int,
        names: Mapping[AgentId, str] | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._signs = signs
        self._zone = zone
        self._names = names or {}
        width = min(width, LINE_CELLS_MAX)
        self._cells = [max(one.cells, cell_len(one.title)) if one.cells else 0 for one in _FIELDS]
        others = sum(self._cells) + len(_FIELDS) - 1
        path = self._cells.index(0)
        self._cells[path] = max(PATH_CELLS_MIN, width - others)

    def heading(self) -> str:
        """Return the line above the others."""
        return self._joined([field.title for field in _FIELDS])

    def line(self, number: int, call: LoggedCall) -> str:
        """Return the line of one finished call."""
        none, seconds = self._signs.none, _("{seconds:.1f}s")
        return self._joined(
            [
                str(number),
                f"{call.arrived_at.astimezone(self._zone):%H:%M:%S}",
                call.caller or ANONYMOUS,
                path_of(call, self._names, self._signs),
                short(call.agent, self._names) if call.agent else none,
                seconds.format(seconds=call.waited_s) if call.queues else none,
                seconds.format(seconds=call.talked_s) if call.agent else none,
                outcome(call.outcome),
                HUNG_UP_BY.get(call.hung_up_by, call.hung_up_by),
            ]
        )

    def _joined(self, texts: Sequence[str]) -> str:
        return " ".join(
            self._signs.fitted(text, cells, right=field.right)
            for text, field, cells in zip(texts, _FIELDS, self._cells, strict=True)
        ).rstrip()


def path_of(call: LoggedCall, names: Mapping[AgentId, str], signs: Signs) -> str:
    """
    Return a call's way: what happened in the menu, the queues, and whom it was offered to.

    A choice that has the name of the queue that it leads to is not said twice.
    """
    choices = list(call.choices)
    if call.queues and choices[-1:] == [call.queues[0]]:
        del choices[-1]
    ways = [listed(_counted(choices))] if choices else []
    ways += call.queues
    ways += [_offer(offer, names) for offer in call.offers]
    return f" {signs.arrow} ".join(ways or [_("menu")])


def _counted(choices: Sequence[str]) -> Iterator[str]:
    """Give what was chosen in a menu, and how often where that was repeated."""
    for name, times in groupby(choices):
        often = len(list(times))
        if often == 1:
            yield choice(name)
        else:
            yield _("{times}x {choice}").format(times=often, choice=choice(name))


def _offer(offer: LoggedOffer, names: Mapping[AgentId, str]) -> str:
    agent = short(offer.agent, names)
    if offer.outcome is None:
        return agent
    return OFFER_OUTCOMES.get(offer.outcome, "{agent} " + offer.outcome).format(agent=agent)


@dataclass(slots=True, kw_only=True)
class Totals:
    """What finished calls come to, counted as they end."""

    calls: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
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
            return [_("No call has ended yet.")]
        counted = [(_("answered"), self.answered)] + [
            (outcome(name), count)
            for name, count in self.outcomes.most_common()
            if name != "answered"
        ]
        told = listed(
            _("{count} {outcome}").format(count=count, outcome=name) for name, count in counted
        )
        calls = ngettext("{count} call: {outcomes}", "{count} calls: {outcomes}", self.calls)
        lines = [calls.format(count=self.calls, outcomes=told)]
        if self.waited_s:
            waited = _("Answered after {median:.1f} s in the median, {most:.1f} s at most")
            lines.append(waited.format(median=median(self.waited_s), most=max(self.waited_s)))
        if self.pop_leads_s:
            first = sum(lead > 0 for lead in self.pop_leads_s)
            popped = _(
                "{first} of {all} screens popped before the phone rang,"
                " {milliseconds:.0f} ms in the median"
            )
            lines.append(
                popped.format(
                    first=first,
                    all=len(self.pop_leads_s),
                    milliseconds=median(self.pop_leads_s) * 1000,
                )
            )
        return lines


def told_kept(kept: Kept) -> str:
    """Return what became of those who were there when the daemon was killed."""
    said = ngettext(
        "The daemon was killed once, with {present} callers there:"
        " {talked} talked, {left} hung up, {lost} lost",
        "The daemon was killed {times} times, with {present} callers there:"
        " {talked} talked, {left} hung up, {lost} lost",
        kept.times,
    )
    return said.format(
        times=kept.times, present=kept.present, talked=kept.talked, left=kept.left, lost=kept.lost
    )


def told_voices(heard_agents: int, heard_callers: int, *, others: int) -> list[str]:
    """Return in how many talks who heard whom; `others` are talks that softphones were part of."""
    said = _("Callers heard the agent in {callers} talks, agents the caller in {agents}")
    lines = [said.format(callers=heard_agents, agents=heard_callers)]
    if others > 0:
        more = ngettext(
            "{count} more talk was with a softphone, where nobody listens for that",
            "{count} more talks were with a softphone, where nobody listens for that",
            others,
        )
        lines.append(more.format(count=others))
    return lines
