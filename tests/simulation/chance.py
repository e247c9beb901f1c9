"""
A day at the queues by chance, all of it drawn from one seed, with much going wrong.

The world here plays everybody around the core: callers come, lose patience or come back; agents
log on, take breaks, let it ring, use their phones otherwise; the shell carries commands out and
answers each offer with its final fact, but facts come late, twice, out of order, or get lost (an
offer whose final fact was lost ends as failed when the shell's own deadline has passed); policies
change; the core is stopped and goes on from its snapshot. After every step the checkers look at the
whole floor, and every call and offer is accounted for.
"""

from heapq import heappop, heappush
from random import Random

from acd.call_backs import (
    AcknowledgeCallBack,
    AskCallBack,
    CallBackFact,
    CallBackPromised,
    CallBackWithdrawn,
    CustomerNotReached,
    CustomerReached,
    DialCustomer,
    NotReached,
)
from acd.commands import (
    AcdCommand,
    DivertCall,
    OfferCall,
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
from acd.policy import Policy
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time, as_seconds, seconds
from tests.acd.checkers import check, sound
from tests.acd.script import (
    brief,
    knows,
    phone,
)
from tests.simulation.ledger import Ledger
from tests.simulation.rules import AGENTS, policies, without_call_backs

QUEUES = ("sales", "support", "night")
SHELL_DEADLINE = seconds(40)
NOT_TAKEN = (
    OfferOutcome.BUSY,
    OfferOutcome.REJECTED,
    OfferOutcome.UNREACHABLE,
    OfferOutcome.FAILED,
    OfferOutcome.CALLER_LEFT,
    OfferOutcome.WITHDRAWN,
)


class World:
    """Everybody around the core; without `call_backs` nobody is promised one."""

    call_backs = True

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
        self._deliver(PolicyApplied(policy=self._policies()[0]))
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
            self._deliver(PolicyApplied(policy=self._policies()[0]))
            for queue in QUEUES:
                self._deliver(QueueOpened(queue=QueueName(queue), said_by=SaidBy.PERSON))
            self._begin_work()
            self._pass_time(seconds(120))

        assert self.distributor.snapshot().calls == ()
        assert self.distributor.snapshot().offers == ()
        assert self.ledger.outcomes.total() == self.ledger.arrivals.total()
        assert not any(self.ledger.promises.values())

    def _policies(self) -> list[Policy]:
        contents = policies()
        return contents if self.call_backs else [without_call_backs(one) for one in contents]

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
        promised = CallBackPromised(
            call=chance.choice([any_call, CallId(f"b{self._last_call}")]),
            party=chance.choice(["p1", "p2", "p3"]),
            queue=chance.choice([None, *map(QueueName, (*QUEUES, "nowhere"))]),
            entered_at=chance.choice([None, Time(self.now - seconds(15))]),
        )
        attempt = chance.randrange(1, 4)
        missed = NotReached(chance.choice(list(NotReached)))
        queue, said_by = QueueName(chance.choice([*QUEUES, "nowhere"])), chance.choice([*SaidBy])
        kinds: list[tuple[int, AcdFact]] = [
            (40, new),
            (2, again),
            (3, CallerLeft(call=any_call)),
            (4, CallerPressed(call=any_call, key=chance.choice("123455"))),
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
            (3, promised),
            (1, CallBackWithdrawn(call=any_call)),
            (1, CustomerReached(call=any_call, attempt=attempt)),
            (1, CustomerNotReached(call=any_call, attempt=attempt, cause=missed)),
            (1, QueueClosed(queue=queue, said_by=said_by)),
            (3, QueueOpened(queue=queue, said_by=said_by)),
            (2, QueueLeftToCalendar(queue=queue)),
            (2, PolicyApplied(policy=chance.choice(self._policies()))),
        ]
        if not self.call_backs:
            kinds = [kind for kind in kinds if not isinstance(kind[1], CallBackFact)]
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
        is_final = isinstance(
            fact, OfferAnswered | OfferEnded | CustomerReached | CustomerNotReached
        )
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
        if isinstance(fact, OfferAnswered | CustomerReached):
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
            case AskCallBack() | AcknowledgeCallBack() | DialCustomer():
                self._carry_out_promise(command)

    def _carry_out_promise(self, command: AskCallBack | AcknowledgeCallBack | DialCustomer) -> None:
        chance = self.chance
        call = command.call
        match command:
            case AskCallBack(queue=queue):
                self._later(chance.uniform(0, 15), self._reply(call, queue))
                if chance.random() < self.faults:
                    self._later(chance.uniform(0, 15), CallerLeft(call=call))
            case AcknowledgeCallBack():
                self._later(chance.uniform(0, 3), CallerLeft(call=call))
            case DialCustomer(attempt=attempt, ring_time=ring_time):
                rings = chance.uniform(0, as_seconds(ring_time))
                if chance.random() < 0.6 or not self.faults:
                    self._later(rings, CustomerReached(call=call, attempt=attempt))
                else:
                    cause = chance.choice(list(NotReached))
                    missed = CustomerNotReached(call=call, attempt=attempt, cause=cause)
                    self._later(rings, missed)

    def _reply(self, call: CallId, queue: QueueName) -> AcdFact:
        """Return what a caller answers who is asked whether he wants to be called back."""
        party = self.chance.choice(["p1", "p2", f"of {call}"])
        promised = CallBackPromised(call=call, party=party)
        waits = CallQueued(call=call, queue=queue)
        replies: list[AcdFact] = [promised, promised, waits, CallerLeft(call=call)]
        return self.chance.choice(replies)


def story(seed: int, steps: int) -> list[str]:
    """Return all that happened by this seed, in short words."""
    world = World(seed)
    world.run(steps)
    return world.story
