"""
The parts of the live picture: callers, agents, queues, decisions, finished calls.

Each is a list of lines, the first of which is its heading; all fit the width. Rows stand in an
order in which they do not jump about: callers move up like a queue, agents never move.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from rich.text import Text

from acd.picture import AgentPicture, QueuePicture
from cti.ids import AgentId, CallId
from cti.instants import Time, as_seconds
from cti.language import _, ngettext
from lab.demo.call_log import LoggedCall
from lab.demo.columns import FAINT, Cell, Column, Columns, fit, rule
from lab.demo.floor import CallView, Offered, Scene
from lab.demo.promise import Back, Died, Outage
from lab.demo.report import path_of
from lab.demo.story import BAD, Happening, Teller
from lab.demo.terminal import Signs
from lab.demo.words import (
    ANONYMOUS,
    AWAY,
    NO_KEY,
    OUTCOMES,
    PLACES,
    STANDINGS,
    agent_state,
    choice,
    clock,
    listed,
    outcome,
    reason,
    widest,
)

LONG_WAIT_S: Final = 10.0
"""From here on a wait is shown in the colour of what nobody wants."""
FULL_CELLS: Final = 72
"""From this width on sections show all of their columns."""
NAME_CELLS: Final = 16
TIME_CELLS: Final = 6

RINGS: Final = "black on yellow"
STYLES: Final[Mapping[str, str]] = {
    "ready": "green",
    "busy": "cyan",
    "offered": RINGS,
    "wrapping_up": "magenta",
    "ringing": RINGS,
    "menu": FAINT,
}
"""The colours of states; any other has none."""

IN_FULL_MAX: Final = 3
"""So many of the newest decisions are told with all their reasons, where there is room."""
IN_FULL_LINES: Final = 3

_PLACES_BY_RANK: Final = {"ringing": 0, "waiting": 0, "menu": 1}
"""Callers who do not talk yet; those in the menu stand behind those who wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """One scene, for one width."""

    scene: Scene
    finished_calls: Sequence[LoggedCall]
    outages: Sequence[Outage]
    names: Mapping[AgentId, str]
    signs: Signs
    width: int
    zone: tzinfo | None = None

    # Callers

    def callers(self, rows: int) -> list[Text]:
        """Return who calls and does not talk yet: the longest wait first, then the menu."""
        calls = sorted(
            (call for call in self.scene.calls if call.place in _PLACES_BY_RANK),
            key=lambda call: (_PLACES_BY_RANK[call.place], call.since),
        )
        columns = self._columns(
            Column(cells=NAME_CELLS),
            Column(cells=_state_cells()),
            Column(cells=TIME_CELLS, right=True),
            Column(cells=8 if self._slim else 10),
            Column(cells=20, grows=True),
        )
        shown = calls if len(calls) <= rows else calls[: max(0, rows - 1)]
        lines = [columns.line(self._caller_cells(call)) for call in shown]
        if len(calls) > len(shown):
            lines.append(self._others(calls[len(shown) :]))
        if not calls:
            lines = self._nothing(_("Nobody is waiting."), rows)
        return self._section(_("CALLERS"), self._queues_in_short(), lines, rows)

    def _others(self, calls: Sequence[CallView]) -> Text:
        """Return callers for whom there is no row: how many, and as many names as fit."""
        said = ngettext("and {count} more:", "and {count} more:", len(calls))
        line = Text(self.signs.shown(said.format(count=len(calls))), style=FAINT, no_wrap=True)
        before = " "
        for call in calls:
            more = Text(before + self.signs.shown(self._caller(call.call)))
            if line.cell_len + more.cell_len > self.width:
                break
            line.append_text(more)
            before = f" {self.signs.dot} "
        return line

    def _caller_cells(self, call: CallView) -> list[Cell]:
        passed_s = as_seconds(self.scene.floor.at - call.since)
        long = call.place != "menu" and passed_s >= LONG_WAIT_S
        return [
            (self._caller(call.call), ""),
            (f" {PLACES[call.place]} ", STYLES.get(call.place, "")),
            (clock(passed_s), BAD if long else ""),
            (call.queue or "", ""),
            (self._caller_note(call), FAINT),
        ]

    def _caller_note(self, call: CallView) -> str:
        """Return what there is to say of a caller: what he chose, or at whose phone he rings."""
        if call.place == "ringing" and call.agent is not None:
            agent = self.names.get(call.agent, call.agent)
            return _("at {agent}").format(agent=agent)
        if call.place == "menu":
            if not call.choices:
                return _("hears the greeting")
            return _("{choice}: hears it again").format(choice=choice(call.choices[-1]))
        if call.choices and call.choices[-1] == NO_KEY:
            return _("pressed no key")
        if call.choices and call.choices[-1] != call.queue:
            return _("chose {choice}").format(choice=choice(call.choices[-1]))
        return self._number(call.call)

    def _queues_in_short(self) -> Text:
        """Return how many wait in each queue."""
        note = Text(style=FAINT)
        for queue in self.scene.floor.queues:
            waiting = len(queue.waiting)
            said = _("{queue} {count}").format(queue=queue.name, count=waiting)
            note.append(f" {self.signs.dot} " if note.plain else "")
            note.append(self.signs.shown(said), "not dim" if waiting else FAINT)
        return note

    # Agents

    def agents(self, *, everyone: bool = True) -> list[Text]:
        """Return the agents, always in the same order; who is not at work may be only counted."""
        queues = [] if self._slim else [Column(cells=14, grows=True)]
        columns = self._columns(
            Column(cells=NAME_CELLS),
            Column(cells=_state_cells()),
            Column(cells=TIME_CELLS, right=True),
            Column(cells=NAME_CELLS, grows=True),
            *queues,
        )
        agents = self.scene.floor.agents
        shown = [agent for agent in agents if everyone or agent_state(agent) != AWAY]
        lines = [columns.line(self._agent_cells(agent)[: 4 + len(queues)]) for agent in shown]
        note = None
        if len(shown) < len(agents):
            away = len(agents) - len(shown)
            said = ngettext("{count} not at work", "{count} not at work", away)
            note = Text(self.signs.shown(said.format(count=away)), style=FAINT)
        return self._section(_("AGENTS"), note, lines, len(lines))

    def _agent_cells(self, agent: AgentPicture) -> list[Cell]:
        state = agent_state(agent)
        company, style = "", ""
        if agent.call is not None:
            caller = self._caller(agent.call)
            company = _("with {caller}").format(caller=caller)
            if state == "offered":
                company = _("for {caller}").format(caller=caller)
            if state == "wrapping_up":
                company, style = _("after {caller}").format(caller=caller), FAINT
        if state == "not_ready":
            company, style = reason(agent.reason), FAINT
        return [
            (self.names.get(agent.agent, agent.agent), ""),
            (f" {STANDINGS[state]} ", STYLES.get(state, FAINT)),
            (clock(as_seconds(self.scene.floor.at - agent.since)), FAINT),
            (company, style),
            (listed(agent.queues), FAINT),
        ]

    # Queues

    def queues(self) -> list[Text]:
        """Return the queues with what their agents do."""
        figures = [
            Column(head=_("waiting"), cells=7, right=True),
            Column(head=_("longest"), cells=7, right=True),
            Column(head=_("ready"), cells=5, right=True),
            Column(head=_("ringing"), cells=7, right=True),
            Column(head=_("talking"), cells=7, right=True),
        ]
        if not self._slim:
            figures.append(Column(head=_("wrapping up"), cells=11, right=True))
        columns = self._columns(Column(cells=NAME_CELLS, grows=True), *figures)
        queues = self.scene.floor.queues
        lines = [columns.line(self._queue(queue)[: 1 + len(figures)]) for queue in queues]
        return self._section(_("QUEUES"), columns.last_heads(len(figures)), lines, len(lines))

    def _queue(self, queue: QueuePicture) -> list[Cell]:
        longest, style = self.signs.none, FAINT
        if queue.waiting:
            longest, style = self._wait_since(min(call.since for call in queue.waiting))
        agents = queue.agents
        counts = (agents.ready, agents.offered, agents.busy, agents.wrapping_up)
        return [
            (queue.name, ""),
            (str(len(queue.waiting)), "" if queue.waiting else FAINT),
            (longest, style),
            *((str(count), "" if count else FAINT) for count in counts),
        ]

    # Decisions

    def decisions(self, rows: int) -> list[Text]:
        """Return the last decisions, the newest first and with all its reasons."""
        teller = Teller(names=self.names, signs=self.signs, zone=self.zone)
        happened: list[Happening] = [*self.scene.turns]
        happened += [event for outage in self.outages for event in outage.events()]
        happened.sort(key=lambda event: event.at, reverse=True)
        lines: list[Text] = []
        in_full = 0
        for turn in happened:
            told_of = None if isinstance(turn, Died | Back) else turn.call
            caller = "" if told_of is None else self._caller(told_of)
            left = rows - len(lines)
            told = [teller.one_line(turn, caller, self.width)]
            if isinstance(turn, Offered) and in_full < IN_FULL_MAX and left >= IN_FULL_LINES:
                told = teller.in_full(turn, caller)
                in_full += 1
            lines += told
            if len(lines) >= rows:
                break
        if not happened:
            lines = self._nothing(_("No call had to be given to anybody yet."), rows)
        return self._section(_("DECISIONS"), self._replayed(), lines[:rows], rows)

    def _replayed(self) -> Text:
        """Return how many decisions there were, and whether a replay decides the same."""
        scene = self.scene
        if scene.disagreements:
            said = ngettext(
                "{count} of {all} comes out otherwise in the replay",
                "{count} of {all} come out otherwise in the replay",
                scene.disagreements,
            )
            told = said.format(count=scene.disagreements, all=scene.decisions)
            return Text(self.signs.shown(told), style=f"bold {BAD}")
        return Text(self.signs.shown(_("a replay of the journal decides the same")), style=FAINT)

    # Finished calls

    def finished(self, rows: int) -> list[Text]:
        """Return the calls that ended last, as the call log has them."""
        columns = self._columns(
            Column(cells=NAME_CELLS),
            Column(cells=24, grows=True),
            Column(head=_("waited"), cells=6, right=True),
            Column(head=_("talked"), cells=6, right=True),
            Column(head=_("outcome"), cells=widest(OUTCOMES.values())),
        )
        lines = [columns.line(self._finished_cells(call)) for call in self.finished_calls[:rows]]
        if not self.finished_calls:
            lines = self._nothing(_("No call has ended yet."), rows)
        return self._section(_("ENDED"), columns.last_heads(3), lines, rows)

    def _finished_cells(self, call: LoggedCall) -> list[Cell]:
        none = self.signs.none
        good = call.outcome == "answered"
        seconds = _("{seconds:.0f} s")
        return [
            (call.caller or ANONYMOUS, ""),
            (path_of(call, self.names, self.signs), FAINT),
            (seconds.format(seconds=call.waited_s) if call.queues else none, ""),
            (seconds.format(seconds=call.talked_s) if call.agent else none, ""),
            (outcome(call.outcome), "green" if good else BAD),
        ]

    # What they share

    @property
    def _slim(self) -> bool:
        """Whether there is no room for what can be done without."""
        return self.width < FULL_CELLS

    def _section(self, title: str, note: Text | None, lines: list[Text], rows: int) -> list[Text]:
        heading = rule(title, note, self.width, self.signs)
        fitted = [fit(line, self.width, self.signs) for line in lines]
        return [heading, *_filled(fitted, rows)]

    def _nothing(self, said: str, rows: int) -> list[Text]:
        return [Text(self.signs.shown(said), style=FAINT)] if rows > 0 else []

    def _columns(self, *columns: Column) -> Columns:
        return Columns(columns, width=self.width, signs=self.signs)

    def _caller(self, call: CallId) -> str:
        party = self.scene.callers.get(call)
        return "" if party is None else party.name or party.number or ANONYMOUS

    def _number(self, call: CallId) -> str:
        party = self.scene.callers.get(call)
        return party.number if party is not None and party.name else ""

    def _wait_since(self, since: Time) -> tuple[str, str]:
        """Return how long ago that was, and the style for it as a wait."""
        passed_s = as_seconds(self.scene.floor.at - since)
        return clock(passed_s), BAD if passed_s >= LONG_WAIT_S else ""


def _state_cells() -> int:
    """Return how wide the states of callers and agents are, with a blank at either side."""
    return widest([*(PLACES[place] for place in _PLACES_BY_RANK), *STANDINGS.values()]) + 2


def _filled(lines: list[Text], rows: int) -> list[Text]:
    return [*lines[: max(0, rows)], *[Text()] * (rows - len(lines))]
