"""
The live picture: queues, agents, calls, the last decisions and why, the last finished calls.

Pure: a scene and a size in, lines out. It fits 80 by 24; a larger terminal gets more calls, more
decisions, and air. Colours say states and nothing else, and the words say the same without them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from acd.commands import Occupation, Wish
from acd.picture import AgentPicture, FloorPicture, QueuePicture
from cti.ids import AgentId, CallId
from cti.instants import Time, as_seconds
from lab.demo.call_log import LoggedCall
from lab.demo.columns import FAINT, HEADING, Column, Columns
from lab.demo.floor import CallView, Scene
from lab.demo.report import CallTable, Totals, outcome_of
from lab.demo.story import STANDINGS, tell
from lab.demo.terminal import Signs

LONG_WAIT_S = 10.0
"""From here on a wait is shown in yellow."""

WIDTH_MAX = 100
"""Wider terminals get no wider lines: the eye would lose them."""

AIRY_FROM_LINES = 34
"""From this height on there is an empty line above each section."""

STYLES = {
    "ready": "green",
    "talking": "cyan",
    "ringing": "yellow",
    "wrapping up": "magenta",
    "not ready": "red",
    "resting": "red",
    "phone in use": "red",
    "logged off": FAINT,
    "menu": FAINT,
    "leaving": FAINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the screen shows beside the floor: the show's own course."""

    passed_s: float
    calls_max: int | None
    totals: Totals
    finished: Sequence[LoggedCall]
    """The newest first."""


@dataclass(slots=True, kw_only=True)
class Picture:
    """The scene as lines; given to a terminal, it takes the size it finds there."""

    scene: Scene
    course: Course
    names: dict[AgentId, str]
    signs: Signs = field(default_factory=Signs)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the lines for the terminal's size."""
        height = options.height or console.height
        yield Text("\n", end="").join(self.lines(options.max_width, height))

    def lines(self, width: int, height: int) -> list[Text]:
        """Return the picture in exactly `height` lines of at most `width` cells."""
        width = min(width, WIDTH_MAX)
        fixed = [self._queues(width), self._agents(width)]
        airy = height >= AIRY_FROM_LINES
        headings = 3
        taken = 2 + sum(map(len, fixed)) + headings + (len(fixed) + headings) * airy
        calls, turns, finished = _shares(height - taken)
        sections = [
            *fixed,
            self._calls(width, calls),
            self._decisions(width, turns),
            self._finished(width, finished),
        ]
        lines = [self._title(width)]
        for section in sections:
            lines += [Text()] * airy + section
        del lines[max(1, height - 1) :]
        lines += [Text()] * (height - 1 - len(lines))
        return [*lines, self._foot(width)][:height]

    def _title(self, width: int) -> Text:
        course, dot = self.course, f" {self.signs.dot} "
        counted = f"{course.totals.calls} calls ended"
        if course.calls_max is not None:
            counted = f"{course.totals.calls} of {course.calls_max} calls ended"
        left = Text("Cordboard", style="bold")
        left.append(
            f"{dot}{counted}{dot}{course.totals.answered} answered"
            f"{dot}{course.totals.outcomes['abandoned']} gave up"
            f"{dot}{course.totals.missed} missed",
            style="not bold",
        )
        return _ends(left, Text(_clock(course.passed_s)), width)

    def _foot(self, width: int) -> Text:
        scene = self.scene
        left = Text("Ctrl-C ends it", style=FAINT)
        said = f"replayed from the journal: {scene.decisions} decisions, all the same"
        right = Text(said, style=FAINT)
        if scene.disagreements:
            right = Text(f"{scene.disagreements} decisions differ in the replay", style="bold red")
        return _ends(left, right, width)

    def _queues(self, width: int) -> list[Text]:
        columns = self._columns(
            width,
            Column(head="QUEUES", cells=16),
            Column(head="waiting", cells=8, right=True),
            Column(head="longest", cells=8, right=True),
            Column(head="ready", cells=7, right=True),
            Column(head="ringing", cells=8, right=True),
            Column(head="talking", cells=8, right=True),
            Column(head="wrapping up", cells=11, right=True),
        )
        return [columns.heading(), *(self._queue(columns, queue) for queue in self._floor.queues)]

    def _queue(self, columns: Columns, queue: QueuePicture) -> Text:
        # A call that rings at an agent keeps its place, but nobody would say that it waits.
        waiting = [call for call in queue.waiting if call.offered_to is None]
        longest, style = self.signs.none, FAINT
        if waiting:
            longest, style = self._since(min(call.since for call in waiting))
        agents = queue.agents
        counts = (agents.ready, agents.offered, agents.busy, agents.wrapping_up)
        return columns.line(
            [
                (queue.name, "bold"),
                (str(len(waiting)), style if waiting else FAINT),
                (longest, style),
                *((str(count), "" if count else FAINT) for count in counts),
            ]
        )

    def _agents(self, width: int) -> list[Text]:
        columns = self._columns(
            width,
            Column(head="AGENTS", cells=16),
            Column(head="phone", cells=5),
            Column(head="state", cells=12),
            Column(head="for", cells=6, right=True),
            Column(head="with", cells=15, grows=True),
            Column(head="serves", cells=14, grows=True),
        )
        return [columns.heading(), *(self._agent(columns, agent) for agent in self._floor.agents)]

    def _agent(self, columns: Columns, agent: AgentPicture) -> Text:
        state = agent_state(agent)
        company = "" if agent.call is None else self._caller(agent.call)
        if state == "not ready":
            company = f"({(agent.reason or 'no reason').replace('_', ' ')})"
        return columns.line(
            [
                (self.names.get(agent.agent, agent.agent), ""),
                ("" if agent.device is None else agent.device.name.removeprefix("PJSIP/"), FAINT),
                (state, STYLES.get(state, "")),
                (_clock(as_seconds(self._floor.at - agent.since)), ""),
                (company, FAINT if state in {"wrapping up", "not ready"} else ""),
                (", ".join(agent.queues), FAINT),
            ]
        )

    def _calls(self, width: int, rows: int) -> list[Text]:
        columns = self._columns(
            width,
            Column(head="CALLS", cells=16),
            Column(head="number", cells=15, grows=True),
            Column(head="is", cells=12),
            Column(head="for", cells=6, right=True),
            Column(head="in", cells=9),
            Column(head="with", cells=12, grows=True),
        )
        shown, hidden = _chosen(self.scene.calls, rows)
        heading = columns.heading()
        if hidden:
            heading = _ends(columns.heading(), Text(f"{hidden} more", style=FAINT), width)
        lines = [self._call(columns, call) for call in shown]
        return [heading, *lines, *[Text()] * (rows - len(lines))]

    def _call(self, columns: Columns, call: CallView) -> Text:
        party = self.scene.callers.get(call.call)
        passed, style = self._since(call.since)
        return columns.line(
            [
                (self._caller(call.call), ""),
                ("" if party is None else party.number, FAINT),
                (call.place, STYLES.get(call.place, "")),
                (passed, style if call.place == "waiting" else ""),
                (call.queue or "", ""),
                ("" if call.agent is None else self.names.get(call.agent, call.agent), ""),
            ]
        )

    def _decisions(self, width: int, rows: int) -> list[Text]:
        lines = [
            tell(turn, caller=self._caller(turn.call), names=self.names, signs=self.signs)
            for turn in self.scene.turns[:rows]
        ]
        for line in lines:
            _cut(line, width, self.signs)
        return [Text("DECISIONS", style=HEADING), *lines, *[Text()] * (rows - len(lines))]

    def _finished(self, width: int, rows: int) -> list[Text]:
        columns = self._columns(
            width,
            Column(head="ENDED", cells=16),
            Column(head="path", cells=28, grows=True),
            Column(head="waited", cells=6, right=True),
            Column(head="talked", cells=6, right=True),
            Column(head="outcome", cells=9),
        )
        table = CallTable(self.signs, width=width)
        lines = [
            columns.line(
                [
                    (call.caller or "withheld", ""),
                    (table.path(call), FAINT),
                    (f"{call.waited_s:.0f} s" if call.queues else self.signs.none, ""),
                    (f"{call.talked_s:.0f} s" if call.agent else self.signs.none, ""),
                    (outcome_of(call), "green" if call.outcome == "answered" else "yellow"),
                ]
            )
            for call in self.course.finished[:rows]
        ]
        return [columns.heading(), *lines, *[Text()] * (rows - len(lines))]

    @property
    def _floor(self) -> FloorPicture:
        return self.scene.floor

    def _columns(self, width: int, *columns: Column) -> Columns:
        return Columns(columns, width=width, signs=self.signs)

    def _caller(self, call: CallId) -> str:
        party = self.scene.callers.get(call)
        return "" if party is None else party.name or party.number or "withheld"

    def _since(self, since: Time) -> tuple[str, str]:
        """Return how long ago that was, and the style for it as a wait."""
        passed_s = as_seconds(self._floor.at - since)
        return _clock(passed_s), "yellow" if passed_s >= LONG_WAIT_S else ""


def agent_state(agent: AgentPicture) -> str:
    """Return what an agent is doing, in a word or two."""
    if agent.occupation is not Occupation.IDLE:
        return STANDINGS[agent.occupation.value]
    if agent.wish is not Wish.READY:
        return STANDINGS[agent.wish.value]
    return "ready" if agent.until is None else "resting"


def _chosen(calls: Sequence[CallView], rows: int) -> tuple[list[CallView], int]:
    """Return the calls to show, and how many not: talks are left out first, as agents show them."""
    shown = list(calls)
    for place in ("talking", "menu", "leaving", "ringing", "waiting"):
        for call in reversed(calls):
            if len(shown) > rows and call.place == place:
                shown.remove(call)
    return shown, len(calls) - len(shown)


def _shares(rows: int) -> tuple[int, int, int]:
    """Share the rows that are left between calls, decisions and finished calls."""
    rows = max(0, rows)
    calls = min(12, round(rows * 0.45))
    decisions = min(10, round(rows * 0.3))
    return calls, decisions, rows - calls - decisions


def _ends(left: Text, right: Text, width: int) -> Text:
    """Return one line with a text at each end; the right one goes where there is no room."""
    room = width - left.cell_len - right.cell_len
    line = left.copy()
    if room < 1:
        line.truncate(width, overflow="crop")
        return line
    return line.append(" " * room).append_text(right)


def _cut(line: Text, width: int, signs: Signs) -> None:
    """Shorten a line that is too long, and show that it was."""
    if line.cell_len > width:
        line.truncate(width - len(signs.ellipsis))
        line.append(signs.ellipsis)


def _clock(passed_s: float) -> str:
    minutes, seconds = divmod(max(0, int(passed_s)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
