"""What the number dialled and the key pressed say of a caller: his head start, his skills."""

from dataclasses import replace

import pytest

from acd.facts import CallQueued
from cti.ids import QueueName, SkillName
from cti.instants import Duration, seconds
from cti.switch.reception import Service
from ivr.flow import Choice, Flow, ToQueue
from tests.cti.callers import Caller, board
from tests.ivr.flows import menu

X, ENGLISH = SkillName("x"), SkillName("english")


@pytest.mark.parametrize(
    ("of_number", "of_key", "counts"), [(20, 45, 45), (45, 20, 45), (20, 0, 20), (0, 0, 0)]
)
async def test_the_greater_head_start_counts_and_all_skills_at_their_higher_level(
    of_number: int, of_key: int, counts: int
) -> None:
    sales = ToQueue(
        queue=QueueName("sales"), priority=seconds(of_key), skills=((ENGLISH, 1), (X, 3))
    )
    flow = Flow(name="vip", steps=(menu(choices=(Choice(key="1", name="sales", to=sales),)),))
    service = Service(
        number="9000", flow="vip", priority=seconds(of_number), skills=((ENGLISH, 2),)
    )
    caller = Caller()
    async with board() as here:
        here.switch.lead({"9000": service}, {"vip": flow})
        here.comes(caller, arguments={"CORD_SERVICE": "9000"})
        await caller.told("STREAM FILE")
        caller.channel.press("1")
        queued = await here.facts.wait_for(CallQueued)
        caller.channel.hang_up()

    assert queued.priority == Duration(seconds(counts))
    assert queued.skills == ((ENGLISH, 2), (X, 3))


async def test_who_is_led_on_by_no_key_has_what_the_number_says() -> None:
    flow = Flow(name="vip", steps=(replace(menu(), tries=1),))
    service = Service(number="9000", flow="vip", skills=((ENGLISH, 2),))
    caller = Caller()
    async with board() as here:
        here.switch.lead({"9000": service}, {"vip": flow})
        here.comes(caller, arguments={"CORD_SERVICE": "9000"})
        await caller.told("STREAM FILE")
        caller.channel.press("2")
        queued = await here.facts.wait_for(CallQueued)
        caller.channel.hang_up()

    assert (queued.queue, queued.skills) == (QueueName("support"), ((ENGLISH, 2),))
