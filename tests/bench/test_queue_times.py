import pytest

from lab.load.times import NS, CallTimes, LoadTimes, PlannedCall, Visit
from tests.bench.queue_times import free_to_invite_s, ideal_wait_s, wait_over_ideal_s


def seen(*calls: tuple[str, float, float, float]) -> LoadTimes:
    """Return what was seen of calls: agent, then seconds of the key, the ringing and the end."""
    times: list[CallTimes] = []
    visits: list[Visit] = []
    for number, (agent, keyed, rung, left) in enumerate(calls):
        plan = PlannedCall(at_s=keyed, number=str(number), key="1", talk_s=left - rung)
        moments = [round(moment * NS) for moment in (keyed, rung, left)]
        times.append(CallTimes(plan=plan, keyed_ns=moments[0], ended_ns=moments[2]))
        visits.append(
            Visit(
                agent=agent,
                number=str(number),
                rung_ns=moments[1],
                answered_ns=moments[1],
                left_ns=moments[2],
            )
        )
    return LoadTimes(calls=times, visits=visits, repeated=0, late_s=0.0)


def test_an_agent_is_waited_for_only_while_a_caller_is_there_for_him() -> None:
    times = seen(
        ("ann", 1, 1, 11),  # then the second has waited since 2
        ("ann", 2, 11.25, 20),  # then nobody waits
        ("ann", 30, 30, 40),
    )

    assert free_to_invite_s(times, 1) == [0.25]


def test_an_agent_is_not_due_where_others_are_free_for_all_who_wait() -> None:
    times = seen(("ann", 1, 1, 11), ("ben", 1, 1, 10), ("ben", 10.5, 12, 20), ("ann", 30, 30, 40))

    assert free_to_invite_s(times, 2) == []


def test_the_ideal_server_begins_each_call_when_somebody_is_free_in_order() -> None:
    times = seen(("ann", 1, 1.5, 11.5), ("ben", 2, 3, 13), ("ann", 3, 12, 20))

    # The third waits from 3 to 11, when the first is over; the others do not wait.
    assert ideal_wait_s(times, 2) == pytest.approx(8 / 3)
    assert wait_over_ideal_s(times, 2) == pytest.approx((0.5 + 1 + 9) / 3 - 8 / 3)


def test_calls_that_came_to_no_agent_or_did_not_end_are_lost() -> None:
    times = seen(("ann", 1, 1, 2), ("ann", 3, 3, 4), ("ann", 5, 5, 6))
    times.calls[0].ended_ns = 0
    times.visits[2].answered_ns = 0

    assert times.lost == 2
    assert [call.plan.number for call, _ in times.served] == ["1"]
