"""A caller at every stage: refused, waiting, offered, talking, moved, gone."""

from acd.commands import PlaceCall, TurnAwayCall, TurnAwayCause
from acd.facts import CallerLeft, OfferOutcome
from acd.tables.floor import DEPARTED_MAX
from cti.ids import CallId, QueueName
from cti.instants import seconds
from tests.acd.script import Script, at, queue_policy


def test_a_queued_call_is_given_its_place() -> None:
    floor = Script()
    floor.at(10).queue("c1", since=4, ahead=30).queue("c2")

    assert floor.commands[-2:] == [
        PlaceCall(
            call=CallId("c1"),
            queue=QueueName("sales"),
            entered_at=at(4),
            priority=seconds(30),
            sequence=1,
        ),
        PlaceCall(
            call=CallId("c2"),
            queue=QueueName("sales"),
            entered_at=at(10),
            priority=seconds(0),
            sequence=2,
        ),
    ]


def test_nobody_waits_since_a_time_to_come() -> None:
    floor = Script()
    floor.at(10).queue("c1", since=99)

    assert floor.distributor.picture(at(10)).queues[0].waiting[0].since == at(10)


def test_a_call_for_an_unknown_queue_is_turned_away() -> None:
    floor = Script()
    floor.at(1).queue("c1", "nowhere")

    assert floor.commands[-1] == TurnAwayCall(
        call=CallId("c1"), queue=QueueName("nowhere"), cause=TurnAwayCause.QUEUE_UNKNOWN
    )


def test_a_newcomer_is_turned_away_from_a_full_queue() -> None:
    floor = Script(queue_policy(room=2), agents="ann:sales", ready="ann")
    floor.queue("c1").queue("c2").forget()

    floor.queue("c3").expect("turn away c3 queue_full")
    floor.answer(1).queue("c4").expect("place c4 sales")


def test_a_call_that_comes_back_is_not_turned_away_for_want_of_room() -> None:
    floor = Script(queue_policy(room=1))
    floor.at(5).queue("c1").queue("recovered", since=1).forget()

    assert floor.waiting() == ["recovered", "c1"]


def test_a_call_that_waits_already_keeps_its_place_when_queued_again() -> None:
    floor = Script()
    floor.at(1).queue("c1").at(2).queue("c2").at(3).forget()

    floor.queue("c1").queue("c1", since=2.5, ahead=99).expect()
    assert floor.waiting() == ["c1", "c2"]


def test_a_call_queued_again_while_offered_goes_on_being_offered() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(2).queue("c1").expect()


def test_a_waiting_call_that_is_queued_elsewhere_moves_with_its_age() -> None:
    floor = Script()
    floor.at(1).queue("c1").at(5).queue("c2", "support").forget()

    floor.at(9).queue("c1", "support").expect("place c1 support")
    assert floor.waiting("sales") == []
    assert floor.waiting("support") == ["c1", "c2"]


def test_a_move_can_state_another_age() -> None:
    floor = Script()
    floor.at(1).queue("c1").at(5).queue("c2", "support")
    floor.at(9).queue("c1", "support", since=7)

    assert floor.waiting("support") == ["c2", "c1"]


def test_a_move_states_the_head_start_anew() -> None:
    floor = Script()
    floor.at(1).queue("c1", ahead=9).at(5).queue("t1", "support").queue("t2", "support", ahead=5)
    floor.at(9).queue("c1", "support")

    assert floor.waiting("support") == ["t2", "c1", "t1"]


def test_a_move_to_an_unknown_queue_leaves_the_call_where_it_is() -> None:
    floor = Script()
    floor.at(1).queue("c1").forget()

    floor.at(2).queue("c1", "nowhere").expect()
    assert floor.waiting() == ["c1"]


def test_a_held_call_that_is_queued_elsewhere_moves_and_is_held_no_longer() -> None:
    floor = Script(agents="ann:sales ben:support", ready="ann ben")
    floor.at(1).queue("c1").at(2).end(1, OfferOutcome.CALLER_LEFT).forget()

    floor.at(3).queue("c1", "support").expect("place c1 support", "offer 2 c1 ben")


def test_a_call_that_moves_while_offered_is_offered_there_when_the_old_offer_has_ended() -> None:
    floor = Script(agents="ann:sales ben:support", ready="ann ben")
    floor.at(1).queue("c1").forget()

    floor.at(2).queue("c1", "support").expect("withdraw 1 call_moved", "place c1 support")
    floor.at(2.1).end(1, OfferOutcome.WITHDRAWN).expect("offer 2 c1 ben")


def test_a_call_that_moves_while_the_agent_answers_is_answered() -> None:
    floor = Script(agents="ann:sales ben:support", ready="ann ben")
    floor.at(1).queue("c1").at(2).queue("c1", "support").forget()

    floor.at(2.1).answer(1).expect().shown("ann ready busy c1")
    assert floor.waiting("support") == []


def test_a_call_that_was_talked_with_can_be_queued_again() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").answer(1).at(60).forget()

    floor.queue("c1", "sales").expect("place c1 sales", "offer 2 c1 ben")
    floor.shown("ann ready wrapping_up c1 until 70", "ben ready offered c1")
    floor.end_talk("c1", "ann").expect().shown()


def test_a_call_that_was_talked_with_is_not_turned_away_for_want_of_room() -> None:
    floor = Script(queue_policy(room=1), agents="ann:sales", ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).queue("c2").at(3).forget()

    floor.queue("c1", since=1).expect("place c1 sales")


def test_a_call_that_was_talked_with_may_ask_for_an_unknown_queue() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).at(2).forget()

    floor.queue("c1", "nowhere").expect("turn away c1 queue_unknown")
    floor.shown("ann ready wrapping_up c1 until 12")


def test_a_caller_who_leaves_while_waiting_is_waited_for_no_longer() -> None:
    floor = Script()
    floor.at(1).queue("c1").queue("c2").forget()
    floor.at(2).leave("c1").expect()

    assert floor.waiting() == ["c2"]
    floor.log_on("ann").ready("ann").expect("offer 1 c2 ann")


def test_a_caller_who_leaves_while_a_phone_rings_stops_the_ringing() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").forget()

    floor.at(2).leave("c1").expect("withdraw 1 caller_left").shown()
    floor.at(2.1).end(1, OfferOutcome.CALLER_LEFT).expect().shown("ann ready idle")


def test_a_caller_who_leaves_as_the_agent_answers_leaves_him_free() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").at(2).leave("c1").forget()

    floor.at(2.1).answer(1).shown("ann ready idle")
    floor.end_talk("c1", "ann").expect().shown()


def test_a_caller_who_leaves_the_talk_has_the_agent_wrap_up() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(60).leave("c1").shown("ann ready wrapping_up c1 until 70")
    floor.at(61).end_talk("c1", "ann").shown()


def test_a_talk_that_the_agent_ends_is_over_for_him() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").answer(1).forget()

    floor.at(60).end_talk("c1", "ann").shown("ann ready wrapping_up c1 until 70")
    floor.at(61).leave("c1").shown()


def test_the_end_of_a_talk_with_another_agent_has_no_effect() -> None:
    floor = Script(ready="ann ben")
    floor.at(1).queue("c1").answer(1).forget()

    floor.end_talk("c1", "ben").end_talk("c1", "nobody").end_talk("c9", "ann").expect().shown()


def test_the_end_of_a_talk_that_has_not_begun_has_no_effect() -> None:
    floor = Script(ready="ann")
    floor.at(1).queue("c1").forget()

    floor.end_talk("c1", "ann").expect().shown()


def test_a_call_that_left_before_it_was_queued_does_not_come_back_as_a_ghost() -> None:
    floor = Script(ready="ann")

    floor.at(1).leave("c1").queue("c1").expect().shown()


def test_only_the_last_departed_calls_are_remembered() -> None:
    floor = Script()
    before = floor.distributor
    for number in range(DEPARTED_MAX + 1):
        before.handle(_left(f"c{number}"), at(1))
    floor.at(2).queue("c1").queue("c0").expect("place c0 sales")


def _left(call: str) -> CallerLeft:
    return CallerLeft(call=CallId(call))
