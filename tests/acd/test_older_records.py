"""What was written before a field was there is read as if nothing had been said."""

from typing import Any

import orjson
import pytest
from cattrs.preconf.orjson import make_converter

from acd.distributor import Distributor
from acd.facts import OfferOutcome, PolicyApplied
from acd.misses import MISS_DELAYS, MissCause, rule_for
from acd.policy import WRAP_UP_MAX, Policy
from acd.snapshot import DistributorState
from tests.acd.script import Script, policy, queue_policy

CONVERTER = make_converter()
NEW_OF_QUEUES = ("misses", "wrap_up_max")
NEW_OF_AGENTS = ("wrap_up", "wrap_ups")
NEW_OF_AGENTS_STATE = (
    "other_misses",
    "row",
    "wrap_up_max",
    "wrap_up_latest",
    "own_wrap_up",
    "own_wrap_ups",
)


def without(record: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        del record[name]


def older(floor: Script) -> Distributor:
    """Return the distributor that goes on from a snapshot without these fields."""
    written = CONVERTER.unstructure(floor.distributor.snapshot())
    for queue in written["queues"]:
        without(queue["rules"], NEW_OF_QUEUES)
    for agent in written["agents"]:
        without(agent, NEW_OF_AGENTS_STATE)
    for offer in written["offers"]:
        without(offer, NEW_OF_QUEUES)
    read = orjson.loads(orjson.dumps(written))
    return Distributor.restore(CONVERTER.structure(read, DistributorState))


def test_a_policy_of_before_has_the_limits_and_pauses_that_held_then() -> None:
    written = CONVERTER.unstructure(PolicyApplied(policy=policy("ann:sales", queue_policy())))
    without(written["policy"]["queues"][0], NEW_OF_QUEUES)
    without(written["policy"]["agents"][0], NEW_OF_AGENTS)
    read: Policy = CONVERTER.structure(written, PolicyApplied).policy
    (sales,), (ann,) = read.queues, read.agents

    assert (sales.misses, sales.wrap_up_max) == ((), WRAP_UP_MAX)
    assert (ann.wrap_up, ann.wrap_ups) == (None, ())
    for cause in MissCause:
        rule = rule_for(cause, sales.misses_max, sales.misses)
        assert rule.limit == (3 if cause is MissCause.NO_ANSWER else 0)
        assert rule.delay == MISS_DELAYS[cause]


def test_rows_of_unanswered_rings_go_on_where_they_were() -> None:
    floor = Script(queue_policy(misses=2), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(16).end(1).at(21)
    floor.distributor = older(floor)

    floor.forget().at(36).end(2).shown("ann not_ready(ring_no_answer) idle")


def test_an_offer_of_before_has_its_consequences() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1")
    floor.distributor = older(floor)

    floor.at(2).end(1, OfferOutcome.UNREACHABLE).forget().at(31.9).expect()
    floor.at(32).expect("offer 2 c1 ann")


@pytest.mark.parametrize("ended", [True, False])
def test_paperwork_of_before_ends_as_it_would_have_and_is_not_extended(*, ended: bool) -> None:
    floor = Script(queue_policy(wrap=10), agents="ann:sales", ready="ann", checked=False)
    floor.at(1).queue("c1").answer(1).at(2)
    if ended:
        floor.end_talk("c1", "ann")
    floor.distributor = older(floor)
    if not ended:
        floor.end_talk("c1", "ann")

    floor.forget().extend_wrap_up("ann", 30).at(11.9).shown()
    floor.at(12).shown("ann ready idle")
