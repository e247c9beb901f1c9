"""What Prometheus reads of a real site, beside what really happened there."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from asyncpg import Record

from lab.site import AGENT_HZ, GREETING_HZ, AgentPlan, Site, settled
from tests.cti.operations.scraped import Scrape, scrape
from tests.scenarios.sites import ANN, BEN, MUSIC_HZ, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

QUEUES = {
    "sales": {"ring_time": "2s", "wrap_up": "500ms", "misses_max": 1, "waiting_max": 2},
    "support": {"ring_time": "3s", "wrap_up": "60s", "overflow": {"after": "1s", "to": "sales"}},
}
SECRET_NUMBER = "49305557777"


async def scraped_until(site: Site, holds: Callable[[Scrape], bool]) -> Scrape:
    async with asyncio.timeout(15):
        while True:
            seen = await scrape(site.desk_url)
            if holds(seen):
                return seen
            await asyncio.sleep(0.25)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What was read while five calls came, and after them, and what the call log has of them."""

    ringing: Scrape
    talking: Scrape
    waiting: Scrape
    after: Scrape
    shipped: Scrape
    records: list[Record]


async def live(site: Site) -> Day:
    """One leaves in the menu, one is missed and answered, one waits, one is refused, one moves."""
    left = await (await site.caller("left")).dial("8000", within_s=5)
    await left.hears(GREETING_HZ, within_s=5)
    await left.hang_up()
    ann, ben = await site.desk("ann"), await site.desk("ben", ready=False)
    patient = await dial_and_choose(await site.caller("patient"), from_user=SECRET_NUMBER)
    (await site.phones["a1"].next_call(within_s=3)).ring()
    ringing = await scraped_until(site, lambda seen: seen.place("ringing") == 1)
    site.phones["a2"].answers(after_s=0.1)
    await ann.wait_state(wish="not_ready")  # a miss
    await ben.ready()
    await patient.hears(AGENT_HZ, within_s=5)
    talking = await scraped_until(site, lambda seen: seen.place("talking") == 1)
    waits = await dial_and_choose(await site.caller("waits"))
    await waits.hears(MUSIC_HZ, within_s=3, for_s=1.2)
    waiting = await scraped_until(site, lambda seen: seen.place("waiting") == 1)
    moved = await dial_and_choose(await site.caller("moved"), key="2")
    await scraped_until(site, lambda seen: seen.waiting("sales") == 2)
    await (await dial_and_choose(await site.caller("refused"))).ends(within_s=10)
    await waits.hang_up()
    await moved.hang_up()
    await patient.hang_up()
    return Day(
        ringing=ringing,
        talking=talking,
        waiting=waiting,
        records=await settled(site, 5),
        after=await scraped_until(
            site, lambda seen: sum(seen.all_of("cordboard_calls_total").values()) == 5
        ),
        shipped=await scraped_until(
            site, lambda seen: seen.value("cordboard_journal_backlog_records") == 0
        ),
    )


def check_while_calls_live(day: Day) -> None:
    assert day.ringing.waiting("sales") == 1
    assert day.ringing.value("cordboard_agents", state="offered") == 1
    assert day.talking.value("cordboard_agents", state="busy") == 1
    assert day.talking.value("cordboard_queue_agents", queue="sales", state="not_ready") == 1
    assert day.talking.not_zero("cordboard_queue_left_total") == {("answered", "sales"): 1}
    assert day.waiting.waiting("sales") == 1
    assert day.waiting.value("cordboard_queue_longest_wait_seconds", queue="sales") > 1


def check_calls(after: Scrape, records: list[Record]) -> None:
    outcomes = Counter((str(row["outcome"]), "hotline") for row in records)

    assert after.not_zero("cordboard_calls_total") == outcomes
    assert after.not_zero("cordboard_calls_arrived_total") == {("hotline",): 5}
    assert after.not_zero("cordboard_live_calls") == {}
    assert not any(SECRET_NUMBER in value for value in after.label_values())


def check_queues(after: Scrape) -> None:
    assert after.not_zero("cordboard_queue_left_total") == {
        ("answered", "sales"): 1,
        ("abandoned", "sales"): 2,
        ("turned_away", "sales"): 1,
        ("overflowed", "support"): 1,
    }
    assert after.not_zero("cordboard_queue_entered_total") == {("sales",): 4, ("support",): 1}
    assert after.value("cordboard_queue_offers_total", queue="sales") == 2
    assert after.not_zero("cordboard_queue_offers_ended_total") == {("no_answer", "sales"): 1}
    waited = "cordboard_queue_answered_wait_seconds"
    assert after.value(f"{waited}_count", queue="sales") == 1
    assert after.value(f"{waited}_sum", queue="sales") >= 2
    assert after.value(f"{waited}_bucket", queue="sales", le="1.0") == 0
    assert after.value("cordboard_queue_abandoned_wait_seconds_count", queue="sales") == 2
    rang = "cordboard_queue_ring_seconds"
    assert after.value(f"{rang}_count", queue="sales") == 2
    assert after.value(f"{rang}_sum", queue="sales") == pytest.approx(2.1, abs=1)
    assert after.value("cordboard_queue_talk_seconds_count", queue="sales") == 1


def check_parts(after: Scrape) -> None:
    assert after.value("cordboard_agents_logged_on") == 2
    assert after.value("cordboard_web_desks") == 2
    assert after.value("cordboard_ami_up", pbx="main") == 1
    assert after.value("cordboard_ami_events_total", pbx="main") > 20
    assert after.value("cordboard_ami_action_seconds_count", pbx="main") >= 2
    for what in ("call_gone", "offer_gone"):
        assert after.value("cordboard_switch_differences_total", pbx="main", what=what) == 0
    assert after.value("cordboard_agi_sessions_total", pbx="main") == 5
    assert after.value("cordboard_agi_open_sessions", pbx="main") == 0
    assert after.value("cordboard_agi_commands_total", pbx="main") > 20
    assert after.value("cordboard_database_up") == 1
    assert after.value("cordboard_journal_write_seconds_count") > 10


async def test_the_figures_are_what_happened(open_site: OpenSite) -> None:
    async with open_site(ANN, BEN, queues=QUEUES) as site:
        day = await live(site)

    check_while_calls_live(day)
    check_calls(day.after, day.records)
    check_queues(day.after)
    check_parts(day.after)
    assert day.shipped.value("cordboard_journal_backlog_age_seconds") == 0


async def test_a_call_that_lives_through_a_crash_ends_as_what_it_was(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        site.phones["a1"].answers(after_s=0.1)
        await site.desk("ann")
        talking = await dial_and_choose(await site.caller("talking"))
        await talking.hears(AGENT_HZ, within_s=5)
        waiting = await dial_and_choose(await site.caller("waiting"))
        await waiting.hears(MUSIC_HZ, within_s=3, for_s=0.5)
        await site.daemon.kill()
        await site.daemon.start()
        revived = await scraped_until(site, lambda seen: seen.place("talking") == 1)
        await talking.hang_up()
        await waiting.hang_up()
        after = await scraped_until(
            site, lambda seen: sum(seen.all_of("cordboard_calls_total").values()) == 2
        )

    assert revived.not_zero("cordboard_calls_arrived_total") == {}
    assert revived.not_zero("cordboard_calls_total") == {}
    assert after.not_zero("cordboard_calls_total") == {
        ("answered", "hotline"): 1,
        ("abandoned", "hotline"): 1,
    }
    assert after.not_zero("cordboard_queue_left_total") == {("abandoned", "sales"): 1}
    assert after.value("cordboard_queue_abandoned_wait_seconds_sum", queue="sales") > 0.5


async def test_a_link_that_is_lost_and_a_database_that_is_away_are_seen(
    open_site: OpenSite,
) -> None:
    helper = AgentPlan(name="ben", phone="a2", queues=("support",))
    nowhere = "postgresql://cordboard@127.0.0.1:1/cordboard"
    async with open_site(helper, breakable_links=True, database_url=nowhere) as site:
        before = await scrape(site.desk_url)
        await site.asterisk.stop()
        lost = await scraped_until(
            site, lambda seen: seen.value("cordboard_ami_up", pbx="main") == 0
        )

    assert before.value("cordboard_ami_up", pbx="main") == 1
    assert before.value("cordboard_database_up") == 0
    assert not before.has("cordboard_journal_backlog_records")
    assert lost.value("cordboard_ami_links_lost_total", pbx="main") == 1
