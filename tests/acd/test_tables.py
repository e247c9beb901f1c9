"""The state tables: complete, closed against everything else, and drawn in the README."""

from enum import Enum
from pathlib import Path

import pytest

import acd
from acd.commands import Occupation, OfferReason, Wish
from acd.errors import IllegalTransitionError, InvariantError
from acd.facts import OfferOutcome
from acd.rules.call_rules import end_talk
from acd.rules.offer_rules import offer_call
from acd.tables.agent_state import OCCUPATIONS, WISHES, Agent
from acd.tables.floor import Floor
from acd.tables.offer_state import CONSEQUENCES, OFFER_STATES, Offer, OfferState
from acd.tables.waiting import CALL_STATES, Call, CallState
from cti.ids import CallId, OfferId, QueueName
from cti.instants import seconds
from tests.acd.diagrams import in_readme
from tests.acd.script import ANN, at

README = Path(acd.__file__).parent / "README.md"


def test_the_diagrams_in_the_readme_are_those_of_the_tables() -> None:
    """When this fails: `python -m tests.acd.diagrams` draws them anew."""
    text = README.read_text(encoding="utf-8")

    assert in_readme(text) == text


def test_every_outcome_has_its_consequence() -> None:
    assert set(OfferOutcome) == set(CONSEQUENCES)


@pytest.mark.parametrize(
    ("table", "states"),
    [
        (WISHES, Wish),
        (OCCUPATIONS, Occupation),
        (OFFER_STATES, OfferState),
        (CALL_STATES, CallState),
    ],
)
def test_every_state_is_in_its_table(
    table: dict[tuple[Enum, Enum], str], states: type[Enum]
) -> None:
    assert set(states) == {state for step in table for state in step}


@pytest.mark.parametrize("occupation", list(Occupation))
@pytest.mark.parametrize("following", list(Occupation))
def test_an_agent_takes_only_the_steps_of_his_table(
    occupation: Occupation, following: Occupation
) -> None:
    agent = Agent(agent=ANN, since=at(0), idle_since=at(0), occupation=occupation)

    if (occupation, following) in OCCUPATIONS:
        agent.become(following, at(5))
        assert (agent.occupation, agent.since) == (following, at(5))
    else:
        with pytest.raises(IllegalTransitionError, match=f"from {occupation.value} to"):
            agent.become(following, at(5))
        assert (agent.occupation, agent.since) == (occupation, at(0))


@pytest.mark.parametrize("wish", list(Wish))
@pytest.mark.parametrize("following", list(Wish))
def test_an_agent_has_only_the_wishes_of_his_table(wish: Wish, following: Wish) -> None:
    agent = Agent(agent=ANN, since=at(0), idle_since=at(0), wish=wish)

    if (wish, following) in WISHES:
        agent.want(following, "why", at(5))
        assert (agent.wish, agent.reason, agent.since) == (following, "why", at(5))
    else:
        with pytest.raises(IllegalTransitionError, match="agent ann cannot go"):
            agent.want(following, "why", at(5))
        assert agent.wish is wish


@pytest.mark.parametrize("state", list(OfferState))
@pytest.mark.parametrize("following", list(OfferState))
def test_an_offer_takes_only_the_steps_of_its_table(
    state: OfferState, following: OfferState
) -> None:
    offer = Offer(
        offer=OfferId(1),
        call=CallId("c1"),
        queue=QueueName("sales"),
        agent=ANN,
        wrap_up=seconds(0),
        misses_max=0,
        overdue_at=at(17),
        state=state,
    )

    if (state, following) in OFFER_STATES:
        offer.become(following)
        assert offer.state is following
    else:
        with pytest.raises(IllegalTransitionError, match="offer 1 cannot go"):
            offer.become(following)


@pytest.mark.parametrize("state", list(CallState))
@pytest.mark.parametrize("following", list(CallState))
def test_a_call_takes_only_the_steps_of_its_table(state: CallState, following: CallState) -> None:
    call = _call(state)

    if (state, following) in CALL_STATES:
        call.become(following)
        assert call.state is following
    else:
        with pytest.raises(IllegalTransitionError, match="call c1 cannot go"):
            call.become(following)


def _call(state: CallState) -> Call:
    return Call(
        call=CallId("c1"),
        queue=QueueName("sales"),
        entered_at=at(0),
        priority=seconds(0),
        sequence=1,
        queued_at=at(0),
        state=state,
    )


def test_a_talk_with_nobody_is_a_bug() -> None:
    with pytest.raises(InvariantError, match="but with nobody"):
        end_talk(Floor(at(0)), _call(CallState.TALKING))


def test_a_ready_agent_at_no_phone_is_a_bug() -> None:
    floor = Floor(at(0))
    floor.add_agent(Agent(agent=ANN, since=at(0), idle_since=at(0)))
    reason = OfferReason(
        rule="longest_idle",
        sort_key=(0, ANN),
        next_best=None,
        ready=1,
        excluded=(),
        waited=seconds(0),
        policy_version="v1",
    )

    with pytest.raises(InvariantError, match="agent ann is ready at no phone"):
        offer_call(floor, _call(CallState.WAITING), reason)
