"""Any state at all is put right: hypothesis writes anything into any row of a busy floor's."""

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.commands import Occupation, Wish, WithdrawCause
from acd.distributor import Distributor
from acd.proof.mending import LAST_RESORT, mend
from acd.snapshot import DistributorState
from acd.tables.offer_state import OfferState
from acd.tables.waiting import CallState
from cti.ids import CallId, OfferId, QueueName
from tests.acd.checkers import check
from tests.acd.script import ANN, BEN, CAT, at, phone
from tests.acd.test_healing import DAN, NOTHING, busy_floor

BUSY = busy_floor().snapshot()

_agents = st.sampled_from([ANN, BEN, CAT, DAN, None])
_calls = st.sampled_from([*(CallId(f"c{number}") for number in (1, 3, 4, 5, 9)), None])
_offers = st.sampled_from([OfferId(5), OfferId(4), OfferId(99), None])
_queues = st.sampled_from([QueueName(name) for name in ("sales", "night", "nowhere")])
_instants = st.sampled_from([at(0), at(5), at(90), None])
VALUES: dict[str, st.SearchStrategy[object]] = {
    "offer": _offers,
    "call": _calls,
    "queue": _queues,
    "queues": st.lists(_queues, max_size=3).map(tuple),
    "wish": st.sampled_from(Wish),
    "occupation": st.sampled_from(Occupation),
    "device": st.sampled_from([phone("ann-phone"), phone("x"), None]),
    "holds_device": st.booleans(),
    "in_use_elsewhere": st.booleans(),
    "wrap_up_ends": _instants,
    "rests_until": _instants,
    "state": st.sampled_from(CallState),
    "agent": _agents,
    "overflow_at": _instants,
    "overflow_due": st.booleans(),
    "held_until": _instants,
    "withdrawn_for": st.sampled_from([*WithdrawCause, None]),
}
KEYS = {"agents": "agent", "calls": "call", "offers": "offer"}
NEVER_NONE = {"offers": {"call", "agent"}}


@st.composite
def broken_states(draw: st.DrawFn) -> DistributorState:
    state = BUSY
    for _ in range(draw(st.integers(1, 6))):
        table = draw(st.sampled_from(sorted(KEYS)))
        rows = list(getattr(state, table))
        if not rows:
            continue
        at_row = draw(st.integers(0, len(rows) - 1))
        row = rows[at_row]
        names = sorted({one.name for one in fields(row)} & VALUES.keys() - {KEYS[table]})
        name = draw(st.sampled_from([*names, "lost"]))
        if name == "lost":
            del rows[at_row]
        else:
            values = VALUES[name]
            if table == "offers" and name == "state":
                values = st.sampled_from(OfferState)
            value = draw(values)
            if value is not None or name not in NEVER_NONE.get(table, set()):
                rows[at_row] = replace(row, **{name: value})
        state = replace(state, **{table: tuple(rows)})  # type: ignore[arg-type]
    if draw(st.booleans()):
        state = replace(state, queues=state.queues[1:])
    return state


@settings(max_examples=400, deadline=None)
@given(broken_states())
def test_whatever_stands_in_a_state_it_is_mended_to_one_on_which_all_agree(
    state: DistributorState,
) -> None:
    mended, mends, _ = mend(state)

    assert mend(mended) == (mended, (), ())
    assert (mended == state) == (mends == ())
    assert {call.call for call in mended.calls} >= {call.call for call in state.calls}
    assert {agent.agent for agent in mended.agents} == {agent.agent for agent in state.agents}

    core = Distributor.restore(mended)
    for agent in core._floor.agents.values():
        core._floor.freed(agent)
    core.handle(NOTHING, mended.now)
    check(core)


def test_who_waits_where_no_queue_is_known_waits_in_the_last_resort() -> None:
    alone = replace(
        BUSY, queues=(), agents=tuple(replace(agent, queues=()) for agent in BUSY.agents)
    )
    mended, _, _ = mend(alone)

    assert {call.queue for call in mended.calls if call.state is CallState.WAITING} == {LAST_RESORT}
