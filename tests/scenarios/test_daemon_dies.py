"""The daemon may die at any moment: callers keep their music and their order, talks go on."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from lab.phone.outgoing import OutgoingCall
from lab.site import (
    AGENT_HZ,
    CALLER_HZ,
    FALLBACK_PHONE,
    GREETING_HZ,
    TRUNK_ENDPOINT,
    AgentPlan,
    Site,
    settled,
)
from tests.scenarios.observer import live_channels, send_to_queue
from tests.scenarios.sites import (
    ANN,
    BEN,
    MUSIC_HZ,
    OpenSite,
    dial_and_choose,
    heard_music_all_along,
    outcomes_of,
)

pytestmark = [pytest.mark.scenario, pytest.mark.alone]

AWAY_S = 3.0
LONG_RING = {
    name: {"ring_time": "20s", "wrap_up": "0s", "misses_max": 5} for name in ("sales", "support")
}


async def die_and_come_back(site: Site) -> None:
    """Kill the daemon, leave it away for a while, and start it again."""
    await site.daemon.kill()
    await asyncio.sleep(AWAY_S)  # the outage itself is what is tested
    await site.daemon.start()


async def waiting(site: Site, name: str) -> OutgoingCall:
    """Return a caller who waits in the queue and hears music."""
    call = await dial_and_choose(await site.caller(name), from_user=name)
    await call.hears(MUSIC_HZ, within_s=5, for_s=0.3)
    return call


async def test_waiting_callers_hear_music_and_are_routed_in_their_old_order(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        phone.answers(hang_up_after_s=0.5)
        began = asyncio.get_running_loop().time()
        calls = [await waiting(site, name) for name in ("4001", "4002", "4003")]
        began = asyncio.get_running_loop().time()
        await die_and_come_back(site)
        for call in calls:
            await heard_music_all_along(call, since=began)
        await site.desk("ann")
        for call in calls:
            await call.hears(AGENT_HZ, within_s=15)
            await call.ends(within_s=5)
        records = await settled(site, 3)

    assert [record["outcome"] for record in records] == ["answered"] * 3
    answered = sorted(records, key=lambda record: record["answered_at"])
    assert [record["call"] for record in records] == [record["call"] for record in answered]
    assert len(phone.invites) == 3


async def test_a_ringing_call_is_untouched_and_its_answer_is_known_afterwards(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, queues=LONG_RING) as site:
        await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        ringing = await site.phones["a1"].next_call(within_s=5)
        ringing.ring()
        await die_and_come_back(site)
        await ringing.answer()
        await call.hears(AGENT_HZ, within_s=3)
        desk = await site.desk("ann", ready=False)
        await desk.wait_state(occupation="busy")
        await ringing.hang_up()
        await call.ends(within_s=5)
        (record,) = await settled(site, 1)

    assert outcomes_of(record) == [("ann", None)]
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "agent")
    assert len(site.phones["a1"].invites) == 1


async def test_a_phone_answered_while_the_daemon_is_away_is_a_talk_when_it_is_back(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, queues=LONG_RING) as site:
        await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        ringing = await site.phones["a1"].next_call(within_s=5)
        ringing.ring()
        await site.daemon.kill()
        await ringing.answer()
        await call.hears(AGENT_HZ, within_s=3)
        await site.daemon.start()
        desk = await site.desk("ann", ready=False)
        await desk.wait_state(occupation="busy")
        await call.hang_up()
        await desk.wait_state(occupation="idle")
        (record,) = await settled(site, 1)

    assert outcomes_of(record) == [("ann", None)]
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "caller")


async def test_a_talk_is_untouched_and_ends_as_if_nothing_had_happened(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, queues=LONG_RING) as site:
        await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        talking = await site.phones["a1"].next_call(within_s=5)
        await talking.answer()
        await call.hears(AGENT_HZ, within_s=3)
        began = asyncio.get_running_loop().time()
        await die_and_come_back(site)
        now = asyncio.get_running_loop().time()
        silence = call.heard.longest_gap_of(AGENT_HZ, began, now)
        silence_back = talking.heard.longest_gap_of(CALLER_HZ, began, now)
        desk = await site.desk("ann", ready=False)
        await desk.wait_state(occupation="busy")
        await talking.hang_up()
        await call.ends(within_s=5)
        await desk.wait_state(occupation="idle")
        (record,) = await settled(site, 1)

    assert max(silence, silence_back) < 0.3
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "agent")
    assert record["talked"] >= timedelta(seconds=AWAY_S)


async def test_an_agent_who_hangs_up_while_the_daemon_is_away_is_free_when_it_is_back(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, queues=LONG_RING) as site:
        await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        talking = await site.phones["a1"].next_call(within_s=5)
        await talking.answer()
        await call.hears(AGENT_HZ, within_s=3)
        await site.daemon.kill()
        await talking.hang_up()
        await call.ends(within_s=5)
        await site.daemon.start()
        desk = await site.desk("ann", ready=False)
        await desk.wait_state(occupation="idle")
        (record,) = await settled(site, 1)

    assert (record["outcome"], record["clear_reason"]) == ("answered", "gone_from_switch")


async def test_a_caller_in_the_menu_begins_it_again(open_site: OpenSite) -> None:
    async with open_site(ANN, greeting_s=2.0) as site:
        site.phones["a1"].answers()
        await site.desk("ann")
        call = await (await site.caller()).dial("8000", within_s=5)
        await call.hears(GREETING_HZ, within_s=5)
        await die_and_come_back(site)
        await site.desk("ann")
        await call.hears(GREETING_HZ, within_s=5)
        await call.send_digit("1")
        await call.hears(AGENT_HZ, within_s=5)
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert (record["outcome"], record["queue"]) == ("answered", "sales")


async def test_a_caller_who_comes_while_the_daemon_is_away_hears_music_and_is_served_later(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        site.phones["a1"].answers()
        await site.daemon.kill()
        call = await (await site.caller()).dial("8000", within_s=5)
        await call.hears(MUSIC_HZ, within_s=3, for_s=1.0)
        await site.daemon.start()
        await site.desk("ann")
        await call.hears(GREETING_HZ, within_s=5)
        await call.send_digit("1")
        await call.hears(AGENT_HZ, within_s=5)


async def test_the_fallback_rings_when_no_daemon_comes_back(open_site: OpenSite) -> None:
    async with open_site(ANN, fallback=True, tries_max=3) as site:
        night = site.phones[FALLBACK_PHONE]
        night.answers()
        call = await waiting(site, "4001")
        began = asyncio.get_running_loop().time()
        await site.daemon.kill()
        await call.hears(AGENT_HZ, within_s=15)
        rings_as = night.invites[0].caller_number
        until = night.calls[0].heard.first_packet_at
        music_gap = call.heard.longest_gap_of(MUSIC_HZ, began, until)
        await site.daemon.start()
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert music_gap < 1.0
    assert rings_as == "4001"
    assert (record["outcome"], record["clear_reason"]) == ("fallback", "fallback")


async def test_a_caller_who_has_talked_and_waits_in_a_second_queue_is_kept(
    open_site: OpenSite,
) -> None:
    """His DIALSTATUS once was ANSWER: read as this wait's, it would hang him up."""
    only_support = AgentPlan(name="chen", phone="a3", queues=("support",))
    only_sales = AgentPlan(name="ann", phone="a1", queues=("sales",))
    async with open_site(only_sales, only_support) as site:
        site.phones["a1"].answers()
        await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=5)
        await send_to_queue(site, await caller_channel(site), "support")
        await call.hears(MUSIC_HZ, within_s=3, for_s=0.5)
        began = asyncio.get_running_loop().time()
        await die_and_come_back(site)
        await heard_music_all_along(call, since=began)
        site.phones["a3"].answers()
        await site.desk("chen")
        await call.hears(AGENT_HZ, within_s=5)
        await call.hang_up()
        (record,) = await settled(site, 1)
        channels_left = await live_channels(site)

    assert outcomes_of(record) == [("ann", None), ("chen", None)]
    assert record["queue"] == "support"
    assert channels_left == 0


async def caller_channel(site: Site) -> str:
    """Return the channel of the only caller."""
    channels = await site.asterisk.console("core show channels concise")
    callers = f"PJSIP/{TRUNK_ENDPOINT}-"
    (channel,) = [line.split("!")[0] for line in channels.splitlines() if line.startswith(callers)]
    return channel


HANGS_ON_SIGUSR1 = """
import signal


def hang_for_ever(*_):
    while True:
        pass


signal.signal(signal.SIGUSR1, hang_for_ever)
"""


async def test_a_daemon_that_hangs_is_ended_by_its_watchdog_and_the_callers_are_kept(
    open_site: OpenSite, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(HANGS_ON_SIGUSR1)
    environment = {"PYTHONPATH": str(tmp_path)}
    async with open_site(ANN, BEN, watchdog="1s", environment=environment) as site:
        call = await waiting(site, "4001")
        began = asyncio.get_running_loop().time()
        site.daemon.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            await site.daemon.wait_ended()
        await site.daemon.start()
        await heard_music_all_along(call, since=began)
        site.phones["a1"].answers()
        await site.desk("ann")
        await call.hears(AGENT_HZ, within_s=5)

    assert "hang_for_ever" in site.daemon.log_text()
