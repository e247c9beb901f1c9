"""Every wish in every occupation: what is shown at once, and what has become of him at its end."""

from dataclasses import dataclass

import pytest

from acd.commands import Occupation, Wish
from acd.facts import OfferOutcome
from tests.acd.script import Script, queue_policy

READY, BREAK, OFF = "ready", "break", "log off"
WISHES = (READY, BREAK, OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """
    A wish, uttered at 10 s by an agent who wished otherwise until then.

    `at_once` is what is commanded and shown then, `after` what is when the occupation is over.
    """

    at_once: tuple[str, ...]
    after: tuple[str, ...]


def floor_with(occupation: Occupation) -> Script:
    """Return a floor on which Ann does this since 5 s, being ready; c2 waits for an agent."""
    floor = Script(queue_policy(wrap=20), agents="ann:sales", ready="ann")
    if occupation is Occupation.IDLE:
        return floor.forget()
    if occupation is Occupation.BUSY_ELSEWHERE:
        return floor.at(5).occupy("ann").queue("c2").forget()
    floor.at(1).queue("c1")
    if occupation is Occupation.OFFERED:
        return floor.at(5).queue("c2").forget()
    floor.at(2).answer(1)
    if occupation is Occupation.WRAPPING_UP:
        floor.at(5).end_talk("c1", "ann")
    return floor.at(5).queue("c2").forget()


def utter(floor: Script, wish: str) -> None:
    if wish == READY:
        floor.ready("ann")
    elif wish == BREAK:
        floor.not_ready("ann")
    else:
        floor.log_off("ann")


def finish(floor: Script, occupation: Occupation, wish: str) -> None:
    """End what Ann does, at 12 s."""
    floor.at(12)
    match occupation:
        case Occupation.IDLE:
            floor.queue("c2")
        case Occupation.OFFERED:
            cut_short = wish == OFF
            floor.end(1, OfferOutcome.WITHDRAWN if cut_short else OfferOutcome.NO_ANSWER)
        case Occupation.BUSY:
            floor.end_talk("c1", "ann").at(32)
        case Occupation.WRAPPING_UP:
            floor.end_wrap_up("ann")
        case Occupation.BUSY_ELSEWHERE:
            floor.free("ann")


# Before `ready` he had wished a break, at 9 s; the others he utters while he is ready.
TABLE: dict[tuple[str, Occupation], Cell] = {
    (READY, Occupation.IDLE): Cell(
        at_once=("ann ready idle",),
        after=("place c2 sales", "offer 1 c2 ann", "ann ready offered c2"),
    ),
    (READY, Occupation.OFFERED): Cell(
        at_once=("ann ready offered c1",),
        after=("offer 2 c2 ann", "ann ready offered c2"),
    ),
    (READY, Occupation.BUSY): Cell(
        at_once=("ann ready busy c1",),
        after=("ann ready wrapping_up c1 until 32", "offer 2 c2 ann", "ann ready offered c2"),
    ),
    (READY, Occupation.WRAPPING_UP): Cell(
        at_once=("ann ready wrapping_up c1 until 25",),
        after=("offer 2 c2 ann", "ann ready offered c2"),
    ),
    (READY, Occupation.BUSY_ELSEWHERE): Cell(
        at_once=("ann ready busy_elsewhere",),
        after=("offer 1 c2 ann", "ann ready offered c2"),
    ),
    (BREAK, Occupation.IDLE): Cell(
        at_once=("ann not_ready(break) idle",),
        after=("place c2 sales",),
    ),
    (BREAK, Occupation.OFFERED): Cell(
        at_once=("ann not_ready(break) offered c1",),
        after=("ann not_ready(break) idle",),
    ),
    (BREAK, Occupation.BUSY): Cell(
        at_once=("ann not_ready(break) busy c1",),
        after=("ann not_ready(break) wrapping_up c1 until 32", "ann not_ready(break) idle"),
    ),
    (BREAK, Occupation.WRAPPING_UP): Cell(
        at_once=("ann not_ready(break) wrapping_up c1 until 25",),
        after=("ann not_ready(break) idle",),
    ),
    (BREAK, Occupation.BUSY_ELSEWHERE): Cell(
        at_once=("ann not_ready(break) busy_elsewhere",),
        after=("ann not_ready(break) idle",),
    ),
    (OFF, Occupation.IDLE): Cell(
        at_once=("ann logged_off idle",),
        after=("place c2 sales",),
    ),
    (OFF, Occupation.OFFERED): Cell(
        at_once=("withdraw 1 agent_lost", "ann logged_off offered c1"),
        after=("ann logged_off idle",),
    ),
    (OFF, Occupation.BUSY): Cell(
        at_once=("ann logged_off busy c1",),
        after=("ann logged_off idle",),
    ),
    (OFF, Occupation.WRAPPING_UP): Cell(
        at_once=("ann logged_off idle",),
        after=(),
    ),
    (OFF, Occupation.BUSY_ELSEWHERE): Cell(
        at_once=("ann logged_off idle",),
        after=(),
    ),
}


def test_the_table_has_every_cell() -> None:
    assert {(wish, occupation) for wish in WISHES for occupation in Occupation} == set(TABLE)


@pytest.mark.parametrize(("wish", "occupation"), TABLE)
def test_a_wish_is_recorded_at_once_and_counts_when_the_occupation_is_over(
    wish: str, occupation: Occupation
) -> None:
    floor = floor_with(occupation)
    if wish == READY:
        floor.at(9).not_ready("ann").forget()
    cell = TABLE[wish, occupation]

    utter(floor.at(10), wish)
    assert list(cell.at_once) == floor.heard()
    finish(floor, occupation, wish)
    assert list(cell.after) == floor.heard()


@pytest.mark.parametrize(("wish", "occupation"), TABLE)
def test_the_same_wish_again_changes_nothing(wish: str, occupation: Occupation) -> None:
    floor = floor_with(occupation)
    if wish == READY:
        floor.at(9).not_ready("ann")
    utter(floor.at(10), wish)
    before = floor.forget().distributor.snapshot()

    utter(floor, wish)
    assert floor.heard() == []
    assert before == floor.distributor.snapshot()


@pytest.mark.parametrize("occupation", list(Occupation))
def test_an_agent_who_logged_off_wishes_nothing_until_he_logs_on_anew(
    occupation: Occupation,
) -> None:
    floor = floor_with(occupation).at(10).log_off("ann").forget()
    floor.ready("ann").not_ready("ann")

    assert floor.heard() == []
    (ann,) = floor.distributor.snapshot().agents
    assert ann.wish is Wish.LOGGED_OFF
