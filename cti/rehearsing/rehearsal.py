"""
Recorded traffic once more, in virtual time, under another policy.

The core is told what `recorded` has put in order. What hangs on something is told when that has
happened here, as long after it as it was then; what was never seen is drawn (`chances`). As long as
the same is decided, the core is therefore told the same facts at the same instants in the same
order, and decides the same: an unchanged policy leaves every fate as it was.

Events lie in one heap by (time, position in the record), what was drawn after what was recorded.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from acd.call_backs import AskCallBack, CallBackPromised, CallBackWithdrawn
from acd.commands import AcdCommand, OfferCall, ShowAgentState, Wish, WithdrawOffer
from acd.facts import (
    AcdFact,
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    AgentMadeReady,
    CallerLeft,
    CallQueued,
    PolicyApplied,
    TalkEnded,
)
from acd.policy import Policy
from cti.ids import AgentId, CallId, QueueName
from cti.instants import Duration, Time, seconds
from cti.rehearsing.chances import TALK, Chances
from cti.rehearsing.hours import Hours, by_the_hours
from cti.rehearsing.phones import Phones
from cti.rehearsing.recorded import (
    FOR_EVER,
    Recording,
    Told,
    Trace,
)
from cti.rehearsing.stays import ABANDONED, ANSWERED, Eyes, Phase, Stay, WatchedCore
from cti.simulation.tally import Tally

RETURN_PAUSE = seconds(60)
"""After how long an agent is ready again whom the system stopped here and not then."""
TOLD_EVERY = 4_096
"""Events between two words about progress."""

Act = Callable[[], None]
_HANDS_ON = (TalkEnded, AgentEndedWrapUp, AgentExtendedWrapUp)
"""Facts of the agent who talked with a call, whoever that is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    How it is rehearsed: the policy (None: those of the record), the seed, what is in time.

    `hours` are the queues' opening hours beside that policy.
    """

    policy: Policy | None
    hours: Mapping[QueueName, Hours] = field(default_factory=dict)
    seed: int
    level: Duration
    bound: Duration


class Rehearsal:
    """One rehearsal of a recording."""

    def __init__(
        self,
        recording: Recording,
        core: WatchedCore,
        tally: Tally,
        settings: Settings,
        chances: Chances,
    ) -> None:
        self.eyes = Eyes(core, tally, settings.level)
        self.returned = 0
        """How often an agent became ready again whom the system had stopped here alone."""
        self._recording = recording
        self._core = core
        self._chances = chances
        self._settings = settings
        self._policy = settings.policy
        self._end = recording.ended
        self.now = recording.began
        self._events: list[tuple[Time, int, int, Act]] = []
        self._made = 0
        self._place: tuple[int, int] = (self.now, 0)
        self._phones = Phones(recording, chances, self)
        self._stopped: dict[AgentId, Time] = {}
        self._begin()

    def run(self, tell: Callable[[Time], None]) -> None:
        """Run to the end of the record; `tell` is called now and then with the virtual time."""
        steps = 0
        while True:
            due, at = self._core.next_deadline(), self._events[0][0] if self._events else FOR_EVER
            if due is not None and due < at and not self._goes_off_later(due):
                if due > self._end:
                    break
                self._pass_until(due)
                self._obey(None, self._core.advance(self.now))
                continue
            if at > self._end or not self._events:
                break
            _at, position, _order, act = heapq.heappop(self._events)
            self._place = (at, position)
            self._pass_until(at)
            act()
            steps += 1
            if steps % TOLD_EVERY == 0:
                tell(at)

    def _goes_off_later(self, due: Time) -> bool:
        """Tell whether timers that were due then were late in the record, and go off with those."""
        place = self._place if due <= self.now else (due, FOR_EVER)
        pending = self._recording.pending(place)
        return pending is not None and pending <= due

    def _pass_until(self, at: Time) -> None:
        self.now = max(self.now, at)
        self.eyes.pass_until(self.now)

    def at(self, at: Time, position: int | None, act: Act) -> None:
        """Have something happen; it has a position where it stands in the record."""
        self._made += 1
        place = self._recording.last_position + self._made if position is None else position
        heapq.heappush(self._events, (at, place, self._made, act))

    def _begin(self) -> None:
        recording = self._recording
        waiting = self.eyes.open(recording.began)
        self._phones.open(self.eyes.offers)
        for stays in self.eyes.stays.values():
            for stay in stays:
                if stay.outcome is not None:
                    self._ends(stay)
        for stay in waiting:
            self._waits(stay)
        for told in self._by_the_clock():
            self.at(told.at, told.position, self._telling(told))
        for advanced in recording.advances:
            self.at(advanced.at, advanced.position, self._advancing(advanced.to))
        policy = self._policy
        in_force = recording.policy_versions[0] if recording.policy_versions else ""
        if policy is not None and policy.version != in_force:
            self.tell(PolicyApplied(policy=policy))

    def _by_the_clock(self) -> list[Told]:
        """Return what is told by the clock, the queues' hours among it."""
        recording, settings = self._recording, self._settings
        if settings.policy is None:
            return recording.by_the_clock
        stands, other = by_the_hours(
            recording.by_the_clock,
            self._core.picture(self.now).queues,
            settings.hours,
            (recording.began, self._end),
        )
        for at, word in other:
            self.at(at, None, partial(self.tell, word))
        return stands

    def _advancing(self, to: Time) -> Act:
        return lambda: self._obey(None, self._core.advance(to))

    def _telling(self, told: Told) -> Act:
        fact = told.fact
        if isinstance(fact, PolicyApplied) and self._policy is not None:
            fact = PolicyApplied(policy=self._policy)
        return lambda: self.tell(fact)

    def tell(self, fact: AcdFact) -> None:
        """Tell the core a fact, and have happen what follows from what it decides."""
        self._obey(fact, self._core.handle(fact, self.now))

    def _obey(self, fact: AcdFact | None, commands: list[AcdCommand]) -> None:
        seen = self.eyes.take(fact, self.now, commands)
        for stay in seen.began:
            if stay.outcome is None:
                self._waits(stay)
        for stay in seen.ended:
            self._ends(stay)
        for command in commands:
            match command:
                case OfferCall():
                    self._phones.offered(command, self.eyes.latest(command.call))
                case WithdrawOffer(offer=offer):
                    self._phones.withdraw(offer)
                case ShowAgentState():
                    self._see(command)
                case AskCallBack(call=call):
                    self.at(self.now, None, partial(self._follow_no_further, call))
                case _:
                    pass

    def _follow_no_further(self, call: CallId) -> None:
        """End a call whose caller is to be called back, as one that is sent to voicemail ends."""
        self.tell(CallBackPromised(call=call, party=call))
        self.tell(CallBackWithdrawn(call=call))

    def _trace_of(self, stay: Stay | None) -> Trace | None:
        return None if stay is None else self._recording.traces.get(stay.key)

    def _waits(self, stay: Stay) -> None:
        """Have happen what happened while this call waited, and its caller leave in the end."""
        trace = self._trace_of(stay)
        if trace is not None:
            for told in trace.during:
                at = Time(stay.began + (told.at - trace.stay.began))
                self.at(at, told.position, self._while_waiting(stay, told))
        if trace is not None and trace.stay.outcome == ABANDONED:
            return
        known = Duration(0) if trace is None else trace.stay.wait(self._end)
        bears = self._chances.bears(trace, stay.call, stay.number, known)
        if bears >= 0:
            self.at(Time(stay.came + bears), None, lambda: self._gives_up(stay))

    def _while_waiting(self, stay: Stay, told: Told) -> Act:
        def act() -> None:
            waits = self._core.phase(stay.call) is Phase.WAITING
            if waits and self.eyes.latest(stay.call) is stay:
                self.tell(told.fact)

        return act

    def _gives_up(self, stay: Stay) -> None:
        if stay.outcome is None:
            self._chances.patience_drawn += 1
            self.tell(CallerLeft(call=stay.call))

    def _ends(self, stay: Stay) -> None:
        """Have happen what happened after this stay ended so, or what was drawn for it."""
        trace = self._trace_of(stay)
        ended = self.now if stay.ended is None else stay.ended
        if trace is not None and trace.stay.outcome == stay.outcome:
            since = ended if trace.stay.ended is None else trace.stay.ended
            for told in trace.after:
                self._afterwards(stay, trace, told, Duration(ended - since))
        elif stay.outcome == ANSWERED:
            self._talk_as_another(stay, ended)

    def _afterwards(self, stay: Stay, trace: Trace, told: Told, shift: Duration) -> None:
        fact = told.fact
        if isinstance(fact, _HANDS_ON) and fact.agent == trace.stay.agent and stay.agent:
            fact = replace(fact, agent=stay.agent)
        if isinstance(fact, CallQueued) and fact.entered_at is not None:
            fact = replace(fact, entered_at=Time(fact.entered_at + shift))
        self.at(Time(told.at + shift), told.position, lambda: self.tell(fact))

    def _talk_as_another(self, stay: Stay, ended: Time) -> None:
        """Have a talk last as long as another, and its paperwork too."""
        drawn = self._chances.talk(stay.place, stay.call, stay.number)
        talk, paperwork = TALK, []
        if drawn is not None and drawn.stay.ended is not None and drawn.stay.talked_until:
            since = drawn.stay.ended
            talk = Duration(drawn.stay.talked_until - since)
            paperwork = [
                (Duration(told.at - since), told.fact)
                for told in drawn.after
                if isinstance(told.fact, AgentEndedWrapUp | AgentExtendedWrapUp)
            ]
        left = CallerLeft(call=stay.call)
        self.at(Time(ended + talk), None, lambda: self.tell(left))
        for delay, fact in paperwork:
            if stay.agent is not None:
                self.at(Time(ended + delay), None, self._papers(fact, stay.agent))

    def _papers(self, fact: AgentEndedWrapUp | AgentExtendedWrapUp, agent: AgentId) -> Act:
        own = replace(fact, agent=agent)
        return lambda: self.tell(own)

    def _see(self, shown: ShowAgentState) -> None:
        """Have an agent come back whom the system stopped here, and who worked on then."""
        agent, now = shown.agent, self.now
        if shown.wish is not Wish.NOT_READY:
            self._stopped.pop(agent, None)
        elif agent not in self._stopped:
            self._stopped[agent] = now
            if self._recording.wanted_calls(agent, now):
                self.at(Time(now + RETURN_PAUSE), None, lambda: self._return(agent, now))

    def _return(self, agent: AgentId, stopped: Time) -> None:
        wants = self._recording.wanted_calls(agent, self.now)
        if wants and self._stopped.get(agent) == stopped:
            self.returned += 1
            self.tell(AgentMadeReady(agent=agent))
