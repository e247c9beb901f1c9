"""An offer from its command to its one final fact, and what its end means."""

import pytest

from acd.commands import WithdrawCause
from acd.facts import OfferOutcome
from acd.misses import RETRY_PAUSE, UNREACHABLE_PAUSE
from acd.tables.offer_state import OVERDUE_MARGIN
from acd.tables.waiting import HOLD_PAUSE
from cti.instants import as_seconds
from tests.acd.script import Script, policy, queue_policy

OVERDUE = 15 + as_seconds(OVERDUE_MARGIN)
RETRY = as_seconds(RETRY_PAUSE)
NOT_TAKEN = [
    OfferOutcome.NO_ANSWER,
    OfferOutcome.BUSY,
    OfferOutcome.REJECTED,
    OfferOutcome.UNREACHABLE,
    OfferOutcome.FAILED,
]


def test_an_answered_offer_makes_the_agent_busy_with_the_call() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").at(4).answer(1)

    floor.shown("ann ready offered c1", "ann ready busy c1")
    assert floor.waiting() == []


@pytest.mark.parametrize("outcome", NOT_TAKEN)
def test_a_call_that_is_not_taken_goes_at_once_to_the_next_agent(outcome: OfferOutcome) -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").at(2).queue("c2").forget()
    floor.at(3).answer(2).at(4).end_talk("c2", "ben").end_wrap_up("ben").queue("c3").forget()

    floor.at(10).leave("c3").end(3, OfferOutcome.WITHDRAWN).forget()
    floor.at(16).end(1, outcome).expect("offer 4 c1 ben")


@pytest.mark.parametrize("outcome", list(OfferOutcome))
def test_a_caller_keeps_place_and_priority_whatever_becomes_of_his_offer(
    outcome: OfferOutcome,
) -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("vip", ahead=20)
    floor.at(2).queue("c2").at(3).queue("c3")
    floor.at(16).not_ready("ann").end(1, outcome)

    assert floor.waiting() == ["vip", "c2", "c3"]


def test_every_other_agent_comes_before_the_one_who_did_not_answer() -> None:
    floor = Script(agents="ann:sales ben:sales cat:sales", ready="ann ben cat")
    floor.at(1).queue("c1")
    for offer in range(1, 6):
        floor.at(1 + 15 * offer).end(offer)

    assert [o.agent for o in floor.offers()] == ["ann", "ben", "cat", "ann", "ben", "cat"]


@pytest.mark.parametrize("outcome", NOT_TAKEN)
def test_the_only_agent_is_offered_the_same_call_again_after_a_pause(
    outcome: OfferOutcome,
) -> None:
    pause = UNREACHABLE_PAUSE if outcome is OfferOutcome.UNREACHABLE else RETRY_PAUSE
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").forget()
    floor.at(2).end(1, outcome).expect()

    floor.at(1.99 + as_seconds(pause)).expect()
    floor.at(2 + as_seconds(pause)).expect("offer 2 c1 ann")


def test_an_agent_who_did_not_answer_may_have_another_call_at_once() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(2).queue("c2").forget()

    floor.at(16).end(1).expect("offer 2 c2 ann")


@pytest.mark.parametrize("outcome", [OfferOutcome.BUSY, OfferOutcome.REJECTED, OfferOutcome.FAILED])
def test_a_phone_that_refuses_cannot_run_through_the_waiting_calls(
    outcome: OfferOutcome,
) -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(2).queue("c2").forget()

    floor.at(3).end(1, outcome).expect()
    floor.at(3 + RETRY).expect("offer 2 c1 ann")


def test_an_unreachable_phone_rests_longer() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").forget()

    floor.at(2).end(1, OfferOutcome.UNREACHABLE).at(31).expect()
    floor.at(32).expect("offer 2 c1 ann")


def test_logging_on_anew_ends_a_rest() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").forget()
    floor.at(2).end(1, OfferOutcome.UNREACHABLE)

    floor.at(9).log_on("ann", "other-phone").ready("ann").expect("offer 2 c1 ann")


def test_misses_in_a_row_make_the_agent_not_ready_by_the_system() -> None:
    floor = Script(queue_policy(misses=3), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1")
    floor.at(16).end(1).at(36).end(2).forget().at(56).end(3)

    floor.expect("offer 3 c1 ann").shown(
        "ann ready offered c1", "ann not_ready(ring_no_answer) idle"
    )


def test_an_answer_ends_the_row_of_misses() -> None:
    floor = Script(queue_policy(misses=2, wrap=0), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(16).end(1)
    floor.at(22).answer(2).at(30).end_talk("c1", "ann")
    floor.at(31).queue("c2").at(46).end(3)

    floor.at(52).expect(
        "place c1 sales",
        "offer 1 c1 ann",
        "offer 2 c1 ann",
        "place c2 sales",
        "offer 3 c2 ann",
        "offer 4 c2 ann",
    )


def test_a_break_does_not_end_the_row_of_misses() -> None:
    floor = Script(queue_policy(misses=2), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(16).end(1).not_ready("ann").ready("ann")
    floor.at(22).forget().end(2)

    floor.shown("ann not_ready(ring_no_answer) idle")


def test_logging_on_anew_ends_the_row_of_misses() -> None:
    floor = Script(queue_policy(misses=2), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(16).end(1).log_off("ann").log_on("ann").ready("ann")
    floor.at(22).forget()

    floor.at(37).end(2).shown("ann ready idle")


def test_the_row_begins_anew_after_the_system_made_him_not_ready() -> None:
    floor = Script(queue_policy(misses=2), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(16).end(1).at(36).end(2).at(60).ready("ann").forget()

    floor.at(75).end(3).shown("ann ready idle")


def test_without_a_limit_misses_never_make_an_agent_not_ready() -> None:
    floor = Script(queue_policy(misses=0), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1")
    for offer in range(1, 30):
        floor.at(20 * offer).end(offer)

    assert len(floor.offers()) == 29


def test_a_miss_does_not_change_the_reason_of_an_agent_who_wanted_a_break_meanwhile() -> None:
    floor = Script(queue_policy(misses=1), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(2).not_ready("ann", "lunch").forget()

    floor.at(16).end(1).shown("ann not_ready(lunch) idle")


def test_an_overdue_offer_is_asked_back_once_and_lives_until_its_final_fact() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(1 + OVERDUE).expect("withdraw 1 overdue")
    floor.at(500).expect()


def test_an_answer_counts_even_when_the_offer_was_asked_back() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").at(19).forget()

    floor.answer(1).expect().shown("ann ready busy c1")


def test_an_answer_at_the_instant_of_the_deadline_is_an_answer() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").at(10).forget()
    floor.now = floor.distributor.next_deadline() or floor.now

    floor.answer(1).at(40).expect()


def test_after_an_overdue_offer_the_next_agent_comes_first_but_it_is_no_miss() -> None:
    floor = Script(queue_policy(misses=1), ready="ann ben")
    floor.at(1).queue("c1").at(19).forget()

    floor.end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c1 ben").shown(
        "ann ready idle", "ben ready offered c1"
    )


def test_an_overdue_offer_may_still_end_in_a_miss() -> None:
    floor = Script(queue_policy(misses=1), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(19).forget()

    floor.end(1, OfferOutcome.NO_ANSWER).shown("ann not_ready(ring_no_answer) idle")


def test_ringing_that_was_cut_short_is_never_a_miss() -> None:
    floor = Script(queue_policy(misses=1), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(15.9).leave("c1").forget()

    floor.at(16).end(1, OfferOutcome.NO_ANSWER).shown("ann ready idle")


@pytest.mark.parametrize("outcome", [OfferOutcome.WITHDRAWN, OfferOutcome.CALLER_LEFT])
def test_an_agent_whose_ringing_was_cut_short_keeps_his_place_in_the_line(
    outcome: OfferOutcome,
) -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").at(5).leave("c1").end(1, outcome).forget()

    floor.at(6).queue("c2").expect("place c2 sales", "offer 2 c2 ann")


def test_a_call_whose_caller_is_said_to_have_left_is_held_for_a_moment() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(5).end(1, OfferOutcome.CALLER_LEFT).at(6.9).expect()
    floor.at(5 + as_seconds(HOLD_PAUSE)).expect("offer 2 c1 ann")


def test_a_held_call_whose_caller_left_indeed_is_never_offered_again() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(5).end(1, OfferOutcome.CALLER_LEFT).at(5.1).leave("c1").at(60).expect()


def test_a_held_call_whose_caller_shows_up_is_offered_at_once() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(5).end(1, OfferOutcome.CALLER_LEFT).at(6).queue("c1").expect("offer 2 c1 ann")


def test_a_second_final_fact_has_no_effect() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").at(3).end(1).forget()

    floor.end(1).answer(1).expect().shown()
    floor.answer(2).forget()
    floor.answer(2).end(2).end(2, OfferOutcome.CALLER_LEFT).expect().shown()


def test_facts_of_offers_that_never_were_have_no_effect() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").forget()

    floor.answer(99).end(-1).answer(0).expect().shown()


def test_a_late_fact_of_an_old_offer_does_not_touch_the_new_one() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").at(16).end(1).at(21).forget()

    floor.answer(1).end(1).expect().shown()
    floor.answer(2).shown("ann ready busy c1")


def test_an_agent_is_offered_nothing_else_until_the_final_fact_has_come() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").leave("c1").forget()

    floor.at(2).queue("c2").expect("place c2 sales")
    floor.at(30).end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c2 ann")


def test_the_limits_in_force_when_the_offer_was_made_count() -> None:
    floor = Script(queue_policy(wrap=10), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1")
    floor.apply(policy("ann:sales", queue_policy(wrap=99))).at(2).answer(1).forget()

    floor.at(3).end_talk("c1", "ann").shown("ann ready wrapping_up c1 until 13")


def test_a_withdrawal_has_one_cause_only() -> None:
    floor = Script(agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").forget()
    floor.at(2).leave("c1").log_off("ann").at(60)

    floor.expect(f"withdraw 1 {WithdrawCause.CALLER_LEFT.value}")


def test_who_answers_as_his_caller_leaves_keeps_his_place_in_the_line() -> None:
    floor = Script(ready="ann ben")
    floor.at(5).queue("c1").leave("c1").at(6).answer(1).forget()

    floor.at(7).queue("c2").expect("place c2 sales", "offer 2 c2 ann")
