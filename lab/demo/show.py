"""
The show: callers come, agents work, and everybody can watch, until it is over.

It is over when there were enough calls, or when somebody asks for the end. It counts a call
when that stands in the call log, and believes no other source about it.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass

import asyncpg
import structlog
from rich.live import Live

from cti.clock import Clock
from lab.demo.call_log import CallLogReader, LoggedCall
from lab.demo.cast import CallerScript, Chance
from lab.demo.errors import DemoError, NotShownError
from lab.demo.floor import FollowedFloor
from lab.demo.people import AgentAtWork, Callers
from lab.demo.report import CallTable, Totals
from lab.demo.screen import Course, Picture
from lab.demo.stage import Stage, in_one_line
from lab.demo.terminal import ReaderGoneError, Terminal
from lab.phone.errors import CallFailedError, NothingCameError

REDRAWN_EVERY_S = 0.25
LOG_READ_EVERY_S = 0.3
LOOKED_AFTER_EVERY_S = 0.5
LOGGED_S_MAX = 15.0
"""How long a call that has ended may take to stand in the call log."""
ATTEMPTS_MAX = 3
ATTEMPT_PAUSE_S = 1.0
LAST_CALLS_KEPT = 20
"""So many of the last calls are told at the end of a show that had no number set."""

log = structlog.get_logger(__name__)


class Ending:
    """Whether somebody asked for the end, and by which signal."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.signal: int | None = None

    def ask(self, number: int) -> None:
        """Ask for the end; only the first counts."""
        if self.signal is None:
            self.signal = number
        self.asked.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for: so many calls (None: until asked to end), by this seed."""

    calls: int | None
    seed: int


class Show:
    """One show on a stage; `play` it, then `report`."""

    def __init__(self, stage: Stage, terminal: Terminal, wanted: Wanted, ending: Ending) -> None:
        self._stage = stage
        self._terminal = terminal
        self._wanted = wanted
        self._over = ending.asked
        self._chance = Chance(wanted.seed, calls=wanted.calls)
        self._callers = Callers(stage.outside)
        self._agents = {
            agent.name: AgentAtWork(
                stage.site, agent.name, stage.site.phones[agent.phone], self._chance
            )
            for agent in stage.site.plan.agents
        }
        self._floor = FollowedFloor(stage.journal)
        self._clock = Clock()
        self._began = self._clock.now()
        self._totals = Totals()
        self._ended: deque[LoggedCall] = deque(maxlen=wanted.calls or LAST_CALLS_KEPT)

    @property
    def complete(self) -> bool:
        """Whether as many calls as were wanted stand in the call log."""
        return self._wanted.calls is not None and self._totals.calls >= self._wanted.calls

    async def play(self) -> None:
        """
        Go on until all wanted calls stand in the call log, or the end is asked for.

        Raises:
            DemoError: it cannot go on.
            ReaderGoneError: nobody watches any more.
        """
        if not self._terminal.live:
            self._terminal.say(self._table().heading())
        async with asyncio.TaskGroup() as tasks:
            lives = [
                tasks.create_task(life)
                for life in (
                    self._watch_floor(),
                    self._read_log(),
                    self._look_after_daemon(),
                    self._look_after_asterisk(),
                    self._let_callers_come(),
                    *(agent.take_calls() for agent in self._agents.values()),
                    *(
                        self._agents[name].keep_desk(desk)
                        for name, desk in self._stage.desks.items()
                    ),
                )
            ]
            await self._over.wait()
            for life in lives:
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
        heard = sum(agent.heard_callers for agent in self._agents.values())
        terminal.say(
            f"Callers heard the agent in {self._callers.heard_agents} talks,"
            f" agents the caller in {heard}"
        )
        going_on = self._callers.placed - self._totals.calls
        if going_on > 0 and not self.complete:
            terminal.say(f"{going_on} more were going on and ended with the show")
        floor = self._floor
        if floor.disagreements:
            raise NotShownError(
                f"{floor.disagreements} of {floor.decisions} decisions came out otherwise when"
                " the journal was replayed"
            )
        terminal.say(f"{floor.decisions} decisions replayed from the journal, all the same")

    async def _let_callers_come(self) -> None:
        wanted = self._wanted.calls
        async with asyncio.TaskGroup() as living:
            come = 0
            while wanted is None or come < wanted:
                living.create_task(self._call(self._chance.next_caller()))
                come += 1
                await asyncio.sleep(self._chance.next_gap_s())
        try:
            async with asyncio.timeout(LOGGED_S_MAX):
                await self._over.wait()
        except TimeoutError:
            raise NotShownError(
                f"only {self._totals.calls} of {wanted} calls stand in the call log"
            ) from None

    async def _call(self, script: CallerScript) -> None:
        """Let one caller call, again if he does not get through."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                await self._callers.call(script)
            except (CallFailedError, NothingCameError) as error:
                log.warning("demo_call_not_placed", attempt=attempt, reason=str(error))
                if attempt == ATTEMPTS_MAX:
                    raise DemoError(f"calls do not get through: {error}") from error
            else:
                return
            await asyncio.sleep(ATTEMPT_PAUSE_S)

    async def _watch_floor(self) -> None:
        """Follow the journal, and show it where there is something to show it on."""
        if not self._terminal.live:
            while True:
                await self._floor.catch_up()
                await asyncio.sleep(REDRAWN_EVERY_S)
        live = Live(console=self._terminal, screen=True, auto_refresh=False)
        try:
            live.start()
            while True:
                await self._floor.catch_up()
                live.update(self._picture(), refresh=True)
                await asyncio.sleep(REDRAWN_EVERY_S)
        except OSError as error:
            raise ReaderGoneError from error
        finally:
            with contextlib.suppress(OSError, ReaderGoneError):
                live.stop()

    def _picture(self) -> Picture:
        now = self._clock.now()
        return Picture(
            scene=self._floor.scene(now),
            course=Course(
                passed_s=(now - self._began) / 1_000_000,
                calls_max=self._wanted.calls,
                totals=self._totals,
                finished=tuple(reversed(self._ended)),
            ),
            names=self._stage.names,
            signs=self._terminal.signs,
        )

    async def _read_log(self) -> None:
        async with CallLogReader(self._stage.site.database_address()) as reader:
            while not self.complete:
                try:
                    calls = await reader.new_calls()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    log.warning("demo_call_log_unreadable", reason=str(error))
                    calls = []
                for call in calls:
                    self._take(call)
                await asyncio.sleep(LOG_READ_EVERY_S)
        self._over.set()

    def _take(self, call: LoggedCall) -> None:
        self._totals.add(call)
        self._ended.append(call)
        if not self._terminal.live:
            self._terminal.say(self._table().line(self._totals.calls, call))

    def _table(self) -> CallTable:
        """Return what writes calls as lines, for the width that the terminal has now."""
        return CallTable(self._terminal.signs, width=self._terminal.width)

    async def _look_after_daemon(self) -> None:
        code = await self._stage.site.daemon.wait_ended()
        words = self._stage.site.daemon.last_words()
        raise DemoError(in_one_line(f"the daemon ended with status {code}: {words}"))

    async def _look_after_asterisk(self) -> None:
        while self._stage.site.asterisk.running:
            await asyncio.sleep(LOOKED_AFTER_EVERY_S)
        raise DemoError(f"Asterisk ended; its log is in {self._stage.site.asterisk.log_folder}")
