"""Open and closed: by the calendar's word, and above it a person's."""

import pytest

from acd.distributor import Distributor
from acd.facts import SaidBy
from acd.tables.opening import Opening, Word
from cti.ids import QueueName
from tests.acd.script import Script, at, policy, queue_policy

SALES = queue_policy("sales")


def opening(floor: Script, queue: str = "sales") -> Opening:
    drawn = {picture.name: picture for picture in floor.distributor.picture(floor.now).queues}
    return drawn[QueueName(queue)].opening


def test_a_queue_of_which_nobody_has_spoken_is_open() -> None:
    floor = Script()

    assert opening(floor).is_open
    assert opening(floor).said_by is None
    floor.queue("c1").expect("place c1 sales")


def test_a_closed_queue_turns_newcomers_away() -> None:
    floor = Script()
    floor.at(5).close(note="Christmas").queue("c1").expect("turn away c1 queue_closed")

    assert opening(floor).word == Word(is_open=False, since=at(5), note="Christmas")
    floor.at(6).open().queue("c2").expect("place c2 sales")


def test_those_who_wait_when_a_queue_closes_are_served() -> None:
    floor = Script()
    floor.queue("c1").close().forget()

    floor.log_on("ann").ready("ann").expect("offer 1 c1 ann")


def test_a_closed_queue_keeps_whoever_states_his_own_age() -> None:
    floor = Script()
    floor.at(9).close().queue("recovered", since=1).expect("place recovered sales")


def test_no_rule_moves_a_call_into_a_closed_queue() -> None:
    floor = Script(queue_policy("sales", overflow=(60, "support")), queue_policy("support"))
    floor.close("support").at(1).queue("c1").forget()

    floor.at(61).expect()
    floor.open("support").at(121).expect("overflow c1 sales support", "place c1 support")


@pytest.mark.parametrize(("persons", "calendars"), [("open", "close"), ("close", "open")])
def test_a_persons_word_stands_above_the_calendars_until_he_takes_it_back(
    persons: str, calendars: str
) -> None:
    floor = Script()
    getattr(floor, persons)(by="person", note="Eve")
    getattr(floor, calendars)()

    assert opening(floor).is_open == (persons == "open")
    assert opening(floor).said_by is SaidBy.PERSON
    floor.leave_to_calendar()
    assert opening(floor).is_open == (calendars == "open")
    assert opening(floor).said_by is SaidBy.CALENDAR


def test_a_person_who_has_not_spoken_takes_nothing_back() -> None:
    floor = Script()
    floor.close().leave_to_calendar().queue("c1").expect("turn away c1 queue_closed")


def test_the_same_word_again_keeps_its_first_instant() -> None:
    floor = Script()
    floor.at(1).close().at(9).close()

    assert opening(floor).word == Word(is_open=False, since=at(1))


def test_a_word_about_an_unknown_queue_changes_nothing() -> None:
    floor = Script()
    before = floor.distributor.snapshot()
    floor.close("nowhere").leave_to_calendar("nowhere").expect()

    assert before == floor.distributor.snapshot()


def test_a_new_policy_leaves_what_was_said() -> None:
    floor = Script(SALES)
    floor.close(by="person").apply(policy("", queue_policy("sales", ring=30), version="v2"))

    floor.queue("c1").expect("turn away c1 queue_closed")


def test_what_was_said_outlives_a_restart() -> None:
    floor = Script()
    floor.close().open(by="person")
    floor.distributor = Distributor.restore(floor.distributor.snapshot())

    assert opening(floor).is_open
    floor.leave_to_calendar().queue("c1").expect("turn away c1 queue_closed")
