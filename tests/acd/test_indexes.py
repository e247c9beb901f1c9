"""The sorted index and the timers against the plainest thing that could replace them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.errors import InvariantError
from acd.tables.agent_state import Agent
from acd.tables.lanes import Lane
from acd.tables.members import Members
from acd.tables.reach import Reach
from acd.tables.sorted_index import BLOCK_MAX, SortedIndex
from acd.tables.timers import Timer, TimerKind, Timers
from cti.ids import AgentId, SkillName
from cti.instants import Time


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60))))
def test_a_sorted_index_is_a_set_in_order(steps: list[tuple[bool, int]]) -> None:
    index: SortedIndex[tuple[int]] = SortedIndex()
    plain: set[tuple[int]] = set()
    for is_added, number in steps:
        key = (number,)
        if is_added and key not in plain:
            index.add(key)
            plain.add(key)
        elif not is_added and key in plain:
            index.remove(key)
            plain.remove(key)

        assert sorted(plain) == list(index)
        assert len(plain) == len(index)
        assert min(plain, default=None) == index.first()


@pytest.mark.parametrize("step", [1, -1, 7])
def test_a_sorted_index_of_many_blocks_stays_in_order(step: int) -> None:
    count = 5 * BLOCK_MAX + 1
    keys = [(number * step % count,) for number in range(count)]
    index: SortedIndex[tuple[int]] = SortedIndex()
    for key in keys:
        index.add(key)

    assert sorted(keys) == list(index)

    for key in keys[: 3 * BLOCK_MAX]:
        index.remove(key)

    assert sorted(keys[3 * BLOCK_MAX :]) == list(index)
    assert count - 3 * BLOCK_MAX == len(index)


@pytest.mark.parametrize("missing", [(0,), (2,), (4,)])
def test_removing_what_is_not_there_is_a_bug(missing: tuple[int]) -> None:
    index: SortedIndex[tuple[int]] = SortedIndex()
    index.add((1,))
    index.add((3,))

    with pytest.raises(InvariantError, match="not in the index"):
        index.remove(missing)


def test_removing_from_an_empty_index_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="not in the index"):
        SortedIndex[tuple[int]]().remove((1,))


def test_timers_come_in_the_order_in_which_they_are_due() -> None:
    timers = Timers()
    timers.start(Timer(TimerKind.REST, agent="ann"), Time(30))
    timers.start(Timer(TimerKind.HELD, call="c1"), Time(10))

    assert timers.next_due() == 10
    assert timers.take_due(Time(9)) is None
    assert timers.take_due(Time(30)) == Timer(TimerKind.HELD, call="c1")
    assert timers.take_due(Time(30)) == Timer(TimerKind.REST, agent="ann")
    assert timers.take_due(Time(30)) is None
    assert timers.next_due() is None


def test_timers_due_at_once_come_in_the_order_of_their_names() -> None:
    timers = Timers()
    names = [
        Timer(TimerKind.OFFER_OVERDUE, offer=2),
        Timer(TimerKind.WRAP_UP, agent="ben"),
        Timer(TimerKind.OFFER_OVERDUE, offer=1),
        Timer(TimerKind.WRAP_UP, agent="ann"),
    ]
    for name in names:
        timers.start(name, Time(5))

    assert [timers.take_due(Time(5)) for _ in names] == sorted(names)


def test_starting_a_running_timer_moves_it() -> None:
    timers = Timers()
    timers.start(Timer(TimerKind.REST, agent="ann"), Time(30))
    timers.start(Timer(TimerKind.REST, agent="ann"), Time(50))

    assert timers.take_due(Time(49)) is None
    assert timers.take_due(Time(50)) == Timer(TimerKind.REST, agent="ann")


def test_a_cancelled_timer_is_never_due() -> None:
    timers = Timers()
    timers.start(Timer(TimerKind.REST, agent="ann"), Time(30))
    timers.cancel(Timer(TimerKind.REST, agent="ann"))
    timers.cancel(Timer(TimerKind.REST, agent="ann"))

    assert timers.next_due() is None


def test_who_does_not_serve_a_queue_is_dropped_from_it_without_a_trace() -> None:
    members = Members()
    members.drop(AgentId("ann"))

    assert set(members.counts().values()) == {0}


def test_who_may_not_take_the_calls_of_a_lane_gets_in_no_line() -> None:
    lane = Lane(Reach(skills=((SkillName("english"), 3),), ring=1, agents=(), wanted=()))
    agent = Agent(agent=AgentId("ann"), since=Time(0), idle_since=Time(0))
    lane.line_up(agent, 1, (0, 0))

    assert lane.line() == {}
