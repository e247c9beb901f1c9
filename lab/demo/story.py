"""
Decisions as sentences: who got a call and why he, who was next, who was out of it and why.

A decision is told in full, as a headline and its reasons, or in one line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from acd.facts import OfferOutcome
from cti.ids import AgentId
from cti.instants import Duration, as_datetime, as_seconds
from cti.language import _, ngettext
from lab.demo.columns import FAINT
from lab.demo.floor import Moved, NotTaken, Offered, Turn
from lab.demo.promise import Back, Died
from lab.demo.terminal import Signs
from lab.demo.words import STANDINGS, listed, short

BAD: Final = "red"
"""What nobody wanted: a miss, a long wait, a daemon that is gone."""

INDENT: Final = " " * 10
"""As wide as the time of day before a headline."""

Happening = Turn | Died | Back
"""What is told of: decisions, and what becomes of the daemon that makes them."""

NOT_TOLD: Final = frozenset({"logged_off"})
"""Who is not at work is not asked; nobody expects him to be."""

REFUSALS: Final[Mapping[OfferOutcome, str]] = {
    OfferOutcome.NO_ANSWER: _("{agent} did not answer: {caller} keeps his place"),
    OfferOutcome.REJECTED: _("{agent} declined: {caller} keeps his place"),
    OfferOutcome.BUSY: _("{agent} was busy: {caller} keeps his place"),
    OfferOutcome.UNREACHABLE: _("{agent} could not be reached: {caller} keeps his place"),
    OfferOutcome.FAILED: _("{agent} could not be rung: {caller} keeps his place"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Tells turns; `names` are the agents' spoken ones."""

    names: Mapping[AgentId, str]
    signs: Signs
    zone: tzinfo | None = None

    def headline(self, turn: Happening, caller: str) -> Text:
        """Return what was decided, or what happened, with its time of day."""
        line = Text(
            f"{as_datetime(turn.at).astimezone(self.zone):%H:%M:%S}  ", style=FAINT, no_wrap=True
        )
        caller = self._shown(caller or _("a caller"))
        match turn:
            case Offered():
                winner = self._shown(self.names.get(turn.agent, turn.agent))
                line.append(f"{caller} {self.signs.arrow} {winner}", "not dim bold")
            case NotTaken():
                said = REFUSALS.get(turn.outcome, f"{{agent}}: {turn.outcome.value}")
                agent = self._shown(self.names.get(turn.agent, turn.agent))
                line.append(said.format(agent=agent, caller=caller), f"not dim {BAD}")
            case Moved():
                line.append(f"{caller}: {self._shown(_moved(turn))}", f"not dim {BAD}")
            case Died():
                line.append(self._shown(turn.told()), f"not dim bold {BAD}")
            case Back():
                line.append(self._shown(turn.told()), "not dim bold green")
        return line

    def one_line(self, turn: Happening, caller: str, width: int) -> Text:
        """Return a turn in one line, with why the others were not asked where there is room."""
        line = self.headline(turn, caller)
        if not isinstance(turn, Offered):
            return line
        line.append(self._shown(f"  {self._for_him(turn)}"), "dim")
        against = self._against(turn)
        more = self._shown(_("; ") + against) if against else ""
        if line.cell_len + cell_len(more) <= width:
            line.append(more, "dim")
        return line

    def in_full(self, turn: Happening, caller: str) -> list[Text]:
        """Return a turn in several lines: what, why he, and why not the others."""
        line = self.headline(turn, caller)
        if not isinstance(turn, Offered):
            return [line]
        waited = _("  {queue}, waited {seconds} s").format(
            queue=turn.queue, seconds=_whole(turn.waited)
        )
        line.append(self._shown(waited), "dim")
        reasons = [self._for_him(turn), self._against(turn)]
        told = [
            Text(INDENT + self._shown(reason), "default", no_wrap=True)
            for reason in reasons
            if reason
        ]
        return [line, *told]

    def _for_him(self, turn: Offered) -> str:
        """Return what spoke for the winner."""
        idle_s = _whole(turn.idle)
        if turn.next_best is None and idle_s == 0:
            return _("the only one free, just now")
        if turn.next_best is None:
            return _("the only one free, for {seconds} s").format(seconds=idle_s)
        second = short(turn.next_best, self.names)
        if turn.next_idle is None:
            return _("free the longest, {seconds} s; next {agent}").format(
                seconds=idle_s, agent=second
            )
        idle, others = f"{idle_s}", f"{_whole(turn.next_idle)}"
        if idle == others:
            idle, others = f"{as_seconds(turn.idle):.1f}", f"{as_seconds(turn.next_idle):.1f}"
        return _("free the longest, {seconds} s; next {agent}, {others} s").format(
            seconds=idle, agent=second, others=others
        )

    def _against(self, turn: Offered) -> str:
        """Return what spoke against the others, those of one reason together."""
        against: dict[str, list[str]] = {}
        for agent, why in turn.ruled_out:
            against.setdefault(why, []).append(short(agent, self.names))
        told = {why: listed(who) for why, who in against.items()}
        if not told:
            told = {
                why: ngettext("{count} agent", "{count} agents", count).format(count=count)
                for why, count in turn.excluded
            }
        reasons = _("; ").join(
            _("{agents} {standing}").format(agents=who, standing=STANDINGS.get(why, why))
            for why, who in told.items()
            if why not in NOT_TOLD
        )
        return _("not asked: {reasons}").format(reasons=reasons) if reasons else ""

    def _shown(self, text: str) -> str:
        return self.signs.shown(text)


def _moved(turn: Moved) -> str:
    if turn.to_queue is None:
        return _("{queue} did not take him").format(queue=turn.from_queue)
    return _("after {seconds} s in {queue} on to {next_queue}, by rule").format(
        seconds=_whole(turn.waited), queue=turn.from_queue, next_queue=turn.to_queue
    )


def _whole(passed: Duration) -> int:
    return round(as_seconds(passed))
