"""
What was recorded, ordered by what it hangs on: clock times, a caller's coming, an offer, a talk.

A caller's patience hangs on his coming, an agent's answer on the offer, the end of a talk and the
paperwork on the answer. What hangs on none of these (callers' coming, agents' wishes, their phones,
and how late the timers were) has happened by the clock, and happens again at the same times. Put
together anew by these ties, everything comes at the same instants and in the same order as long as
the same is decided.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from acd.commands import AcdCommand, OfferCall, ShowAgentState, Wish, WithdrawOffer
from acd.facts import (
    AcdFact,
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
    TalkEnded,
)
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time
from cti.rehearsing.stays import ANSWERED, Eyes, Phase, Stay, WatchedCore
from cti.simulation.tally import Tally
from storage.records import TimersAdvanced

CUT_SHORT: Final = frozenset({OfferOutcome.WITHDRAWN, OfferOutcome.CALLER_LEFT})
"""Outcomes that say nothing of what the agent would have done."""
UNKNOWN: Final = Duration(0)
"""The ring time of an offer that was made before the record."""
FOR_EVER: Final = Time(2**63 - 1)


class OtherDecisionsError(Exception):
    """This program decides otherwise than the one that wrote the journal."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A fact, when it was told and where it stands in the record."""

    at: Time
    position: int
    fact: AcdFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """Timers went off by `to`."""

    at: Time
    position: int
    to: Time


@dataclass(slots=True, kw_only=True)
class RecordedOffer:
    """An offer and how it ended; `outcome` is None where it was answered."""

    agent: AgentId
    made: Time
    ring_time: Duration
    withdrawn: Time | None = None
    ended: Time | None = None
    position: int = 0
    outcome: OfferOutcome | None = None

    @property
    def shows_the_agent(self) -> bool:
        """Tell whether all of it is known, and the end was the agent's or his phone's doing."""
        return (
            self.ended is not None and self.outcome not in CUT_SHORT and self.ring_time != UNKNOWN
        )


@dataclass(slots=True, kw_only=True)
class Trace:
    """
    What hangs on one stay.

    `during` are the facts that named the call while it waited, `after` those that came when it had
    ended, the agent's of his paperwork too, and the one that queued the call again.
    """

    stay: Stay
    during: list[Told] = field(default_factory=list)
    after: list[Told] = field(default_factory=list)
    offers: dict[AgentId, list[RecordedOffer]] = field(default_factory=dict)


class Recording:
    """A journal's facts, taken into a core of our own, and put in order for a rehearsal."""

    def __init__(
        self, core: WatchedCore, times: tuple[Time, Time], tally: Tally, level: Duration
    ) -> None:
        self.core = core
        self.began, self.ended = times
        self.tally = tally
        self.eyes = Eyes(core, tally, level)
        self.traces: dict[tuple[CallId, int], Trace] = {}
        self.by_the_clock: list[Told] = []
        self.advances: list[Advanced] = []
        self.queues: dict[QueueName, int] = {}
        self.wishes: dict[AgentId, list[tuple[Time, bool]]] = {}
        self.policy_versions: list[str] = [core.policy_version] if core.policy_version else []
        self.last_position = 0
        self.rang_before: dict[OfferId, RecordedOffer] = {}
        self._deadlines: list[tuple[tuple[int, int], Time | None]] = []
        self._live: dict[OfferId, RecordedOffer] = {}
        self._last_talk: dict[AgentId, Trace] = {}
        self._decided: list[OfferCall] = []
        self._open()

    def pending(self, place: tuple[int, int]) -> Time | None:
        """Return when the first timer was due that ran at a place (time, position)."""
        at = bisect_right(self._deadlines, place, key=lambda known: known[0])
        return self._deadlines[at - 1][1] if at else None

    def take(self, position: int, at: Time, body: AcdFact | TimersAdvanced) -> None:
        """
        Take the next fact or timer advance.

        Raises:
            OtherDecisionsError: an offer that was decided here does not stand in the journal.
        """
        if self._decided:
            raise OtherDecisionsError(position)
        self.last_position, self.ended = position, max(self.ended, at)
        self.eyes.pass_until(at)
        if isinstance(body, TimersAdvanced):
            due = self.core.next_deadline()
            if due is not None and due <= body.to:
                self.advances.append(Advanced(at=at, position=position, to=body.to))
            self._decide(None, at, self.core.advance(body.to))
        else:
            self._hang(Told(at=at, position=position, fact=body))
            self._decide(body, at, self.core.handle(body, at))
        due = self.core.next_deadline()
        if not self._deadlines or self._deadlines[-1][1] != due:
            self._deadlines.append(((at, position), due))

    def compare(self, position: int, offer: OfferCall) -> None:
        """
        Compare an offer of the journal with what was decided here.

        Raises:
            OtherDecisionsError: it is another one.
        """
        ours = self._decided.pop(0) if self._decided else None
        names = (offer.offer, offer.call, offer.agent)
        if ours is None or names != (ours.offer, ours.call, ours.agent):
            raise OtherDecisionsError(position)

    def forget_decided(self) -> None:
        """Compare no offers: there are none to compare with."""
        self._decided.clear()

    def wanted_calls(self, agent: AgentId, now: Time) -> bool:
        """Tell whether an agent was ready at an instant."""
        wishes = self.wishes.get(agent, [])
        before = bisect_right(wishes, now, key=lambda wish: wish[0])
        return before > 0 and wishes[before - 1][1]

    def _open(self) -> None:
        self.eyes.open(self.began)
        self._deadlines.append(((self.began, 0), self.core.next_deadline()))
        for stays in self.eyes.stays.values():
            for stay in stays:
                self._begin(stay)
        for shown in self.core.picture(self.began).agents:
            self.wishes[shown.agent] = [(self.began, shown.wish is Wish.READY)]
        for offer, (call, agent) in self.eyes.offers.items():
            self._ring(offer, call, agent, self.began, UNKNOWN)
        self.rang_before = dict(self._live)

    def _begin(self, stay: Stay) -> None:
        trace = Trace(stay=stay)
        self.traces[stay.key] = trace
        if stay.outcome == ANSWERED and stay.agent is not None:
            self._last_talk[stay.agent] = trace

    def _hang(self, told: Told) -> None:
        """Put a fact where it belongs; what has no effect is left out."""
        fact = told.fact
        match fact:
            case OfferAnswered(offer=offer) | OfferEnded(offer=offer):
                rung = self._live.pop(offer, None)
                if rung is not None:
                    rung.ended, rung.position = told.at, told.position
                    rung.outcome = fact.outcome if isinstance(fact, OfferEnded) else None
            case AgentEndedWrapUp(agent=agent) | AgentExtendedWrapUp(agent=agent):
                talk = self._last_talk.get(agent)
                if talk is not None and self.core.is_wrapping_up(agent):
                    talk.after.append(told)
            case PolicyApplied(policy=policy):
                self.policy_versions.append(policy.version)
                self.by_the_clock.append(told)
            case _:
                self._hang_on_call(told)

    def _hang_on_call(self, told: Told) -> None:
        fact = told.fact
        call: CallId | None = getattr(fact, "call", None)
        stay = None if call is None else self.eyes.latest(call)
        if call is None or stay is None:
            self.by_the_clock.append(told)
            return
        if isinstance(fact, TalkEnded) and fact.agent != self.core.talks_with(call):
            return
        trace = self.traces[stay.key]
        waits = self.core.phase(call) is Phase.WAITING
        (trace.during if waits else trace.after).append(told)

    def _decide(self, fact: AcdFact | None, at: Time, commands: Sequence[AcdCommand]) -> None:
        seen = self.eyes.take(fact, at, commands)
        for stay in seen.began:
            self._begin(stay)
            if isinstance(fact, CallQueued) and self.core.phase(stay.call) is Phase.WAITING:
                self.queues[stay.queue] = self.queues.get(stay.queue, 0) + 1
        for stay in seen.ended:
            if stay.outcome == ANSWERED and stay.agent is not None:
                self._last_talk[stay.agent] = self.traces[stay.key]
        for command in commands:
            match command:
                case OfferCall():
                    self._decided.append(command)
                    self._ring(command.offer, command.call, command.agent, at, command.ring_time)
                case WithdrawOffer(offer=offer) if offer in self._live:
                    self._live[offer].withdrawn = at
                case ShowAgentState():
                    self._note_wish(command, at)
                case _:
                    pass

    def _ring(
        self, offer: OfferId, call: CallId, agent: AgentId, at: Time, ring_time: Duration
    ) -> None:
        rung = RecordedOffer(agent=agent, made=at, ring_time=ring_time)
        self._live[offer] = rung
        stay = self.eyes.latest(call)
        if stay is not None:
            self.traces[stay.key].offers.setdefault(agent, []).append(rung)

    def _note_wish(self, shown: ShowAgentState, at: Time) -> None:
        wishes = self.wishes.setdefault(shown.agent, [])
        wants = shown.wish is Wish.READY
        if not wishes or wishes[-1][1] is not wants:
            wishes.append((at, wants))
