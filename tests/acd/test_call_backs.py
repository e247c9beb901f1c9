"""Call-backs, the agent first: a caller without a leg keeps his place, and is called from it."""

import pytest

from acd.call_backs import NotReached
from acd.explaining import PromiseStay, Witness
from acd.facts import OfferOutcome
from acd.picture import PromisePicture
from acd.policy import Strategy
from acd.rules import promise_rules
from acd.tables.promises import Bar
from cti.ids import CallId
from tests.acd.script import ANN, Script, at, call_back_policy, policy, queue_policy

BY_KEY = queue_policy(keys="1>call_back", call_back=call_back_policy(), wrap=10)


def promised(*calls: str) -> Script:
    """Return a floor on which calls that waited are promised to numbers called as they are."""
    floor = Script(BY_KEY)
    for call in calls:
        floor.queue(call).press(call, "1").promise(call, f"party-{call}").leave(call)
    return floor.forget()


def test_a_key_asks_for_the_number_and_the_promise_keeps_the_place() -> None:
    floor = Script(BY_KEY)
    floor.queue("c1").at(3).queue("c2").at(5).press("c1", "1")
    floor.expect("place c1 sales", "place c2 sales", "ask c1 sales for key")
    floor.at(9).promise("c1").expect("promise c1 sales since 0 until 3609")
    floor.leave("c1").leave("c1").expect()

    assert floor.waiting() == ["c1", "c2"]

    floor.log_on("ann").ready("ann").expect("offer 1 c1 ann attempt 1")


def test_who_is_asked_is_offered_to_nobody_and_waits_on_if_he_would_rather() -> None:
    floor = Script(BY_KEY, ready="")
    floor.queue("c1").queue("c2").press("c1", "1").forget()
    floor.log_on("ann").ready("ann").expect("offer 1 c2 ann")
    floor.queue("c1").log_on("ben").ready("ben").expect("offer 2 c1 ben")


def test_who_says_nothing_waits_on_after_a_while_and_may_confirm_late() -> None:
    floor = Script(BY_KEY)
    floor.queue("c1").press("c1", "1").press("c1", "1").forget()
    floor.at(119).log_on("ann").ready("ann").expect()
    floor.at(120).expect("offer 1 c1 ann")
    floor.promise("c1").expect("withdraw 1 promise_ended", "promise c1 sales since 0 until 3720")
    floor.end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c1 ann attempt 1")


def test_who_hangs_up_while_he_is_asked_may_have_confirmed_just_before() -> None:
    floor = Script(BY_KEY)
    floor.queue("c1").queue("c2").press("c1", "1").press("c2", "1").leave("c1").leave("c2")
    floor.forget().queue("c1").press("c2", "1").leave("c2").expect()
    floor.at(9).promise("c1").expect("promise c1 sales since 0 until 3609")

    assert floor.waiting() == ["c1", "c2"]

    floor.at(10).promise("c2", "ben").expect("refuse c2 call_ended")

    assert floor.waiting() == ["c1"]
    assert floor.outcomes() == {"abandoned": 1}


def test_a_rule_asks_a_caller_once() -> None:
    floor = Script(
        queue_policy(leave="no_agents@5>call_back", chain="wait=60>call_back wait=90>busy")
    )
    floor.queue("c1").forget().at(5).expect("ask c1 sales for no_agents")
    floor.at(7).queue("c1").at(60).expect()
    floor.at(90).expect("turn away c1 overflow")


def test_a_chain_goes_on_with_who_was_asked_by_it_and_would_rather_wait() -> None:
    floor = Script(queue_policy(chain="wait=60>call_back wait=90>busy"))
    floor.queue("c1").queue("c2").forget()
    floor.at(60).expect("ask c1 sales for overflow", "ask c2 sales for overflow")
    floor.at(70).queue("c1").at(89).expect().at(90).expect("turn away c1 overflow")
    floor.at(180).expect("turn away c2 overflow")


def test_rules_that_move_callers_on_leave_a_promise_where_it_is() -> None:
    floor = Script(
        queue_policy(
            keys="1>call_back 2>busy",
            leave="no_agents@5>busy",
            chain="wait=60>busy",
        )
    )
    floor.queue("c1").press("c1", "1").promise("c1").forget()
    floor.press("c1", "2").queue("c1", "support").at(300).expect()

    assert floor.waiting() == ["c1"]


def test_the_agent_sees_the_card_and_then_the_customer_is_dialled() -> None:
    floor = promised("c1")
    floor.log_on("ann").ready("ann").answer(1)
    floor.expect("offer 1 c1 ann attempt 1", "dial c1 party-c1 attempt 1 for ann")

    assert floor.waiting() == ["c1"]

    floor.at(12).reach("c1").reach("c1").expect()

    assert floor.waiting() == []
    assert floor.outcomes() == {"called_back": 1}

    floor.shown(
        "ann not_ready(logged_on) idle",
        "ann ready offered c1",
        "ann ready busy c1",
    ).end_talk("c1", "ann")
    floor.shown("ann ready wrapping_up c1 until 22")


def test_a_customer_who_is_called_back_ends_the_call_as_any_caller_does() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1).reach("c1").forget()
    floor.leave("c1").shown("ann ready wrapping_up c1 until 10")

    assert floor.distributor.snapshot().calls == ()


@pytest.mark.parametrize("cause", ["busy", "no_answer", "machine", "failed"])
def test_an_agent_is_free_at_once_and_keeps_his_turn_where_the_customer_is_not_reached(
    cause: str,
) -> None:
    floor = promised("c1").log_on("ann").ready("ann").at(1).log_on("ben").ready("ben")
    floor.at(5).answer(1).at(8).forget().miss("c1", cause=cause).expect()
    floor.shown("ann ready idle").queue("c2").expect("place c2 sales", "offer 2 c2 ann")

    assert floor.distributor.snapshot().queues[0].handled.cases == 0


def test_the_next_attempt_comes_after_a_rest_from_the_same_place() -> None:
    floor = Script(queue_policy(call_back=call_back_policy(retries="busy:10"), wrap=0))
    floor.promise("c1", queue="sales").at(2).queue("c2").log_on("ann").ready("ann").answer(1)
    floor.miss("c1", cause="busy").forget()

    assert floor.waiting() == ["c1", "c2"]

    floor.answer(2).end_talk("c2", "ann").leave("c2").at(11).expect()
    floor.at(12).expect("offer 3 c1 ann attempt 2")
    floor.answer(3).miss("c1", 1).expect("dial c1 anna attempt 2 for ann")
    floor.miss("c1", 2).at(71).expect().at(72).expect("offer 4 c1 ann attempt 3")
    floor.answer(4).miss("c1", 3)
    floor.expect("dial c1 anna attempt 3 for ann", "end c1 not_reached after 3")

    assert floor.outcomes() == {"answered": 1, "not_reached": 1}
    assert floor.distributor.snapshot().calls == ()


def test_an_offer_that_the_agent_does_not_take_is_no_attempt() -> None:
    floor = promised("c1").log_on("ann").ready("ann").forget()
    floor.end(1).at(5).expect("offer 2 c1 ann attempt 1")
    floor.end(2, OfferOutcome.CALLER_LEFT).expect("offer 3 c1 ann attempt 1")


def test_an_attempt_of_which_nothing_is_heard_has_failed() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1).forget()
    floor.at(29).expect().at(30).expect("stop c1 attempt 1").shown("ann ready idle")
    floor.reach("c1").expect("stop c1 attempt 1")
    floor.at(90).expect("offer 2 c1 ann attempt 2")


def test_an_agent_who_hangs_up_before_the_customer_answers_ends_the_attempt() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1).forget()
    floor.end_talk("c1", "ben").expect()
    floor.end_talk("c1", "ann").expect("stop c1 attempt 1").at(60)
    floor.expect("offer 2 c1 ann attempt 2")


def test_an_agent_who_logs_off_while_the_customer_is_dialled_is_gone_when_that_is_over() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1).log_off("ann").forget()
    floor.miss("c1").shown("ann logged_off idle")


@pytest.mark.parametrize("state", ["open", "ringing", "dialling", "resting"])
def test_a_promise_that_is_taken_back_ends_in_whatever_state(state: str) -> None:
    floor = promised("c1")
    if state != "open":
        floor.log_on("ann").ready("ann")
    if state in ("dialling", "resting"):
        floor.answer(1)
    if state == "resting":
        floor.miss("c1")
    words = {"ringing": ["withdraw 1 promise_ended"], "dialling": ["stop c1 attempt 1"]}
    attempts = 1 if state in ("dialling", "resting") else 0
    floor.forget().take_back("c1").take_back("c1")
    floor.expect(*words.get(state, []), f"end c1 withdrawn after {attempts}")

    assert floor.outcomes() == {"withdrawn": 1}

    floor.promise("c1").expect("refuse c1 call_ended")


def test_a_promise_is_kept_once_the_customer_is_reached() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1).reach("c1").forget()
    floor.take_back("c1").promise("c1", "party-c1").expect()


def test_a_promise_expires_and_waits_with_that_for_the_end_of_an_attempt() -> None:
    policy = call_back_policy(expires=100, retry=95, dial=60)
    floor = Script(queue_policy(call_back=policy, ring=40))
    floor.promise("c1", queue="sales").at(90).log_on("ann").ready("ann").at(95).answer(1)
    floor.promise("c2", "ben", queue="sales").forget()
    floor.at(110).expect().miss("c1").expect("end c1 expired after 1", "offer 2 c2 ann attempt 1")
    floor.at(152).expect("withdraw 2 overdue").end(2, OfferOutcome.WITHDRAWN).forget()
    floor.at(198).expect("offer 3 c2 ann attempt 1").end(3).expect("end c2 expired after 0")

    assert floor.outcomes() == {"expired": 2}


def test_while_its_queue_is_closed_a_promise_waits_and_goes_on_when_that_opens() -> None:
    floor = promised("c1")
    floor.close().log_on("ann").ready("ann").expect()

    assert floor.waiting() == ["c1"]

    floor.open().expect("offer 1 c1 ann attempt 1")
    floor.close().end(1).at(60).expect().open().expect("offer 2 c1 ann attempt 1")
    floor.close().answer(2).expect("dial c1 party-c1 attempt 1 for ann")


def test_a_promise_needs_no_call_that_waits() -> None:
    floor = Script(queue_policy(room=1, join="closed>call_back", skills="english:1"))
    floor.close().queue("c1").expect("divert c1 sales call_back for closed")
    floor.at(50).promise("c1", "anna", "sales", since=20, ahead=5, skills="x:1", preferred="ann")
    floor.expect("promise c1 sales since 20 until 86450")
    floor.promise("c2", "ben", "sales", since=90).expect("promise c2 sales since 50 until 86450")

    assert floor.outcomes() == {"diverted": 1}

    (c1, c2) = floor.distributor.snapshot().calls

    assert (c1.entered_at, c1.priority, c1.skills, c1.preferred) == (
        at(20),
        5_000_000,
        (("x", 1),),
        (),
    )
    assert c2.entered_at == at(50)


def test_what_cannot_be_promised_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = Script(queue_policy(keys="1>call_back"), ready="ann")
    floor.promise("x").promise("x", queue="nowhere")
    floor.expect("refuse x queue_unknown", "refuse x queue_unknown")
    floor.queue("c1").answer(1).forget().promise("c1").expect("refuse c1 call_ended")
    floor.leave("c1").promise("c1", queue="sales").expect("refuse c1 call_ended")
    floor.at(20).not_ready("ann").queue("c2").press("c2", "1").promise("c2").forget()
    floor.promise("c3", queue="sales").expect("refuse c3 already_promised")
    monkeypatch.setattr(promise_rules, "PROMISES_MAX", 1)
    floor.promise("c3", "ben", queue="sales").expect("refuse c3 too_many")


def test_who_asks_again_waits_on_and_the_older_promise_stands() -> None:
    floor = promised("c1")
    floor.queue("c2").press("c2", "1").promise("c2", "party-c1")
    floor.expect("place c2 sales", "ask c2 sales for key", "refuse c2 already_promised")
    floor.log_on("ann").ready("ann").answer(1).log_on("ben").ready("ben")
    floor.expect("offer 1 c1 ann attempt 1", "dial c1 party-c1 attempt 1 for ann", "offer 2 c2 ben")


def test_of_two_promises_to_one_number_one_is_attended_to_at_a_time() -> None:
    sales = queue_policy(call_back=call_back_policy(retry=100), wrap=0)
    floor = Script(sales, queue_policy("support", wrap=0), agents="ann:sales ben:support,sales")
    floor.promise("c1", queue="sales").at(1).promise("c2", queue="support").forget()
    floor.log_on("ben").ready("ben").log_on("ann").ready("ann").expect("offer 1 c1 ben attempt 1")
    floor.at(5).end(1).expect("offer 2 c1 ann attempt 1").at(19).expect()
    floor.answer(2).expect("dial c1 anna attempt 1 for ann")
    floor.miss("c1").expect("offer 3 c2 ben attempt 1")
    floor.answer(3).reach("c2").expect("dial c2 anna attempt 1 for ben")
    floor.at(150).expect().leave("c2").expect("offer 4 c1 ann attempt 2")


def test_a_promise_to_a_number_in_use_goes_on_when_the_other_one_has_ended() -> None:
    floor = Script(
        queue_policy(call_back=call_back_policy(attempts=1)),
        queue_policy("support"),
        agents="ann:sales ben:support",
    )
    floor.promise("c1", queue="sales").log_on("ann").ready("ann").answer(1)
    floor.promise("c2", queue="support").log_on("ben").ready("ben").forget()
    floor.miss("c1").expect("end c1 not_reached after 1", "offer 2 c2 ben attempt 1")


def test_where_all_phones_ring_the_first_agent_has_the_card_and_the_others_are_let_go() -> None:
    floor = Script(queue_policy(strategy=Strategy.RING_ALL), ready="ann ben")
    floor.promise("c1", queue="sales").forget().answer(2)
    floor.expect("withdraw 1 answered_elsewhere", "dial c1 anna attempt 1 for ben")
    floor.end(1, OfferOutcome.WITHDRAWN).miss("c1").at(600)
    floor.expect("offer 3 c1 ann attempt 2", "offer 4 c1 ben attempt 2")


def test_a_promise_counts_for_the_length_of_the_queue_and_hears_nothing() -> None:
    floor = Script(
        queue_policy(room=1, keys="1>call_back", regain=60),
    )
    floor.queue("c1").press("c1", "1").promise("c1").forget()
    floor.queue("c2").expect("turn away c2 queue_full").prioritise("c1", 5).expect()


def test_a_policy_may_change_who_is_first() -> None:
    sales = queue_policy()
    floor = promised("c1")
    customer = queue_policy(call_back=call_back_policy(first="customer"))
    floor.apply(policy("ann:sales", customer, version="v2")).log_on("ann").ready("ann")
    floor.expect("dial c1 party-c1 attempt 1")
    floor.miss("c1", cause="failed").apply(policy("ann:sales", sales, version="v3")).at(60)
    floor.expect("offer 1 c1 ann attempt 2")


def test_a_picture_shows_what_is_promised() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1)
    (drawn,) = floor.distributor.picture(floor.now).queues[0].waiting

    assert drawn.promise == PromisePicture(
        attempts=1, is_dialled=True, not_before=None, expires_at=at(3_600)
    )
    assert floor.distributor.picture(floor.now).talks == ()


def test_a_cause_without_a_rest_of_its_own_has_the_usual_one() -> None:
    policy = call_back_policy(retry=60, retries="busy:10")

    assert policy.rest_after(NotReached.BUSY) == 10_000_000
    assert policy.rest_after(NotReached.AGENT_LEFT) == 60_000_000


def test_who_is_said_to_have_left_and_presses_the_key_is_asked() -> None:
    floor = Script(BY_KEY, ready="ann")
    floor.queue("c1").end(1, OfferOutcome.CALLER_LEFT).forget()

    floor.press("c1", "1").expect("ask c1 sales for key")


def test_a_customer_who_is_called_back_counts_as_a_call_of_his_agent() -> None:
    counting = queue_policy(strategy=Strategy.FEWEST_CALLS, wrap=0, call_back=call_back_policy())
    floor = Script(counting, ready="ann")
    floor.promise("c1", "one", "sales").answer(1).reach("c1").at(60).end_talk("c1", "ann")
    floor.at(61).log_on("ben").ready("ben").forget()

    floor.queue("c2").expect("place c2 sales", "offer 2 c2 ben")


def test_an_attempt_that_is_not_under_way_is_stopped() -> None:
    floor = promised("c1").log_on("ann").ready("ann").answer(1).forget()

    floor.reach("c1", attempt=2).expect("stop c1 attempt 2")
    floor.miss("c1", attempt=2).expect()


def test_whoever_looks_sees_what_stands_with_a_promise() -> None:
    floor = promised("c1", "c2").log_on("ann").ready("ann").answer(1).miss("c1", cause="busy")
    floor.answer(2).queue("c3").press("c3", "1")
    witness = Witness(floor.distributor.snapshot())
    one, other, asked = (witness.stay(CallId(name)) for name in ("c1", "c2", "c3"))
    doing = witness.doing(ANN)

    assert one is not None
    assert one.promise == PromiseStay(
        attempts=1,
        last=NotReached.BUSY,
        expires_at=at(3_600),
        is_in_turn=False,
        kept_by=Bar.RESTING,
        until=at(60),
    )
    assert other is not None
    assert other.promise is not None
    assert (other.agents, other.promise.kept_by) == ((ANN,), None)
    assert asked is not None
    assert (asked.is_asked, asked.promise) == (True, None)
    assert doing is not None
    assert {call.call: call.kept_by for call in doing.waiting} == {
        "c1": "promised",
        "c2": "dialling",
        "c3": "asked",
    }
