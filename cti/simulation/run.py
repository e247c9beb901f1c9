"""
The world around the core, in virtual time: callers, phones and shifts answer its commands.

Events lie in one heap by (time, order of making). The core's own timers come before what happens
later, and after what happens at the same instant, as they do live. Nothing here reads a clock.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from acd.call_backs import (
    AcknowledgeCallBack,
    AskCallBack,
    CallBackPromised,
    CustomerReached,
    DialCustomer,
    EndCallBack,
)
from acd.commands import (
    AcdCommand,
    Announce,
    DivertCall,
    JudgeEstimate,
    Occupation,
    OfferCall,
    OverflowCall,
    ShowAgentState,
    TurnAwayCall,
    Wish,
    WithdrawOffer,
)
from acd.distributor import Distributor
from acd.facts import (
    AcdFact,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeReady,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
)
from acd.policy import Policy
from config.scenario import DAY, Arrivals, Scenario
from cti.ids import AgentId, CallId, DeviceId, OfferId, PbxId, QueueName
from cti.instants import Duration, Time, seconds
from cti.simulation.load import arrivals, chance, lengths
from cti.simulation.staff import Staff, Worker, at_level_1
from cti.simulation.tally import Batch, Tally

AT_WORK = frozenset({Occupation.BUSY, Occupation.WRAPPING_UP})
CUSTOMER_ANSWERS_AFTER = seconds(10)
"""How long the phone of a customer rings who is called back."""
TOLD_EVERY = 4_096
"""Events between two words about progress."""

Act = Callable[[], None]


@dataclass(slots=True, kw_only=True)
class SimulatedCall:
    """
    One call until it ends; `batch` is None where it is not counted.

    `promised`: its caller has hung up and is to be called back; `reached`: that has been done.
    """

    batch: Batch | None
    came: Time
    handle_time: Duration
    talking: bool = False
    delayed: bool = True
    overflowed: bool = False
    promised: bool = False
    reached: bool = False
    agent: AgentId | None = None


class Simulation:
    """One run of a scenario."""

    def __init__(self, scenario: Scenario, work: Staff) -> None:
        self._scenario = scenario
        self._core = Distributor()
        self._now = Time(0)
        self._events: list[tuple[Time, int, Act]] = []
        self._facts: deque[AcdFact] = deque()
        self._telling = False
        self._made = 0
        self._number = 0
        self._calls: dict[CallId, SimulatedCall] = {}
        self._without_line = 0
        self._ringing: dict[OfferId, OfferCall] = {}
        self._end = Time(scenario.duration)
        self.tally = Tally(Time(scenario.warm_up), self._end, _queues(scenario, work.policy))
        self._tell(PolicyApplied(policy=work.policy))
        for worker in work.workers:
            self.tally.add_agent(worker.agent, worker.queues)
            self._employ(worker)
        for number, stream in enumerate(scenario.arrivals):
            self._expect(stream, number)
        self.arrived = 0

    def run(self, tell: Callable[[Time, int], None]) -> None:
        """Run to the end; `tell` is called now and then with the virtual time and the calls."""
        steps = 0
        while self._events and self._events[0][0] < self._end:
            at, order, act = self._events[0]
            self._pass_until(at)
            if self._events[0][1] != order:
                continue  # a timer of the core has led to something that comes first
            heapq.heappop(self._events)
            self._now = at
            act()
            steps += 1
            if steps % TOLD_EVERY == 0:
                tell(at, self.arrived)
        self._pass_until(self._end)

    def _pass_until(self, instant: Time) -> None:
        """Let the core's timers act that are due before an instant, and the batches pass."""
        while (due := self._core.next_deadline()) is not None and due < instant:
            self._turn_batches(due)
            self._now = max(self._now, due)
            self._telling = True
            self._obey(self._core.advance(due))
            self._drain()
            if self._events and self._events[0][0] < instant:
                return
        self._turn_batches(instant)

    def _turn_batches(self, instant: Time) -> None:
        while (edge := self.tally.next_edge()) is not None and edge <= instant:
            self.tally.turn()

    def _later(self, at: Time, act: Act) -> None:
        self._made += 1
        heapq.heappush(self._events, (at, self._made, act))

    def _tell(self, fact: AcdFact) -> None:
        """Tell the core; what follows from a fact is told after all that it asked for is done."""
        self._facts.append(fact)
        if not self._telling:
            self._drain()

    def _drain(self) -> None:
        self._telling = True
        while self._facts:
            self._obey(self._core.handle(self._facts.popleft(), self._now))
        self._telling = False

    def _obey(self, commands: list[AcdCommand]) -> None:
        for command in commands:
            match command:
                case OfferCall():
                    self._ring(command)
                case WithdrawOffer(offer=offer):
                    if self._ringing.pop(offer, None) is not None:
                        self._tell(OfferEnded(offer=offer, outcome=OfferOutcome.WITHDRAWN))
                case TurnAwayCall() | DivertCall():
                    self._lose(command)
                case OverflowCall(call=call):
                    self._move_on(call)
                case Announce() | JudgeEstimate():
                    self._hear(command)
                case AskCallBack() | AcknowledgeCallBack() | DialCustomer() | EndCallBack():
                    self._call_back(command)
                case ShowAgentState():
                    busy = command.occupation in AT_WORK
                    working = busy or command.wish is Wish.READY
                    self.tally.agent_is(command.agent, self._now, busy=busy, working=working)
                case _:
                    pass

    def _move_on(self, call_id: CallId) -> None:
        call = self._calls.get(call_id)
        if call is not None and call.batch is not None and not call.overflowed:
            call.overflowed = True
            call.batch.overflowed += 1

    def _hear(self, command: Announce | JudgeEstimate) -> None:
        call = self._calls.get(command.call)
        if call is not None and call.batch is not None:
            call.batch.hear(command)

    def _lose(self, command: TurnAwayCall | DivertCall) -> None:
        """A rule sends a call where the simulation does not follow it."""
        call = self._calls.pop(command.call, None)
        if call is None or call.batch is None:
            return
        if isinstance(command, TurnAwayCall):
            call.batch.turned_away += 1
        else:
            call.batch.diverted += 1

    def _call_back(
        self, command: AskCallBack | AcknowledgeCallBack | DialCustomer | EndCallBack
    ) -> None:
        """Whoever is asked wants to be called back, and answers the first time."""
        call_id = command.call
        call = self._calls[call_id]
        match command:
            case AskCallBack():
                self._tell(CallBackPromised(call=call_id, party=call_id))
            case AcknowledgeCallBack():
                call.promised = True
                self._without_line += 1
                if call.batch is not None:
                    call.batch.promised += 1
            case DialCustomer(attempt=attempt):
                at = Time(self._now + CUSTOMER_ANSWERS_AFTER)
                self._later(at, lambda: self._reach(call_id, attempt))
            case EndCallBack():
                del self._calls[call_id]
                self._without_line -= 1
                if call.batch is not None:
                    call.batch.lapsed += 1

    def _reach(self, call_id: CallId, attempt: int) -> None:
        """The customer answers: he talks if an agent has his card, and else waits for one."""
        call = self._calls.get(call_id)
        if call is None:
            return  # his promise has ended meanwhile
        call.reached = True
        self._without_line -= 1
        if call.agent is not None:
            self._begin_talk(call_id, call)
        self._tell(CustomerReached(call=call_id, attempt=attempt))

    def _employ(self, worker: Worker) -> None:
        device = DeviceId(pbx=PbxId("simulated"), name=worker.agent)

        def begin() -> None:
            self._tell(AgentLoggedOn(agent=worker.agent, device=device))
            self._tell(AgentMadeReady(agent=worker.agent))

        if worker.shift is None:
            begin()
            return
        start, end = worker.shift

        def come(day: int) -> None:
            begin()
            self._later(Time((day + 1) * DAY + start), lambda: come(day + 1))
            self._later(Time(day * DAY + end), leave)

        def leave() -> None:
            self._tell(AgentLoggedOff(agent=worker.agent))

        if end - start >= DAY:
            begin()
        elif end > DAY:
            begin()  # yesterday's shift ends today
            self._later(Time(end - DAY), leave)
            self._later(Time(start), lambda: come(0))
        else:
            self._later(Time(start), lambda: come(0))

    def _expect(self, stream: Arrivals, number: int) -> None:
        seed = self._scenario.seed
        times = arrivals(stream, chance(seed, "arrivals", number))
        handle_times = lengths(stream.handle_time, chance(seed, "handle_time", number))
        patience: Iterator[Duration] | None = None
        if stream.patience is not None:
            patience = lengths(stream.patience, chance(seed, "patience", number))

        def come() -> None:
            self._later(next(times), come)
            # drawn for every call, also for one that is blocked: others' draws stay as they are
            lasts, bears = next(handle_times), None if patience is None else next(patience)
            self._arrive(stream, lasts, bears)

        self._later(next(times), come)

    def _arrive(self, stream: Arrivals, lasts: Duration, bears: Duration | None) -> None:
        self.arrived += 1
        batch = self.tally.came(QueueName(stream.queue))
        if batch is not None:
            batch.arrivals += 1
        lines = self._scenario.lines
        if lines is not None and len(self._calls) - self._without_line >= lines:
            if batch is not None:
                batch.blocked += 1
            return
        self._number += 1
        call = CallId(f"call-{self._number}")
        self._calls[call] = SimulatedCall(batch=batch, came=self._now, handle_time=lasts)
        queue = QueueName(stream.queue)
        skills = at_level_1(stream.skills)
        self._tell(CallQueued(call=call, queue=queue, priority=stream.priority, skills=skills))
        waiting = self._calls.get(call)
        if bears is not None and waiting is not None and not waiting.talking:
            self._later(Time(self._now + bears), lambda: self._give_up(call))

    def _give_up(self, call_id: CallId) -> None:
        call = self._calls.get(call_id)
        if call is None or call.talking or call.promised:
            return
        del self._calls[call_id]
        if call.batch is not None:
            call.batch.abandoned += 1
            call.batch.delayed += call.delayed
            call.batch.lost_waits += self._now - call.came
        self._tell(CallerLeft(call=call_id))

    def _ring(self, offer: OfferCall) -> None:
        call = self._calls[offer.call]
        if self._now == call.came:
            call.delayed = False
        if call.batch is not None:
            call.batch.decisions += 1
        self._ringing[offer.offer] = offer
        if self._scenario.ring:
            at = Time(self._now + self._scenario.ring)
            self._later(at, lambda: self._answer(offer))
        else:
            self._answer(offer)

    def _answer(self, offer: OfferCall) -> None:
        if self._ringing.pop(offer.offer, None) is None:
            return  # withdrawn
        call = self._calls[offer.call]
        call.agent = offer.agent
        if not call.promised or call.reached:
            self._begin_talk(offer.call, call)
        self._tell(OfferAnswered(offer=offer.offer))

    def _begin_talk(self, call_id: CallId, call: SimulatedCall) -> None:
        call.talking = True
        if call.agent is not None:
            self.tally.agents[call.agent].answered += call.batch is not None
        if call.batch is not None:
            call.batch.answer(
                Duration(self._now - call.came),
                self._scenario.service_level,
                is_delayed=call.delayed,
                is_called_back=call.promised,
            )
        self._later(Time(self._now + call.handle_time), lambda: self._hang_up(call_id))

    def _hang_up(self, call: CallId) -> None:
        del self._calls[call]
        self._tell(CallerLeft(call=call))


def _queues(scenario: Scenario, policy: Policy) -> tuple[QueueName, ...]:
    """Return the queues that are told of: those of the scenario, in the policy's order."""
    named: set[str] = {stream.queue for stream in scenario.arrivals}
    named.update(queue for group in scenario.agents for queue in group.queues)
    return tuple(queue.name for queue in policy.queues if queue.name in named)


def agents_of(tally: Tally, queue: QueueName | None) -> list[AgentId]:
    """Return who serves a queue, or everybody."""
    return [name for name, one in tally.agents.items() if queue is None or queue in one.queues]
