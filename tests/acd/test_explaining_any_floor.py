"""On whatever floor: the complete list is what the reason counted when it was decided."""

from collections import Counter
from random import Random

from acd.commands import AcdCommand, OfferCall
from acd.distributor import Distributor
from acd.explaining import Decision, Witness
from acd.facts import (
    AcdFact,
    AgentEndedWrapUp,
    AgentFreedElsewhere,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
    AgentOccupiedElsewhere,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
    TalkEnded,
)
from acd.tables.agent_state import Standing
from acd.tables.floor import Floor
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Time, seconds
from tests.acd.script import phone
from tests.simulation.rules import policies

AGENTS = [AgentId(name) for name in ("ann", "ben", "cat", "dan", "zoe")]
CALLS = [CallId(f"c{number}") for number in range(100)]
QUEUES = [QueueName(name) for name in ("sales", "support", "night")]


class EveryCall(Witness):
    """A witness of all offers."""

    def _look(self, floor: Floor, command: AcdCommand) -> None:
        if isinstance(command, OfferCall):
            self.watched = command.call
        super()._look(floor, command)


def any_fact(chance: Random, last_offer: int) -> AcdFact:
    agent, call = chance.choice(AGENTS), chance.choice(CALLS)
    offer = OfferId(last_offer - chance.randrange(2))
    rarely = chance.randrange(60)
    if rarely < 2:
        policy = chance.choice(policies())
        return PolicyApplied(policy=policy) if rarely else AgentLoggedOff(agent=agent)
    facts: list[AcdFact] = [
        *[CallQueued(call=call, queue=chance.choice(QUEUES))] * 4,
        CallerLeft(call=call),
        *[OfferAnswered(offer=offer)] * 2,
        *[OfferEnded(offer=offer, outcome=chance.choice(list(OfferOutcome)))] * 3,
        *[TalkEnded(call=call, agent=agent)] * 2,
        *[AgentLoggedOn(agent=agent, device=phone(agent))] * 2,
        *[AgentMadeReady(agent=agent)] * 4,
        AgentMadeNotReady(agent=agent, reason="break"),
        AgentEndedWrapUp(agent=agent),
        AgentOccupiedElsewhere(agent=agent),
        AgentFreedElsewhere(agent=agent),
    ]
    return chance.choice(facts)


def agrees(decision: Decision) -> None:
    agents, reason = decision.competitors.agents, decision.offer.reason
    in_line = [agent for agent in agents if agent.ruled_out is None]

    assert Counter(a.ruled_out for a in agents if a.ruled_out) == dict(reason.excluded)
    assert (len(in_line) + 1, decision.competitors.rule) == (reason.ready, reason.rule)
    assert reason.next_best == (in_line[0].agent if in_line else None)
    assert [agent.line for agent in in_line] == list(range(2, len(in_line) + 2))


def offers_of_a_life(seed: int) -> int:
    """Live a life, look at the floor after every step, and return how many offers were made."""
    chance = Random(seed)  # noqa: S311 - chance that can be had again
    now, last_offer = Time(seconds(100)), 0
    plain, witness = Distributor(), EveryCall()
    witness.handle(PolicyApplied(policy=policies()[0]), now)
    plain.handle(PolicyApplied(policy=policies()[0]), now)
    for _step in range(300):
        now = Time(now + seconds(chance.choice([0, 0, 0, 1, 5, 20])))
        fact = any_fact(chance, last_offer)
        commands = [*witness.advance(now), *witness.handle(fact, now)]
        assert commands == [*plain.advance(now), *plain.handle(fact, now)]
        for command in commands:
            if isinstance(command, OfferCall):
                last_offer = command.offer
                agrees(witness.decisions[command.offer])
        for doing in filter(None, map(witness.doing, AGENTS)):
            assert Standing.READY.value not in {call.kept_by for call in doing.waiting}
        for call in CALLS:
            stay = witness.stay(call)
            assert stay is None or stay.ahead < max(1, stay.waiting)

    return last_offer


def test_the_list_and_the_counts_agree_and_no_ready_agent_is_beside_an_open_call() -> None:
    assert sum(map(offers_of_a_life, range(20))) > 100
