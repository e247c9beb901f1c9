"""What a waiting caller hears, when, and when not."""

from typing import TypeGuard

from acd.commands import AcdCommand, Announce
from cti.ids import CallId, QueueName
from tests.acd.script import Script, announce_policy, at, policy, queue_policy

PLACE = queue_policy(announce=announce_policy(position=10))


def test_the_first_announcement_is_made_although_nothing_could_have_improved() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").queue("c2").forget()

    floor.at(19.9).expect()
    floor.at(20).expect("announce c1 at 1", "announce c2 at 2")


def test_a_position_is_said_again_only_if_it_is_better() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").queue("c2").queue("c3").at(20).forget()

    floor.at(80).expect()
    floor.at(90).leave("c2").at(139.9).expect()
    floor.at(140).expect("announce c3 at 2")


def test_a_position_that_has_become_worse_is_not_said() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").at(20).queue("vip", ahead=60).forget()

    floor.at(80).expect("announce vip at 1")


def test_where_not_only_what_improved_is_told_it_is_told_every_time() -> None:
    told = announce_policy(position=10, only_improved=False)
    floor = Script(queue_policy(announce=told), agents="")
    floor.queue("c1").forget()

    floor.at(140).expect("announce c1 at 1", "announce c1 at 1", "announce c1 at 1")


def test_beyond_the_most_it_is_said_once_that_there_are_more() -> None:
    floor = Script(queue_policy(announce=announce_policy(position=1)), agents="")
    floor.queue("c1").queue("c2").queue("c3").at(20).forget()
    floor.leave("c1")

    floor.at(80).expect("announce c2 at 1")
    floor.at(90).leave("c2").at(140).expect("announce c3 at 1")
    first = next(c for c in floor.commands if isinstance(c, Announce) and c.call == "c3")
    assert (first.position, first.position_is_more) == (1, True)


def test_a_position_of_just_the_most_is_better_than_more_than_that() -> None:
    floor = Script(queue_policy(announce=announce_policy(position=2)), agents="")
    floor.queue("c1").queue("c2").queue("c3").at(20)
    floor.forget().leave("c1").at(80).expect("announce c2 at 1", "announce c3 at 2")


def test_positions_count_priorities_and_offered_calls_too() -> None:
    floor = Script(PLACE, agents="ann:sales", ready="ann")
    floor.queue("c0").queue("c1").at(5).queue("vip", ahead=60).forget()

    floor.at(19).expect("withdraw 1 overdue")
    floor.at(20).expect("announce c1 at 3")
    floor.at(25).expect("announce vip at 1")


def test_nothing_is_said_while_the_call_is_offered_and_at_once_when_that_was_in_vain() -> None:
    floor = Script(PLACE, agents="ann:sales")
    floor.queue("c1").at(15).log_on("ann").ready("ann").forget()

    floor.at(25).expect()
    floor.at(26).end(1).expect("announce c1 at 1")


def test_what_fell_due_while_ringing_is_forgotten_with_the_answer() -> None:
    floor = Script(PLACE, agents="ann:sales")
    floor.queue("c1").at(15).log_on("ann").ready("ann").at(25).forget()

    floor.answer(1).at(500).expect()


def test_nothing_is_said_in_the_moment_in_which_the_call_is_offered() -> None:
    floor = Script(PLACE, agents="ann:sales ben:sales", ready="ann")
    floor.queue("c0").answer(1).at(1).queue("c1").log_on("ben").at(9)
    floor.end_talk("c0", "ann").at(11).forget()  # his wrap-up ends at 19
    floor.extend_wrap_up("ann", 2)

    floor.at(21).expect("offer 2 c1 ann")
    floor.at(22).end(2).expect("announce c1 at 1")


def test_an_offer_in_vain_that_leads_to_the_next_at_once_leaves_no_room_for_words() -> None:
    floor = Script(PLACE, agents="ann:sales ben:sales", ready="ann")
    floor.queue("c1").log_on("ben").ready("ben").at(16).forget()
    floor.end(1).at(20.5).expect("offer 2 c1 ben")

    floor.end(2).expect("announce c1 at 1")


def test_comfort_messages_come_in_turn() -> None:
    spoken = announce_policy(comfort="please website", comfort_times=(30, 40))
    floor = Script(queue_policy(announce=spoken), agents="")
    floor.queue("c1").forget()

    floor.at(29.9).expect()
    floor.at(30).expect("announce c1 please")
    floor.at(110).expect("announce c1 website", "announce c1 please")


def test_comfort_gives_way_to_the_place_for_the_least_pause() -> None:
    spoken = announce_policy(position=10, comfort="please", comfort_times=(20, 30))
    floor = Script(queue_policy(announce=spoken), agents="")
    floor.queue("c1").forget()

    floor.at(20).expect("announce c1 at 1")
    floor.at(29.9).expect()
    floor.at(30).expect("announce c1 please")


def test_comfort_is_said_where_the_place_has_nothing_new() -> None:
    spoken = announce_policy(position=10, comfort="please", comfort_times=(80, 30))
    floor = Script(queue_policy(announce=spoken), agents="")
    floor.queue("c1").at(20).forget()

    floor.at(80).expect("announce c1 please")


def test_nobody_is_told_something_more_often_than_the_least_pause() -> None:
    spoken = announce_policy(
        first=0, every=1, position=10, comfort="please", comfort_times=(1, 1), only_improved=False
    )
    floor = Script(queue_policy(announce=spoken), agents="")
    floor.queue("c1").at(100)

    assert sum(isinstance(command, Announce) for command in floor.commands) == 11


def test_a_caller_who_was_moved_keeps_what_he_heard_and_the_least_pause() -> None:
    eager = queue_policy("support", announce=announce_policy(first=0, every=30, position=10))
    floor = Script(
        queue_policy(announce=announce_policy(position=10), overflow=(25, "support")),
        eager,
        agents="",
    )
    floor.queue("s1", "support").queue("c0").queue("c1").at(20).leave("c0").forget()

    floor.at(29.9).expect("overflow c1 sales support", "place c1 support")
    floor.at(31).leave("s1").expect()
    floor.at(60).expect("announce c1 at 1")


def test_a_caller_who_waits_again_after_a_talk_hears_everything_anew() -> None:
    floor = Script(PLACE, agents="ann:sales")
    floor.queue("c1").at(20).log_on("ann").ready("ann").answer(1).not_ready("ann").forget()

    floor.at(30).queue("c1").at(50).expect("place c1 sales", "announce c1 at 1")


def test_a_queue_that_says_nothing_says_nothing() -> None:
    floor = Script(queue_policy(), queue_policy("q", announce=announce_policy()), agents="")
    floor.queue("c1").queue("c2", "q").forget()

    floor.at(500).expect()
    assert floor.distributor.next_deadline() is None


def test_new_rules_hold_for_those_who_wait_without_making_up_for_the_past() -> None:
    floor = Script(queue_policy(), agents="")
    floor.queue("c1").at(15).queue("c2").at(30).apply(policy("", PLACE)).forget()

    floor.at(34.9).expect()
    floor.at(35).expect("announce c2 at 2")
    floor.at(80).expect("announce c1 at 1")


def test_new_rules_of_comfort_go_on_with_the_next_message() -> None:
    old = announce_policy(comfort="one two", comfort_times=(10, 20))
    new = announce_policy(comfort="one two", comfort_times=(5, 30))
    floor = Script(queue_policy(announce=old), agents="")
    floor.queue("c1").at(20).apply(policy("", queue_policy(announce=new))).forget()

    floor.at(34.9).expect()
    floor.at(35).expect("announce c1 two")


def test_rules_that_are_taken_away_end_the_announcements() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").at(15).apply(policy("", queue_policy())).forget()

    floor.at(500).expect()


def test_rules_taken_away_in_the_ringing_leave_nothing_to_be_said_after_it() -> None:
    floor = Script(PLACE, agents="ann:sales")
    floor.queue("c1").at(15).log_on("ann").ready("ann").at(25)
    floor.apply(policy("ann:sales", queue_policy())).forget()

    floor.at(26).end(1).expect()


def test_the_announcement_names_the_queue_and_leaves_out_what_is_not_said() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").at(20)

    told = Announce(call=CallId("c1"), queue=QueueName("sales"), position=1)
    assert floor.commands[-1] == told


def test_a_late_clock_says_each_thing_once() -> None:
    floor = Script(PLACE, agents="")
    floor.queue("c1").queue("c2").forget()

    late = floor.distributor.advance(at(3_600))

    assert [(c.call, c.position) for c in late if is_announced(c)] == [("c1", 1), ("c2", 2)]


def is_announced(command: AcdCommand) -> TypeGuard[Announce]:
    return isinstance(command, Announce)
