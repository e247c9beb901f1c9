"""
What makes things happen in a show: chance, for as long as somebody watches, or a written script.

It brings callers one by one and says when they were all. Agents ask it what to do (`Direction`).
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cti.instants import as_seconds
from lab.demo.cast import (
    AT_ONCE_MAX,
    PEOPLE,
    AgentScript,
    CallerScript,
    Chance,
    Dealing,
    Kind,
    Person,
)
from lab.demo.keeper import Keeper
from lab.demo.pace import Pace
from lab.demo.people import AgentAtWork
from lab.demo.script import Script, Step

NUMBERS_FOR_FICTION: Final = "+49302312{number:04}"
"""Berlin keeps 030 23125 000 to 999 free for fiction (Bundesnetzagentur)."""
FICTION_FIRST: Final = 5200

Brings = Callable[[CallerScript], None]


class ByChance:
    """Callers come by chance, `calls` of them, or without end where that is None."""

    def __init__(self, seed: int, calls: int | None, pace: Pace) -> None:
        self._chance = Chance(seed, calls=calls, pace=pace)
        self._calls = calls
        self.direction = self._chance
        self.caption = ""

    async def play(self, bring: Brings, going_on: Callable[[], int]) -> None:
        """Bring callers, no more at once than agents can do with."""
        come = 0
        while self._calls is None or come < self._calls:
            while going_on() >= AT_ONCE_MAX:
                await asyncio.sleep(self._chance.next_gap_s())
            bring(self._chance.next_caller())
            come += 1
            await asyncio.sleep(self._chance.next_gap_s())


class Nothing:
    """Nobody calls: the site is there for whoever wants to call and work himself."""

    def __init__(self, pace: Pace) -> None:
        self.direction = Chance(0, pace=pace)
        self.caption = ""

    async def play(self, _bring: Brings, _going_on: Callable[[], int]) -> None:
        """Bring nobody, for ever."""
        await asyncio.Event().wait()


class ScriptedAgents:
    """What the script wants of each agent: his usual habits, but for calls that it names."""

    def __init__(self, script: Script, pace: Pace) -> None:
        self._habits = script.agents
        self._pace = pace
        self._wanted: defaultdict[str, deque[Dealing]] = defaultdict(deque)

    def next_call(self, agent: str, dealing: Dealing) -> None:
        """Say what the agent does with the next call that rings, after those said before."""
        self._wanted[agent].append(dealing)

    def next_offer(self, agent: str) -> AgentScript:
        """Return what the agent will do with the call that rings now."""
        wanted = self._wanted[agent]
        return AgentScript(
            dealing=wanted.popleft() if wanted else Dealing.ANSWER,
            ring_s=self._pace.lasts_s(as_seconds(self._habits.rings)),
            talk_s=self._pace.talks_s(as_seconds(self._habits.talk)),
        )

    def paperwork_s(self, agent: str) -> float:  # noqa: ARG002 - the same for all
        """Return how long the agent writes things up after a call."""
        return self._pace.lasts_s(as_seconds(self._habits.paperwork))

    def break_s(self, agent: str) -> float:  # noqa: ARG002 - breaks are steps of the script
        """Return no break: those are steps."""
        return 0.0


@dataclass(slots=True, kw_only=True)
class ByScript:
    """Everything happens as it is written; `tell` is given each line that is said."""

    script: Script
    pace: Pace
    keeper: Keeper
    agents: Mapping[str, AgentAtWork]
    direction: ScriptedAgents
    tell: Callable[[str], None]
    caption: str = ""

    async def play(self, bring: Brings, going_on: Callable[[], int]) -> None:
        """Do all steps at their times, then wait until all callers have gone."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as doing:
            for step in sorted(self.script.steps, key=lambda step: step.at):
                at_s = self.pace.lasts_s(as_seconds(step.at))
                await asyncio.sleep(max(0.0, began + at_s - loop.time()))
                act = self._act(step, bring)
                if act is not None:
                    doing.create_task(_done(act))
        while going_on() > 0 or self.keeper.outage is not None:
            await asyncio.sleep(0.1)

    def _act(self, step: Step, bring: Brings) -> Awaitable[None] | None:
        """Do a step; return what of it takes time."""
        if step.say is not None:
            self.caption = step.say
            self.tell(step.say)
        for name in step.call or ():
            bring(self._caller(step, name))
        if step.daemon is not None:
            self.keeper.kill(self.pace.lasts_s(as_seconds(step.back_after)))
        if step.agent is None:
            return None
        match step.does:
            case "ready":
                return self.agents[step.agent].go(ready=True)
            case "not_ready":
                return self.agents[step.agent].go(ready=False, why=step.reason)
            case "miss" | "decline" | "answer":
                self.direction.next_call(step.agent, Dealing(step.does))
        return None

    def _caller(self, step: Step, name: str) -> CallerScript:
        return CallerScript(
            person=person_named(name),
            kind=Kind.DECIDED,
            keys=tuple((self.pace.thinks_s(as_seconds(step.thinks)), key) for key in step.press),
            patience_s=self.pace.lasts_s(as_seconds(step.patience))
            if "patience" in step.model_fields_set
            else as_seconds(step.patience),
            talk_s=self.pace.talks_s(as_seconds(step.talk)),
        )


Drama = ByChance | ByScript | Nothing


def person_named(name: str) -> Person:
    """Return somebody of that name: one of the cast, or a stranger with a number for fiction."""
    for person in PEOPLE:
        if person.name == name:
            return person
    number = FICTION_FIRST + sum(name.encode()) % 800
    return Person(name=name, number=NUMBERS_FOR_FICTION.format(number=number))


async def _done(act: Awaitable[None]) -> None:
    await act
