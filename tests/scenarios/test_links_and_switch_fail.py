"""Links fail and Asterisk dies under a living daemon: all is found again, or ended truthfully."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import psutil
import pytest
from asyncpg import Record

from lab.desk import Desk
from lab.phone.incoming import IncomingCall
from lab.phone.outgoing import OutgoingCall
from lab.site import AGENT_HZ, CALLER_HZ, GREETING_HZ, PASSWORD, Site, settled
from tests.scenarios.sites import (
    ANN,
    BEN,
    CHEN,
    MUSIC_HZ,
    OpenSite,
    dial_and_choose,
    heard_music_all_along,
    outcomes_of,
)

pytestmark = [pytest.mark.scenario, pytest.mark.alone]

STALL_S = 10.5
"""Longer than the daemon's deadline for a ping, and than the time an offer may take."""
NOTICED_S_MAX = 15.0
"""Within this the daemon must have noticed that a link is dead, and have made a new one."""
LEASE_S_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Talk:
    """A caller and the agent who has answered him."""

    caller: OutgoingCall
    agent: IncomingCall


async def waiting(site: Site, number: str) -> OutgoingCall:
    """Return a caller who waits in the queue and hears music."""
    call = await dial_and_choose(await site.caller(number), from_user=number)
    await call.hears(MUSIC_HZ, within_s=5, for_s=0.2)
    return call


async def ringing(site: Site, number: str, phone: str) -> Talk:
    """Return a caller for whom this phone rings."""
    call = await dial_and_choose(await site.caller(number), from_user=number)
    offered = await site.phones[phone].next_call(within_s=5)
    offered.ring()
    return Talk(call, offered)


async def talking(site: Site, number: str, phone: str) -> Talk:
    """Return a caller who talks at this phone."""
    talk = await ringing(site, number, phone)
    await answer(talk)
    return talk


async def answer(talk: Talk) -> None:
    """Answer a ringing phone, and let both hear each other."""
    await talk.agent.answer()
    await asyncio.gather(
        talk.caller.hears(AGENT_HZ, within_s=3), talk.agent.hears(CALLER_HZ, within_s=3)
    )


async def records_by_number(site: Site, calls: int) -> dict[str, Record]:
    """Wait for so many final records, and return them by the callers' numbers."""
    await settled(site, calls)
    rows = await site.query("SELECT calls.*, number FROM calls JOIN parties ON key = party")

    assert len(rows) == calls
    return {row["number"]: row for row in rows}


def how_it_ended(record: Record) -> tuple[str, str, str]:
    """Return a call's outcome, who hung up, and how that is known."""
    return record["outcome"], record["hung_up_by"], record["clear_reason"]


# The manager link


async def test_a_stalled_manager_link_holds_up_no_call_and_all_is_right_after_it(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, CHEN, breakable_links=True) as site:
        ann = await site.desk("ann")
        first = await talking(site, "4001", "a1")
        ben = await site.desk("ben")
        second = await talking(site, "4002", "a2")
        third = await waiting(site, "4003")
        site.manager_link.stall()
        over = asyncio.create_task(asyncio.sleep(STALL_S))

        await first.agent.hang_up()
        await first.caller.ends(within_s=2)
        await second.caller.hang_up()
        next_talk = Talk(third, await site.phones["a1"].next_call(within_s=3))
        await answer(next_talk)
        impatient = await waiting(site, "4004")
        await impatient.hang_up()
        chen = await site.desk("chen")
        site.phones["a3"].answers(after_s=0.1, hang_up_after_s=0.5)
        served = await dial_and_choose(await site.caller("4005"), from_user="4005")
        await served.hears(AGENT_HZ, within_s=3)
        await served.ends(within_s=3)
        await over
        site.manager_link.pass_on()
        await site.daemon.wait_ready()

        await asyncio.gather(
            ann.wait_state(occupation="busy"),
            ben.wait_state(occupation="idle"),
            chen.wait_state(occupation="idle"),
        )
        await third.hang_up()
        await ann.wait_state(occupation="idle")
        records = await records_by_number(site, 5)

    assert {number: how_it_ended(record) for number, record in records.items()} == {
        "4001": ("answered", "agent", "hung_up"),
        "4002": ("answered", "caller", "hung_up"),
        "4003": ("answered", "caller", "hung_up"),
        "4004": ("abandoned", "caller", "hung_up"),
        "4005": ("answered", "agent", "hung_up"),
    }
    assert outcomes_of(records["4003"]) == [("ann", None)]


async def test_what_happens_in_a_short_stall_is_known_after_it(open_site: OpenSite) -> None:
    async with open_site(ANN, breakable_links=True) as site:
        desk = await site.desk("ann")
        talk = await ringing(site, "4001", "a1")
        links = site.manager_link.accepted
        site.manager_link.stall()
        await answer(talk)
        await talk.caller.hang_up()
        site.manager_link.pass_on()
        await desk.wait_state(occupation="wrapping_up")
        (record,) = await settled(site, 1)

    assert how_it_ended(record) == ("answered", "caller", "hung_up")
    assert site.manager_link.accepted == links


async def test_a_manager_link_that_is_reset_is_found_again_and_no_call_is_touched(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, breakable_links=True) as site:
        ann = await site.desk("ann")
        talk = await talking(site, "4001", "a1")
        ben = await site.desk("ben")
        offered = await ringing(site, "4002", "a2")
        waits = await waiting(site, "4003")
        began = asyncio.get_running_loop().time()
        links = site.manager_link.accepted
        site.manager_link.reset()
        await linked_again(site, links)
        await answer(offered)
        await heard_music_all_along(waits, since=began)
        silence = talk.caller.heard.longest_gap_of(AGENT_HZ, began)
        await ben.wait_state(occupation="busy")
        await talk.agent.hang_up()
        await answer(Talk(waits, await site.phones["a1"].next_call(within_s=5)))
        await asyncio.gather(waits.hang_up(), offered.caller.hang_up())
        await asyncio.gather(ann.wait_state(occupation="idle"), ben.wait_state(occupation="idle"))
        records = await records_by_number(site, 3)

    assert silence < 0.3
    assert {number: how_it_ended(record) for number, record in records.items()} == {
        "4001": ("answered", "agent", "hung_up"),
        "4002": ("answered", "caller", "hung_up"),
        "4003": ("answered", "caller", "hung_up"),
    }


async def linked_again(site: Site, links: int) -> None:
    """Wait until the daemon has made another link than its first `links`, and uses it."""
    async with asyncio.timeout(NOTICED_S_MAX):
        while site.manager_link.accepted <= links or not await site.daemon.is_ready():
            await asyncio.sleep(0.02)


async def test_an_answer_while_the_manager_link_is_down_is_known_when_it_is_back(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, breakable_links=True) as site:
        desk = await site.desk("ann")
        talk = await ringing(site, "4001", "a1")
        site.manager_link.refuse()
        await answer(talk)
        known_too_early = await site.daemon.is_ready()
        site.manager_link.pass_on()
        await site.daemon.wait_ready()
        await desk.wait_state(occupation="busy")
        await talk.agent.hang_up()
        await talk.caller.ends(within_s=3)
        await desk.wait_state(occupation="idle")
        (record,) = await settled(site, 1)

    assert not known_too_early
    assert how_it_ended(record) == ("answered", "agent", "hung_up")
    assert outcomes_of(record) == [("ann", None)]


async def test_who_hangs_up_while_the_manager_link_is_down_leaves_his_agent_free(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, CHEN, breakable_links=True) as site:
        ann = await site.desk("ann")
        by_agent = await talking(site, "4001", "a1")
        ben = await site.desk("ben")
        by_caller = await talking(site, "4002", "a2")
        chen = await site.desk("chen")
        before_answer = await ringing(site, "4003", "a3")
        waits = await waiting(site, "4004")
        site.manager_link.refuse()
        await waits.hang_up()
        await by_agent.agent.hang_up()
        await by_agent.caller.ends(within_s=3)
        await by_caller.caller.hang_up()
        await before_answer.caller.hang_up()
        await before_answer.agent.ends(within_s=3)
        await asyncio.gather(*(desk.wait_state(occupation="idle") for desk in (ann, ben, chen)))
        still_down = not await site.daemon.is_ready()
        site.manager_link.pass_on()
        await site.daemon.wait_ready()
        records = await records_by_number(site, 4)

    assert still_down
    assert {number: how_it_ended(record) for number, record in records.items()} == {
        "4001": ("answered", "agent", "hung_up"),
        "4002": ("answered", "caller", "hung_up"),
        "4003": ("abandoned", "caller", "hung_up"),
        "4004": ("abandoned", "caller", "hung_up"),
    }


async def test_an_offer_to_an_agent_who_leaves_while_the_link_is_down_is_withdrawn_after_it(
    open_site: OpenSite,
) -> None:
    long_ring = {name: {"ring_time": "30s", "wrap_up": "0s"} for name in ("sales", "support")}
    async with open_site(ANN, BEN, breakable_links=True, queues=long_ring) as site:
        leaving = await site.desk("ann")
        offered = await ringing(site, "4001", "a1")
        site.manager_link.refuse()
        await leaving.log_off()
        site.manager_link.pass_on()
        await offered.agent.ends(within_s=NOTICED_S_MAX)
        site.phones["a2"].answers()
        await site.desk("ben")
        await offered.caller.hears(AGENT_HZ, within_s=5)
        await offered.caller.hang_up()
        (record,) = await settled(site, 1)

    assert outcomes_of(record) == [("ann", "withdrawn"), ("ben", None)]


async def test_without_the_right_secret_callers_are_served_and_readiness_says_no(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        await site.daemon.stop()
        (site.configuration / "wrong").write_text("not the secret")
        settings = site.configuration / "cordboard.yaml"
        settings.write_text(
            settings.read_text().replace("env: CORDBOARD_AMI_SECRET", "file: wrong")
        )
        await site.daemon.start(wait=False)
        await site.daemon.wait_alive()
        desk = await site.desk("ann")
        by_caller = await talking(site, "4001", "a1")
        await by_caller.caller.hang_up()
        await by_caller.agent.ends(within_s=3)
        await desk.wait_state(occupation="idle")
        by_agent = await talking(site, "4002", "a1")
        await by_agent.agent.hang_up()
        await by_agent.caller.ends(within_s=3)
        await desk.wait_state(occupation="wrapping_up")
        ready = await site.daemon.is_ready()
        records = await records_by_number(site, 2)

    assert not ready
    assert how_it_ended(records["4002"]) == ("answered", "agent", "hung_up")


# Asterisk


async def stages(site: Site) -> tuple[Desk, Desk, list[OutgoingCall]]:
    """Return two desks, and callers who talk, ring, wait and are in the menu."""
    ann = await site.desk("ann")
    talk = await talking(site, "4001", "a1")
    ben = await site.desk("ben")
    offered = await ringing(site, "4002", "a2")
    waits = await waiting(site, "4003")
    in_menu = await (await site.caller("4004")).dial("8000", from_user="4004", within_s=5)
    await in_menu.hears(GREETING_HZ, within_s=3)
    return ann, ben, [talk.caller, offered.caller, waits, in_menu]


def put_down_dead_phones(site: Site, calls: list[OutgoingCall]) -> None:
    """Have everybody notice that there is nobody at the other end any more."""
    for call in (*calls, *(call for phone in site.phones.values() for call in phone.calls)):
        call.unplug()


async def next_call_is_served(site: Site) -> None:
    """Have both agents get a call, as if nothing had happened."""
    calls = [
        await dial_and_choose(await site.caller(number), from_user=number)
        for number in ("4101", "4102")
    ]
    for phone in ("a1", "a2"):
        await (await site.phones[phone].next_call(within_s=5)).answer()
    for call in calls:
        await call.hears(AGENT_HZ, within_s=3)
        await call.hang_up()


OF_ALL_STAGES = {
    "4001": ("answered", "switch_restarted"),
    "4002": ("lost_by_switch", "switch_restarted"),
    "4003": ("lost_by_switch", "switch_restarted"),
    "4004": ("lost_by_switch", "switch_restarted"),
}


async def test_calls_of_an_asterisk_that_was_killed_end_once_with_that_reason(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, greeting_s=3.0) as site:
        ann, ben, calls = await stages(site)
        await site.asterisk.kill()
        put_down_dead_phones(site, calls)
        await site.asterisk.start()
        await site.daemon.wait_ready()
        await asyncio.gather(ann.wait_state(occupation="idle"), ben.wait_state(occupation="idle"))
        await next_call_is_served(site)
        records = await records_by_number(site, 6)

    ended = {number: (r["outcome"], r["clear_reason"]) for number, r in records.items()}
    assert {number: ended[number] for number in OF_ALL_STAGES} == OF_ALL_STAGES
    assert {records[number]["hung_up_by"] for number in OF_ALL_STAGES} == {"system"}
    assert ended["4101"] == ended["4102"] == ("answered", "hung_up")


async def test_a_caller_who_comes_before_the_link_to_the_restarted_asterisk_is_kept(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, breakable_links=True) as site:
        lost = await waiting(site, "4001")
        site.manager_link.refuse()
        await site.asterisk.kill()
        put_down_dead_phones(site, [lost])
        await site.asterisk.start()
        kept = await waiting(site, "4002")
        began = asyncio.get_running_loop().time()
        site.manager_link.pass_on()
        await site.daemon.wait_ready()
        await settled(site, 1)
        await heard_music_all_along(kept, since=began)
        site.phones["a1"].answers()
        await site.desk("ann")
        await kept.hears(AGENT_HZ, within_s=5)
        await kept.hang_up()
        records = await records_by_number(site, 2)

    assert how_it_ended(records["4001"]) == ("lost_by_switch", "system", "switch_restarted")
    assert how_it_ended(records["4002"]) == ("answered", "caller", "hung_up")


async def test_calls_of_an_asterisk_that_is_stopped_in_order_are_hung_up(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, greeting_s=3.0) as site:
        ann, ben, calls = await stages(site)
        await asyncio.gather(site.asterisk.stop(), *(call.ends(within_s=5) for call in calls))
        await site.asterisk.start()
        await site.daemon.wait_ready()
        await asyncio.gather(ann.wait_state(occupation="idle"), ben.wait_state(occupation="idle"))
        await next_call_is_served(site)
        records = await records_by_number(site, 6)

    assert {number: record["clear_reason"] for number, record in records.items()} == dict.fromkeys(
        ("4001", "4002", "4003", "4004", "4101", "4102"), "hung_up"
    )


async def test_calls_of_an_asterisk_that_died_with_the_daemon_are_ended_when_both_are_back(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, greeting_s=3.0) as site:
        _, _, calls = await stages(site)
        await site.asterisk.kill()
        await site.daemon.kill()
        put_down_dead_phones(site, calls)
        await site.daemon.start(wait=False)
        await site.daemon.wait_alive()
        ann, ben = await site.desk("ann"), await site.desk("ben")
        await site.asterisk.start()
        await site.daemon.wait_ready()
        await asyncio.gather(ann.wait_state(occupation="idle"), ben.wait_state(occupation="idle"))
        await next_call_is_served(site)
        records = await records_by_number(site, 6)

    assert {records[number]["clear_reason"] for number in OF_ALL_STAGES} == {"gone_from_switch"}
    assert records["4001"]["outcome"] == "answered"


# Postgres, and everything at once


async def test_a_killed_postgres_delays_no_call_and_loses_no_record(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        site.phones["a1"].answers(hang_up_after_s=0.3)
        desk = await site.desk("ann")
        await site.database_up()
        talk = await dial_and_choose(await site.caller("4001"), from_user="4001")
        await talk.hears(AGENT_HZ, within_s=3)
        postgres(site).kill()
        await talk.ends(within_s=3)
        told = len(desk.events)
        during = await dial_and_choose(await site.caller("4002"), from_user="4002")
        await during.hears(AGENT_HZ, within_s=3)
        await desk.wait_for("screen_pop", after=told)
        await during.ends(within_s=3)
        await database_back(site)
        after = await dial_and_choose(await site.caller("4003"), from_user="4003")
        await after.hears(AGENT_HZ, within_s=3)
        await after.ends(within_s=3)
        records = await records_by_number(site, 3)

    assert {number: how_it_ended(record) for number, record in records.items()} == dict.fromkeys(
        ("4001", "4002", "4003"), ("answered", "agent", "hung_up")
    )


def postgres(site: Site) -> psutil.Process:
    """Return the embedded server's first process."""
    children = psutil.Process(site.daemon.pid).children()
    (server,) = [child for child in children if child.name() == "postgres"]
    return server


async def database_back(site: Site) -> None:
    """Wait until the database can be asked again."""
    async with asyncio.timeout(NOTICED_S_MAX):
        while True:
            try:
                await site.query("SELECT 1")
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                return


async def test_a_network_that_fails_without_a_word_is_noticed_and_touches_no_talk(
    open_site: OpenSite,
) -> None:
    """The manager link is half-open, and the agents' connections are cut; one does not return."""
    async with open_site(ANN, BEN, CHEN, breakable_links=True) as site:
        cut = [await site.desk("ann")]
        talk = await talking(site, "4001", "a1")
        cut.append(await site.desk("ben"))
        hidden = await ringing(site, "4002", "a2")
        cut.append(await site.desk("chen"))
        began = asyncio.get_running_loop().time()
        links = site.manager_link.accepted
        site.manager_link.half_open()
        site.desk_link.refuse()
        await asyncio.gather(*(desk.wait_closed() for desk in cut))
        site.desk_link.pass_on()
        async with AsyncExitStack() as desks:
            ben = await desks.enter_async_context(Desk(site.desk_url))
            chen = await desks.enter_async_context(Desk(site.desk_url))
            await ben.sign_in("ben", PASSWORD)
            still_ready = (await chen.sign_in("chen", PASSWORD)).state
            await answer(hidden)
            await linked_again(site, links)
            await ben.wait_state(occupation="busy", wish="ready")
            await lease_run_out(site)
            silence = talk.caller.heard.longest_gap_of(AGENT_HZ, began)
            ann = await desks.enter_async_context(Desk(site.desk_url))
            lost = (await ann.sign_in("ann", PASSWORD)).state
            await talk.caller.hang_up()
            await ann.wait_state(occupation="idle", wish="not_ready")
            await hidden.agent.hang_up()
            records = await records_by_number(site, 2)

    assert silence < 0.3
    assert still_ready is not None
    assert (still_ready.wish, still_ready.occupation) == ("ready", "idle")
    assert lost is not None
    assert (lost.wish, lost.reason, lost.occupation) == ("not_ready", "connection_lost", "busy")
    assert how_it_ended(records["4001"]) == ("answered", "caller", "hung_up")
    assert how_it_ended(records["4002"]) == ("answered", "agent", "hung_up")


async def lease_run_out(site: Site) -> None:
    """Wait until an agent has been made not ready, as the journal's copy tells."""
    async with asyncio.timeout(LEASE_S_MAX):
        while not await site.query("SELECT 1 FROM journal WHERE name = 'AgentMadeNotReady'"):
            await asyncio.sleep(0.1)
