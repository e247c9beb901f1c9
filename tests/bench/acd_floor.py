"""
A floor at work, for measuring what decides: every agent talks, and calls wait in every queue.

A round is what happens on such a floor all day, and takes one decision: an agent's talk ends, he is
offered the best call of his queues and answers, and a new call comes. Knows nothing of how
decisions are made.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time
from typing import Protocol

from acd.commands import OfferCall
from acd.facts import (
    AcdFact,
    AgentLoggedOn,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    PolicyApplied,
    TalkEnded,
)
from acd.policy import AgentPolicy, Policy, QueuePolicy
from cti.ids import AgentId, CallId, DeviceId, OfferId, PbxId, QueueName, SkillName, Skills
from cti.instants import Duration, Time, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a peer says when it offers a call to an agent."""

    offer: OfferId
    call: CallId
    agent: AgentId


class Core(Protocol):
    """What decides."""

    def handle(self, fact: AcdFact, now: Time) -> Sequence[object]:
        """Take a fact, and return what was decided: an `OfferCall` or `Offered` comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """
    How large a floor is. Every agent serves `queues_each` queues.

    Where there are `skills`, each call asks for one of them, at level 1 to 3, and every agent knows
    half of them at level 3.
    """

    agents: int
    queues: int
    waiting: int
    queues_each: int = 5
    skills: int = 0


class WorkingFloor:
    """A floor of this size, with `core` for its decisions; `offers` are all that it has made."""

    def __init__(self, core: Core, size: Size) -> None:
        self.offers: list[tuple[CallId, AgentId]] = []
        self._core = core
        self._size = size
        self._now = Time(0)
        self._queues = [QueueName(f"q{number:05}") for number in range(size.queues)]
        self._calls = self._rounds = 0
        agents = [AgentId(f"a{number:05}") for number in range(size.agents)]
        self._tell(PolicyApplied(policy=self._policy(agents)))
        for number, agent in enumerate(agents):
            device = DeviceId(PbxId("main"), f"p{number:05}")
            self._tell(AgentLoggedOn(agent=agent, device=device))
            self._tell(AgentMadeReady(agent=agent))
        for _ in range(size.agents + size.waiting):
            self._call_comes()
        self._check()

    def let_wait(self, calls: int) -> None:
        """Have so many calls more wait."""
        for _ in range(calls):
            self._call_comes()
        self._check()

    def decisions_per_second(self, rounds: int) -> float:
        """Go through so many rounds, and return how many there are in a second of CPU time."""
        began = process_time()
        for _ in range(rounds):
            call, agent = self.offers[self._rounds]
            self._rounds += 1
            self._tell(TalkEnded(call=call, agent=agent))
            self._call_comes()
        took = process_time() - began
        self._check()
        return rounds / took

    def seconds_to_offer(self, rounds: int) -> float:
        """Go through so many rounds; return the CPU time from the end of a talk to the offer."""
        took = 0.0
        for _ in range(rounds):
            call, agent = self.offers[self._rounds]
            self._rounds += 1
            ended = TalkEnded(call=call, agent=agent)
            self._now = Time(self._now + 1)
            began = process_time()
            decisions = self._core.handle(ended, self._now)
            took += process_time() - began
            self._carry_out(decisions)
            self._call_comes()
        self._check()
        return took / rounds

    def _call_comes(self) -> None:
        queue = self._queues[self._calls % len(self._queues)]
        call = CallId(f"c{self._calls:07}")
        self._tell(CallQueued(call=call, queue=queue, skills=self._asked(self._calls)))
        self._calls += 1

    def _asked(self, number: int) -> Skills:
        kinds = self._size.skills
        if not kinds:
            return ()
        return ((SkillName(f"s{number // len(self._queues) % kinds:02}"), 1 + number % 3),)

    def _known(self, number: int) -> Skills:
        kinds = self._size.skills
        known = sorted((number + step) % kinds for step in range(kinds // 2))
        return tuple((SkillName(f"s{kind:02}"), 3) for kind in known)

    def _tell(self, fact: AcdFact) -> None:
        """Tell the core a fact; whoever is offered a call answers."""
        self._now = Time(self._now + 1)
        self._carry_out(self._core.handle(fact, self._now))

    def _carry_out(self, decisions: Sequence[object]) -> None:
        for decision in decisions:
            if isinstance(decision, OfferCall | Offered):
                self.offers.append((decision.call, decision.agent))
                self._tell(OfferAnswered(offer=decision.offer))

    def _check(self) -> None:
        """See to it that every agent talks, as calls wait for each."""
        if len(self.offers) != self._size.agents + self._rounds:
            raise RuntimeError(f"{len(self.offers)} offers were made in {self._rounds} rounds")

    def _policy(self, agents: Sequence[AgentId]) -> Policy:
        names, each = self._queues, min(self._size.queues_each, self._size.queues)
        queues = [
            QueuePolicy(
                name=name,
                ring_time=seconds(15),
                wrap_up=Duration(0),
                misses_max=3,
                waiting_max=sys.maxsize,
            )
            for name in names
        ]
        members = [
            AgentPolicy(
                agent=agent,
                queues=tuple(names[(number + step) % len(names)] for step in range(each)),
                skills=self._known(number),
            )
            for number, agent in enumerate(agents)
        ]
        return Policy(version="bench", queues=tuple(queues), agents=tuple(members))
