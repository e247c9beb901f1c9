"""Who hangs up while he waits, and calls again within a set time, has his place again."""

import pytest

from acd.distributor import Distributor
from acd.tables.regaining import PLACES_MAX
from tests.acd.script import Script, at, policy, queue_policy

SALES = queue_policy(regain=300)


def gone(*queues: str, at_s: float = 60) -> Script:
    """Return a floor on which Ada waited since 1 s and hung up, while c2 waits since 30 s."""
    floor = Script(SALES, queue_policy("support", regain=300), agents="")
    floor.at(1).queue("c1", party="ada").at(30).queue("c2").at(at_s).leave("c1")
    for queue in queues:
        floor.queue(f"other-{queue}", queue)
    return floor.forget()


def test_who_calls_again_in_time_has_his_old_place() -> None:
    floor = gone()
    floor.at(360).queue("c3", party="ada").expect("place c3 sales again")

    assert floor.waiting() == ["c3", "c2"]
    assert floor.distributor.picture(at(360)).queues[0].waiting[0].since == at(1)


def test_who_calls_again_too_late_has_a_new_place() -> None:
    floor = gone()
    floor.at(360.1).queue("c3", party="ada").expect("place c3 sales")

    assert floor.waiting() == ["c2", "c3"]


def test_a_place_is_regained_once() -> None:
    floor = gone()
    floor.queue("c3", party="ada").queue("c4", party="ada")
    floor.expect("place c3 sales again", "place c4 sales")


def test_who_hangs_up_again_keeps_the_age_that_he_had() -> None:
    floor = gone()
    floor.at(70).queue("c3", party="ada").at(80).leave("c3").at(90).queue("c4", party="ada")

    assert floor.waiting() == ["c4", "c2"]


@pytest.mark.parametrize("party", [None, "eve"])
def test_somebody_else_has_no_place_of_his(party: str | None) -> None:
    gone().queue("c3", party=party).expect("place c3 sales")


def test_who_states_his_own_age_regains_none_and_loses_none() -> None:
    floor = gone()
    floor.queue("c3", since=50, party="ada").expect("place c3 sales")
    floor.queue("c4", party="ada").expect("place c4 sales again")


def test_an_age_counts_in_every_queue_that_gives_it_back() -> None:
    gone().queue("c3", "support", party="ada").expect("place c3 support again")


@pytest.mark.parametrize(("left", "comes"), [(0, 300), (300, 0)])
def test_a_queue_that_gives_no_place_back_neither_keeps_one(left: float, comes: float) -> None:
    floor = Script(queue_policy(regain=left), queue_policy("support", regain=comes), agents="")
    floor.queue("c1", party="ada").at(9).leave("c1").forget()

    floor.queue("c2", "support", party="ada").expect("place c2 support")


def test_only_who_waited_keeps_a_place() -> None:
    floor = Script(SALES, agents="ann:sales", ready="ann")
    floor.queue("c1", party="ada").answer(1).at(5).leave("c1").forget()

    floor.queue("c2", party="ada").expect("place c2 sales")


def test_who_hangs_up_while_it_rings_keeps_his_place() -> None:
    floor = Script(SALES, agents="ann:sales", ready="ann")
    floor.queue("c1", party="ada").at(5).leave("c1").end(1).not_ready("ann").forget()

    floor.queue("c2", party="ada").expect("place c2 sales again")


def test_the_door_is_for_him_too() -> None:
    floor = gone()
    floor.close().queue("c3", party="ada").expect("turn away c3 queue_closed")
    floor.open().queue("c4", party="ada").expect("place c4 sales again")


def test_places_outlive_a_restart_and_a_new_policy() -> None:
    floor = gone()
    floor.distributor = Distributor.restore(floor.distributor.snapshot())
    floor.apply(policy("", SALES, version="v2")).queue("c3", party="ada")

    assert floor.waiting()[0] == "c3"


def test_so_many_places_are_kept_and_no_more() -> None:
    floor = Script(SALES, agents="", checked=False)
    for number in range(PLACES_MAX + 1):
        floor.queue(f"c{number}", party=f"p{number}").leave(f"c{number}")
    floor.forget()

    assert len(floor.distributor.snapshot().kept_places) == PLACES_MAX
    floor.queue("a", party="p0").queue("b", party="p1")
    floor.expect("place a sales", "place b sales again")


def test_what_is_no_longer_kept_is_forgotten_with_the_next() -> None:
    floor = gone()
    floor.at(900).leave("c2").queue("c3", party="eve").leave("c3")

    assert [kept.party for kept in floor.distributor.snapshot().kept_places] == ["eve"]
