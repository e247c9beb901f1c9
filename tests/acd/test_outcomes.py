"""Every call has one outcome in each queue that it came into."""

from dataclasses import replace

from acd.distributor import Distributor
from acd.tables.outcomes import TURNED_AWAY_BY
from acd.ways import Cause
from cti.ids import QueueName
from tests.acd.script import Script, policy, queue_policy


def test_every_cause_turns_away_by_an_outcome_of_its_own() -> None:
    """But for a key: it turns away as a rule of the overflow chain does."""
    assert set(Cause) == set(TURNED_AWAY_BY)
    rules = {cause: outcome for cause, outcome in TURNED_AWAY_BY.items() if cause is not Cause.KEY}
    assert len(set(rules.values())) == len(rules)


def test_each_outcome_is_counted_in_the_queue_where_it_happens() -> None:
    floor = Script(
        queue_policy(room=3, overflow=(60, "support")), queue_policy("support"), ready="ann"
    )
    floor.queue("c1").answer(1)
    floor.queue("c2").queue("c3").queue("c4").queue("c5")
    floor.leave("c2").queue("c3", "support").at(60).close().queue("c6").queue("c7", "nowhere")

    assert floor.outcomes() == {
        "answered": 1,
        "full": 1,
        "abandoned": 1,
        "withdrawn": 1,
        "overflowed": 1,
        "closed": 1,
    }
    assert floor.outcomes("support") == {}
    arrivals = {kept.rules.name: kept.arrivals for kept in floor.distributor.snapshot().queues}
    assert arrivals == {QueueName("sales"): 6, QueueName("support"): 2}


def test_a_call_that_goes_back_to_its_queue_after_a_talk_arrives_again() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.queue("c1").answer(1).queue("c1")

    assert floor.outcomes() == {"answered": 1}
    arrivals = [kept.arrivals for kept in floor.distributor.snapshot().queues]
    assert arrivals == [2, 0]


def test_counts_outlive_a_new_policy_and_go_with_a_removed_queue() -> None:
    floor = Script(ready="ann")
    floor.queue("c1").leave("c1").apply(policy("ann:sales", version="v2"))

    assert floor.outcomes() == {"abandoned": 1}
    floor.apply(policy("", queue_policy("support"))).apply(policy("", version="v3"))
    assert floor.outcomes() == {}


def test_those_who_wait_in_an_older_snapshot_have_arrived() -> None:
    floor = Script(agents="")
    state = floor.queue("c1").queue("c2").distributor.snapshot()
    older = replace(
        state, queues=tuple(replace(queue, arrivals=0, outcomes=()) for queue in state.queues)
    )
    floor.distributor = Distributor.restore(older)

    floor.leave("c1")
    arrivals = [kept.arrivals for kept in floor.distributor.snapshot().queues]
    assert arrivals == [2, 0]
