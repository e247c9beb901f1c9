"""What the agents' package needs of others, in small: directory, inbox, floor, time."""

import asyncio
import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from argon2 import PasswordHasher

from acd.commands import Occupation, ShowAgentState, Wish
from agents.ports import AgentEntry, AgentFact
from cti.ids import AgentId, CallId, DeviceId, PbxId, QueueName
from cti.instants import Time, seconds
from protocols.ws.codes import CloseCode

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Weak on purpose: a test of the protocol is no test of argon2."""
PASSWORD = "correct horse"
HASH = CHEAP.hash(PASSWORD)
PBX = PbxId("main")


def phone(name: str) -> DeviceId:
    return DeviceId(PBX, f"PJSIP/{name}")


def entry(agent: str, *phones: str) -> AgentEntry:
    return AgentEntry(
        agent=AgentId(agent),
        name=agent.title(),
        password_hash=HASH,
        phones={name: phone(name) for name in phones or (f"{agent}-desk",)},
        queues=(QueueName("sales"), QueueName("support")),
    )


def state(
    agent: str,
    wish: Wish = Wish.NOT_READY,
    occupation: Occupation = Occupation.IDLE,
    *,
    device: DeviceId | None = None,
    reason: str | None = None,
    call: str | None = None,
    until_s: int | None = None,
    until_max_s: int | None = None,
) -> ShowAgentState:
    return ShowAgentState(
        agent=AgentId(agent),
        wish=wish,
        reason=reason,
        occupation=occupation,
        device=device,
        call=None if call is None else CallId(call),
        since=Time(1_000_000),
        until=None if until_s is None else Time(seconds(until_s)),
        until_max=None if until_max_s is None else Time(seconds(until_max_s)),
    )


class Directory:
    def __init__(self, *entries: AgentEntry) -> None:
        self._entries = {known.agent: known for known in entries}

    def entry(self, agent: AgentId) -> AgentEntry | None:
        return self._entries.get(agent)

    def entries(self) -> Iterable[AgentEntry]:
        return self._entries.values()

    def remove(self, agent: str) -> None:
        del self._entries[AgentId(agent)]


class Inbox:
    """Keeps what was posted; sheds everything while it is `full`, raises while it is `broken`."""

    def __init__(self) -> None:
        self.facts: list[AgentFact] = []
        self.full = False
        self.broken = False
        self._news = asyncio.Event()

    async def arrived(self, many: int) -> None:
        """Wait until so many facts are there."""
        while len(self.facts) < many:
            self._news.clear()
            await self._news.wait()

    def post(self, fact: AgentFact) -> bool:
        if self.broken:
            raise RuntimeError("a mistake of ours")
        if self.full:
            return False
        self.facts.append(fact)
        self._news.set()
        return True


class Floor:
    def __init__(self) -> None:
        self.states: dict[AgentId, ShowAgentState] = {}

    def agent_state(self, agent: AgentId) -> ShowAgentState | None:
        return self.states.get(agent)

    def put(self, shown: ShowAgentState) -> ShowAgentState:
        self.states[shown.agent] = shown
        return shown


class FixedClock:
    def __init__(self) -> None:
        self.instant = Time(1_700_000_000_000_001)

    def now(self) -> Time:
        return self.instant


@dataclass
class ManualTimer:
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class ManualTimers:
    """Monotonic seconds that pass when the test says so."""

    at: float = 100.0
    armed: asyncio.Event = field(default_factory=asyncio.Event)
    _due: list[tuple[float, int, ManualTimer]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def time(self) -> float:
        return self.at

    def call_later(self, delay: float, callback: Callable[[], object], /) -> ManualTimer:
        timer = ManualTimer(callback)
        self.armed.set()
        heapq.heappush(self._due, (self.at + delay, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        end = self.at + seconds
        while self._due and self._due[0][0] <= end:
            self.at, _, timer = heapq.heappop(self._due)
            if not timer.cancelled:
                timer.callback()
        self.at = end

    def running(self) -> int:
        return sum(not timer.cancelled for _, _, timer in self._due)


class PaperDesk:
    """A desk that writes down what it is sent."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.closed: list[CloseCode] = []
        self.gone = False

    def send(self, message: bytes) -> bool:
        if self.gone:
            return False
        self.messages.append(message)
        return True

    def close(self, code: CloseCode, _reason: str) -> None:
        self.closed.append(code)


class Wellness:
    def __init__(self, **parts: bool) -> None:
        self.parts = parts
        self.helpers: dict[str, bool] = {}

    def readiness(self) -> Mapping[str, bool]:
        return self.parts

    def beside(self) -> Mapping[str, bool]:
        return self.helpers
