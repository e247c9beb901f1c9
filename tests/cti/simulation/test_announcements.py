"""What simulated callers are told, and how right it was."""

from tests.acd.script import announce_policy, policy, queue_policy
from tests.cti.simulation.runs import plain_scenario, simulated

TOLD = announce_policy(first=0, every=36_000, estimate=(1, 36_000), trusted=0)


def test_announcements_and_how_right_they_were_are_counted() -> None:
    rules = policy("", queue_policy(wrap=10, room=1_000_000, announce=TOLD))
    total = simulated(plain_scenario(90, 5), rules)
    sales = total["queues"]["sales"]

    assert total["announcements"] == sales["announcements"] > 2_000
    assert 0 <= total["announcements"] - total["estimates"]["count"] <= total["waiting"]
    assert 0.78 < total["estimates"]["right_share"] < 0.93
    assert abs(total["estimates"]["late_s"]) < 0.1 * total["asa_s"] / total["wait_probability"]


def test_where_nothing_is_told_there_is_nothing_to_be_right() -> None:
    total = simulated(plain_scenario(90, 5, duration="20h"))

    assert total["announcements"] == 0
    assert total["estimates"] == {"count": 0, "right_share": None, "late_s": None}
