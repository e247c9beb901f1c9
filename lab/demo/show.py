"""
The show: callers come, agents work, and everybody can watch, until it is over.

It is over when there were enough calls, or when somebody asks for the end. It counts a call
when that stands in the call log, and believes no other source about it.
"""

import asyncio
import signal
from collections import deque
from typing import Final

import asyncpg
import structlog

from cti.clock import Clock
from cti.language import _, ngettext
from lab.demo.call_log import CallLogReader, LoggedCall
from lab.demo.canvas import Canvas
from lab.demo.cast import CallerScript
from lab.demo.drama import ByChance, ByScript, Drama, Nothing, ScriptedAgents
from lab.demo.errors import DemoError, NotShownError
from lab.demo.floor import FollowedFloor
from lab.demo.keeper import Keeper
from lab.demo.keyboard import Keyboard
from lab.demo.news import News
from lab.demo.people import AgentAtWork, Callers
from lab.demo.report import CallTable, Totals, told_kept, told_voices
from lab.demo.screen import Course, Picture
from lab.demo.stage import Stage
from lab.demo.terminal import Terminal
from lab.demo.wanted import Ending, Wanted
from lab.phone.errors import CallFailedError, NothingCameError

LOOKED_EVERY_S: Final = 0.25
LOG_READ_EVERY_S: Final = 0.3
LOOKED_AFTER_EVERY_S: Final = 0.5
LOGGED_S_MAX: Final = 20.0
"""How long a call that has ended may take to stand in the call log; a dead daemon included."""
ATTEMPTS_MAX: Final = 3
ATTEMPT_PAUSE_S: Final = 1.0
LAST_CALLS_KEPT: Final = 20
"""So many of the last calls are told at the end of a show that had no number set."""
LAST_LOOK_S: Final = 3.0
"""How long the picture stays at the end of a show that has one."""

log = structlog.get_logger(__name__)


class Show:
    """One show on a stage; `play` it, then `report`."""

    def __init__(self, stage: Stage, terminal: Terminal, wanted: Wanted, ending: Ending) -> None:
        self._stage = stage
        self._terminal = terminal
        self._wanted = wanted
        self._ending = ending
        self._over = ending.asked
        self._callers = Callers(stage.outside)
        self._floor = FollowedFloor(stage.journal)
        self._clock = Clock()
        self._began = self._clock.now()
        self._keeper = Keeper(
            stage.site.daemon,
            self._clock,
            present=self._floor.living,
            came_back=self._callers.menus_begin_anew,
        )
        self._agents: dict[str, AgentAtWork] = {}
        self._drama = self._direct()
        self._lives: set[asyncio.Task[None]] = set()
        self._totals = Totals()
        self._own_talks = 0
        self._ended: deque[LoggedCall] = deque(maxlen=wanted.calls_to_end or LAST_CALLS_KEPT)
        self._played = False
        self._keys = False
        self._addresses_wanted = wanted.calls == 0

    def _direct(self) -> Drama:
        """Return what makes things happen, and give every agent his part in it."""
        wanted = self._wanted
        drama: Drama
        if wanted.script is not None:
            drama = ByScript(
                script=wanted.script,
                pace=wanted.pace,
                keeper=self._keeper,
                agents=self._agents,
                direction=ScriptedAgents(wanted.script, wanted.pace),
                tell=self._tell,
            )
        elif wanted.calls == 0:
            drama = Nothing(wanted.pace)
        else:
            drama = ByChance(wanted.seed, wanted.calls, wanted.pace)
        site = self._stage.site
        for agent in site.plan.agents:
            self._agents[agent.name] = AgentAtWork(
                site, agent.name, site.phones[agent.phone], drama.direction
            )
        return drama

    @property
    def complete(self) -> bool:
        """Whether as many calls as were wanted stand in the call log, and all was played."""
        calls = self._wanted.calls_to_end
        return self._played and calls is not None and self._totals.calls >= calls

    async def play(self) -> None:
        """
        Go on until all wanted calls stand in the call log, or the end is asked for.

        Raises:
            DemoError: it cannot go on.
            ReaderGoneError: nobody watches any more.
        """
        if not self._terminal.live:
            for line in self._stage.addresses.lines(self._terminal.signs):
                self._terminal.say(line)
            self._terminal.say(self._table().heading())
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            lives = [
                tasks.create_task(life)
                for life in (
                    self._watch_floor(),
                    self._read_log(),
                    self._keeper.keep(),
                    self._look_after_asterisk(),
                    self._let_it_happen(),
                    *(agent.take_calls() for agent in self._agents.values()),
                    *(
                        self._agents[name].keep_desk(desk)
                        for name, desk in self._stage.desks.items()
                    ),
                )
            ]
            await self._over.wait()
            for life in [*lives, *self._lives]:
                life.cancel()
        await self._floor.catch_up()

    def report(self) -> None:
        """Tell what there was: every call (where that was not told already), and the summary."""
        terminal = self._terminal
        if terminal.live and self._ended:
            first = self._totals.calls - len(self._ended) + 1
            table = self._table()
            terminal.say(table.heading(), style="bold")
            for number, call in enumerate(self._ended, start=first):
                terminal.say(table.line(number, call))
        for line in self._totals.summary():
            terminal.say(line)
        self._report_voices()
        kept = self._keeper.promise.kept()
        if kept is not None:
            terminal.say(told_kept(kept))
        going_on = self._callers.placed - self._totals.calls
        if going_on > 0 and not self.complete:
            terminal.say(
                ngettext(
                    "{count} more was going on and ended with the show",
                    "{count} more were going on and ended with the show",
                    going_on,
                ).format(count=going_on)
            )
        self._report_replay()

    def _report_voices(self) -> None:
        """Tell who heard whom where both were the show's own: softphones do not listen for it."""
        heard_agents = self._callers.heard_agents
        heard_callers = sum(agent.heard_callers for agent in self._agents.values())
        if not (self._own_talks or heard_agents or heard_callers):
            return
        for line in told_voices(
            heard_agents, heard_callers, others=self._totals.answered - self._own_talks
        ):
            self._terminal.say(line)

    def _report_replay(self) -> None:
        floor = self._floor
        if floor.disagreements:
            raise NotShownError(
                _(
                    "{differing} of {decisions} decisions came out otherwise when"
                    " the journal was replayed"
                ).format(differing=floor.disagreements, decisions=floor.decisions)
            )
        said = ngettext(
            "{count} decision replayed from the journal, the same",
            "{count} decisions replayed from the journal, all the same",
            floor.decisions,
        )
        self._terminal.say(said.format(count=floor.decisions))

    async def _let_it_happen(self) -> None:
        await self._drama.play(self._bring, lambda: len(self._lives))
        while self._lives:
            await asyncio.wait(self._lives)
        self._played = True
        wanted = self._wanted.calls_to_end
        try:
            async with asyncio.timeout(LOGGED_S_MAX):
                while not self.complete:
                    await asyncio.sleep(LOG_READ_EVERY_S)
        except TimeoutError:
            raise NotShownError(
                _("only {logged} of {wanted} calls stand in the call log").format(
                    logged=self._totals.calls, wanted=wanted
                )
            ) from None
        if self._terminal.live:
            await asyncio.sleep(LAST_LOOK_S)
        self._over.set()

    def _bring(self, script: CallerScript) -> None:
        life = self._tasks.create_task(self._call(script))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    async def _call(self, script: CallerScript) -> None:
        """Let one caller call, again if he does not get through."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._callers.call(script)
            except (CallFailedError, NothingCameError) as error:
                log.warning("demo_call_not_placed", attempt=attempt, reason=str(error))
                if attempt == ATTEMPTS_MAX:
                    raise DemoError(
                        _("calls do not get through: {error}").format(error=error)
                    ) from error
            else:
                return
            await asyncio.sleep(ATTEMPT_PAUSE_S)

    async def _watch_floor(self) -> None:
        """Follow the journal, and show it where there is something to show it on."""
        news = News(self._stage.addresses.journal)
        if not self._terminal.live:
            while True:
                if news.any():
                    await self._floor.catch_up()
                await asyncio.sleep(LOOKED_EVERY_S)
        keyboard = Keyboard({"a": self._turn_addresses, "k": self._keeper.kill, "q": self._quit})
        with Canvas(self._terminal) as canvas, keyboard:
            shown: object = None
            self._keys = keyboard.there
            while True:
                if news.any():
                    await self._floor.catch_up()
                present = self._what_shows(canvas)
                if present != shown:
                    canvas.paint(self._picture().lines(*canvas.size))
                    shown = present
                await asyncio.sleep(LOOKED_EVERY_S)

    def _quit(self) -> None:
        self._ending.ask(signal.SIGINT)

    def _turn_addresses(self) -> None:
        self._addresses_wanted = not self._addresses_wanted

    def _what_shows(self, canvas: Canvas) -> tuple[object, ...]:
        """Return what the picture depends on: where that stands still, it is not drawn again."""
        return (
            canvas.size,
            int(self._passed_s),  # all clocks go on together, once a second
            self._floor.position,
            self._totals.calls,
            self._drama.caption,
            len(self._keeper.outages),
            self._keeper.pid,
            self._addresses_wanted,
        )

    @property
    def _passed_s(self) -> float:
        return (self._clock.now() - self._began) / 1_000_000

    def _picture(self) -> Picture:
        now = self._clock.now()
        script = self._wanted.script
        return Picture(
            scene=self._floor.scene(now),
            course=Course(
                passed_s=self._passed_s,
                calls_max=self._wanted.calls_to_end,
                totals=self._totals,
                finished=tuple(reversed(self._ended)),
                title="" if script is None else script.title,
                captions=[] if script is None else script.captions,
                caption=self._drama.caption,
                pid=self._keeper.pid,
                kept=self._keeper.promise.kept(),
                outages=tuple(self._keeper.outages),
                speed=self._wanted.pace.factor,
                keys=self._keys,
                addresses=self._addresses_wanted,
            ),
            names=self._stage.names,
            addresses=self._stage.addresses,
            signs=self._terminal.signs,
        )

    async def _read_log(self) -> None:
        async with CallLogReader(self._stage.site.database_address()) as reader:
            while True:
                try:
                    calls = await reader.new_calls()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    log.warning("demo_call_log_unreadable", reason=str(error))
                    calls = []
                for call in calls:
                    self._take(call)
                await asyncio.sleep(LOG_READ_EVERY_S)

    def _take(self, call: LoggedCall) -> None:
        self._totals.add(call)
        self._keeper.promise.ended(call)
        self._own_talks += (
            call.outcome == "answered"
            and call.agent in self._agents
            and call.caller in self._callers.known
        )
        self._ended.append(call)
        if not self._terminal.live:
            self._terminal.say(self._table().line(self._totals.calls, call))

    def _tell(self, said: str) -> None:
        """Say a line of the script where there is no picture that shows it."""
        if not self._terminal.live:
            self._terminal.say(f"-- {said}")

    def _table(self) -> CallTable:
        """Return what writes calls as lines, for the width that the terminal has now."""
        return CallTable(self._terminal.signs, width=self._terminal.width, names=self._stage.names)

    async def _look_after_asterisk(self) -> None:
        while self._stage.site.asterisk.running:
            await asyncio.sleep(LOOKED_AFTER_EVERY_S)
        raise DemoError(
            _("Asterisk ended; its log is in {folder}").format(
                folder=self._stage.site.asterisk.log_folder
            )
        )
