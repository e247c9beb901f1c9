"""Paperwork: how long it lasts for whom, and how it is ended and extended."""

import pytest

from acd.distributor import Distributor
from acd.facts import PolicyApplied
from acd.policy import WRAP_UP_MAX
from cti.instants import as_seconds
from tests.acd.script import Script, at, policy, queue_policy

SALES, SUPPORT = queue_policy("sales", wrap=10), queue_policy("support", wrap=40)
BOTH = "ann:sales,support ben:sales,support"


def wrapping_up(queue: str, wraps: str, agent: str = "ann") -> Script:
    """Return a floor on which an agent's talk has ended at 5 s, with these own times."""
    floor = Script(SALES, SUPPORT, agents=BOTH, ready=agent)
    floor.apply(policy(BOTH, SALES, SUPPORT, wraps=wraps)).at(1).queue("c1", queue).answer(1)
    return floor.at(5).forget().end_talk("c1", agent)


@pytest.mark.parametrize(
    ("wraps", "queue", "until"),
    [
        ("", "sales", 15),
        ("", "support", 45),
        ("ann:30", "sales", 35),
        ("ann:30", "support", 35),
        ("ann:support:30", "sales", 15),
        ("ann:support:30", "support", 35),
        ("ann:30 ann:sales:7", "sales", 12),
        ("ann:30 ann:sales:7", "support", 35),
        ("ben:30 ben:sales:7", "sales", 15),
    ],
)
def test_an_agents_own_time_comes_before_the_queues(wraps: str, queue: str, until: int) -> None:
    wrapping_up(queue, wraps).shown(f"ann ready wrapping_up c1 until {until}")


@pytest.mark.parametrize("wraps", ["ann:0", "ann:sales:0"])
def test_an_agent_may_have_no_wrap_up_of_his_own(wraps: str) -> None:
    wrapping_up("sales", wraps).shown("ann ready idle")


def test_an_own_time_that_is_new_counts_from_the_next_offer_on() -> None:
    floor = Script(SALES, agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").apply(policy("ann:sales", SALES, wraps="ann:30"))
    floor.answer(1).at(2).forget().end_talk("c1", "ann").shown("ann ready wrapping_up c1 until 12")
    floor.end_wrap_up("ann").at(3).queue("c2").answer(2).at(4).forget()

    floor.end_talk("c2", "ann").shown("ann ready wrapping_up c2 until 34")


def test_an_own_time_that_is_taken_away_gives_way_to_the_queues() -> None:
    floor = Script(SALES, agents="ann:sales", ready="ann")
    floor.apply(policy("ann:sales", SALES, wraps="ann:30 ann:sales:20"))
    floor.apply(policy("ann:sales", SALES)).at(1).queue("c1").answer(1).at(2).forget()

    floor.end_talk("c1", "ann").shown("ann ready wrapping_up c1 until 12")


def test_an_own_time_survives_a_restart() -> None:
    first = Distributor()
    first.handle(PolicyApplied(policy=policy("ann:sales", SALES, wraps="ann:30")), at(0))
    floor = Script(SALES, agents="ann:sales")
    floor.distributor = Distributor.restore(first.snapshot())
    floor.log_on("ann").ready("ann").at(1).queue("c1").answer(1).at(2).forget()

    floor.end_talk("c1", "ann").shown("ann ready wrapping_up c1 until 32")


def test_paperwork_can_be_extended_up_to_the_queues_longest_and_no_further() -> None:
    floor = Script(queue_policy(wrap=10, wrap_max=60), ready="ann")
    floor.at(0).queue("c1").answer(1).at(5).leave("c1").forget()

    floor.extend_wrap_up("ann", 30).shown("ann ready wrapping_up c1 until 45")
    floor.at(44).extend_wrap_up("ann", 30).shown("ann ready wrapping_up c1 until 65")
    floor.at(60).extend_wrap_up("ann", 1).shown()
    floor.at(65).shown("ann ready idle")


def test_a_time_that_is_longer_than_the_longest_is_granted_and_not_extended() -> None:
    floor = Script(queue_policy(wrap=60, wrap_max=30), ready="ann")
    floor.at(0).queue("c1").answer(1).at(5).leave("c1").forget()

    floor.extend_wrap_up("ann", 30).shown()
    floor.at(65).shown("ann ready idle")


def test_how_long_paperwork_may_be_extended_is_shown_while_it_lasts() -> None:
    floor = Script(queue_policy(wrap=10), ready="ann")
    floor.at(0).queue("c1").answer(1).at(5).leave("c1").occupy("ann").at(20)
    shown = [(s.occupation.value, s.until, s.until_max) for s in floor.states()]
    longest = at(5 + as_seconds(WRAP_UP_MAX))

    assert [
        ("busy", None, None),
        ("wrapping_up", at(15), longest),
        ("busy_elsewhere", at(15), longest),
        ("busy_elsewhere", None, None),
    ] == shown[-4:]


def test_paperwork_can_be_extended_and_ended_while_the_customer_is_called_back() -> None:
    floor = Script(queue_policy(wrap=10), ready="ann")
    floor.at(0).queue("c1").answer(1).at(5).leave("c1").at(6).occupy("ann").forget()

    floor.extend_wrap_up("ann", 30).shown("ann ready busy_elsewhere c1 until 45")
    floor.at(7).free("ann").shown("ann ready wrapping_up c1 until 45")
    floor.occupy("ann").end_wrap_up("ann").free("ann")
    floor.shown(
        "ann ready busy_elsewhere c1 until 45", "ann ready busy_elsewhere", "ann ready idle"
    )


def test_the_longest_in_force_when_the_offer_was_made_counts() -> None:
    floor = Script(queue_policy(wrap=10, wrap_max=60), agents="ann:sales", ready="ann")
    floor.at(0).queue("c1").apply(policy("ann:sales", queue_policy(wrap=10, wrap_max=20)))
    floor.answer(1).at(5).leave("c1").forget()

    floor.extend_wrap_up("ann", 999).shown("ann ready wrapping_up c1 until 65")


def test_the_time_of_one_call_is_not_added_to_that_of_the_next() -> None:
    floor = Script(queue_policy(wrap=10, wrap_max=60), agents="ann:sales", ready="ann")
    floor.at(0).queue("c1").answer(1).at(5).leave("c1").extend_wrap_up("ann", 99)
    floor.end_wrap_up("ann").at(9).queue("c2").answer(2).at(10).leave("c2").forget()

    floor.extend_wrap_up("ann", 99).shown("ann ready wrapping_up c2 until 70")
