"""
The live picture, read from the top: who calls, who talks, what was decided and why, what ended.

Pure: a scene and a size in, lines out. It fits 80 by 24; a larger terminal gets more of each, and
air. Colours say states and nothing else, and the words say the same without them. What is drawn of
each part is in `sections`; this module decides where it stands and how much room it gets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from rich.cells import cell_len, chop_cells
from rich.text import Text

from cti.ids import AgentId
from cti.language import _, ngettext
from lab.demo.addresses import Addresses
from lab.demo.call_log import LoggedCall
from lab.demo.columns import FAINT, ends, fit
from lab.demo.floor import Scene
from lab.demo.promise import Kept, Outage
from lab.demo.report import Totals
from lab.demo.sections import FULL_CELLS, Sections
from lab.demo.story import BAD
from lab.demo.terminal import Signs
from lab.demo.words import clock

TWO_COLUMNS_FROM: Final = 140
"""
From this width on decisions and finished calls stand beside callers and agents.

Below, one column has all of it, and reasons and ways through the house use what is there.
"""
LEFT_CELLS_MIN: Final = 69
"""What callers and agents need; in two columns the rest is for decisions and finished calls."""
WIDTH_MAX: Final = 204
"""The picture is no wider: the eye would lose the lines."""
AIRY_FROM_LINES: Final = 32
"""From this height on there is an empty line above each section."""
ADDRESSES_FROM_LINES: Final = 46
"""From this height on all addresses are always shown; below, when they are asked for."""
AGENTS_FROM_ROOM: Final = 15
"""With fewer lines for all sections there are callers and decisions only."""
BETWEEN: Final = 4
CALLERS_MAX: Final = 8
WIDE_CALLERS_MAX: Final = 14
DECISIONS_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the screen shows beside the floor: the show's own course."""

    passed_s: float
    calls_max: int | None
    totals: Totals
    finished: Sequence[LoggedCall]
    """The newest first."""
    title: str = ""
    captions: Sequence[str] = ()
    """All that the script says."""
    caption: str = ""
    pid: int | None = None
    kept: Kept | None = None
    outages: Sequence[Outage] = ()
    speed: float = 1.0
    keys: bool = False
    """Whether keys are read."""
    addresses: bool = False
    """Whether all addresses are to be seen."""


@dataclass(slots=True, kw_only=True)
class Picture:
    """The scene as lines."""

    scene: Scene
    course: Course
    names: Mapping[AgentId, str]
    addresses: Addresses
    signs: Signs = field(default_factory=Signs)
    zone: tzinfo | None = None
    """That of the times of day; None: this machine's."""

    def lines(self, width: int, height: int) -> list[Text]:
        """Return the picture in exactly `height` lines of at most `width` cells."""
        wide = width >= TWO_COLUMNS_FROM
        width = min(width, WIDTH_MAX)
        top = [self._title(width), *self._notices(width, airy=height >= AIRY_FROM_LINES)]
        foot = self._foot(width, height)
        room = height - len(top) - len(foot)
        body = self._beside(width, room) if wide else self._below(width, room)
        lines = [*top, *body[: max(0, room)], *[Text()] * (room - len(body)), *foot]
        if len(lines) > height:
            lines = [*top, *foot][:height]
        return [fit(line, width, self.signs) for line in lines]

    def _below(self, width: int, room: int) -> list[Text]:
        """Return all sections below one another."""
        airy = room + 3 >= AIRY_FROM_LINES
        sections = self._sections(width)
        if room < AGENTS_FROM_ROOM:
            callers = max(1, room // 2 - 1)
            return [*sections.callers(callers), *sections.decisions(max(0, room - callers - 2))]
        agents = sections.agents(everyone=airy)
        left = room - len(agents) - 3 - 4 * airy
        callers, decisions, finished = _shares(left)
        parts = [sections.callers(callers), agents, sections.decisions(decisions)]
        if finished > 0:
            parts.append(sections.finished(finished))
        return _stacked(parts, airy=airy)

    def _beside(self, width: int, room: int) -> list[Text]:
        """Return people on the left, and on the right what was decided and what ended."""
        half = (width - BETWEEN) // 2
        half = half if half >= FULL_CELLS else LEFT_CELLS_MIN
        airy = room + 3 >= AIRY_FROM_LINES
        sections = self._sections(half)
        others = self._sections(width - half - BETWEEN)
        agents = sections.agents(everyone=airy)
        queues = sections.queues()
        callers = max(1, min(WIDE_CALLERS_MAX, room - len(agents) - len(queues) - 1 - 3 * airy))
        decisions = max(1, (room - 2 - 2 * airy) * 6 // 10)
        finished = max(0, room - decisions - 2 - 2 * airy)
        left = _stacked([sections.callers(callers), agents, queues], airy=airy)
        right = _stacked([others.decisions(decisions), others.finished(finished)], airy=airy)
        lines = []
        for index in range(max(len(left), len(right))):
            line = left[index].copy() if index < len(left) else Text()
            line.append(" " * (half + BETWEEN - line.cell_len))
            lines.append(line.append_text(right[index]) if index < len(right) else line)
        return lines

    def _sections(self, width: int) -> Sections:
        return Sections(
            scene=self.scene,
            finished_calls=self.course.finished,
            outages=self.course.outages,
            names=self.names,
            signs=self.signs,
            width=width,
            zone=self.zone,
        )

    def _title(self, width: int) -> Text:
        """Return the first line; what there is no room for is left out from its end."""
        course, totals = self.course, self.course.totals
        counted = ngettext("{count} call", "{count} calls", totals.calls)
        if course.calls_max is not None:
            counted = ngettext("{count} of {all} call", "{count} of {all} calls", course.calls_max)
        counted = counted.format(count=totals.calls, all=course.calls_max)
        lost = totals.outcomes["lost_by_switch"]
        told = [
            (counted, ""),
            (_("{count} answered").format(count=totals.answered), "green"),
            (_("{count} lost").format(count=lost), f"bold {BAD}" if lost else ""),
            (_("{count} gave up").format(count=totals.outcomes["abandoned"]), ""),
        ]
        speed = "" if course.speed == 1 else f"{course.speed:g}x  "
        right = Text.assemble((speed, FAINT), (clock(course.passed_s), "bold"))
        line = Text(no_wrap=True).append(self.signs.shown(course.title or "Cordboard"), "bold")
        for text, style in told:
            more = Text(f" {self.signs.dot} ", FAINT).append(self.signs.shown(text), "not dim")
            more.stylize(style, len(more.plain) - len(text))
            if line.cell_len + more.cell_len + right.cell_len < width:
                line.append_text(more)
        return ends(line, right, width, self.signs)

    def _notices(self, width: int, *, airy: bool) -> list[Text]:
        """
        Return what stands below the title: the outage, or the script's words, or the promise.

        As many lines in every scene of a show, so that nothing below jumps.
        """
        signs, course = self.signs, self.course
        captions = [_wrapped(signs.shown(said), width) for said in course.captions]
        rows = max([1, *map(len, captions)])
        lines: list[Text] = []
        outage = course.outages[-1] if course.outages else None
        if outage is not None and not outage.over:
            away_s = max(0, (self.scene.floor.at - outage.at) / 1_000_000)
            said = ngettext(
                "Killed {seconds:.0f} s ago, with {count} caller there. Music plays, talks go on.",
                "Killed {seconds:.0f} s ago, with {count} callers there. Music plays, talks go on.",
                len(outage.present),
            ).format(seconds=away_s, count=len(outage.present))
            lines = _bar(_wrapped(signs.shown(said), width), width, "bold white on red", rows)
        elif course.caption:
            wrapped = _wrapped(signs.shown(course.caption), width)
            lines = _bar(wrapped, width, "black on cyan", rows)
        elif not (airy and course.captions):
            lines = [self._promise()]
        if airy and course.captions:
            lines = [*lines, *[Text()] * (rows - len(lines)), self._promise()]
            rows += 1
        return [*lines[:rows], *[Text()] * (rows - len(lines))]

    def _promise(self) -> Text:
        kept = self.course.kept
        if kept is None:
            if self.course.pid is None:
                return Text()
            said = _("Nobody is lost when the daemon dies. Try it: kill -9 {pid}")
            return Text(self.signs.shown(said.format(pid=self.course.pid)), style=FAINT)
        said = ngettext(
            "Killed once (kill -9), {present} callers there: {talked} talked since,"
            " {still} still here, {left} hung up, {lost} lost",
            "Killed {times} times (kill -9), {present} callers there: {talked} talked since,"
            " {still} still here, {left} hung up, {lost} lost",
            kept.times,
        )
        told = said.format(
            times=kept.times,
            present=kept.present,
            talked=kept.talked,
            left=kept.left,
            still=kept.still_there,
            lost=kept.lost,
        )
        return Text(self.signs.shown(told), style=f"bold {BAD}" if kept.lost else "green")

    def _foot(self, width: int, height: int) -> list[Text]:
        course, signs = self.course, self.signs
        everywhere = height >= ADDRESSES_FROM_LINES or course.addresses
        lines = [Text(), *self._all_addresses(width)] if everywhere else []
        call_in = _("Call {address}").format(address=self.addresses.sip_8000)
        ways = [] if everywhere else [call_in]
        if course.keys:
            if height < ADDRESSES_FROM_LINES:
                ways.append(_("a addresses"))
            ways += [_("k kill -9"), _("q quit")]
        else:
            ways.append(_("Ctrl-C ends it"))
        ways = [signs.shown(way) for way in ways]
        while len(ways) > 1 and cell_len(f" {signs.dot} ".join(ways)) > width:
            del ways[0]
        return [*lines, Text(f" {signs.dot} ".join(ways), style=FAINT)]

    def _all_addresses(self, width: int) -> list[Text]:
        return [
            fit(Text(line, style=FAINT), width, self.signs)
            for line in self.addresses.lines(self.signs)
        ]


def _stacked(parts: Sequence[list[Text]], *, airy: bool) -> list[Text]:
    lines: list[Text] = []
    for part in parts:
        lines += [Text()] * airy + part
    return lines


def _wrapped(said: str, width: int) -> list[str]:
    """Return a text in lines that leave a cell free at either end; Chinese has no blanks."""
    lines = [""]
    words = (piece for word in said.split(" ") for piece in chop_cells(word, width - 2) or [""])
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if cell_len(longer) > width - 2 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _bar(lines: Sequence[str], width: int, style: str, rows: int) -> list[Text]:
    """Return lines on a coloured ground, which is the same size whatever they say."""
    filled = [*lines, *[""] * (rows - len(lines))]
    return [
        Text(f" {line}{' ' * max(0, width - 1 - cell_len(line))}", style=style) for line in filled
    ]


def _shares(rows: int) -> tuple[int, int, int]:
    """Share the rows that are left between callers, decisions and finished calls."""
    rows = max(0, rows)
    callers = min(CALLERS_MAX, round(rows * 0.4))
    decisions = min(DECISIONS_MAX, round(rows * 0.42))
    return callers, decisions, rows - callers - decisions
