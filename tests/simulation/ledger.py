"""The books of a day by chance: every call and offer, by the facts and commands alone."""

from collections import Counter
from dataclasses import dataclass, field

from acd.call_backs import (
    AcknowledgeCallBack,
    AskCallBack,
    CustomerNotReached,
    CustomerReached,
    DialCustomer,
    EndCallBack,
    StopDialling,
)
from acd.commands import (
    AcdCommand,
    Announce,
    DivertCall,
    JudgeEstimate,
    OfferCall,
    OverflowCall,
    PlaceCall,
    TurnAwayCall,
    TurnAwayCause,
    WithdrawCause,
    WithdrawOffer,
)
from acd.facts import (
    AcdFact,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    TalkEnded,
)
from acd.policy import RINGS_SEVERAL
from acd.rules.announcing import PAUSE_MIN
from acd.snapshot import CallSnapshot, DistributorState
from acd.tables.outcomes import ENDED_BY, Outcome
from acd.tables.reach import PREFERRED
from acd.tables.waiting import CallState
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time

RINGING_SEVERAL = {*(strategy.value for strategy in RINGS_SEVERAL), PREFERRED}
LOST = (
    WithdrawCause.ANSWERED_ELSEWHERE,
    WithdrawCause.CALLER_LEFT,
    WithdrawCause.PROMISE_ENDED,
)
"""Why an offer has nothing to do with its call any longer, though it may still be answered."""

TURNED_AWAY = {
    TurnAwayCause.QUEUE_FULL: Outcome.FULL,
    TurnAwayCause.QUEUE_CLOSED: Outcome.CLOSED,
    TurnAwayCause.NO_AGENTS: Outcome.NO_AGENTS,
    TurnAwayCause.ALL_NOT_READY: Outcome.ALL_NOT_READY,
    TurnAwayCause.OVERFLOW: Outcome.TURNED_AWAY,
    TurnAwayCause.KEY: Outcome.TURNED_AWAY,
}


@dataclass
class Ledger:
    """Every call and every offer, by what was said about them; `queues` says who waits where."""

    calls: set[CallId] = field(default_factory=set)
    queues: dict[CallId, QueueName] = field(default_factory=dict)
    offers: dict[OfferId, OfferCall] = field(default_factory=dict)
    silenced: dict[OfferId, WithdrawCause] = field(default_factory=dict)
    talks: dict[CallId, AgentId] = field(default_factory=dict)
    arrivals: Counter[QueueName] = field(default_factory=Counter)
    outcomes: Counter[tuple[QueueName, Outcome]] = field(default_factory=Counter)
    heard: dict[CallId, Time] = field(default_factory=dict)
    promises: dict[CallId, int] = field(default_factory=dict)
    asked: set[CallId] = field(default_factory=set)
    gone: set[CallId] = field(default_factory=set)
    numbers: dict[CallId, str] = field(default_factory=dict)
    reached: set[CallId] = field(default_factory=set)
    dials: dict[CallId, DialCustomer] = field(default_factory=dict)

    def enter(self, fact: AcdFact | None, commands: list[AcdCommand], now: Time) -> None:
        """Enter a step, as somebody who has only heard the facts and the commands."""
        match fact:
            case CallQueued(call=call):
                if self.talks.pop(call, None) is not None:
                    self._forget_promise(call)
            case CallerLeft(call=call):
                self._lose_leg(call)
            case TalkEnded(call=call, agent=agent):
                self._lose_agent(call, agent)
            case CustomerReached() | CustomerNotReached():
                self._end_attempt(fact)
            case OfferAnswered(offer=offer) if offer in self.offers:
                self._answer(self.offers.pop(offer))
            case OfferEnded(offer=offer):
                self.offers.pop(offer, None)
        for command in commands:
            if isinstance(command, WithdrawOffer):
                self.silenced[command.offer] = command.cause
            self._obey(command, now)

    def _lose_leg(self, call: CallId) -> None:
        """Enter that a caller hung up, who may be promised a call, or prove to be."""
        if call in self.numbers and call not in self.reached:
            return
        if call in self.asked and call in self.queues:
            self.gone.add(call)
        elif call in self.calls:
            self._forget_promise(call)
            if call in self.queues:
                self._leave(call, self.queues[call], Outcome.ABANDONED)
            self.talks.pop(call, None)
            self.calls.remove(call)

    def _lose_agent(self, call: CallId, agent: AgentId) -> None:
        if self.talks.get(call) == agent:
            del self.talks[call]
            self.calls.remove(call)
            self._forget_promise(call)
        elif call in self.dials and self.dials[call].agent == agent:
            del self.dials[call]

    def _answer(self, made: OfferCall) -> None:
        call = made.call
        is_lost = self.silenced.get(made.offer) in LOST
        if is_lost or (call in self.numbers and call not in self.reached):
            return  # nothing to do with it any longer, or his customer is dialled now
        if call in self.queues:
            outcome = Outcome.CALLED_BACK if call in self.reached else Outcome.ANSWERED
            self._leave(call, self.queues[call], outcome)
            self.talks[call] = made.agent
            self.heard.pop(call, None)

    def _obey(self, command: AcdCommand, now: Time) -> None:
        match command:
            case OfferCall():
                self._enter_offer(command)
            case PlaceCall(call=call, queue=queue):
                before = self.queues.get(call)
                if before is not None and before != queue:
                    self._leave(call, before, Outcome.WITHDRAWN)
                if before != queue:
                    self.arrivals[queue] += 1
                    self.queues[call] = queue
                    self.calls.add(call)
            case OverflowCall(call=call, from_queue=queue):
                self._leave(call, queue, Outcome.OVERFLOWED)
            case DivertCall(call=call, from_queue=queue):
                self._leave(call, queue, Outcome.DIVERTED)
                self.calls.discard(call)
                self._forget_promise(call)
                self.heard.pop(call, None)
            case TurnAwayCall(call=call, queue=queue, cause=cause):
                if cause is not TurnAwayCause.QUEUE_UNKNOWN:
                    self._leave(call, queue, TURNED_AWAY[cause])
                self.calls.discard(call)
                self._forget_promise(call)
            case Announce() | JudgeEstimate():
                self._enter_heard(command, now)
            case _:
                self._obey_about_promises(command)

    def _obey_about_promises(self, command: AcdCommand) -> None:
        match command:
            case AskCallBack(call=call):
                self.asked.add(call)
            case AcknowledgeCallBack(call=call, queue=queue, party=party):
                if call not in self.queues:
                    self.arrivals[queue] += 1
                    self.queues[call] = queue
                    self.calls.add(call)
                self.gone.discard(call)
                self.numbers[call] = party
            case DialCustomer(call=call, party=party):
                others = self.dials.keys() | self.reached
                assert party not in {self.numbers[other] for other in others - {call}}
                self.dials[call] = command
            case StopDialling(call=call, attempt=attempt) if call in self.dials:
                if self.dials[call].attempt == attempt:
                    del self.dials[call]
            case EndCallBack(call=call, queue=queue, end=end):
                self._leave(call, queue, ENDED_BY[end])
                self.calls.remove(call)
                self._forget_promise(call)

    def _end_attempt(self, fact: CustomerReached | CustomerNotReached) -> None:
        call = fact.call
        if call not in self.dials or self.dials[call].attempt != fact.attempt:
            return
        agent = self.dials.pop(call).agent
        if isinstance(fact, CustomerReached):
            self.reached.add(call)
            if agent is not None:
                self._leave(call, self.queues[call], Outcome.CALLED_BACK)
                self.talks[call] = agent

    def _forget_promise(self, call: CallId) -> None:
        self.numbers.pop(call, None)
        self.dials.pop(call, None)
        self.reached.discard(call)

    def _rung(self) -> set[CallId]:
        """Return the calls for which a phone rings that has not been asked to stop."""
        # one that was sent on while it rang waits for the end of that
        moved = WithdrawCause.CALL_MOVED
        silent = {offer for offer, cause in self.silenced.items() if cause is not moved}
        return {made.call for offer, made in self.offers.items() if offer not in silent}

    def _enter_offer(self, offer: OfferCall) -> None:
        assert offer.call in self.queues
        assert offer.agent not in {made.agent for made in self.offers.values()}
        rings_beside = offer.reason.rule in RINGING_SEVERAL or offer.attempt is not None
        assert rings_beside or offer.call not in self._rung()  # a promise has no leg that waits
        self.offers[offer.offer] = offer

    def _leave(self, call: CallId, queue: QueueName, outcome: Outcome) -> None:
        """Enter that a call left a queue, or came to its door only."""
        if self.queues.pop(call, None) is None:
            self.arrivals[queue] += 1
        self.outcomes[queue, outcome] += 1

    def _enter_heard(self, command: Announce | JudgeEstimate, now: Time) -> None:
        """Nobody hears anything while it rings, or too soon; every estimate said is judged."""
        call = command.call
        if isinstance(command, JudgeEstimate):
            self.promises[call] = self.promises.get(call, 0) - command.aloud
            return
        assert call in self.calls
        assert call not in self.talks
        assert call not in self._rung()
        assert call not in self.numbers or call in self.reached
        assert now >= self.heard.get(call, Time(-PAUSE_MIN)) + PAUSE_MIN
        self.heard[call] = now
        self.promises[call] = self.promises.get(call, 0) + (command.estimate is not None)

    def check(self, state: DistributorState) -> None:
        """Compare what the core knows and counts, and forget the counts of forgotten queues."""
        names = {queue.rules.name for queue in state.queues}
        self.arrivals = Counter({q: n for q, n in self.arrivals.items() if q in names})
        self.outcomes = Counter({key: n for key, n in self.outcomes.items() if key[0] in names})

        known = {call.call for call in state.calls}
        for call in self.gone - known:  # he had confirmed nothing
            self._leave(call, self.queues[call], Outcome.ABANDONED)
            self.calls.remove(call)
        self.gone &= known

        assert known == self.calls
        assert {call.call for call in state.calls if not _has_leg(call)} == (
            self.numbers.keys() - self.reached
        )
        assert {offer.offer for offer in state.offers} == self.offers.keys()
        assert {
            call.call: call.agent for call in state.calls if call.state is CallState.TALKING
        } == self.talks
        assert {
            queue.rules.name: queue.arrivals for queue in state.queues if queue.arrivals
        } == self.arrivals
        assert {
            (queue.rules.name, outcome): count
            for queue in state.queues
            for outcome, count in queue.outcomes
        } == self.outcomes


def _has_leg(call: CallSnapshot) -> bool:
    return call.promise is None or call.promise.is_reached
