"""How long a caller is told that it will take: worked out by hand on small floors."""

from dataclasses import replace

from acd.announce_policy import EstimatePolicy
from acd.commands import Announce, EstimateOutcome, JudgeEstimate
from acd.distributor import Distributor
from acd.facts import OfferOutcome
from acd.misses import UNREACHABLE_PAUSE
from acd.picture import EstimatesPicture
from acd.policy import QueuePolicy
from acd.rules.announcing import ESTIMATES_MAX
from acd.tables.calibration import KEPT, NO_CASES, Calibration
from acd.tables.observed import LONGEST, NOTHING_OBSERVED, PARTS, Observed
from cti.instants import Duration, as_seconds, seconds
from tests.acd.script import Script, announce_policy, policy, queue_policy, step

ALIKE_S = 100.0
"""How long every call takes an agent in these tests, from its offer to the end of his paperwork."""


def telling(name: str = "sales", **rules: object) -> QueuePolicy:
    """Return a queue that tells a caller's wait at once and each ten seconds, to the second."""
    told = announce_policy(first=0, every=10, estimate=(1, 900), only_improved=False)
    return queue_policy(name, announce=told, wrap=10, **rules)  # type: ignore[arg-type]


def learn(floor: Script, queue: str = "sales", agent: str = "ann", count: int = 6) -> Script:
    """Have an agent handle so many calls of a queue, each as long as the others."""
    for number in range(count):
        call = f"{queue}-{number}"
        began = as_seconds(floor.now)
        floor.queue(call, queue)
        floor.answer(floor.offers()[-1].offer).at(began + 90).leave(call).at(began + 100)
        assert floor.offers()[-1].agent == agent
    return floor.forget()


def wait_of(floor: Script, call: str) -> float | None:
    """Return what a caller was told last, in seconds."""
    told = [c for c in floor.commands if isinstance(c, Announce) and c.call == call]
    wait = told[-1].estimate if told else None
    return None if wait is None else as_seconds(wait)


def later(floor: Script, by: float) -> Script:
    return floor.at(as_seconds(floor.now) + by)


def test_nothing_is_told_before_enough_was_observed() -> None:
    floor = Script(telling(), agents="ann:sales", ready="ann")
    learn(floor, count=4).queue("c1").queue("c2")

    assert wait_of(later(floor, 50), "c2") is None


def test_nothing_is_told_while_nobody_works() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.not_ready("ann").queue("c1")

    assert wait_of(later(floor, 0), "c1") is None


def test_the_next_caller_waits_for_the_rest_of_the_present_talk() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").answer(7)
    later(floor, 30).queue("c2")

    assert wait_of(later(floor, 0), "c2") == 70


def test_paperwork_ends_when_its_timer_says() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").answer(7)
    later(floor, 30).leave("c1")
    later(floor, 4).queue("c2")

    assert wait_of(later(floor, 0), "c2") == 6


def test_each_caller_ahead_adds_a_call_of_usual_length() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").answer(7)
    later(floor, 30).queue("c2").queue("c3").queue("c4")

    assert [wait_of(later(floor, 0), call) for call in ("c2", "c3", "c4")] == [70, 170, 270]


def test_two_agents_halve_it() -> None:
    floor = learn(Script(telling(), agents="ann:sales ben:sales", ready="ann"))
    floor.log_on("ben").ready("ben").queue("c0").queue("c1")
    for offer in floor.offers()[-2:]:
        floor.answer(offer.offer)
    later(floor, 30).queue("c2").queue("c3")

    assert [wait_of(later(floor, 0), call) for call in ("c2", "c3")] == [70, 70]


def test_priorities_ahead_count() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").answer(7)
    later(floor, 30).queue("c2").queue("vip", ahead=60)

    assert [wait_of(later(floor, 0), call) for call in ("vip", "c2")] == [70, 170]


def test_a_call_that_rings_is_present_work_and_no_longer_ahead() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").queue("c2")

    assert wait_of(later(floor, 0), "c2") == 100


def test_who_asked_for_a_break_after_his_talk_is_not_counted() -> None:
    floor = learn(Script(telling(), agents="ann:sales ben:sales", ready="ann"))
    floor.log_on("ben").ready("ben").queue("c0").queue("c1")
    for offer in floor.offers()[-2:]:
        floor.answer(offer.offer)
    later(floor, 30).not_ready("ben").queue("c2").queue("c3")

    assert [wait_of(later(floor, 0), call) for call in ("c2", "c3")] == [70, 170]


def test_calls_of_another_queue_of_the_same_agents_count_if_they_are_ahead() -> None:
    floor = Script(telling(), telling("support"), agents="ann:sales,support", ready="ann")
    learn(learn(floor), "support")
    floor.queue("c1").answer(13)
    later(floor, 30).queue("s1", "support").queue("c2").queue("s2", "support")

    assert [wait_of(later(floor, 0), call) for call in ("s1", "c2", "s2")] == [70, 170, 270]


def test_calls_of_another_queue_count_by_the_part_that_falls_to_shared_agents() -> None:
    """Of support's two agents one serves sales too: half of support's calls ahead are his."""
    floor = Script(telling(), telling("support"), agents="ann:sales,support ben:support")
    floor.log_on("ann").ready("ann")
    learn(learn(floor), "support")
    floor.log_on("ben").ready("ben").queue("c0").queue("s0", "support")
    for offer in floor.offers()[-2:]:
        floor.answer(offer.offer)
    later(floor, 30).queue("s1", "support").queue("s2", "support").queue("c1")

    assert wait_of(later(floor, 0), "c1") == 170


def test_undivided_agents_come_first_where_older_calls_elsewhere_draw_the_others_away() -> None:
    floor = Script(telling(), telling("support"), agents="ann:sales ben:sales,support")
    floor.log_on("ann").ready("ann")
    learn(floor).log_on("ben").ready("ben").queue("c0").queue("c1")
    for offer in floor.offers()[-2:]:
        floor.answer(offer.offer)
    later(floor, 30)
    for number in range(6):
        floor.queue(f"s{number}", "support")
    floor.queue("c2").queue("c3")

    # ann is free in 70 s and takes them; ben has six older calls of support before him
    assert [wait_of(later(floor, 0), call) for call in ("c2", "c3")] == [70, 170]


def test_calls_of_a_queue_without_shared_agents_do_not_count() -> None:
    floor = Script(telling(), telling("support"), agents="ann:sales ben:support", ready="ann")
    learn(floor).queue("s1", "support").queue("s2", "support").queue("c1").answer(7)
    later(floor, 30).queue("c2")

    assert wait_of(later(floor, 0), "c2") == 70


def test_other_use_of_the_phone_counts_as_a_usual_call() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.occupy("ann").queue("c1")

    assert wait_of(later(floor, 0), "c1") == 100


def test_the_rest_of_an_agent_whose_phone_could_not_be_reached_counts() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1")
    later(floor, 20).end(7, OfferOutcome.UNREACHABLE)

    assert wait_of(later(floor, 0), "c1") == as_seconds(UNREACHABLE_PAUSE)


def test_the_ringing_until_somebody_answers_is_added() -> None:
    floor = Script(telling(), agents="ann:sales", ready="ann")
    for number in range(6):
        began = as_seconds(floor.now)
        floor.queue(f"x{number}").at(began + 8).answer(number + 1)
        floor.at(began + 90).leave(f"x{number}").at(began + 100)
    floor.queue("c1").answer(7)
    later(floor, 30).queue("c2")

    # of seven offers answered one was so at once: 8 s less a seventh of 8 s
    assert wait_of(later(floor, 0), "c2") == 70 + 7


def test_many_agents_are_not_looked_at_one_by_one() -> None:
    names = [f"a{number:02}" for number in range(40)]
    floor = Script(telling(), agents=" ".join(f"{name}:sales" for name in names), checked=False)
    floor.log_on("a00").ready("a00")
    learn(floor, agent="a00")
    for name in names[1:]:
        floor.log_on(name).ready(name)
    for number in range(40):
        floor.queue(f"t{number}").answer(floor.offers()[-1].offer)
    floor.queue("c1").queue("c2").queue("c3")

    assert [wait_of(later(floor, 0), call) for call in ("c1", "c2", "c3")] == [3, 5, 8]


def test_beyond_the_most_it_is_more_than_that() -> None:
    told = announce_policy(first=0, estimate=(60, 300))
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7)
    for number in range(1, 5):
        floor.queue(f"c{number}")
    later(floor, 0).expect(
        "place c0 sales",
        "offer 7 c0 ann",
        *(f"place c{number} sales" for number in range(1, 5)),
        "announce c1 wait 120",
        "announce c2 wait 240",
        "announce c3 wait 300",
        "announce c4 wait over 300",
    )


def test_an_estimate_is_judged_when_the_call_is_answered() -> None:
    told = announce_policy(first=0, every=600, estimate=(60, 300))
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7).queue("c1")
    later(floor, 0).forget()
    later(floor, 80).leave("c0")
    later(floor, 10).expect("offer 8 c1 ann")

    later(floor, 3).answer(8).expect("judge c1 said 120 was 93 answered")
    made = floor.commands[-2]
    assert isinstance(made, JudgeEstimate)
    assert (made.expected, made.queue) == (seconds(100), "sales")
    (queue,) = floor.distributor.snapshot().queues
    assert queue.calibration.cases == ((True, -seconds(7)),)


def test_who_leaves_in_time_tells_nothing_and_who_leaves_later_tells_that_it_was_wrong() -> None:
    told = announce_policy(first=0, every=600, estimate=(60, 300))
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7).queue("c1").queue("c2")
    later(floor, 0).forget()
    later(floor, 119).leave("c1").expect("judge c1 said 120 was 119 left")
    later(floor, 200).leave("c2")

    (queue,) = floor.distributor.snapshot().queues
    assert queue.calibration.cases == ((False, seconds(319 - 200)),)


def test_a_caller_who_is_moved_on_has_his_estimates_judged() -> None:
    told = announce_policy(first=0, estimate=(60, 300))
    sales = queue_policy(announce=told, overflow=(30, "support"))
    floor = Script(sales, queue_policy("support"), agents="ann:sales", ready="ann")
    learn(floor).queue("c0").answer(7).queue("c1")
    later(floor, 0).forget()

    later(floor, 30).expect(
        "overflow c1 sales support", "judge c1 said 120 was 30 moved", "place c1 support"
    )


def test_more_than_promises_nothing_and_is_judged_without_consequence() -> None:
    told = announce_policy(first=0, estimate=(10, 10))
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7).queue("c1")
    later(floor, 50).forget().leave("c1").expect("judge c1 said over 10 was 50 left")

    (queue,) = floor.distributor.snapshot().queues
    assert queue.calibration == NO_CASES


def test_a_queue_whose_estimates_proved_wrong_is_silent_and_tells_its_position_still() -> None:
    told = announce_policy(first=0, estimate=(60, 300), position=10, trusted=0.6, cases=2)
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7)
    for number in (1, 2):
        floor.queue(f"w{number}")
        later(floor, 200).leave(f"w{number}")
    floor.forget().queue("c1")
    later(floor, 0).expect("place c1 sales", "announce c1 at 1")

    later(floor, 10).leave("c0").at(as_seconds(floor.now) + 10).answer(8)
    assert [
        (command.aloud, command.outcome)
        for command in floor.commands
        if isinstance(command, JudgeEstimate) and command.call == "c1"
    ] == [(False, EstimateOutcome.ANSWERED)]


RULES = EstimatePolicy(round_to=seconds(60), at_most=seconds(600), trusted=600_000, cases=10)


def after(known: Calibration, right: bool, count: int) -> Calibration:
    for _ in range(count):
        known = known.after((right, 0), RULES)
    return known


def test_silence_needs_a_number_of_cases() -> None:
    known = after(NO_CASES, False, 9)

    assert known.is_trusted(RULES)
    assert not after(known, False, 1).is_trusted(RULES)


def test_silence_ends_a_little_above_where_it_began() -> None:
    known = after(NO_CASES, True, 30)
    known = after(known, False, 20)
    assert (known.share, known.is_trusted(RULES)) == (600_000, True)

    known = after(known, False, 1)
    assert (known.share, known.is_trusted(RULES)) == (588_235, False)

    known = after(after(known, True, 29), True, 20)
    silent = Calibration(cases=((True, 0),) * 31 + ((False, 0),) * 19, trusted=False)
    assert not silent.is_trusted(RULES)
    recovered = Calibration(cases=((True, 0),) * 33 + ((False, 0),) * 17, trusted=False)
    assert recovered.is_trusted(RULES)
    assert known.trusted


def test_only_the_last_cases_count() -> None:
    known = after(after(NO_CASES, False, 200), True, KEPT)

    assert (known.share, len(known.cases), known.trusted) == (PARTS, KEPT, True)


def test_the_bias_is_how_much_later_calls_were_answered_than_expected() -> None:
    known = NO_CASES.after((True, -30), RULES).after((False, 90), RULES)

    assert (NO_CASES.bias, known.bias) == (None, 30)


def observed(*lengths: float) -> Observed:
    figures = NOTHING_OBSERVED
    for length in lengths:
        figures = figures.after(seconds(length))
    return figures


def test_what_is_observed_is_a_mean_that_forgets() -> None:
    assert observed(10, 20, 30).mean == seconds(20)
    assert seconds(195) < observed(*[10.0] * 100, *[200.0] * 300).mean <= seconds(200)


def test_one_endless_talk_does_not_rule_the_mean() -> None:
    assert observed(10**6).mean == LONGEST
    assert observed(-5).mean == 0


def test_the_spread_tells_alike_from_random() -> None:
    assert observed(*[100.0] * 20).spread == 0
    assert observed(1, 1, 1, 1000).spread == PARTS
    assert NOTHING_OBSERVED.spread == PARTS


def test_all_that_was_learnt_survives_a_restart() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").answer(7)
    later(floor, 30)
    floor.distributor = Distributor.restore(floor.distributor.snapshot())
    floor.queue("c2")

    assert wait_of(later(floor, 0), "c2") == 70


def test_a_removed_queue_learns_no_more() -> None:
    floor = Script(telling(), agents="ann:sales", ready="ann")
    floor.queue("c1").apply(policy("ann:support", queue_policy("support"))).answer(1)
    later(floor, 50).leave("c1")

    assert [queue.handled.cases for queue in floor.distributor.snapshot().queues] == [0]


def test_an_agent_of_a_state_without_stints_counts_as_busy_with_a_usual_call() -> None:
    floor = learn(Script(telling(), agents="ann:sales", ready="ann"))
    floor.queue("c1").answer(7)
    state = floor.distributor.snapshot()
    (ann,) = state.agents
    older = replace(state, agents=(replace(ann, stint=None),))
    floor.distributor = Distributor.restore(older)
    floor.queue("c2")

    assert wait_of(later(floor, 0), "c2") == ALIKE_S


def test_a_silent_queue_keeps_only_estimates_that_it_would_have_said() -> None:
    told = announce_policy(first=0, every=10, estimate=(60, 300), trusted=1.0, cases=1)
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7).queue("w1")
    later(floor, 200).leave("w1").forget().queue("c1")
    later(floor, 60).leave("c1")

    judged = [c for c in floor.commands if isinstance(c, JudgeEstimate) and c.call == "c1"]
    assert [(one.aloud, as_seconds(one.said)) for one in judged] == [(False, 60.0)]


def test_of_very_many_estimates_the_first_and_the_last_are_kept() -> None:
    told = announce_policy(first=0, every=10, estimate=(1, 9_000), trusted=0, only_improved=False)
    floor = learn(Script(queue_policy(announce=told), agents="ann:sales", ready="ann"))
    floor.queue("c0").answer(7).queue("c1")
    began = as_seconds(floor.now)
    later(floor, 1_000).leave("c1")

    judged = [c for c in floor.commands if isinstance(c, JudgeEstimate) and c.call == "c1"]
    assert len(judged) == ESTIMATES_MAX
    assert [as_seconds(one.at) - began for one in (judged[0], judged[1], judged[-1])] == [
        0,
        1_000 - 10 * (ESTIMATES_MAX - 2),
        1_000,
    ]


def test_the_picture_shows_what_a_queue_has_learnt() -> None:
    told = announce_policy(first=0, every=600, estimate=(60, 300), cases=1)
    rules = queue_policy(announce=told)
    floor = Script(rules, queue_policy("support"), agents="ann:sales", ready="ann")

    def shown() -> list[EstimatesPicture | None]:
        return [queue.estimates for queue in floor.distributor.picture(floor.now).queues]

    nothing = EstimatesPicture(
        handle_time=None, ring_time=None, cases=0, right=None, bias=None, told=True
    )
    assert shown() == [nothing, None]

    learn(floor).queue("c0").answer(7).queue("c1")
    later(floor, 200).leave("c1")

    learnt = EstimatesPicture(
        handle_time=seconds(100),
        ring_time=Duration(0),
        cases=1,
        right=0,
        bias=seconds(100),
        told=False,
    )
    assert shown() == [learnt, None]


def test_who_lacks_the_skills_or_wants_none_of_the_queue_is_not_counted() -> None:
    skilled = {"ann": "english:3", "ben": "english:1"}
    floor = Script(telling(), agents="ann:sales ben:sales,support", skills=skilled)
    floor.log_on("ann").ready("ann")
    learn(floor).log_on("ben").ready("ben").queue("c0").queue("c1")
    for offer in floor.offers()[-2:]:
        floor.answer(offer.offer)
    later(floor, 30).queue("c2").queue("c3", skills="english:2")

    assert [wait_of(later(floor, 0), call) for call in ("c2", "c3")] == [70, 170]

    floor.not_ready("ben", queue="sales")
    later(floor, 10)

    assert [wait_of(floor, call) for call in ("c2", "c3")] == [60, 160]


def test_who_is_added_at_a_step_is_counted_from_then_on() -> None:
    rules = telling(steps=(step(15, agents="ben"),))
    floor = Script(rules, queue_policy("support"), agents="ann:sales ben:support", ready="ann")
    learn(floor).queue("c0").answer(7).log_on("ben").ready("ben").occupy("ben")
    later(floor, 5).queue("c1").queue("c2")

    assert [wait_of(later(floor, 0), call) for call in ("c1", "c2")] == [95, 195]
    assert [wait_of(later(floor, 20), call) for call in ("c1", "c2")] == [75, 100]


def test_who_is_in_a_ring_that_is_not_open_is_not_counted_before_it_opens() -> None:
    rules = telling(rings="ben:2", steps=(step(15, ring=2),))
    floor = learn(Script(rules, agents="ann:sales ben:sales", ready="ann"))
    floor.queue("c0").answer(7).log_on("ben").ready("ben").occupy("ben")
    later(floor, 5).queue("c1").queue("c2")

    assert [wait_of(later(floor, 0), call) for call in ("c1", "c2")] == [95, 195]
    assert [wait_of(later(floor, 20), call) for call in ("c1", "c2")] == [75, 100]
