"""The caller hangs up at every stage: no phone rings on, no agent is stuck, one record is kept."""

import pytest

from lab.desk import Desk
from lab.phone.phone import Phone
from lab.site import AGENT_HZ, CALLER_HZ, GREETING_HZ, Site, settled
from tests.scenarios.sites import ANN, MUSIC_HZ, OpenSite, dial_and_choose, outcomes_of

pytestmark = [pytest.mark.scenario, pytest.mark.alone]


async def serves_the_next_caller(site: Site, desk: Desk, phone: Phone) -> None:
    """Assert that the agent is free: the next caller reaches him."""
    phone.answers()
    await desk.wait_state(occupation="idle")
    call = await dial_and_choose(await site.caller("next"))
    await call.hears(AGENT_HZ, within_s=5)
    await call.hang_up()
    rows = await settled(site, 2)

    assert [row["outcome"] for row in rows][1:] == ["answered"]


async def test_in_the_menu(open_site: OpenSite) -> None:
    async with open_site(ANN, greeting_s=3.0) as site:
        desk = await site.desk("ann")
        call = await (await site.caller()).dial("8000", within_s=5)
        await call.hears(GREETING_HZ, within_s=3)
        await call.hang_up()
        (record,) = await settled(site, 1)
        await serves_the_next_caller(site, desk, site.phones["a1"])

    assert (record["outcome"], record["hung_up_by"]) == ("left_in_flow", "caller")
    assert outcomes_of(record) == []


async def test_while_waiting(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        desk = await site.desk("ann", ready=False)
        call = await dial_and_choose(await site.caller())
        await call.hears(MUSIC_HZ, within_s=3, for_s=0.5)
        await call.hang_up()
        (record,) = await settled(site, 1)
        await desk.ready()
        await serves_the_next_caller(site, desk, site.phones["a1"])

    assert (record["outcome"], record["hung_up_by"]) == ("abandoned", "caller")
    assert outcomes_of(record) == []


async def test_while_the_agent_rings(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        desk = await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        ringing = await phone.next_call(within_s=5)
        ringing.ring()
        await desk.wait_state(occupation="offered")
        await call.hang_up()
        await ringing.ends(within_s=2)
        withdrawn = await desk.wait_for("screen_pop_withdrawn")
        (record,) = await settled(site, 1)
        await serves_the_next_caller(site, desk, phone)

    assert ringing.cancelled
    assert withdrawn.event.data.why == "caller_left"  # type: ignore[union-attr]
    assert (record["outcome"], record["hung_up_by"]) == ("abandoned", "caller")
    assert outcomes_of(record) == [("ann", "caller_left")]


async def test_while_talking(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        desk = await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        talking = await phone.next_call(within_s=5)
        await talking.answer()
        await talking.hears(CALLER_HZ, within_s=3)
        await call.hang_up()
        await talking.ends(within_s=2)
        ended = await desk.wait_for("call_ended")
        (record,) = await settled(site, 1)
        await serves_the_next_caller(site, desk, phone)

    assert ended.event.data.hung_up_by == "caller"  # type: ignore[union-attr]
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "caller")
    assert outcomes_of(record) == [("ann", None)]


async def test_in_the_instant_in_which_the_agent_answers(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        desk = await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        ringing = await phone.next_call(within_s=5)
        ringing.ring()
        call.drop()
        try:
            await ringing.answer()
        except Exception:  # noqa: BLE001 - the caller was quicker, which is as well
            assert ringing.cancelled
        await ringing.ends(within_s=3)
        (record,) = await settled(site, 1)
        await serves_the_next_caller(site, desk, phone)

    assert record["outcome"] in {"answered", "abandoned"}
    assert len(outcomes_of(record)) == 1
