"""
A floor in a few words, and a script of what happens on it.

    floor = Script(agents="ann:sales,support ben:sales", ready="ann ben")
    floor.at(10).queue("c1").expect("place c1 sales", "offer 1 c1 ann")
    floor.at(27).expect("withdraw 1 overdue")

Times are seconds. `at` lets every timer on the way act at its own instant. `expect` compares what
was commanded since the last `expect`, in short words; the agents' shown states are compared apart,
by `shown`. After every step the checkers look at the whole floor, unless thousands are to come.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

from acd.announce_policy import AnnouncePolicy, ComfortPolicy, EstimatePolicy, PositionPolicy
from acd.call_backs import (
    CALL_BACK,
    AcknowledgeCallBack,
    AskCallBack,
    CallBackCommand,
    CallBackPolicy,
    CallBackPromised,
    CallBackWithdrawn,
    CustomerNotReached,
    CustomerReached,
    DialCustomer,
    EndCallBack,
    First,
    NotReached,
    RefuseCallBack,
    StopDialling,
)
from acd.commands import (
    AcdCommand,
    Announce,
    DivertCall,
    InvariantBroken,
    JudgeEstimate,
    OfferCall,
    OverflowCall,
    PlaceCall,
    ShowAgentState,
    TurnAwayCall,
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
from acd.misses import MissCause, MissRule
from acd.policy import AgentPolicy, OverflowRule, Policy, QueuePolicy, Step, Strategy
from acd.ways import (
    PARTS,
    Cause,
    ChainRule,
    JoinRule,
    KeyRule,
    LeaveRule,
    Target,
    TargetKind,
)
from cti.ids import AgentId, CallId, DeviceId, OfferId, PbxId, QueueName, SkillName, Skills
from cti.instants import Duration, Time, as_seconds, seconds
from tests.acd.checkers import check, sound

ANN, BEN, CAT = AgentId("ann"), AgentId("ben"), AgentId("cat")


def at(instant_s: float) -> Time:
    return Time(seconds(instant_s))


def phone(name: str) -> DeviceId:
    return DeviceId(PbxId("main"), name)


def queue_policy(
    name: str = "sales",
    *,
    ring: float = 15,
    wrap: float = 10,
    misses: int = 3,
    room: int = 200,
    overflow: tuple[float, str] | None = None,
    strategy: Strategy = Strategy.LONGEST_IDLE,
    window: float = 3_600,
    order: str = "",
    weights: str = "",
    seed: int = 0,
    ring_next: float = 5,
    causes: str = "",
    wrap_max: float = 600,
    announce: AnnouncePolicy | None = None,
    join: str = "",
    leave: str = "",
    chain: str = "",
    keys: str = "",
    keys_while_ringing: bool = True,
    skills: str = "",
    rings: str = "",
    steps: tuple[Step, ...] = (),
    preferred: float = 0,
    weight: float = 0,
    regain: float = 0,
    call_back: CallBackPolicy = CALL_BACK,
) -> QueuePolicy:
    """
    Return a queue's rules.

    `order` is as `ann ben`, `weights` and `rings` as `ann:3 ben:1`, `skills` as `english:3`;
    `causes` is as `rejected:2:5 busy:0:7`: the limit and the delay of each.
    Ways are as `closed>voicemail:sales` (join), `no_agents@30>queue:support` (leave) and
    `wait=60,waiting=20>number:1234 calls_per_agent=2.5>busy` (chain); `1>voicemail:box` (keys).
    """
    weighed = (one.partition(":") for one in weights.split())
    rule = overflow and OverflowRule(wait=seconds(overflow[0]), to=QueueName(overflow[1]))
    return QueuePolicy(
        name=QueueName(name),
        ring_time=seconds(ring),
        wrap_up=seconds(wrap),
        misses_max=misses,
        waiting_max=room,
        overflow=rule,
        strategy=strategy,
        window=seconds(window),
        order=tuple(AgentId(name) for name in order.split()),
        weights=tuple((AgentId(name), int(weight)) for name, _, weight in weighed),
        seed=seed,
        ring_next_after=seconds(ring_next),
        misses=tuple(_miss_rule(*cause.split(":")) for cause in causes.split()),
        wrap_up_max=seconds(wrap_max),
        announce=announce,
        join=tuple(JoinRule(cause=Cause(cause), target=target(to)) for cause, to in _ways(join)),
        leave=tuple(
            LeaveRule(
                cause=Cause(cause.partition("@")[0]),
                after=seconds(float(cause.partition("@")[2] or 0)),
                target=target(to),
            )
            for cause, to in _ways(leave)
        ),
        regain=seconds(regain),
        call_back=call_back,
        chain=tuple(_chain_rule(conditions, to) for conditions, to in _ways(chain)),
        keys=tuple(KeyRule(key=key, target=target(to)) for key, to in _ways(keys)),
        keys_while_ringing=keys_while_ringing,
        skills=knows(skills),
        rings=tuple((AgentId(name), ring) for name, ring in levels(rings)),
        steps=steps,
        preferred_wait=seconds(preferred),
        weight=seconds(weight),
    )


def call_back_policy(
    *,
    first: str = "agent",
    attempts: int = 3,
    retry: float = 60,
    retries: str = "",
    expires: float = 3_600,
    dial: float = 20,
    ahead: float = 0,
) -> CallBackPolicy:
    """Return how is called back; `retries` is as `busy:10 machine:300`."""
    return CallBackPolicy(
        first=First(first),
        attempts_max=attempts,
        retry_after=seconds(retry),
        retries=tuple((NotReached(name), seconds(rest)) for name, rest in levels(retries)),
        expires_after=seconds(expires),
        dial_time=seconds(dial),
        ahead=seconds(ahead),
    )


def levels(words: str) -> list[tuple[str, int]]:
    """Return names with their numbers of words as `ann:3 ben:1`."""
    parts = [word.partition(":") for word in words.split()]
    return [(name, int(number)) for name, _, number in parts]


def knows(words: str) -> Skills:
    """Return skills of words as `english:3 sales:1`."""
    return tuple(sorted((SkillName(name), number) for name, number in levels(words)))


def step(
    after: float, skills: str = "", *, any_skills: bool = False, ring: int = 0, agents: str = ""
) -> Step:
    return Step(
        after=seconds(after),
        skills=knows(skills),
        any_skills=any_skills,
        ring=ring,
        agents=tuple(AgentId(name) for name in agents.split()),
    )


def target(text: str) -> Target:
    """Return a target, as `queue:support`; `fresh:support` is that queue, not keeping the age."""
    kind, _, name = text.partition(":")
    if kind == "fresh":
        return Target(kind=TargetKind.QUEUE, name=name, keeps_age=False)
    return Target(kind=TargetKind(kind), name=name)


def _ways(text: str) -> list[list[str]]:
    return [way.split(">") for way in text.split()]


def _chain_rule(conditions: str, to: str) -> ChainRule:
    told = {name: float(least) for name, least in (one.split("=") for one in conditions.split(","))}
    return ChainRule(
        target=target(to),
        wait=seconds(told["wait"]) if "wait" in told else None,
        waiting=int(told["waiting"]) if "waiting" in told else None,
        calls_per_agent=int(told["calls_per_agent"] * PARTS) if "calls_per_agent" in told else None,
        estimated_wait=seconds(told["estimated_wait"]) if "estimated_wait" in told else None,
    )


def announce_policy(
    *,
    first: float = 20,
    every: float = 60,
    position: int | None = None,
    estimate: tuple[float, float] | None = None,
    trusted: float = 0.6,
    cases: int = 20,
    comfort: str = "",
    comfort_times: tuple[float, float] = (30, 30),
    only_improved: bool = True,
) -> AnnouncePolicy:
    """Return what callers hear; `estimate` is what it is rounded to and its most, in seconds."""
    return AnnouncePolicy(
        first_after=seconds(first),
        every=seconds(every),
        only_improved=only_improved,
        position=None if position is None else PositionPolicy(at_most=position),
        estimate=None
        if estimate is None
        else EstimatePolicy(
            round_to=seconds(estimate[0]),
            at_most=seconds(estimate[1]),
            trusted=round(trusted * 1_000_000),
            cases=cases,
        ),
        comfort=ComfortPolicy(
            prompts=tuple(comfort.split()),
            first_after=seconds(comfort_times[0]),
            every=seconds(comfort_times[1]),
        )
        if comfort
        else None,
    )


def _miss_rule(cause: str, limit: str, delay: str) -> MissRule:
    return MissRule(cause=MissCause(cause), limit=int(limit), delay=seconds(float(delay)))


def policy(
    agents: str,
    *queues: QueuePolicy,
    version: str = "v1",
    wraps: str = "",
    skills: Mapping[str, str] = MappingProxyType({}),
) -> Policy:
    """
    Return a policy; `agents` is as `ann:sales,support ben:sales`, `skills` are theirs by name.

    `wraps` are own times for wrapping up, as `ann:30 ben:sales:20`.
    """
    parts = [agent.partition(":") for agent in agents.split()]
    return Policy(
        version=version,
        queues=queues or (queue_policy("sales"), queue_policy("support")),
        agents=tuple(
            AgentPolicy(
                agent=AgentId(name),
                queues=tuple(QueueName(queue) for queue in names.split(",") if queue),
                wrap_up=_own_wrap_up(wraps, name),
                wrap_ups=_own_wrap_ups(wraps, name),
                skills=knows(skills.get(name, "")),
            )
            for name, _, names in parts
        ),
    )


def _own_wrap_up(wraps: str, agent: str) -> Duration | None:
    parts = (one.split(":") for one in wraps.split())
    lasts = [seconds(float(part[1])) for part in parts if part[0] == agent and len(part) == 2]
    return lasts[0] if lasts else None


def _own_wrap_ups(wraps: str, agent: str) -> tuple[tuple[QueueName, Duration], ...]:
    parts = (one.split(":") for one in wraps.split())
    return tuple(
        (QueueName(part[1]), seconds(float(part[2])))
        for part in parts
        if part[0] == agent and len(part) == 3
    )


def _brief_of_way(command: OverflowCall | DivertCall | TurnAwayCall) -> str:
    match command:
        case OverflowCall():
            return f"overflow {command.call} {command.from_queue} {command.to_queue}"
        case DivertCall(target=sent):
            to = f"{sent.kind.value} {sent.name}".rstrip()
            return f"divert {command.call} {command.from_queue} {to} for {command.cause.value}"
        case TurnAwayCall():
            return f"turn away {command.call} {command.cause.value}"


def _brief_of_call_back(command: CallBackCommand) -> str:
    match command:
        case AskCallBack():
            return f"ask {command.call} {command.queue} for {command.cause.value}"
        case AcknowledgeCallBack():
            since, until = as_seconds(command.entered_at), as_seconds(command.expires_at)
            return f"promise {command.call} {command.queue} since {since:g} until {until:g}"
        case RefuseCallBack():
            return f"refuse {command.call} {command.cause.value}"
        case DialCustomer():
            agent = "" if command.agent is None else f" for {command.agent}"
            return f"dial {command.call} {command.party} attempt {command.attempt}{agent}"
        case StopDialling():
            return f"stop {command.call} attempt {command.attempt}"
        case EndCallBack():
            return f"end {command.call} {command.end.value} after {command.attempts}"


def brief(command: AcdCommand) -> str:
    """Return a command in short words."""
    match command:
        case OfferCall():
            back = "" if command.attempt is None else f" attempt {command.attempt}"
            said = f"offer {command.offer} {command.call} {command.agent}{back}"
        case (
            AskCallBack()
            | AcknowledgeCallBack()
            | RefuseCallBack()
            | DialCustomer()
            | StopDialling()
            | EndCallBack()
        ):
            said = _brief_of_call_back(command)
        case WithdrawOffer():
            said = f"withdraw {command.offer} {command.cause.value}"
        case PlaceCall():
            again = " again" if command.regained else ""
            said = f"place {command.call} {command.queue}{again}"
        case OverflowCall() | DivertCall() | TurnAwayCall():
            said = _brief_of_way(command)
        case Announce():
            said = f"announce {command.call}{_announced(command)}"
        case JudgeEstimate():
            wait = ("over " if command.is_more else "") + f"{as_seconds(command.said):g}"
            way = "said" if command.aloud else "kept silent"
            actual, outcome = as_seconds(command.actual), command.outcome.value
            said = f"judge {command.call} {way} {wait} was {actual:g} {outcome}"
        case ShowAgentState():
            reason = "" if command.reason is None else f"({command.reason})"
            until = "" if command.until is None else f" until {as_seconds(command.until):g}"
            call = "" if command.call is None else f" {command.call}"
            wish, occupation = command.wish.value, command.occupation.value
            without = "".join(f" without {name}({why})" for name, why in command.not_ready_in)
            said = f"{command.agent} {wish}{reason} {occupation}{call}{until}{without}"
        case InvariantBroken():
            said = f"broken {command.name.value} {command.about} {command.healed_by.value}"
    return said


def _announced(command: Announce) -> str:
    position = estimate = message = ""
    if command.position is not None:
        position = f" at {'over ' if command.position_is_more else ''}{command.position}"
    if command.estimate is not None:
        over = "over " if command.estimate_is_more else ""
        estimate = f" wait {over}{as_seconds(command.estimate):g}"
    if command.message is not None:
        message = f" {command.message}"
    return position + estimate + message


class Script:
    """A floor at 0 s, on which things are made to happen one after the other."""

    def __init__(
        self,
        *queues: QueuePolicy,
        agents: str = "ann:sales ben:sales",
        ready: str = "",
        skills: Mapping[str, str] = MappingProxyType({}),
        checked: bool = True,
    ) -> None:
        self.distributor = Distributor()
        self._checked = checked
        self.now = at(0)
        self.commands: list[AcdCommand] = []
        self._unread = 0
        self._unread_shown = 0
        self.apply(policy(agents, *queues, skills=skills))
        for name in ready.split():
            self.log_on(name).ready(name)
        self.forget()

    def at(self, instant_s: float) -> Self:
        """Let time pass until an instant."""
        until = at(instant_s)
        while (due := self.distributor.next_deadline()) is not None and due <= until:
            self.now = due
            self._add(self.distributor.advance(due))
        self.now = until
        return self

    def tell(self, fact: AcdFact) -> Self:
        """Let a fact happen now."""
        self._add(self.distributor.handle(fact, self.now))
        return self

    def _add(self, commands: list[AcdCommand]) -> None:
        self.commands += commands
        sound(commands)
        if self._checked:
            check(self.distributor)

    def expect(self, *words: str) -> Self:
        """Compare what was commanded since the last time, but for the agents' shown states."""
        new = [brief(c) for c in self.commands[self._unread :] if not is_shown(c)]
        self._unread = len(self.commands)

        assert list(words) == new
        return self

    def shown(self, *words: str) -> Self:
        """Compare the agents' states that were to be shown since the last time."""
        new = [brief(c) for c in self.commands[self._unread_shown :] if is_shown(c)]
        self._unread_shown = len(self.commands)

        assert list(words) == new
        return self

    def heard(self) -> list[str]:
        """Return all that was commanded since the last time, the shown states where they came."""
        new = [brief(command) for command in self.commands[min(self._unread, self._unread_shown) :]]
        self.forget()
        return new

    def states(self) -> list[ShowAgentState]:
        """Return all states of agents that were to be shown."""
        return [command for command in self.commands if isinstance(command, ShowAgentState)]

    def forget(self) -> Self:
        """Expect nothing of what was commanded so far."""
        self._unread = self._unread_shown = len(self.commands)
        return self

    def offers(self) -> list[OfferCall]:
        return [command for command in self.commands if isinstance(command, OfferCall)]

    def waiting(self, queue: str = "sales") -> list[str]:
        """Return the calls that wait in a queue, in their order."""
        for drawn in self.distributor.picture(self.now).queues:
            if drawn.name == queue:
                return [str(waiting.call) for waiting in drawn.waiting]
        return []

    def apply(self, content: Policy) -> Self:
        return self.tell(PolicyApplied(policy=content))

    def open(self, queue: str = "sales", by: str = "calendar", note: str = "") -> Self:
        return self.tell(QueueOpened(queue=QueueName(queue), said_by=SaidBy(by), note=note))

    def close(self, queue: str = "sales", by: str = "calendar", note: str = "") -> Self:
        return self.tell(QueueClosed(queue=QueueName(queue), said_by=SaidBy(by), note=note))

    def leave_to_calendar(self, queue: str = "sales") -> Self:
        return self.tell(QueueLeftToCalendar(queue=QueueName(queue)))

    def queue(
        self,
        call: str,
        queue: str = "sales",
        *,
        since: float | None = None,
        ahead: float = 0,
        skills: str = "",
        preferred: str = "",
        party: str | None = None,
    ) -> Self:
        return self.tell(
            CallQueued(
                call=CallId(call),
                queue=QueueName(queue),
                entered_at=None if since is None else at(since),
                priority=Duration(seconds(ahead)),
                skills=knows(skills),
                preferred=tuple(AgentId(name) for name in preferred.split()),
                party=party,
            )
        )

    def prioritise(self, call: str, ahead: float) -> Self:
        return self.tell(CallPrioritised(call=CallId(call), priority=Duration(seconds(ahead))))

    def press(self, call: str, key: str) -> Self:
        return self.tell(CallerPressed(call=CallId(call), key=key))

    def leave(self, call: str) -> Self:
        return self.tell(CallerLeft(call=CallId(call)))

    def promise(
        self,
        call: str,
        party: str = "anna",
        queue: str | None = None,
        *,
        since: float | None = None,
        ahead: float = 0,
        skills: str = "",
        preferred: str = "",
    ) -> Self:
        return self.tell(
            CallBackPromised(
                call=CallId(call),
                party=party,
                queue=None if queue is None else QueueName(queue),
                entered_at=None if since is None else at(since),
                priority=Duration(seconds(ahead)),
                skills=knows(skills),
                preferred=tuple(AgentId(name) for name in preferred.split()),
            )
        )

    def take_back(self, call: str) -> Self:
        return self.tell(CallBackWithdrawn(call=CallId(call)))

    def reach(self, call: str, attempt: int = 1) -> Self:
        return self.tell(CustomerReached(call=CallId(call), attempt=attempt))

    def miss(self, call: str, attempt: int = 1, cause: str = "no_answer") -> Self:
        fact = CustomerNotReached(call=CallId(call), attempt=attempt, cause=NotReached(cause))
        return self.tell(fact)

    def answer(self, offer: int) -> Self:
        return self.tell(OfferAnswered(offer=OfferId(offer)))

    def end(self, offer: int, outcome: OfferOutcome = OfferOutcome.NO_ANSWER) -> Self:
        return self.tell(OfferEnded(offer=OfferId(offer), outcome=outcome))

    def end_talk(self, call: str, agent: str) -> Self:
        return self.tell(TalkEnded(call=CallId(call), agent=AgentId(agent)))

    def outcomes(self, queue: str = "sales") -> dict[str, int]:
        """Return what became of the calls of a queue, by the outcomes' names."""
        for kept in self.distributor.snapshot().queues:
            if kept.rules.name == queue:
                return {outcome.value: count for outcome, count in kept.outcomes}
        return {}

    def log_on(self, agent: str, device: str | None = None) -> Self:
        return self.tell(
            AgentLoggedOn(agent=AgentId(agent), device=phone(device or f"{agent}-phone"))
        )

    def log_off(self, agent: str) -> Self:
        return self.tell(AgentLoggedOff(agent=AgentId(agent)))

    def ready(self, agent: str, queue: str | None = None) -> Self:
        name = None if queue is None else QueueName(queue)
        return self.tell(AgentMadeReady(agent=AgentId(agent), queue=name))

    def not_ready(self, agent: str, reason: str = "break", queue: str | None = None) -> Self:
        name = None if queue is None else QueueName(queue)
        return self.tell(AgentMadeNotReady(agent=AgentId(agent), reason=reason, queue=name))

    def end_wrap_up(self, agent: str) -> Self:
        return self.tell(AgentEndedWrapUp(agent=AgentId(agent)))

    def extend_wrap_up(self, agent: str, by: float) -> Self:
        return self.tell(AgentExtendedWrapUp(agent=AgentId(agent), by=Duration(seconds(by))))

    def occupy(self, agent: str) -> Self:
        return self.tell(AgentOccupiedElsewhere(agent=AgentId(agent)))

    def free(self, agent: str) -> Self:
        return self.tell(AgentFreedElsewhere(agent=AgentId(agent)))


def is_shown(command: AcdCommand) -> bool:
    return isinstance(command, ShowAgentState)
