"""The complete list of a decision: every agent of the queue, and the first thing against him."""

from acd.explaining import Candidate, Witness
from acd.facts import OfferOutcome
from acd.tables.agent_state import Standing
from acd.tables.opening import Word
from acd.tables.reach import MISSED_THIS_CALL, PREFERRED, SKILLS
from acd.tables.waiting import CallState
from cti.ids import AgentId, CallId, OfferId, QueueName
from tests.acd.script import ANN, BEN, CAT, Script, at, policy, queue_policy

C1, C2 = CallId("c1"), CallId("c2")
DAN, EVE = AgentId("dan"), AgentId("eve")
EVERYBODY = "ann:sales ben:sales,support cat:sales dan:sales eve:support"


class Seen(Script):
    """A floor that is looked at: its distributor is a witness."""

    witness: Witness

    def watch(self, call: CallId) -> "Seen":
        self.witness = Witness(self.distributor.snapshot())
        self.witness.watched = call
        self.distributor = self.witness
        return self


def floor(agents: str = EVERYBODY, ready: str = "ann ben") -> Seen:
    return Seen(queue_policy("sales"), queue_policy("support"), agents=agents, ready=ready)


def ruled_out(candidates: tuple[Candidate, ...]) -> dict[str, str | None]:
    return {candidate.agent: candidate.ruled_out for candidate in candidates}


def test_each_agent_of_the_queue_is_told_with_the_first_thing_against_him() -> None:
    seen = floor(ready="ann ben cat").at(1).log_on("dan").watch(C1).at(5).queue("c1")
    (decision,) = seen.witness.decisions.values()
    found = decision.competitors

    assert decision.offer.agent == ANN
    assert (found.queue, found.rule) == ("sales", "longest_idle")
    assert ruled_out(found.agents) == {"ben": None, "cat": None, "dan": "not_ready"}
    assert [(2, at(0)), (3, at(0)), (None, None)] == [(c.line, c.figure) for c in found.agents]
    assert found.others == (EVE,)


def test_the_list_agrees_with_the_counts_of_the_reason_told_live() -> None:
    seen = floor(ready="ann ben cat").watch(C2).queue("c1").queue("c2")
    decision = seen.witness.decisions[OfferId(2)]
    told = ruled_out(decision.competitors.agents)
    reason = decision.offer.reason

    assert [cause for cause in told.values() if cause is None] == [None] * (reason.ready - 1)
    assert sorted(cause for cause in told.values() if cause) == sorted(
        cause for cause, count in reason.excluded for _ in range(count)
    )
    assert reason.next_best == decision.competitors.agents[0].agent


def test_who_did_not_take_the_call_is_spared_it_for_a_while() -> None:
    seen = floor("ann:sales ben:sales").watch(C1).queue("c1").at(4).end(1)
    spared = seen.witness.decisions[OfferId(2)].competitors.agents[0]

    assert (ANN, MISSED_THIS_CALL, at(9)) == (spared.agent, spared.ruled_out, spared.until)


def test_how_many_misses_made_an_agent_not_ready_is_told_of_him() -> None:
    seen = Seen(queue_policy(causes="rejected:1:1"), agents="ann:sales ben:sales", ready="ann")
    seen.watch(C1).queue("c1").end(1, OfferOutcome.REJECTED).log_on("ben").ready("ben")
    candidate = seen.witness.decisions[OfferId(2)].competitors.agents[0]
    doing = seen.witness.doing(ANN)

    assert doing is not None
    assert ("calls_rejected", 1) == (candidate.reason, candidate.row) == (doing.reason, doing.row)


def test_a_pause_and_paperwork_are_told_with_their_ends() -> None:
    seen = floor("ann:sales ben:sales").watch(C2).queue("c1").answer(1)
    seen.at(3).end_talk("c1", "ann").queue("c0").end(2, OfferOutcome.BUSY).queue("c2")
    stay = seen.witness.stay(C2)
    assert stay is not None
    agents = {agent.agent: agent for agent in stay.competitors.agents}

    assert (Standing.WRAPPING_UP.value, at(13)) == (agents[ANN].ruled_out, agents[ANN].until)
    assert (Standing.RESTING.value, at(8)) == (agents[BEN].ruled_out, agents[BEN].until)
    assert (stay.state, stay.ahead, stay.waiting) == (CallState.WAITING, 1, 2)


def test_where_a_call_stands_is_told_while_it_is_offered_and_talked_with() -> None:
    seen = floor("ann:sales ben:sales").watch(C1).queue("c1")
    offered = seen.witness.stay(C1)
    seen.answer(1)
    talking = seen.witness.stay(C1)

    assert offered is not None
    assert talking is not None
    assert (offered.state, offered.agents, offered.ahead) == (CallState.OFFERED, (ANN,), 0)
    assert (
        talking.state,
        talking.agents,
        talking.competitors.agents,
    ) == (CallState.TALKING, (ANN,), ())
    assert seen.witness.stay(C2) is None


def test_how_one_agent_stands_towards_a_call_is_told_alone() -> None:
    seen = floor(ready="").watch(C1).queue("c1")
    candidate = seen.witness.candidate(C1, CAT)

    assert candidate is not None
    assert candidate.ruled_out == "logged_off"
    assert seen.witness.candidate(C2, CAT) is None
    assert seen.witness.candidate(C1, AgentId("zoe")) is None


def test_an_idle_agents_calls_at_hand_are_told_with_what_keeps_each_from_him() -> None:
    seen = floor("ann:sales ben:sales eve:support").watch(C1).queue("c1", "sales")
    seen.at(1).end(1, OfferOutcome.CALLER_LEFT).queue("c2").at(2).queue("s1", "support")
    seen.end(2).end(3)
    doing = seen.witness.doing(ANN)

    assert doing is not None
    assert (Standing.READY, (QueueName("sales"),)) == (doing.standing, doing.queues)
    assert [(C1, CallState.HELD.value, at(3)), (C2, MISSED_THIS_CALL, at(7))] == [
        (call.call, call.kept_by, call.until) for call in doing.waiting
    ]
    assert doing.elsewhere == (("support", 1),)


def test_a_busy_agents_calls_at_hand_are_kept_from_him_by_what_he_does() -> None:
    seen = floor("ann:sales ben:sales", ready="ann").watch(C1).queue("c0").answer(1).queue("c1")
    kept = seen.witness.doing(ANN)
    seen.log_on("ben").ready("ben")
    offered = seen.witness.doing(ANN)

    assert kept is not None
    assert offered is not None
    assert [(call.kept_by, call.agents) for call in kept.waiting] == [("busy", ())]
    assert [(call.kept_by, call.agents) for call in offered.waiting] == [("offered", (BEN,))]
    assert seen.witness.doing(AgentId("zoe")) is None


def test_a_witness_decides_as_any_other_distributor() -> None:
    plain, seen = floor(), floor().watch(C1)
    for script in (plain, seen):
        script.at(3).queue("c1").at(9).end(1).at(12).answer(2).at(60).end_talk("c1", "ben")

    assert plain.commands == seen.commands
    assert plain.distributor.snapshot() == seen.distributor.snapshot()
    assert seen.witness.agents() == (ANN, BEN, CAT, DAN, EVE)
    assert seen.witness.policy_version == "v1"
    assert Witness().agents() == ()


def test_who_closed_a_queue_is_known() -> None:
    seen = floor().watch(C1)
    seen.at(5).close(note="Christmas")
    opening = seen.witness.opening(QueueName("sales"))

    assert opening is not None
    assert opening.word == Word(is_open=False, since=at(5), note="Christmas")
    assert seen.witness.opening(QueueName("nowhere")) is None


def test_a_call_that_is_kept_is_for_its_preferred_agents_alone() -> None:
    seen = Seen(
        queue_policy("sales", preferred=30, wrap=0), agents="ann:sales ben:sales", ready="ann ben"
    )
    seen.at(1).queue("c1", preferred="ann").answer(1).watch(C2).at(2).queue("c2", preferred="ann")
    stay = seen.witness.stay(C2)
    ben = seen.witness.candidate(C2, BEN)

    assert stay is not None
    assert ruled_out(stay.competitors.agents) == {"ann": "busy", "ben": PREFERRED}
    assert ben is not None
    assert (ben.ruled_out, ben.until) == (PREFERRED, at(32))


def test_who_lacks_a_skill_is_ruled_out_by_it_and_until_the_next_step() -> None:
    seen = Seen(queue_policy("sales", skills="english:3"), agents="ann:sales", ready="ann")
    seen.watch(C1).at(1).queue("c1")
    ann = seen.witness.candidate(C1, ANN)

    assert ann is not None
    assert (ann.ruled_out, ann.until) == (SKILLS, None)


def test_nothing_rules_a_ready_agent_out_for_the_talk_of_a_queue_that_is_no_more() -> None:
    sales, support = queue_policy("sales"), queue_policy("support")
    seen = Seen(sales, support, agents="ann:support ben:sales", ready="ann ben")
    seen.at(1).queue("c1", "support").answer(1).watch(C1).apply(policy("ben:sales", sales))
    ben = seen.witness.candidate(C1, BEN)

    assert ben is not None
    assert ben.ruled_out is None
