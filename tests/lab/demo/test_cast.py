"""Who calls in the demonstration, and by what chance he does what."""

import pytest

from lab.demo.cast import PEOPLE, SLOW, WEIGHTS, Chance, Dealing, Kind
from lab.demo.pace import SPEED_MAX, TALK_S_MIN, Pace
from lab.demo.stage import EXAMPLES
from lab.site import agents_of
from storage.customers import normalised


def test_the_same_seed_brings_the_same_people() -> None:
    first, again, other = Chance(1), Chance(1), Chance(2)
    callers = [first.next_caller() for _ in range(50)]

    assert [again.next_caller() for _ in range(50)] == callers
    assert [other.next_caller() for _ in range(50)] != callers


@pytest.mark.parametrize("seed", range(20))
def test_twenty_calls_have_every_kind_of_caller_and_end_without_a_slow_one(seed: int) -> None:
    chance = Chance(seed, calls=20)
    kinds = [chance.next_caller().kind for _ in range(20)]

    assert {kind: kinds.count(kind) for kind in Kind} == WEIGHTS
    assert SLOW.isdisjoint(kinds[6:])


def test_the_first_offers_have_a_miss_and_a_refusal() -> None:
    chance = Chance(3)
    dealings = [chance.next_offer("ann").dealing for _ in range(8)]

    assert {Dealing.MISS, Dealing.DECLINE, Dealing.ANSWER} == set(dealings)


def test_customers_on_record_have_full_numbers() -> None:
    known = [person.number for person in PEOPLE if person.known]

    assert known != []
    assert [normalised(number, "DE") for number in known] == known


def test_the_example_configuration_has_five_agents_each_with_a_phone_of_his_own() -> None:
    agents = agents_of(EXAMPLES)

    assert len({agent.phone for agent in agents}) == len(agents) == 5


def test_a_faster_show_has_the_same_people_who_do_the_same_sooner() -> None:
    usual, fast = Chance(1), Chance(1, pace=Pace(2))
    for _ in range(20):
        written, played = usual.next_caller(), fast.next_caller()
        assert (played.person, played.kind) == (written.person, written.kind)
        assert [key for _, key in played.keys] == [key for _, key in written.keys]
        assert played.talk_s == written.talk_s / 2
        assert fast.next_gap_s() == usual.next_gap_s() / 2


def test_no_talk_is_so_short_that_nobody_is_heard() -> None:
    fastest = Chance(1, pace=Pace(SPEED_MAX))

    assert min(fastest.next_caller().talk_s for _ in range(100)) == TALK_S_MIN


def test_a_prompt_lasts_as_long_at_every_speed() -> None:
    fastest = Chance(1, pace=Pace(SPEED_MAX))
    hesitant = [
        caller
        for caller in (fastest.next_caller() for _ in range(40))
        if caller.kind is Kind.HESITANT
    ]

    assert [pause_s > 12 for caller in hesitant for pause_s, _ in caller.keys] == [True] * 2
