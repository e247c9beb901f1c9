"""One call from the menu to the call log, heard from both ends."""

import asyncio
import json
from datetime import timedelta

import pytest

from lab.desk import DeskRefusedError
from lab.phone.phone import Phone
from lab.site import AGENT_HZ, CALLER_HZ, AgentPlan, settled
from protocols.ws.events import AgentState, CallEnded, ScreenPop
from tests.scenarios.sites import ANN, MUSIC_HZ, OpenSite, dial_and_choose, offers_of

pytestmark = [pytest.mark.scenario, pytest.mark.alone]


async def test_a_caller_goes_through_menu_and_queue_to_an_agent_whose_screen_pops_first(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        desk = await site.desk("ann", ready=False)
        caller = await site.caller()

        call = await dial_and_choose(caller, from_user="4930123456", display_name="陈晓")
        await call.hears(MUSIC_HZ, within_s=3, for_s=1.0)
        await desk.ready()
        ringing = await phone.next_call(within_s=3)
        pop = await desk.wait_for("screen_pop")
        ringing.ring()
        await asyncio.gather(
            call.hears(MUSIC_HZ, within_s=3, for_s=0.5), desk.wait_state(occupation="offered")
        )
        await ringing.answer()
        await asyncio.gather(call.hears(AGENT_HZ, within_s=3), ringing.hears(CALLER_HZ, within_s=3))
        await desk.wait_state(occupation="busy")
        await ringing.hang_up()
        await call.ends(within_s=3)
        ended = await desk.wait_for("call_ended")
        (record,) = await settled(site, 1)

    shown = pop.event.data
    assert isinstance(shown, ScreenPop)
    assert pop.seen_ns < phone.invites[0].at.monotonic_ns
    assert (shown.caller.number, shown.caller.name) == ("4930123456", "陈晓")
    assert (shown.queue, shown.choices) == ("sales", ("sales",))
    assert isinstance(ended.event.data, CallEnded)
    assert ended.event.data.hung_up_by == "agent"
    assert (record["outcome"], record["queue"], record["agent"]) == ("answered", "sales", "ann")
    assert (record["hung_up_by"], record["clear_reason"]) == ("agent", "hung_up")
    assert record["waited"] >= timedelta(seconds=1)
    assert record["arrived_at"] < record["answered_at"] < record["talk_ended_at"]
    assert record["talk_ended_at"] <= record["cleared_at"]
    (offer,) = offers_of(record)
    assert offer["offered_at"] <= offer["popped_at"] < offer["rang_at"] < offer["answered_at"]


async def test_the_customers_record_is_found_while_he_waits(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        await site.query(
            "WITH c AS (INSERT INTO customers (name, company) VALUES ('Kim Li', 'ACME')"
            " RETURNING id)"
            " INSERT INTO customer_numbers (number, customer) SELECT '+4930123456', id FROM c"
        )
        site.phones["a1"].answers(after_s=0.1)
        desk = await site.desk("ann", ready=False)
        call = await dial_and_choose(await site.caller(), from_user="030123456")
        await call.hears(MUSIC_HZ, within_s=3, for_s=0.3)
        await desk.ready()
        pop = await desk.wait_for("screen_pop")
        await call.hears(AGENT_HZ, within_s=3)

    shown = pop.event.data
    assert isinstance(shown, ScreenPop)
    assert shown.customer is not None
    assert (shown.customer.name, shown.customer.company) == ("Kim Li", "ACME")
    assert not shown.caller.verified


async def test_a_wrong_key_and_no_key_are_told_and_lead_to_the_queue_for_everybody_else(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, first_key="1s") as site:
        site.phones["a1"].answers()
        await site.desk("ann")
        call = await dial_and_choose(await site.caller(), key="7")
        await call.hears(AGENT_HZ, within_s=10)
        await call.hang_up()
        (record,) = await settled(site, 1)

    path = [step["choice"] for step in json.loads(record["path"])]
    assert path == [None, "wrong_key", "no_key"]
    assert (record["outcome"], record["queue"]) == ("answered", "support")


async def test_an_agent_in_wrap_up_gets_no_call_until_it_ends(open_site: OpenSite) -> None:
    queues = {
        name: {"ring_time": "3s", "wrap_up": "60s", "misses_max": 2}
        for name in ("sales", "support")
    }
    async with open_site(ANN, queues=queues) as site:
        phone = site.phones["a1"]
        phone.answers(hang_up_after_s=0.3)
        desk = await site.desk("ann")
        first = await dial_and_choose(await site.caller())
        await first.ends(within_s=5)
        await desk.wait_state(occupation="wrapping_up")
        second = await dial_and_choose(await site.caller("second"))
        await second.hears(MUSIC_HZ, within_s=3, for_s=1.0)
        rung_in_wrap_up = len(phone.invites)
        await desk.end_wrap_up()
        await second.hears(AGENT_HZ, within_s=3)
        await second.ends(within_s=3)

    assert (rung_in_wrap_up, len(phone.invites)) == (1, 2)


async def test_a_wrap_up_is_extended_at_the_desk_and_no_further_than_it_may(
    open_site: OpenSite,
) -> None:
    queues = {
        name: {"ring_time": "3s", "wrap_up": "40s", "wrap_up_max": "60s"}
        for name in ("sales", "support")
    }
    async with open_site(ANN, queues=queues) as site:
        phone = site.phones["a1"]
        phone.answers(hang_up_after_s=0.3)
        desk = await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        await call.ends(within_s=5)
        first = await desk.wait_state(occupation="wrapping_up")
        await desk.extend_wrap_up(3_600)
        at_most = await desk.wait_for(
            "agent_state_changed",
            lambda event: (
                isinstance(event.data, AgentState)
                and event.data.until is not None
                and event.data.until == event.data.until_max
            ),
        )
        with pytest.raises(DeskRefusedError, match="wrap_up_at_max"):
            await desk.extend_wrap_up(1)
        await desk.end_wrap_up()
        await desk.wait_state(occupation="idle")

    assert first.until is not None
    assert first.until - first.since == timedelta(seconds=40)
    assert isinstance(at_most.event.data, AgentState)
    assert at_most.event.data.until == first.since + timedelta(seconds=60)


async def test_a_waiting_call_overflows_to_another_queue_by_rule(open_site: OpenSite) -> None:
    sales_only = ANN
    queues = {
        "sales": {"overflow": {"after": "1s", "to": "support"}},
        "support": {"ring_time": "3s", "wrap_up": "500ms"},
    }
    helper = AgentPlan(name="ben", phone="a2", queues=("support",))
    async with open_site(sales_only, helper, queues=queues) as site:
        site.phones["a2"].answers()
        await site.desk("ben")
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=5)
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert (record["agent"], record["queue"]) == ("ben", "support")
    assert record["waited"] >= timedelta(seconds=1)


async def test_a_call_to_a_number_that_is_no_service_is_refused(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        caller: Phone = await site.caller()
        call = caller.start_call("9999")
        ending = await call.ends(within_s=5)

    assert ending.status == 404
