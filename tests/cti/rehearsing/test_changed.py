"""What another policy changes, and what stays as it was recorded."""

from dataclasses import replace

from acd.facts import (
    AgentEndedWrapUp,
    AgentMadeNotReady,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    TalkEnded,
)
from acd.policy import Strategy
from acd.ways import Cause, JoinRule, Target, TargetKind
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import as_seconds
from cti.rehearsing.fates import Kind
from tests.acd.script import ANN, BEN, policy, queue_policy
from tests.cti.rehearsing.days import Day, fates, rehearsed

ANYBODY = policy("ann:sales ben:sales", queue_policy(wrap=0))


def queued(call: str, queue: str = "sales") -> CallQueued:
    return CallQueued(call=CallId(call), queue=QueueName(queue))


def answered(offer: int) -> OfferAnswered:
    return OfferAnswered(offer=OfferId(offer))


def talk_ended(call: str, agent: AgentId) -> tuple[TalkEnded, CallerLeft]:
    return TalkEnded(call=CallId(call), agent=agent), CallerLeft(call=CallId(call))


def left(call: str) -> CallerLeft:
    return CallerLeft(call=CallId(call))


def test_a_call_is_answered_by_another_agent_and_talked_with_as_long() -> None:
    day = Day(ANYBODY, "ann ben").at(10, queued("c1")).at(13, answered(1))
    day.at(73, *talk_ended("c1", ANN)).at(100)
    benfirst = queue_policy(wrap=0, strategy=Strategy.ORDERED, order="ben ann")
    done = rehearsed(day.tape, policy("ann:sales ben:sales", benfirst, version="v2"))

    assert fates(done) == {"c1": ("ann after 3.0 s", "ben after 3.0 s")}
    assert done.chances.offers_drawn == 1
    assert done.chances.talks_drawn == 0
    assert done.core.picture(done.recording.ended).talks == ()
    assert done.rehearsed.agents[BEN].busy != done.recorded.agents[BEN].busy


def test_a_call_that_was_lost_is_answered_and_lasts_as_long_as_another() -> None:
    before = policy("ann:sales ben:support", queue_policy(wrap=0), queue_policy("support"))
    day = Day(before, "ann ben")
    day.at(10, queued("c1")).at(12, answered(1)).at(15, queued("c2"))
    day.at(45, left("c2")).at(60, *talk_ended("c1", ANN)).at(70, queued("c3"))
    day.at(71, answered(2)).at(90, *talk_ended("c3", ANN))
    both = policy(
        "ann:sales ben:support,sales", queue_policy(wrap=0), queue_policy("support"), version="v2"
    )
    done = rehearsed(day.tape, both)

    # Ann's two offers are what is known of answers: after 2 s and after 1 s
    assert {call: here.split()[0] for call, (_then, here) in fates(done).items()} == {"c2": "ben"}
    assert fates(done)["c2"][0] == "left after 30 s"
    assert done.chances.talks_drawn == 1


def test_a_caller_who_waits_longer_than_then_leaves_when_others_did_or_stays() -> None:
    day = Day(policy("ann:sales", queue_policy(wrap=0)), "ann")
    day.at(10, queued("c1")).at(12, answered(1)).at(20, queued("c2"))
    day.at(40, *talk_ended("c1", ANN)).at(43, answered(2)).at(50, *talk_ended("c2", ANN))
    day.at(60, AgentMadeNotReady(agent=ANN, reason="lunch")).at(61, queued("c3"))
    day.at(101, left("c3")).at(500, queued("c4"))
    nobody = policy("ann:", queue_policy(wrap=0), version="v2")
    told = fates(rehearsed(day.tape, nobody))

    assert told == {
        "c1": ("ann after 2.0 s", "left after 40 s"),
        "c2": ("ann after 23 s", "left after 40 s"),
    }


def test_the_longest_waiter_stays_as_long_as_it_takes() -> None:
    day = Day(policy("ann:sales", queue_policy(wrap=0)), "ann")
    day.at(10, queued("c1")).at(12, answered(1)).at(900, queued("c2"))
    told = fates(rehearsed(day.tape, policy("ann:", queue_policy(wrap=0), version="v2")))

    assert told == {"c1": ("ann after 2.0 s", "still waits, for 14 min 50 s")}


def test_an_agent_misses_a_call_again_after_the_new_ring_time() -> None:
    day = Day(policy("ann:sales", queue_policy(ring=15)), "ann").at(10, queued("c1"))
    day.at(25, OfferEnded(offer=OfferId(1), outcome=OfferOutcome.NO_ANSWER))
    day.at(31, answered(2))
    told = fates(
        rehearsed(day.tape, policy("ann:sales", queue_policy(ring=25), version="v2"), until_s=60)
    )

    # 25 s of ringing, the pause of 5 s, then the answer after 1 s
    assert told == {"c1": ("ann after 21 s", "ann after 31 s")}


def test_an_answer_that_came_later_than_the_new_ring_time_is_a_miss() -> None:
    day = Day(policy("ann:sales", queue_policy(ring=15)), "ann").at(10, queued("c1"))
    day.at(22, answered(1))
    short = rehearsed(day.tape, policy("ann:sales", queue_policy(ring=5), version="v2"), until_s=30)

    assert fates(short) == {"c1": ("ann after 12 s", "still waits, for 20 s")}


def test_paperwork_ends_as_long_after_the_talk_as_then_unless_its_time_is_up() -> None:
    slow = policy("ann:sales", queue_policy(wrap=60))
    day = Day(slow, "ann").at(10, queued("c1")).at(12, answered(1)).at(15, queued("c2"))
    day.at(30, *talk_ended("c1", ANN)).at(50, AgentEndedWrapUp(agent=ANN)).at(51, answered(2))
    day.at(60)

    unchanged = rehearsed(day.tape, policy("ann:sales", queue_policy(wrap=55), version="v2"))
    assert fates(unchanged) == {}
    quick = rehearsed(day.tape, policy("ann:sales", queue_policy(wrap=10), version="v2"))
    assert fates(quick) == {"c2": ("ann after 36 s", "ann after 26 s")}


def test_an_agent_whom_the_system_stops_here_alone_comes_back_after_a_minute() -> None:
    patient = policy("ann:sales", queue_policy(ring=15, wrap=0, misses=0))
    day = Day(patient, "ann").at(10, queued("c1"))
    day.at(25, OfferEnded(offer=OfferId(1), outcome=OfferOutcome.NO_ANSWER))
    day.at(32, answered(2))
    strict = policy("ann:sales", queue_policy(ring=15, wrap=0, misses=1), version="v2")
    done = rehearsed(day.tape, strict, until_s=200)

    # stopped at 25 s, back at 85 s, and answers after 2 s
    assert fates(done) == {"c1": ("ann after 22 s", "ann after 1 min 17 s")}
    assert done.returned == 1


def test_a_caller_who_is_moved_on_here_is_answered_in_the_other_queue() -> None:
    before = policy("ann:sales ben:support", queue_policy(wrap=0), queue_policy("support"))
    day = Day(before, "ben").at(10, queued("c1")).at(30, queued("c2", "support"))
    day.at(33, answered(1)).at(35, *talk_ended("c2", BEN)).at(200, left("c1")).at(210)
    moves = policy(
        "ann:sales ben:support",
        queue_policy(wrap=0, overflow=(60, "support")),
        queue_policy("support"),
        version="v2",
    )
    (change,) = rehearsed(day.tape, moves).changes

    assert change.kind is Kind.ANSWERED_INSTEAD
    assert change.rehearsed is not None
    assert (change.rehearsed.queue, change.rehearsed.agent) == ("support", BEN)
    assert as_seconds(change.rehearsed.wait) == 63.0


def test_an_offer_that_is_withdrawn_here_ends_by_that() -> None:
    before = policy("ann:sales", queue_policy(ring=60, wrap=0))
    day = Day(before, "ann").at(10, queued("c1")).at(40, answered(1))
    gone = policy("ben:sales", queue_policy(ring=60, wrap=0), version="v2")
    done = rehearsed(day.tape, gone, skipped=4, until_s=60)

    assert fates(done) == {"c1": ("ann after 30 s", "still waits, for 50 s")}
    assert done.core.snapshot().offers == ()


def test_a_draw_hangs_on_the_seed_alone() -> None:
    day = Day(policy("ann:sales", queue_policy(wrap=0)), "ann")
    for number in range(30):
        day.at(10 * number + 1, queued(f"c{number}"))
        day.at(10 * number + 1 + number % 9, left(f"c{number}"))
    more = policy("ann:sales", queue_policy(wrap=0), version="v2")
    day.at(400)
    one, same = rehearsed(day.tape, more, seed=3), rehearsed(day.tape, more, seed=3)

    assert one.changes == same.changes


def test_a_newcomer_who_is_sent_elsewhere_counts_for_the_queue_that_he_came_for() -> None:
    day = Day(policy("ann:sales", queue_policy(wrap=0)), "ann")
    day.at(10, queued("c1")).at(12, answered(1)).at(20, queued("c2")).at(50, left("c2"))
    box = JoinRule(cause=Cause.FULL, target=Target(kind=TargetKind.VOICEMAIL, name="box"))
    full = replace(queue_policy(wrap=0, room=0), join=(box,))
    done = rehearsed(day.tape, policy("ann:sales", full, version="v2"))

    assert fates(done) == {
        "c1": ("ann after 2.0 s", "sent elsewhere after 0.0 s"),
        "c2": ("left after 30 s", "sent elsewhere after 0.0 s"),
    }
    assert {change.queue for change in done.changes} == {"sales"}
    assert sum(batch.diverted for batch in done.rehearsed.queues[QueueName("sales")]) == 2


def test_who_is_to_be_called_back_is_followed_no_further() -> None:
    day = Day(policy("ann:sales", queue_policy(wrap=0)), "")
    day.at(10, queued("c1")).at(50, left("c1"))
    asking = queue_policy(wrap=0, chain="wait=20>call_back")
    done = rehearsed(day.tape, policy("ann:sales", asking, version="v2"))

    assert fates(done) == {"c1": ("left after 40 s", "sent elsewhere after 20 s")}
    assert done.core.snapshot().calls == ()


def test_a_newcomer_who_is_sent_to_another_queue_at_the_door_counts_for_the_first() -> None:
    two = (queue_policy(wrap=0), queue_policy("support", wrap=0))
    day = Day(policy("ann:sales ben:support", *two), "ann ben")
    day.at(10, queued("c1")).at(12, answered(1)).at(50)
    rule = JoinRule(cause=Cause.FULL, target=Target(kind=TargetKind.QUEUE, name="support"))
    full = replace(queue_policy(wrap=0, room=0), join=(rule,))
    done = rehearsed(day.tape, policy("ann:sales ben:support", full, two[1], version="v2"))
    (change,) = done.changes

    assert (change.queue, change.kind) == ("sales", Kind.ANOTHER_AGENT)
    assert change.rehearsed is not None
    assert (change.rehearsed.queue, change.rehearsed.agent) == ("support", BEN)
