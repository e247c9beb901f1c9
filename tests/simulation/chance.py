"""
A day at the queues by chance, all of it drawn from one seed, with much going wrong.

The world here plays everybody around the core: callers come, lose patience or come back; agents
log on, take breaks, let it ring, use their phones otherwise; the shell carries commands out and
answers each offer with its final fact, but facts come late, twice, out of order, or get lost (an
offer whose final fact was lost ends as failed when the shell's own deadline has passed); policies
change; the core is stopped and goes on from its snapshot. After every step the checkers look at the
whole floor, and every call and offer is accounted for.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from random import Random

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
from acd.distributor import Distributor
from acd.facts import (
    AcdFact,
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    AgentFreedElsewhere,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
    AgentOccupiedElsewhere,
    CallerLeft,
    CallerPressed,
    CallPrioritised,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
    QueueClosed,
    QueueLeftToCalendar,
    QueueOpened,
    SaidBy,
    TalkEnded,
)
from acd.policy import RINGS_SEVERAL, Policy, QueuePolicy, Strategy
from acd.rules.announcing import PAUSE_MIN
from acd.snapshot import DistributorState
from acd.tables.outcomes import Outcome
from acd.tables.reach import PREFERRED
from acd.tables.waiting import CallState
from acd.ways import KeyRule, Target, TargetKind
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time, as_seconds, seconds
from tests.acd.checkers import check, sound
from tests.acd.script import announce_policy, brief, knows, phone, policy, queue_policy, step

QUEUES = ("sales", "support", "night")
RINGING_SEVERAL = {*(strategy.value for strategy in RINGS_SEVERAL), PREFERRED}
LOST = (WithdrawCause.ANSWERED_ELSEWHERE, WithdrawCause.CALLER_LEFT)
"""Why an offer has nothing to do with its call any longer, though it may still be answered."""
AGENTS = tuple(AgentId(name) for name in ("ann", "ben", "cat", "dan", "eve", "fay"))
ALL = "english:9 spanish:9 x:9"
SHELL_DEADLINE = seconds(40)
NOT_TAKEN = (
    OfferOutcome.BUSY,
    OfferOutcome.REJECTED,
    OfferOutcome.UNREACHABLE,
    OfferOutcome.FAILED,
    OfferOutcome.CALLER_LEFT,
    OfferOutcome.WITHDRAWN,
)

TURNED_AWAY = {
    TurnAwayCause.QUEUE_FULL: Outcome.FULL,
    TurnAwayCause.QUEUE_CLOSED: Outcome.CLOSED,
    TurnAwayCause.NO_AGENTS: Outcome.NO_AGENTS,
    TurnAwayCause.ALL_NOT_READY: Outcome.ALL_NOT_READY,
    TurnAwayCause.OVERFLOW: Outcome.TURNED_AWAY,
    TurnAwayCause.KEY: Outcome.TURNED_AWAY,
}


KEYS = (
    KeyRule(key="1", target=Target(kind=TargetKind.QUEUE, name="night")),
    KeyRule(key="2", target=Target(kind=TargetKind.VOICEMAIL, name="box")),
    KeyRule(key="3", target=Target(kind=TargetKind.QUEUE, name="sales", keeps_age=False)),
    KeyRule(key="4", target=Target(kind=TargetKind.BUSY)),
)


def policies() -> list[Policy]:
    """Return the policies that follow one another in a day."""
    sales = queue_policy(
        "sales",
        ring=15,
        wrap=5,
        misses=2,
        room=6,
        overflow=(20, "support"),
        causes="rejected:2:3 unreachable:3:10",
        wrap_max=9,
    )
    support = queue_policy("support", ring=10, wrap=0, misses=0, room=20, overflow=(30, "sales"))
    night = queue_policy(
        "night",
        ring=12,
        wrap=8,
        misses=1,
        room=8,
        overflow=(25, "nowhere"),
        causes="no_answer:2:4 busy:1:0",
    )
    spoken = announce_policy(
        first=2, every=10, position=2, estimate=(5, 60), comfort="hold on", comfort_times=(0, 10)
    )
    wrong = announce_policy(
        first=0, every=1, estimate=(1, 20), trusted=1.0, cases=2, only_improved=False
    )
    support = replace(support, keys=KEYS)
    telling = replace(support, announce=wrong, keys_while_ringing=False)
    sales = replace(sales, announce=spoken)
    everybody = "ann:sales ben:sales,support cat:support dan:sales,support,night eve:night fay:"
    fewer = "ann:sales,support ben:support dan:night zoe:sales"
    return [
        # who knows everything: by this policy every caller can be served
        policy(everybody, sales, support, night, version="v1", skills=dict.fromkeys(AGENTS, ALL)),
        policy(everybody, sales, support, version="v2"),
        policy(fewer, sales, support, night, version="v3", wraps="ann:2 ben:support:7 dan:0"),
        policy(everybody, *_with_ways(), version="ways"),
        policy(fewer, *reversed(_with_ways()), version="ways, fewer"),
        policy(everybody, queue_policy("sales", wrap=1), telling, night, version="v4"),
        *(
            policy(everybody, *(_by(strategy, rules) for rules in rest), version=strategy.value)
            for strategy, *rest in (
                (Strategy.ROUND_ROBIN, sales, support, night),
                (Strategy.FEWEST_CALLS, telling, night, sales),
                (Strategy.LEAST_OCCUPIED, sales, support, night),
                (Strategy.ORDERED, sales, support, night),
                (Strategy.WEIGHTED_RANDOM, sales, support, night),
                (Strategy.RING_ALL, sales, telling, night),
                (Strategy.RING_PROGRESSIVELY, telling, night, sales),
            )
        ),
        *_skilled(everybody, fewer),
    ]


def _skilled(*staffs: str) -> list[Policy]:
    """Return policies that ask for skills, in steps and rings, and keep calls for agents."""
    sales = queue_policy(
        "sales",
        wrap=5,
        skills="english:2",
        steps=(step(5, "english:1 spanish:1"), step(12, any_skills=True, ring=2)),
        rings="dan:2",
        preferred=6,
    )
    support = queue_policy(
        "support",
        wrap=0,
        strategy=Strategy.MOST_SKILLED,
        steps=(step(8, "spanish:0", agents="ann zoe"), step(8, ring=3), step(20, any_skills=True)),
        rings="cat:3",
        preferred=20,
        weight=15,
    )
    night = queue_policy("night", overflow=(10, "sales"), steps=(step(4, agents="fay ben"),))
    knowing = {"ann": "english:3", "ben": "english:1 spanish:2", "cat": "spanish:5", "eve": "x:1"}
    learnt = {"ann": "spanish:1", "ben": "english:2", "dan": "english:2 spanish:2", "zoe": "x:9"}
    plain = queue_policy("sales", wrap=5)
    return [
        policy(staffs[0], sales, support, night, version="skilled", skills=knowing),
        policy(staffs[0], sales, support, night, version="learnt", skills=learnt),
        policy(staffs[1], support, night, plain, version="fewer skilled", skills=knowing),
    ]


def _with_ways() -> list[QueuePolicy]:
    """Return queues with rules for wherever a call may go, some of them in circles."""
    return [
        queue_policy(
            "sales",
            room=6,
            regain=60,
            join="closed>queue:support full>voicemail:box all_not_ready>busy",
            leave="all_not_ready@20>queue:support closed@5>fresh:night closed@40>voicemail:box",
            chain="wait=15,waiting=3>queue:support calls_per_agent=4>number:99 wait=60>flow:late",
        ),
        queue_policy(
            "support",
            room=5,
            join="no_agents>queue:night closed>call_back",
            leave="no_agents>queue:sales full>queue:night",
            overflow=(30, "sales"),
        ),
        queue_policy(
            "night",
            room=4,
            join="closed>queue:sales",
            leave="closed>queue:nowhere no_agents@10>queue:support",
            chain="waiting=3>busy estimated_wait=9>number:7 "
            "wait=25,calls_per_agent=2>busy wait=50>queue:sales",
        ),
    ]


def _by(strategy: Strategy, rules: QueuePolicy) -> QueuePolicy:
    """Return the same rules with another strategy, whose window is short."""
    order = tuple(AgentId(name) for name in ("dan", "ann", "eve"))
    weights = ((AgentId("ann"), 5), (AgentId("cat"), 2))
    return replace(
        rules, strategy=strategy, window=seconds(600), order=order, weights=weights, seed=3
    )


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

    def enter(self, fact: AcdFact | None, commands: list[AcdCommand], now: Time) -> None:
        """Enter a step, as somebody who has only heard the facts and the commands."""
        match fact:
            case CallQueued(call=call):
                self.talks.pop(call, None)
            case CallerLeft(call=call) if call in self.calls:
                if call in self.queues:
                    self._leave(call, self.queues[call], Outcome.ABANDONED)
                self.talks.pop(call, None)
                self.calls.remove(call)
            case TalkEnded(call=call, agent=agent) if self.talks.get(call) == agent:
                del self.talks[call]
                self.calls.remove(call)
            case OfferAnswered(offer=offer) if offer in self.offers:
                made = self.offers.pop(offer)
                if made.call in self.queues and self.silenced.get(offer) not in LOST:
                    self._leave(made.call, self.queues[made.call], Outcome.ANSWERED)
                    self.talks[made.call] = made.agent
                    self.heard.pop(made.call, None)
            case OfferEnded(offer=offer):
                self.offers.pop(offer, None)
        for command in commands:
            if isinstance(command, WithdrawOffer):
                self.silenced[command.offer] = command.cause
            self._obey(command, now)

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
                self.heard.pop(call, None)
            case TurnAwayCall(call=call, queue=queue, cause=cause):
                if cause is not TurnAwayCause.QUEUE_UNKNOWN:
                    self._leave(call, queue, TURNED_AWAY[cause])
                self.calls.discard(call)
            case Announce() | JudgeEstimate():
                self._enter_heard(command, now)

    def _rung(self) -> set[CallId]:
        """Return the calls for which a phone rings that has not been asked to stop."""
        # one that was sent on while it rang waits for the end of that
        moved = WithdrawCause.CALL_MOVED
        silent = {offer for offer, cause in self.silenced.items() if cause is not moved}
        return {made.call for offer, made in self.offers.items() if offer not in silent}

    def _enter_offer(self, offer: OfferCall) -> None:
        assert offer.call in self.queues
        assert offer.agent not in {made.agent for made in self.offers.values()}
        assert offer.call not in self._rung() or offer.reason.rule in RINGING_SEVERAL
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
        assert now >= self.heard.get(call, Time(-PAUSE_MIN)) + PAUSE_MIN
        self.heard[call] = now
        self.promises[call] = self.promises.get(call, 0) + (command.estimate is not None)

    def check(self, state: DistributorState) -> None:
        """Compare what the core knows and counts, and forget the counts of forgotten queues."""
        names = {queue.rules.name for queue in state.queues}
        self.arrivals = Counter({q: n for q, n in self.arrivals.items() if q in names})
        self.outcomes = Counter({key: n for key, n in self.outcomes.items() if key[0] in names})

        assert {call.call for call in state.calls} == self.calls
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


class World:
    """Everybody around the core."""

    def __init__(self, seed: int, *, faults: float = 0.1) -> None:
        self.chance = Random(seed)  # noqa: S311 - chance for a simulation, not for secrets
        self.faults = faults
        self.distributor = Distributor()
        self.now = Time(0)
        self.ledger = Ledger()
        self.story: list[str] = []
        self._coming: list[tuple[int, int, AcdFact]] = []
        self._number = 0
        self._last_call = 0
        self._deliver(PolicyApplied(policy=policies()[0]))
        self._begin_work()

    def run(self, steps: int) -> None:
        """Let so many things happen, then let everything come to a good end."""
        for _ in range(steps):
            self._happen(self._something())
            self._pass_time(seconds(self.chance.expovariate(0.7)))
            if self.chance.random() < 0.02:
                self.distributor = Distributor.restore(self.distributor.snapshot())
        self._come_to_a_good_end()

    def _come_to_a_good_end(self) -> None:
        """Nobody comes any more, and everybody works: every caller must be served."""
        self.faults = 0
        for _ in range(12):  # what is still to come late may bring other rules, or close queues
            self._deliver(PolicyApplied(policy=policies()[0]))
            for queue in QUEUES:
                self._deliver(QueueOpened(queue=QueueName(queue), said_by=SaidBy.PERSON))
            self._begin_work()
            self._pass_time(seconds(120))

        assert self.distributor.snapshot().calls == ()
        assert self.distributor.snapshot().offers == ()
        assert self.ledger.outcomes.total() == self.ledger.arrivals.total()
        assert not any(self.ledger.promises.values())

    def _begin_work(self) -> None:
        for agent in AGENTS:
            self._deliver(AgentLoggedOn(agent=agent, device=phone(agent)))
            self._deliver(AgentFreedElsewhere(agent=agent))
            self._deliver(AgentMadeReady(agent=agent))

    def _something(self) -> AcdFact:
        """Return something that somebody does by himself."""
        chance = self.chance
        agent = chance.choice([*AGENTS, AgentId("zoe"), AgentId("nobody")])
        known = self.distributor.snapshot().calls
        any_call = chance.choice([call.call for call in known] or [CallId("c0")])
        self._last_call += 1
        new = CallQueued(
            call=CallId(f"c{self._last_call}"),
            queue=QueueName(chance.choice([*QUEUES, "nowhere"])),
            entered_at=chance.choice([None, None, Time(self.now - seconds(9))]),
            priority=Duration(seconds(chance.choice([0, 0, 0, 30]))),
            skills=knows(chance.choice(["", "", "", "english:1", "spanish:2", "english:1 x:1"])),
            preferred=tuple(chance.sample(AGENTS, chance.choice([0, 0, 0, 1, 2]))),
            party=chance.choice([None, "p1", "p2", "p3"]),
        )
        again = CallQueued(call=any_call, queue=QueueName(chance.choice(QUEUES)))
        device = phone(chance.choice(AGENTS))
        queue, said_by = QueueName(chance.choice([*QUEUES, "nowhere"])), chance.choice([*SaidBy])
        kinds: list[tuple[int, AcdFact]] = [
            (40, new),
            (2, again),
            (3, CallerLeft(call=any_call)),
            (3, CallerPressed(call=any_call, key=chance.choice("12345"))),
            (8, AgentLoggedOn(agent=agent, device=phone(agent))),
            (1, AgentLoggedOn(agent=agent, device=device)),
            (1, AgentLoggedOff(agent=agent)),
            (20, AgentMadeReady(agent=agent)),
            (3, AgentMadeNotReady(agent=agent, reason="break")),
            (2, AgentMadeNotReady(agent=agent, reason="no", queue=queue)),
            (2, AgentMadeReady(agent=agent, queue=queue)),
            (4, AgentEndedWrapUp(agent=agent)),
            (2, AgentExtendedWrapUp(agent=agent, by=seconds(4))),
            (2, CallPrioritised(call=any_call, priority=Duration(seconds(chance.choice([0, 60]))))),
            (3, AgentOccupiedElsewhere(agent=agent)),
            (4, AgentFreedElsewhere(agent=agent)),
            (1, OfferAnswered(offer=OfferId(chance.randrange(2_000)))),
            (1, TalkEnded(call=any_call, agent=agent)),
            (1, QueueClosed(queue=queue, said_by=said_by)),
            (3, QueueOpened(queue=queue, said_by=said_by)),
            (2, QueueLeftToCalendar(queue=queue)),
            (2, PolicyApplied(policy=chance.choice(policies()))),
        ]
        weights = [weight for weight, _ in kinds]
        return chance.choices([fact for _, fact in kinds], weights)[0]

    def _later(self, delay_s: float, fact: AcdFact) -> None:
        self._number += 1
        heappush(self._coming, (self.now + seconds(delay_s), self._number, fact))

    def _happen(self, fact: AcdFact) -> None:
        """Deliver a fact now, or with bad luck twice, or late."""
        luck = self.chance.random()
        if luck < self.faults / 2:
            self._later(self.chance.uniform(0.001, 3), fact)
        if luck > self.faults / 4:
            self._deliver(fact)

    def _pass_time(self, duration: Duration) -> None:
        until = Time(self.now + duration)
        while True:
            due = self.distributor.next_deadline()
            coming = self._coming[0][0] if self._coming else None
            if due is not None and due <= until and (coming is None or due < coming):
                self.now = max(self.now, due)
                self._enter(None, self._step(None))
            elif coming is not None and coming <= until:
                self.now = Time(coming)
                _, number, fact = heappop(self._coming)
                self._happen_as_told(fact, may_be_lost=number > 0)
            else:
                break
        self.now = until

    def _happen_as_told(self, fact: AcdFact, *, may_be_lost: bool) -> None:
        is_final = isinstance(fact, OfferAnswered | OfferEnded)
        if is_final and may_be_lost and self.chance.random() < self.faults / 2:
            return  # the shell's own deadline follows, which nothing loses
        self._deliver(fact)
        if self.chance.random() < self.faults / 2:
            self._later(self.chance.uniform(0, 5), fact)

    def _deliver(self, fact: AcdFact) -> None:
        self._enter(fact, self._step(fact))

    def _step(self, fact: AcdFact | None) -> list[AcdCommand]:
        """Have the core take a fact in, or its timers act."""
        if fact is None:
            return self.distributor.advance(self.now)
        return self.distributor.handle(fact, self.now)

    def _enter(self, fact: AcdFact | None, commands: list[AcdCommand]) -> None:
        self.story.append(f"{as_seconds(self.now):.3f} {type(fact).__name__}")
        self.story += [brief(command) for command in commands]
        sound(commands)
        state = check(self.distributor)
        self.ledger.enter(fact, commands, state.now)
        self.ledger.check(state)
        for command in commands:
            self._carry_out(command)
        if isinstance(fact, OfferAnswered):
            self._talk()

    def _talk(self) -> None:
        call, agent = next(reversed(self.ledger.talks.items()), (None, None))
        if call is not None and agent is not None:
            length = self.chance.expovariate(1 / 20)
            self._later(length, TalkEnded(call=call, agent=agent))
            self._later(length + self.chance.uniform(-0.1, 0.1), CallerLeft(call=call))

    def _carry_out(self, command: AcdCommand) -> None:
        chance = self.chance
        match command:
            case OfferCall(offer=offer, call=call, ring_time=ring_time):
                ring = as_seconds(ring_time)
                luck = chance.random()
                if luck < 0.7 or not self.faults:
                    self._later(chance.uniform(0, ring), OfferAnswered(offer=offer))
                elif luck < 0.85:
                    self._later(ring, OfferEnded(offer=offer, outcome=OfferOutcome.NO_ANSWER))
                else:
                    outcome = chance.choice(NOT_TAKEN)
                    self._later(chance.uniform(0, 2), OfferEnded(offer=offer, outcome=outcome))
                if chance.random() < self.faults:
                    self._later(chance.uniform(0, ring), CallerLeft(call=call))
                lost = OfferEnded(offer=offer, outcome=OfferOutcome.FAILED)
                heappush(self._coming, (self.now + ring_time + SHELL_DEADLINE, -int(offer), lost))
            case WithdrawOffer(offer=offer, cause=cause):
                is_gone = cause is WithdrawCause.CALLER_LEFT
                outcome = OfferOutcome.CALLER_LEFT if is_gone else OfferOutcome.WITHDRAWN
                self._later(chance.uniform(0, 0.5), OfferEnded(offer=offer, outcome=outcome))
            case DivertCall(call=call, waited=waited) if chance.random() < 0.5:
                again = CallQueued(
                    call=call,
                    queue=QueueName(chance.choice(QUEUES)),
                    entered_at=chance.choice([None, Time(self.now - waited)]),
                )
                self._later(chance.uniform(0, 20), again)
            case DivertCall(call=call):
                self._later(chance.uniform(0, 20), CallerLeft(call=call))


def story(seed: int, steps: int) -> list[str]:
    """Return all that happened by this seed, in short words."""
    world = World(seed)
    world.run(steps)
    return world.story
