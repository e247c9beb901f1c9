"""What the daemon answers to the test call of `cordboard doctor`."""

import asyncio

import pytest

from cti.switch.visit import ALL_PLAY, PROMPTS_VARIABLE, SAID_VARIABLE, answer_to, prompts_of
from tests.cti.callers import Caller, board
from tests.ivr.flows import flow

TOKEN = "0123456789abcdef" * 2


async def test_the_token_comes_back_and_nobody_takes_it_for_a_call() -> None:
    caller = Caller()
    async with board() as here:
        comes = here.comes(caller, script="doctor", arguments={"CORD_CALL": TOKEN})
        await comes

    assert caller.channel.variables[SAID_VARIABLE] == answer_to(TOKEN)
    assert caller.channel.variables[PROMPTS_VARIABLE] == ALL_PLAY
    assert here.facts.all == []
    assert here.parties.known == {}


@pytest.mark.parametrize("token", ["", "x", TOKEN[1:], TOKEN + "0", '"; HANGUP'])
async def test_what_is_no_token_is_not_repeated(token: str) -> None:
    caller = Caller()
    async with board() as here:
        async with asyncio.timeout(5):
            await here.comes(caller, script="doctor", arguments={"CORD_CALL": token})

    assert caller.commands() == []
    assert here.facts.all == []


def test_prompts_are_those_that_flows_play_each_once() -> None:
    names = prompts_of([flow(), flow()])

    assert len(names) == len(set(names)) > 0
