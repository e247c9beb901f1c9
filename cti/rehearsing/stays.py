"""
What becomes of calls: each stay in the queues from its beginning to its end, read off a core.

A stay begins when a call is queued and ends when an agent answers, when the caller leaves, or when
the core gives the call away otherwise. A call that is queued again after that has another stay.
Recorded and rehearsed traffic go through the same eyes, and are counted alike.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from acd.call_backs import AcknowledgeCallBack, AskCallBack, EndCallBack
from acd.commands import (
    AcdCommand,
    Announce,
    DivertCall,
    JudgeEstimate,
    Occupation,
    OfferCall,
    OverflowCall,
    PlaceCall,
    ShowAgentState,
    TurnAwayCall,
    Wish,
    WithdrawOffer,
)
from acd.distributor import Distributor
from acd.facts import AcdFact, CallerLeft, CallQueued, OfferAnswered, OfferEnded
from acd.tables.waiting import CallState
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time
from cti.simulation.tally import BATCHES, Batch, Tally

AT_WORK = frozenset({Occupation.BUSY, Occupation.WRAPPING_UP})
_GIVES_AWAY = (TurnAwayCall, DivertCall, EndCallBack)
_GOES_ON = (
    AcknowledgeCallBack,
    Announce,
    AskCallBack,
    JudgeEstimate,
    OfferCall,
    OverflowCall,
    PlaceCall,
    WithdrawOffer,
)
"""Commands that end no stay."""

ANSWERED, ABANDONED, TURNED_AWAY, DIVERTED = "answered", "abandoned", "turned_away", "diverted"
"""How stays end; where the core gives a call away otherwise, its command's name says how."""


class Phase(Enum):
    """Where a call stands, as far as it matters here."""

    GONE = "gone"
    WAITING = "waiting"
    TALKING = "talking"


class WatchedCore(Distributor):
    """A distributor that decides as any other, and says at no cost where a call stands."""

    @property
    def policy_version(self) -> str:
        """Return the version of the policy in force."""
        return self._floor.policy_version

    def phase(self, call: CallId) -> Phase:
        """Return where a call stands."""
        known = self._floor.calls.get(call)
        if known is None:
            return Phase.GONE
        return Phase.TALKING if known.state is CallState.TALKING else Phase.WAITING

    def talks_with(self, call: CallId) -> AgentId | None:
        """Return who talks with a call."""
        known = self._floor.calls.get(call)
        return None if known is None else known.agent

    def is_wrapping_up(self, agent: AgentId) -> bool:
        """Tell whether an agent has paperwork to do, whatever else he uses his phone for."""
        known = self._floor.agents.get(agent)
        return known is not None and known.wrap_up_ends is not None

    def calls(self) -> list[tuple[CallId, QueueName, Time, AgentId | None]]:
        """Return all calls: queue, since when, who talks with it."""
        return [
            (call.call, call.queue, call.entered_at, call.agent)
            for call in self._floor.calls.values()
        ]

    def offers(self) -> list[tuple[OfferId, CallId, AgentId]]:
        """Return the live offers."""
        return [(one.offer, one.call, one.agent) for one in self._floor.offers.values()]


@dataclass(slots=True, kw_only=True)
class Stay:
    """
    One stay of a call in the queues.

    `came` is since when the caller waits, `began` when this was told. `queue` is the one that he
    came for and `place` where he waits, or waited at the end. `outcome` is None while he waits;
    `talked_until` is None while he talks, too.
    """

    call: CallId
    number: int
    queue: QueueName
    place: QueueName
    came: Time
    began: Time
    batch: Batch | None = None
    offered: bool = False
    delayed: bool = True
    overflowed: bool = False
    outcome: str | None = None
    agent: AgentId | None = None
    ended: Time | None = None
    talked_until: Time | None = None

    @property
    def key(self) -> tuple[CallId, int]:
        """Return what names the stay."""
        return self.call, self.number

    def wait(self, now: Time) -> Duration:
        """Return how long the caller waited, until `now` if he still does."""
        return Duration((now if self.ended is None else self.ended) - self.came)


@dataclass(frozen=True, slots=True)
class Seen:
    """The stays that began with a step, and those that ended with it."""

    began: list[Stay]
    ended: list[Stay]


class Eyes:
    """Follows what a core is told and decides; `stays` are all that it has seen, by call."""

    def __init__(self, core: WatchedCore, tally: Tally, level: Duration) -> None:
        self.stays: dict[CallId, list[Stay]] = {}
        self.offers: dict[OfferId, tuple[CallId, AgentId]] = {}
        self._core = core
        self._tally = tally
        self._level = level

    def open(self, now: Time) -> list[Stay]:
        """Take over what is going on before the first step; return those who wait."""
        self.pass_until(now)
        for shown in self._core.picture(now).agents:
            self._see_agent(shown.agent, now, shown.wish, shown.occupation)
        self.offers = {offer: (call, agent) for offer, call, agent in self._core.offers()}
        waiting = []
        for call, queue, came, agent in self._core.calls():
            stay = self._begin(call, queue, came, now)
            if agent is None:
                waiting.append(stay)
                continue
            stay.outcome, stay.agent, stay.ended = ANSWERED, agent, now
        for stay in waiting:
            self._count_arrival(stay)
        return waiting

    def latest(self, call: CallId) -> Stay | None:
        """Return the present stay of a call, or its last."""
        return self.stays[call][-1] if call in self.stays else None

    def pass_until(self, now: Time) -> None:
        """Let the batches pass that end by now."""
        while (edge := self._tally.next_edge()) is not None and edge <= now:
            self._tally.turn()

    def take(self, fact: AcdFact | None, now: Time, commands: Sequence[AcdCommand]) -> Seen:
        """Take a step that was just made; return the stays that began with it, and that ended."""
        seen = Seen([], [])
        for call in dict.fromkeys(self._concerned(fact, commands)):
            own = [command for command in commands if _call_of(command) == call]
            stay = self._open_stay(call, fact, now, own)
            if stay is not None:
                seen.began.append(stay)
            stay = self.latest(call)
            if stay is not None and stay.outcome is None and self._ends(stay, fact, own):
                stay.ended = now
                self._count_end(stay)
                seen.ended.append(stay)
        for command in commands:
            match command:
                case OfferCall():
                    self._count_offer(command, now)
                case OverflowCall() | Announce() | JudgeEstimate():
                    self._count_waiting(command)
                case ShowAgentState():
                    self._see_agent(command.agent, now, command.wish, command.occupation)
                case _:
                    pass
        return seen

    def _count_waiting(self, command: OverflowCall | Announce | JudgeEstimate) -> None:
        """Count what a waiting caller is told, and that he is moved on."""
        stay = self.latest(command.call)
        if stay is None or stay.batch is None:
            return
        if not isinstance(command, OverflowCall):
            stay.batch.hear(command)
        elif not stay.overflowed:
            stay.overflowed = True
            stay.batch.overflowed += 1

    def _concerned(self, fact: AcdFact | None, commands: Sequence[AcdCommand]) -> Iterator[CallId]:
        """Yield the calls that a step may have changed."""
        if isinstance(fact, OfferAnswered | OfferEnded):
            if fact.offer in self.offers:
                yield self.offers.pop(fact.offer)[0]
        elif (named := getattr(fact, "call", None)) is not None:
            yield CallId(named)
        for command in commands:
            if (concerned := _call_of(command)) is not None:
                yield concerned

    def _open_stay(
        self, call: CallId, fact: AcdFact | None, now: Time, own: Sequence[AcdCommand]
    ) -> Stay | None:
        """Return the stay that begins with this step, if one does; note where a call waits."""
        stay, phase = self.latest(call), self._core.phase(call)
        places = [command for command in own if isinstance(command, PlaceCall)]
        if stay is not None and stay.outcome is None:
            if places:
                stay.place = places[-1].queue
            return None
        if stay is not None and stay.talked_until is None and phase is not Phase.TALKING:
            stay.talked_until = now
        away = any(isinstance(command, _GIVES_AWAY) for command in own)
        if not away and (phase is Phase.TALKING or not places):
            return None
        queue, came = _asked(fact, own), places[0].entered_at if places else now
        if queue is None:
            return None
        begun = self._begin(call, queue, came, now)
        begun.place = places[-1].queue if places else queue
        self._count_arrival(begun)
        return begun

    def _ends(self, stay: Stay, fact: AcdFact | None, own: Sequence[AcdCommand]) -> bool:
        """Tell whether a stay ends with this step, and note how."""
        phase = self._core.phase(stay.call)
        if phase is Phase.TALKING:
            stay.outcome, stay.agent = ANSWERED, self._core.talks_with(stay.call)
        elif phase is Phase.GONE:
            stay.outcome = _given_away(fact, own)
        return phase is not Phase.WAITING

    def _begin(self, call: CallId, queue: QueueName, came: Time, now: Time) -> Stay:
        stays = self.stays.setdefault(call, [])
        stay = Stay(call=call, number=len(stays), queue=queue, place=queue, came=came, began=now)
        stays.append(stay)
        return stay

    def _count_arrival(self, stay: Stay) -> None:
        if stay.queue not in self._tally.queues:
            self._tally.queues[stay.queue] = [Batch() for _at in range(BATCHES)]
        stay.batch = self._tally.came(stay.queue)
        if stay.batch is not None:
            stay.batch.arrivals += 1

    def _count_offer(self, offer: OfferCall, now: Time) -> None:
        self.offers[offer.offer] = (offer.call, offer.agent)
        stay = self.latest(offer.call)
        if stay is None:
            return
        if not stay.offered:
            stay.offered, stay.delayed = True, now != stay.came
        if stay.batch is not None:
            stay.batch.decisions += 1

    def _count_end(self, stay: Stay) -> None:
        batch = stay.batch
        if batch is None or stay.ended is None:
            return
        wait = stay.wait(stay.ended)
        if stay.outcome == ANSWERED:
            batch.answer(wait, self._level, is_delayed=stay.delayed, is_called_back=False)
            if stay.agent in self._tally.agents:
                self._tally.agents[stay.agent].answered += 1
        elif stay.outcome == ABANDONED:
            batch.abandoned += 1
            batch.delayed += stay.delayed
            batch.lost_waits += wait
        elif stay.outcome == TURNED_AWAY:
            batch.turned_away += 1
        else:
            batch.diverted += 1

    def _see_agent(self, agent: AgentId, now: Time, wish: Wish, occupation: Occupation) -> None:
        if agent not in self._tally.agents:
            self._tally.add_agent(agent, ())
            self._tally.agents[agent].since = now
        busy = occupation in AT_WORK
        self._tally.agent_is(agent, now, busy=busy, working=busy or wish is Wish.READY)


def _asked(fact: AcdFact | None, own: Sequence[AcdCommand]) -> QueueName | None:
    """Return which queue a call came for."""
    if isinstance(fact, CallQueued):
        return fact.queue
    return next((command.queue for command in own if isinstance(command, PlaceCall)), None)


def _call_of(command: AcdCommand) -> CallId | None:
    """Return the call that a command is about, if it is about one."""
    return None if isinstance(command, ShowAgentState) else getattr(command, "call", None)


def _given_away(fact: AcdFact | None, own: Sequence[AcdCommand]) -> str:
    """Return how a stay ended that no agent answered."""
    for command in own:
        if isinstance(command, _GIVES_AWAY):
            return TURNED_AWAY if isinstance(command, TurnAwayCall) else DIVERTED
    if isinstance(fact, CallerLeft):
        return ABANDONED
    others = [command for command in own if not isinstance(command, _GOES_ON)]
    name = type(others[0] if others else fact).__name__
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
