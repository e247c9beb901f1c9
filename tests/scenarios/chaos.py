"""
Chaos: callers, agents and faults by chance, and what must hold whatever happens.

A seed makes one round: who calls when and what he does, how each agent behaves, and which fault
strikes when. The faults are those a site survives by promise: the daemon killed or frozen, its
links to Asterisk and to the agents' desks broken in every way, Postgres killed.

    make chaos ARGS="--minutes 10 --seed 7"

runs rounds with seeds 7, 8, 9, ... for ten minutes, and ends with 1 if anything did not hold.
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import aiohttp
import psutil

from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from lab.desk import Desk, DeskError
from lab.phone.behaviour import Behaviour
from lab.phone.call import EndedBy
from lab.phone.errors import NotHeardError
from lab.phone.incoming import IncomingCall
from lab.phone.outgoing import OutgoingCall
from lab.site import AGENT_HZ, GREETING_HZ, PASSWORD, AgentPlan, Site, SitePlan
from tests.scenarios.chaos_checks import what_does_not_hold

AGENTS = ("ann", "ben", "chen", "dora", "emil")
QUEUES = {
    name: {"ring_time": "2s", "wrap_up": "200ms", "misses_max": 2} for name in ("sales", "support")
}
LEAVERS_SHARE = 0.25
ANSWERED_S_MAX = 60.0
TALK_S_MAX = 20.0
RETURN_S = 0.2
"""How soon an agent's desk connects again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of chaos: for `load_s` a call comes every `call_every_s` on average."""

    seed: int
    load_s: float = 15.0
    call_every_s: float = 0.7
    fault_pause_s: float = 1.5

    def chance(self, of_what: str) -> random.Random:
        """Return what decides this: the same in every run of the round, whatever else happens."""
        return random.Random(f"{self.seed} {of_what}")  # noqa: S311 - chance for load


@dataclass(slots=True, kw_only=True)
class Story:
    """What became of one caller, by what he heard and saw himself."""

    number: str
    call: OutgoingCall
    patient: bool
    answered: bool = False
    sent_away: bool = False
    """His call was ended by the other side before anybody had talked with him."""


@dataclass(slots=True)
class Tale:
    """What happened in a round."""

    stories: list[Story] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Chaos:
    """One round on one site."""

    def __init__(self, site: Site, plan: Round) -> None:
        self._site = site
        self._plan = plan
        self.tale = Tale()

    async def run(self) -> None:
        """Let it all happen, and return when every caller is done and every fault is over."""
        for number, phone in enumerate(self._site.phones.values()):
            phone.behaves(moody(self._plan.chance(f"phone {number}")))
        async with asyncio.TaskGroup() as desks:
            at_work = [desks.create_task(self._work(agent)) for agent in AGENTS]
            async with asyncio.TaskGroup() as life:
                life.create_task(self._callers(life))
                life.create_task(self._faults())
            for desk in at_work:
                desk.cancel()

    # Agents

    async def _work(self, agent: str) -> None:
        """Be at a desk for ever: connect again when the connection is lost, and want calls."""
        while True:
            with suppress(DeskError, aiohttp.ClientError, OSError, TimeoutError):
                async with Desk(self._site.desk_url) as desk:
                    await desk.sign_in(agent, PASSWORD)
                    await desk.log_on()
                    await _want_calls(desk)
            await asyncio.sleep(RETURN_S)

    # Callers

    async def _callers(self, life: asyncio.TaskGroup) -> None:
        chance = self._plan.chance("arrivals")
        began = asyncio.get_running_loop().time()
        number = 0
        while asyncio.get_running_loop().time() - began < self._plan.load_s:
            life.create_task(self._call(str(60_000 + number)))
            number += 1
            await asyncio.sleep(chance.expovariate(1 / self._plan.call_every_s))

    async def _call(self, number: str) -> None:
        chance = self._plan.chance(f"caller {number}")
        phone = await self._site.caller(number)
        story = Story(
            number=number,
            call=phone.start_call("8000", from_user=number),
            patient=chance.random() >= LEAVERS_SHARE,
        )
        self.tale.stories.append(story)
        leaves_after_s = ANSWERED_S_MAX if story.patient else chance.uniform(0, 6)
        key = chance.choice(["1", "1", "2", "2", "7", ""])
        async with asyncio.TaskGroup() as doing:
            pressing = doing.create_task(_press(story.call, key))
            await _until_answered(story.call, leaves_after_s)
            pressing.cancel()
        if story.patient and _talked(story.call) and chance.random() < 1 / 2:
            leaves_after_s = chance.uniform(0.1, 1.0)
            await story.call.ends_within(leaves_after_s)
        elif story.patient:
            await story.call.ends_within(TALK_S_MAX)
        story.answered = _talked(story.call)
        ending = story.call.ending
        by_peer = ending is not None and ending.by is not EndedBy.US
        story.sent_away = not story.answered and by_peer
        await story.call.hang_up()

    # Faults

    async def _faults(self) -> None:
        chance = self._plan.chance("faults")
        faults: list[Callable[[random.Random], Awaitable[None]]] = [
            self._kill_daemon,
            self._kill_daemon,
            self._kill_daemon,
            self._freeze_daemon,
            self._reset_manager,
            self._refuse_manager,
            self._stall_manager,
            self._half_open_manager,
            self._cut_desks,
            self._kill_postgres,
        ]
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < self._plan.load_s:
            await asyncio.sleep(chance.expovariate(1 / self._plan.fault_pause_s))
            fault = chance.choice(faults)
            self.tale.faults.append(fault.__name__.removeprefix("_"))
            await fault(chance)
        await self._site.daemon.wait_ready()

    async def _kill_daemon(self, chance: random.Random) -> None:
        await self._site.daemon.kill()
        await asyncio.sleep(chance.choice([0.0, chance.uniform(0, 2)]))
        await self._site.daemon.start(wait=False)
        if chance.random() < 1 / 4:
            await asyncio.sleep(chance.uniform(0, 1.2))  # while it starts, or just after
            await self._site.daemon.kill()
            await self._site.daemon.start(wait=False)
        await self._site.daemon.wait_alive()

    async def _freeze_daemon(self, chance: random.Random) -> None:
        self._site.daemon.send_signal(signal.SIGSTOP)
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        self._site.daemon.send_signal(signal.SIGCONT)

    async def _reset_manager(self, _chance: random.Random) -> None:
        self._site.manager_link.reset()

    async def _refuse_manager(self, chance: random.Random) -> None:
        self._site.manager_link.refuse()
        await asyncio.sleep(chance.uniform(0.5, 3))
        self._site.manager_link.pass_on()

    async def _stall_manager(self, chance: random.Random) -> None:
        self._site.manager_link.stall()
        await asyncio.sleep(chance.uniform(0.5, 4))
        self._site.manager_link.pass_on()

    async def _half_open_manager(self, _chance: random.Random) -> None:
        self._site.manager_link.half_open()

    async def _cut_desks(self, _chance: random.Random) -> None:
        self._site.desk_link.reset()

    async def _kill_postgres(self, _chance: random.Random) -> None:
        for child in psutil.Process(self._site.daemon.pid).children():
            if child.name() == "postgres":
                child.kill()


async def _want_calls(desk: Desk) -> None:
    """Be ready, and again whenever the system has taken that away."""
    while True:
        told = len(desk.events)
        if desk.state is None or desk.state.wish != "ready":
            await desk.ready()
            await desk.wait_state(wish="ready")
        else:
            await desk.wait_for("agent_state_changed", after=told, timeout_s=None)


def moody(chance: random.Random) -> Behaviour:
    """An agent who mostly answers and soon hangs up, and sometimes does not, or refuses."""

    async def behave(call: IncomingCall) -> None:
        mood = chance.random()
        answers_after_s, talks_s = chance.uniform(0.02, 0.8), chance.uniform(0.3, 1.5)
        if mood < 0.05:
            call.reject(486)
            return
        call.ring()
        if mood < 0.15 or await call.ends_within(answers_after_s):
            return
        await call.answer()
        if not await call.ends_within(talks_s):
            await call.hang_up()

    return behave


async def _press(call: OutgoingCall, key: str) -> None:
    """Press a key when the menu is heard first, if any."""
    with suppress(NotHeardError):
        await call.hears(GREETING_HZ, within_s=ANSWERED_S_MAX)
        if key and not call.ended.is_set():
            await call.send_digit(key)


async def _until_answered(call: OutgoingCall, within_s: float) -> None:
    """Wait until an agent is heard, the call has ended, or patience has."""
    hearing = asyncio.create_task(call.hears(AGENT_HZ, within_s=within_s))
    ending = asyncio.create_task(call.ended.wait())
    await asyncio.wait({hearing, ending}, return_when=asyncio.FIRST_COMPLETED)
    for task in (hearing, ending):
        task.cancel()
    await asyncio.gather(hearing, ending, return_exceptions=True)


def _talked(call: OutgoingCall) -> bool:
    return AGENT_HZ in call.heard.tones_heard()


async def play(installation: Installation, folder: Path, plan: Round) -> tuple[Tale, list[str]]:
    """Play one round and return what happened, and what did not hold."""
    agents = tuple(
        AgentPlan(name=name, phone=f"a{number}", queues=("sales", "support"))
        for number, name in enumerate(AGENTS, start=1)
    )
    site_plan = SitePlan(
        agents=agents, queues=QUEUES, first_key="1s", greeting_s=0.4, breakable_links=True
    )
    async with Site(installation, folder / f"round{plan.seed}", site_plan) as site:
        await site.database_up()
        chaos = Chaos(site, plan)
        await chaos.run()
        return chaos.tale, await what_does_not_hold(site, chaos.tale.stories)


def main() -> int:
    """Play rounds until the time is over; return 1 if anything did not hold in any of them."""
    parser = argparse.ArgumentParser(description="Callers, agents and faults by chance.")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1, help="the first round's")
    parser.add_argument("--rounds", type=int, help="how many, whatever time it takes")
    arguments = parser.parse_args()
    ends_at = time.monotonic() + 60 * arguments.minutes
    installation = find_or_fetch()
    seed, failed = arguments.seed, 0
    while (
        seed < arguments.seed + arguments.rounds
        if arguments.rounds is not None
        else time.monotonic() < ends_at
    ):
        failed += not _told(installation, Round(seed=seed, load_s=30.0))
        seed += 1
    print(f"{seed - arguments.seed} rounds, {failed} with something that did not hold")
    return 1 if failed else 0


def _told(installation: Installation, plan: Round) -> bool:
    """Play a round and tell of it; return whether all held. If not, its folder stays."""
    folder = Path(mkdtemp(prefix="cordboard-chaos-"))
    folder.chmod(0o711)
    tale, broken = asyncio.run(play(installation, folder, plan))
    answered = sum(story.answered for story in tale.stories)
    faults = ", ".join(f"{count} {name}" for name, count in sorted(Counter(tale.faults).items()))
    print(f"seed {plan.seed}: {len(tale.stories)} calls, {answered} answered; {faults}")
    for sentence in broken:
        print(f"    {sentence}")
    if broken:
        print(f"    its logs and its journal: {folder}")
    else:
        rmtree(folder)
    sys.stdout.flush()
    return not broken


if __name__ == "__main__":
    sys.exit(main())
