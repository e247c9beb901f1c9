"""The floor that the demonstration follows: what its journal tells, and why who got which call."""

from pathlib import Path

from acd.facts import OfferAnswered, OfferEnded, OfferOutcome, PolicyApplied
from cti.call_facts import CallCleared, HungUpBy
from cti.ids import CallId, OfferId
from cti.instants import seconds
from lab.demo.floor import NotTaken, Offered
from lab.demo.story import Teller
from lab.demo.terminal import Signs
from tests.lab.demo.scenes import (
    ANN,
    BEN,
    CALLERS,
    CHEN,
    NAMES,
    SALES,
    SUPPORT,
    call_comes,
    floor_opens,
    followed,
    policy,
    scene_at,
)

TELLER = Teller(names=NAMES, signs=Signs())


async def test_an_offer_is_explained_by_name_who_won_who_was_next_who_was_out_and_why(
    tmp_path: Path,
) -> None:
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")])
    (turn,) = scene_at(floor, 12).turns

    assert isinstance(turn, Offered)
    assert (turn.agent, turn.next_best, turn.idle) == (ANN, BEN, seconds(10))
    assert turn.ruled_out == ((CHEN, "not_ready"),)
    in_full = "李伟 → Ann Archer  free the longest, 10 s; next Ben, 9 s; not asked: 陈晓 not ready"
    told = TELLER.one_line(turn, "李伟", 100)
    assert told.plain.endswith(in_full)
    assert TELLER.one_line(turn, "李伟", told.cell_len).plain.endswith(in_full)
    assert TELLER.one_line(turn, "李伟", told.cell_len - 1).plain.endswith("; next Ben, 9 s")


async def test_who_missed_a_call_is_named_when_it_goes_to_the_next(tmp_path: Path) -> None:
    missed = (26.0, OfferEnded(offer=OfferId(1), outcome=OfferOutcome.NO_ANSWER))
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1"), missed])
    scene = scene_at(floor, 27)
    offered, not_taken, _ = scene.turns

    assert isinstance(not_taken, NotTaken)
    assert isinstance(offered, Offered)
    assert (not_taken.agent, not_taken.outcome) == (ANN, OfferOutcome.NO_ANSWER)
    assert (offered.agent, offered.ruled_out) == (
        BEN,
        ((ANN, "missed_this_call"), (CHEN, "not_ready")),
    )
    assert TELLER.one_line(not_taken, "李伟", 100).plain.endswith(
        "Ann Archer did not answer: 李伟 keeps his place"
    )


async def test_two_offers_of_one_moment_do_not_rule_each_other_out(tmp_path: Path) -> None:
    steps = [
        *floor_opens(policy(ready_ones_serve=SUPPORT)),
        *call_comes(4, "c1"),
        *call_comes(5, "c2"),
        (9.0, PolicyApplied(policy=policy("2"))),
    ]
    second, first = scene_at(await followed(tmp_path, steps), 9).turns

    assert isinstance(first, Offered)
    assert isinstance(second, Offered)
    assert (first.agent, first.next_best, first.ruled_out) == (ANN, BEN, ((CHEN, "not_ready"),))
    assert (second.agent, second.next_best) == (BEN, None)
    assert second.ruled_out == ((ANN, "offered"), (CHEN, "not_ready"))


async def test_calls_are_in_the_menu_ringing_talking_or_waiting(tmp_path: Path) -> None:
    steps = [
        *floor_opens(),
        *call_comes(9, "c1"),
        (13.0, OfferAnswered(offer=OfferId(1))),
        *call_comes(13, "c2"),
        *call_comes(17, "c3")[:2],
    ]
    floor = await followed(tmp_path, steps)
    scene = scene_at(floor, 18)

    assert [(view.place, view.agent, view.queue) for view in scene.calls] == [
        ("talking", ANN, SALES),
        ("ringing", BEN, SALES),
        ("menu", None, None),
    ]
    assert {call: party.name for call, party in scene.callers.items()} == CALLERS


async def test_what_the_daemon_decided_is_what_the_replay_decides(tmp_path: Path) -> None:
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")])

    assert floor.decisions > 0
    assert floor.disagreements == 0


async def test_a_decision_that_the_replay_does_not_bring_forth_is_counted(tmp_path: Path) -> None:
    floor = await followed(tmp_path, [*floor_opens(), *call_comes(9, "c1")], forged=True)

    assert floor.disagreements == 1


async def test_callers_who_have_gone_are_forgotten_when_no_decision_shows_them(
    tmp_path: Path,
) -> None:
    gone = CallCleared(call=CallId("c1"), hung_up_by=HungUpBy.CALLER, cause=16)
    floor = await followed(tmp_path, [*call_comes(9, "c1")[:2], (10.0, gone)])

    assert scene_at(floor, 11).callers == {}
