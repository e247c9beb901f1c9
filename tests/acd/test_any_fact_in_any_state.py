"""
Any fact in any state: hypothesis looks for a floor on which something goes wrong.

Beside the core runs a twin that was restored from a snapshot at some moment; both must command the
same for ever after. At the end the whole is replayed from the beginning, and must be the same too.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from acd.commands import AcdCommand, OfferCall
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
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time, seconds
from tests.acd.checkers import check, sound
from tests.acd.script import knows, phone
from tests.simulation.rules import policies

agents = st.sampled_from(["ann", "ben", "cat", "dan", "zoe"]).map(AgentId)
calls = st.integers(1, 12).map(lambda number: CallId(f"c{number}"))
queues = st.sampled_from(["sales", "support", "night", "nowhere"]).map(QueueName)
offers = st.integers(0, 12)
pauses = st.sampled_from([0, 0, 0, 1, 4, 15, 60, -5])


class AnyFactInAnyState(RuleBasedStateMachine):
    """A core, its twin, and all that they were told."""

    def __init__(self) -> None:
        super().__init__()
        self.now = Time(seconds(100))
        self.core = Distributor()
        self.twin = Distributor()
        self.told: list[tuple[AcdFact | None, Time, list[AcdCommand]]] = []
        self.offered: list[OfferId] = [OfferId(0)]
        self.tell(PolicyApplied(policy=policies()[0]))

    def tell(self, fact: AcdFact) -> None:
        commands = self.core.handle(fact, self.now)
        self._compare(fact, commands, self.twin.handle(fact, self.now))

    def _compare(
        self, fact: AcdFact | None, commands: list[AcdCommand], same: list[AcdCommand]
    ) -> None:
        self.told.append((fact, self.now, commands))
        self.offered += [made.offer for made in commands if isinstance(made, OfferCall)]

        sound(commands)
        assert commands == same

    def one_of_the_last(self, back: int) -> OfferId:
        return self.offered[-1 - back % len(self.offered)]

    @rule(pause=pauses)
    def time_passes(self, pause: int) -> None:
        self.now = Time(self.now + seconds(pause))
        self._compare(None, self.core.advance(self.now), self.twin.advance(self.now))

    @rule(
        call=calls,
        queue=queues,
        age=pauses,
        ahead=st.sampled_from([0, 0, 30]),
        skills=st.sampled_from(["", "english:1", "spanish:2 english:2"]),
        preferred=st.lists(agents, max_size=2),
        party=st.sampled_from([None, "p1", "p2"]),
    )
    def a_call_is_queued(  # noqa: PLR0917 - drawn one by one
        self,
        call: CallId,
        queue: QueueName,
        age: int,
        ahead: int,
        skills: str,
        preferred: list[AgentId],
        party: str | None,
    ) -> None:
        self.tell(
            CallQueued(
                call=call,
                queue=queue,
                entered_at=Time(self.now - seconds(age)) if age else None,
                priority=Duration(seconds(ahead)),
                skills=knows(skills),
                preferred=tuple(preferred),
                party=party,
            )
        )

    @rule(agent=agents, queue=queues, wants=st.booleans())
    def an_agent_chooses_a_queue(self, agent: AgentId, queue: QueueName, *, wants: bool) -> None:
        if wants:
            self.tell(AgentMadeReady(agent=agent, queue=queue))
        else:
            self.tell(AgentMadeNotReady(agent=agent, reason="no", queue=queue))

    @rule(queue=queues, said_by=st.sampled_from(SaidBy), is_open=st.booleans())
    def somebody_opens_or_closes(self, queue: QueueName, said_by: SaidBy, *, is_open: bool) -> None:
        kind = QueueOpened if is_open else QueueClosed
        self.tell(kind(queue=queue, said_by=said_by))

    @rule(queue=queues)
    def a_person_takes_his_word_back(self, queue: QueueName) -> None:
        self.tell(QueueLeftToCalendar(queue=queue))

    @rule(call=calls, ahead=st.sampled_from([0, 10, 60, -20]))
    def a_call_is_prioritised(self, call: CallId, ahead: int) -> None:
        self.tell(CallPrioritised(call=call, priority=Duration(seconds(ahead))))

    @rule(agent=agents, by=pauses)
    def an_agent_needs_more_time(self, agent: AgentId, by: int) -> None:
        self.tell(AgentExtendedWrapUp(agent=agent, by=Duration(seconds(by))))

    @rule(call=calls)
    def a_caller_leaves(self, call: CallId) -> None:
        self.tell(CallerLeft(call=call))

    @rule(call=calls, key=st.sampled_from("12345"))
    def a_caller_presses_a_key(self, call: CallId, key: str) -> None:
        self.tell(CallerPressed(call=call, key=key))

    @rule(back=offers)
    def an_offer_is_answered(self, back: int) -> None:
        self.tell(OfferAnswered(offer=self.one_of_the_last(back)))

    @rule(back=offers, outcome=st.sampled_from(OfferOutcome))
    def an_offer_ends(self, back: int, outcome: OfferOutcome) -> None:
        self.tell(OfferEnded(offer=self.one_of_the_last(back), outcome=outcome))

    @rule(call=calls, agent=agents)
    def a_talk_ends(self, call: CallId, agent: AgentId) -> None:
        self.tell(TalkEnded(call=call, agent=agent))

    @rule(agent=agents, device=agents)
    def an_agent_works_at_a_phone(self, agent: AgentId, device: str) -> None:
        self.tell(AgentLoggedOn(agent=agent, device=phone(device)))

    @rule(agent=agents)
    def an_agent_wants_calls(self, agent: AgentId) -> None:
        self.tell(AgentLoggedOn(agent=agent, device=phone(agent)))
        self.tell(AgentMadeReady(agent=agent))

    @rule(
        agent=agents,
        kind=st.sampled_from(
            [AgentLoggedOff, AgentEndedWrapUp, AgentOccupiedElsewhere, AgentFreedElsewhere]
        ),
    )
    def an_agent_does_something(
        self,
        agent: AgentId,
        kind: type[AgentLoggedOff | AgentEndedWrapUp | AgentOccupiedElsewhere],
    ) -> None:
        self.tell(kind(agent=agent))

    @rule(agent=agents, reason=st.sampled_from(["lunch", "break"]))
    def an_agent_wants_a_break(self, agent: AgentId, reason: str) -> None:
        self.tell(AgentMadeNotReady(agent=agent, reason=reason))

    @rule(number=st.integers(0, len(policies()) - 1))
    def a_policy_is_applied(self, number: int) -> None:
        self.tell(PolicyApplied(policy=policies()[number]))

    @rule()
    def the_twin_is_restored_anew(self) -> None:
        self.twin = Distributor.restore(self.core.snapshot())

    @invariant()
    def all_holds_that_must(self) -> None:
        assert check(self.core) == self.twin.snapshot()

    def teardown(self) -> None:
        again = Distributor()
        for fact, now, commands in self.told:
            repeated = again.advance(now) if fact is None else again.handle(fact, now)

            assert commands == repeated


AnyFactInAnyState.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None
)
TestAnyFactInAnyState = AnyFactInAnyState.TestCase
