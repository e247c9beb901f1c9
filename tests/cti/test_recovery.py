"""
Killed after any fact, the daemon goes on as if it never had been.

A life is a row of facts and pauses. It is lived twice: once in one go, and once by a daemon that is
killed at some point and recovers from what its journal holds. Both must know and command the same.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.facts import (
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
from acd.snapshot import DistributorState
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallAttached,
    CallCleared,
    ChoiceMade,
    FlowEntered,
    HungUpBy,
)
from cti.calls import CallBook, CallBookState
from cti.ids import AgentId, CallId, LegId, OfferId, QueueName
from cti.instants import Time, seconds
from cti.recovery import recover, save
from cti.writer import Fact, Writer
from storage.errors import JournalCorruptError, UndecodableRecordError
from storage.journal import Journal
from storage.records import journal_codec
from tests.acd.script import policy, queue_policy
from tests.cti.floors import (
    ANN,
    PBX,
    POLICY,
    START,
    Hands,
    Listener,
    arrived,
    open_journal,
    phone,
    queued,
    works,
)

CODEC = journal_codec()
OTHER_POLICY = policy(
    "ann:support cat:sales", queue_policy("sales", ring=5, overflow=(20, "support")), version="v2"
)

Step = Fact | int
"""A fact, or seconds that pass."""

_calls = st.integers(1, 6).map(lambda number: f"c{number}")
_call_ids = _calls.map(CallId)
_agents = st.sampled_from(["ann", "ben", "cat"]).map(AgentId)
_queues = st.sampled_from(["sales", "support", "nowhere"]).map(QueueName)
_offers = st.integers(1, 8).map(OfferId)
_legs = st.integers(1, 8).map(lambda number: LegId(PBX, f"leg{number}"))
_facts: st.SearchStrategy[Fact] = st.one_of(
    _calls.map(arrived),
    st.builds(CallAttached, call=_call_ids, session=st.integers(1, 3)),
    st.builds(FlowEntered, call=_call_ids, flow=st.just("welcome")),
    st.builds(ChoiceMade, call=_call_ids, flow=st.just("welcome"), choice=st.just("sales")),
    st.builds(AgentLegRang, call=_call_ids, offer=_offers, leg=_legs),
    st.builds(
        AgentLegEnded,
        call=_call_ids,
        leg=_legs,
        cause=st.just(16),
        hung_up_by=st.sampled_from(HungUpBy),
    ),
    st.builds(CallCleared, call=_call_ids, hung_up_by=st.sampled_from(HungUpBy), cause=st.just(16)),
    st.builds(CallQueued, call=_call_ids, queue=_queues),
    st.builds(CallerLeft, call=_call_ids),
    st.builds(OfferAnswered, offer=_offers),
    st.builds(OfferEnded, offer=_offers, outcome=st.sampled_from(OfferOutcome)),
    st.builds(TalkEnded, call=_call_ids, agent=_agents),
    st.builds(lambda agent: AgentLoggedOn(agent=agent, device=phone(agent)), _agents),
    st.builds(AgentMadeReady, agent=_agents),
    st.builds(AgentMadeNotReady, agent=_agents, reason=st.just("lunch")),
    st.builds(AgentLoggedOff, agent=_agents),
    st.builds(AgentEndedWrapUp, agent=_agents),
    st.builds(AgentOccupiedElsewhere, agent=_agents),
    st.builds(AgentFreedElsewhere, agent=_agents),
    st.sampled_from([POLICY, OTHER_POLICY]).map(lambda chosen: PolicyApplied(policy=chosen)),
)
_lives = st.lists(_facts | st.sampled_from([1, 7, 20]), max_size=40).map(
    lambda steps: [PolicyApplied(policy=POLICY), *works(ANN), queued("c1"), *steps]
)


class Life:
    """A daemon's writer and what it knows, on a journal that outlives it."""

    def __init__(
        self, journal: Journal, hands: Hands, core: Distributor, calls: CallBook, start: Time
    ) -> None:
        self.journal = journal
        self.hands = hands
        self.core = core
        self.calls = calls
        self.clock = hands.clock(not_before=start)
        self.heard = Listener()
        self.writer = Writer(clock=self.clock, journal=journal, distributor=core, calls=calls)
        self.writer.sinks.append(self.heard)

    def live(self, steps: Sequence[Step]) -> list[AcdCommand]:
        """Take the steps; return what was commanded meanwhile."""
        for step in steps:
            if isinstance(step, int):
                self.hands.pass_s(step)
            else:
                self.writer.post(step)
            self.writer.settle()
        return self.heard.commands

    def keep_state(self) -> None:
        save(self.journal, CODEC, self.core, self.calls, self.clock.now())

    def known(self) -> tuple[DistributorState, CallBookState]:
        return self.core.snapshot(), self.calls.snapshot()


def begun(journal: Journal, hands: Hands) -> Life:
    """Begin as the daemon does: from what the journal holds, never earlier than its last time."""
    core, calls = recover(journal, CODEC)
    return Life(journal, hands, core, calls, journal.last_time() or Time(0))


@settings(max_examples=60, deadline=None)
@given(
    life=_lives,
    killed_at=st.integers(0, 44),
    saved_at=st.none() | st.integers(0, 44),
    readable=st.booleans(),
)
def test_a_killed_daemon_goes_on_as_one_that_never_was(
    life: list[Step], killed_at: int, saved_at: int | None, readable: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = Path(folder, "whole"), Path(folder, "cut")
        with open_journal(whole) as journal:
            unharmed = begun(journal, Hands())
            expected = unharmed.live(life)
            known = unharmed.known()
        before, after = life[:killed_at], life[killed_at:]
        with open_journal(cut) as journal:
            killed = begun(journal, hands := Hands())
            if saved_at is not None and saved_at <= killed_at:
                killed.live(before[:saved_at])
                killed.keep_state()
                killed.live(before[saved_at:])
            else:
                killed.live(before)
            if not readable:
                journal.save_snapshot(journal.last_position, killed.clock.now(), b'{"core": 1}')
            commanded = killed.heard.commands
            at_death = killed.known()
        with open_journal(cut) as journal:
            recovered = begun(journal, hands)

            assert at_death == recovered.known()
            assert expected == commanded + recovered.live(after)
            assert known == recovered.known()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path) as opened:
        yield opened


LIFE: list[Step] = [PolicyApplied(policy=POLICY), *works(ANN), arrived("c1"), queued("c1"), 5]


def test_time_does_not_run_back_where_the_machines_clock_did(journal: Journal) -> None:
    first = begun(journal, Hands())
    first.live(LIFE)
    set_back = Hands()
    set_back.wall_start = Time(START - seconds(3_600))

    second = begun(journal, set_back)
    second.live([arrived("c2"), 1, arrived("c3")])

    times = [record.at for record in journal.read()]
    assert times == sorted(times)
    assert times[-1] == journal.last_time()


def test_what_was_journalled_and_not_handed_out_is_known_after_the_restart(
    journal: Journal,
) -> None:
    killed = begun(journal, hands := Hands())

    class Death:
        def carry_out(self, _: AcdCommand) -> None:
            raise InterruptedError

    killed.live(LIFE[:3])
    killed.writer.sinks[:] = [Death()]
    with pytest.raises(InterruptedError):
        killed.live(LIFE[3:])

    core, calls = recover(journal, CODEC)
    assert (core.snapshot(), calls.snapshot()) == killed.known()
    assert [agent.call for agent in core.picture(hands.clock().now()).agents] == ["c1", None]


def test_a_snapshot_saves_the_replay_of_what_came_before(journal: Journal) -> None:
    first = begun(journal, Hands())
    first.live(LIFE)
    first.keep_state()
    while journal.prune(journal.last_position):
        pass

    assert begun(journal, Hands()).known() == first.known()


def test_a_snapshot_of_another_core_is_passed_over(journal: Journal) -> None:
    first = begun(journal, Hands())
    first.live(LIFE)
    first.keep_state()
    known = journal.latest_snapshot()
    assert known is not None
    changed = known.data.replace(b'"state_version":1', b'"state_version":999')
    assert changed != known.data
    journal.save_snapshot(known.position, known.at, changed)

    assert begun(journal, Hands()).known() == first.known()


def test_where_policy_and_snapshot_are_lost_the_agents_of_the_configuration_are_known(
    journal: Journal,
) -> None:
    first = begun(journal, Hands())
    first.live(LIFE)
    while journal.prune(2):
        pass
    journal.save_snapshot(journal.last_position, first.clock.now(), b"of another program")

    core, calls = recover(journal, CODEC, POLICY)

    assert core.picture(first.clock.now()) == first.core.picture(first.clock.now())
    assert calls.snapshot() == first.calls.snapshot()


def test_a_whole_journal_is_replayed_by_the_policies_in_it(journal: Journal) -> None:
    first = begun(journal, Hands())
    first.live([queued("before any policy"), *LIFE])

    core, _ = recover(journal, CODEC, OTHER_POLICY)

    assert core.snapshot() == first.core.snapshot()


def test_an_empty_journal_is_an_empty_floor(journal: Journal) -> None:
    core, calls = recover(journal, CODEC, POLICY)

    assert (core.snapshot(), calls.snapshot()) == (
        Distributor().snapshot(),
        CallBook().snapshot(),
    )


def test_a_record_of_a_newer_program_stops_the_recovery(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        begun(journal, Hands()).live(LIFE)
        journal._connection.execute("UPDATE records SET name = 'CallBeamed' WHERE position = 2")

        with pytest.raises(UndecodableRecordError, match=r"record 2 \(CallBeamed\)"):
            recover(journal, CODEC)


def test_a_hole_in_the_journal_stops_the_recovery(journal: Journal) -> None:
    begun(journal, Hands()).live(LIFE)
    journal._connection.execute("DELETE FROM records WHERE position = 3")

    with pytest.raises(JournalCorruptError, match="lacks records 3 to 3"):
        recover(journal, CODEC)
