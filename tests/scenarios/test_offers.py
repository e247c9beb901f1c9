"""Offers that come to nothing: told apart, and the caller keeps his place and his music."""

import asyncio
import json

import pytest

from cti.instants import from_datetime
from lab.phone.phone import Phone
from lab.site import AGENT_HZ, AgentPlan, Site, settled
from tests.scenarios.observer import ring_privately
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

PATIENT = {
    name: {"ring_time": "1s", "wrap_up": "0s", "misses_max": 2} for name in ("sales", "support")
}


async def test_a_call_not_answered_goes_to_the_next_agent_and_the_music_goes_on(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, queues=PATIENT) as site:
        site.phones["a1"].never_answers()
        site.phones["a2"].answers(after_s=0.3)
        await site.desk("ann")
        await site.desk("ben")
        call = await dial_and_choose(await site.caller())
        began = await call.hears(MUSIC_HZ, within_s=3)
        ringing = await site.phones["a1"].next_call(within_s=3)
        talked = await call.hears(AGENT_HZ, within_s=6)
        gap = call.heard.longest_gap_of(MUSIC_HZ, began, talked)
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert gap < 1.0
    assert ringing.cancelled
    assert outcomes_of(record) == [("ann", "no_answer"), ("ben", None)]


async def test_an_agent_who_misses_too_often_in_a_row_is_made_not_ready_with_the_reason(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, queues=PATIENT) as site:
        phone = site.phones["a1"]
        phone.never_answers()
        desk = await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        began = await call.hears(MUSIC_HZ, within_s=3)
        state = await desk.wait_state(wish="not_ready", timeout_s=15)
        await heard_music_all_along(call, since=began)
        phone.answers()
        await desk.ready()
        await call.hears(AGENT_HZ, within_s=10)
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert state.reason == "ring_no_answer"
    assert outcomes_of(record) == [("ann", "no_answer"), ("ann", "no_answer"), ("ann", None)]


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (486, "busy", "phone_busy"),
        (603, "rejected", "calls_rejected"),
        (404, "unreachable", "phone_unreachable"),
    ],
)
async def test_an_agent_whose_phone_refuses_too_often_in_a_row_is_made_not_ready_with_the_cause(
    open_site: OpenSite, status: int, outcome: str, reason: str
) -> None:
    strict = {
        "sales": {"wrap_up": "0s", "misses": {outcome: {"limit": 2, "delay": "1s"}}},
        "support": {},
    }
    async with open_site(ANN, BEN, queues=strict) as site:
        site.phones["a1"].rejects(status)
        site.phones["a2"].answers()
        desk = await site.desk("ann")
        call = await dial_and_choose(await site.caller())
        began = await call.hears(MUSIC_HZ, within_s=3)
        state = await desk.wait_state(wish="not_ready", timeout_s=15)
        await site.desk("ben")
        talked = await call.hears(AGENT_HZ, within_s=5)
        gap = call.heard.longest_gap_of(MUSIC_HZ, began, talked)
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert (state.reason, gap < 1.0) == (reason, True)
    assert outcomes_of(record) == [("ann", outcome), ("ann", outcome), ("ben", None)]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(486, "busy"), (603, "rejected"), (404, "unreachable"), (488, "failed")],
)
async def test_a_refused_call_goes_to_the_next_agent_at_once_and_is_no_miss(
    open_site: OpenSite, status: int, outcome: str
) -> None:
    once = {"sales": {"ring_time": "3s", "wrap_up": "0s", "misses_max": 1}, "support": {}}
    async with open_site(ANN, BEN, queues=once) as site:
        site.phones["a1"].rejects(status)
        site.phones["a2"].answers()
        refusing = await site.desk("ann")
        await site.desk("ben")
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=5)
        state = refusing.state
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert outcomes_of(record) == [("ann", outcome), ("ben", None)]
    assert state is not None
    assert state.wish == "ready"


async def test_a_phone_that_is_not_there_is_unreachable_and_its_agent_has_missed_nothing(
    open_site: OpenSite,
) -> None:
    once = {"sales": {"ring_time": "1s", "wrap_up": "0s", "misses_max": 1}, "support": {}}
    async with open_site(ANN, BEN, queues=once) as site:
        await site.phones["a1"].close(silently=True)
        site.phones["a2"].answers()
        gone = await site.desk("ann")
        await site.desk("ben")
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=6)
        state = gone.state
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert outcomes_of(record) == [("ann", "unreachable"), ("ben", None)]
    assert state is not None
    assert state.wish == "ready"


async def test_an_offer_to_an_agent_who_logs_off_is_withdrawn_and_its_pop_too(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN) as site:
        site.phones["a1"].never_answers()
        site.phones["a2"].answers()
        leaving = await site.desk("ann")
        await site.desk("ben")
        call = await dial_and_choose(await site.caller())
        ringing = await site.phones["a1"].next_call(within_s=5)
        await leaving.wait_state(occupation="offered")
        await leaving.log_off()
        await ringing.ends(within_s=2)
        await call.hears(AGENT_HZ, within_s=5)
        withdrawn = await leaving.wait_for("screen_pop_withdrawn")
        await call.hang_up()
        (record,) = await settled(site, 1)

    assert ringing.cancelled
    assert withdrawn.event.data.why == "withdrawn"  # type: ignore[union-attr]
    assert outcomes_of(record) == [("ann", "withdrawn"), ("ben", None)]


async def test_an_agent_whose_phone_is_in_use_privately_is_not_rung_until_it_is_free(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        desk = await site.desk("ann")
        await ring_privately(site, "a1")
        private = await phone.next_call(within_s=3)
        await private.answer()
        await desk.wait_state(occupation="busy_elsewhere")
        call = await dial_and_choose(await site.caller())
        await call.hears(MUSIC_HZ, within_s=3, for_s=1.0)
        rung_meanwhile = len(phone.invites)
        phone.answers()
        await private.hang_up()
        await call.hears(AGENT_HZ, within_s=5)

    assert rung_meanwhile == 1


async def test_twenty_calls_over_five_agents_go_to_the_longest_idle_and_nobody_gets_two(
    open_site: OpenSite,
) -> None:
    agents = [
        AgentPlan(name=name, phone=f"a{number}", queues=("sales",))
        for number, name in enumerate(("ann", "ben", "chen", "dora", "emil"), start=1)
    ]
    quick = {"sales": {"ring_time": "5s", "wrap_up": "200ms", "misses_max": 3}, "support": {}}
    async with open_site(*agents, queues=quick, log_level="info") as site:
        for phone in site.phones.values():
            phone.answers(after_s=0.2, hang_up_after_s=0.5)
        for agent in agents:
            await site.desk(agent.name)
        callers = [await site.caller(f"{5000 + number}") for number in range(20)]
        calls = await asyncio.gather(
            *(dial_and_choose(caller, from_user=caller.name) for caller in callers)
        )
        await asyncio.gather(*(call.ends(within_s=40) for call in calls))
        records = await settled(site, 20)
        decisions = await offers_in_order(site)
        turned_away = [invite for phone in site.phones.values() for invite in turned(phone)]

    assert [record["outcome"] for record in records] == ["answered"] * 20
    assert [len(outcomes_of(record)) for record in records] == [1] * 20
    assert turned_away == []
    assert len(decisions) == 20
    for winner, idle_since, next_best_idle in decisions:
        assert next_best_idle is None or (idle_since, winner) <= next_best_idle


def turned(phone: Phone) -> list[object]:
    """Return the calls that came to a phone while it had one."""
    return [invite for invite in phone.invites if invite.turned_away]


async def offers_in_order(site: Site) -> list[tuple[str, int, tuple[int, str] | None]]:
    """
    Return each offer's agent, since when he was idle, and the same of the next best.

    Computed from the journalled states of the agents, not from what the core says of itself.
    """
    rows = await site.query(
        "SELECT at, name, body FROM journal WHERE name IN ('OfferCall', 'ShowAgentState')"
        " ORDER BY position"
    )
    idle: dict[str, int] = {}
    found: list[tuple[str, int, tuple[int, str] | None]] = []
    for row in rows:
        body = json.loads(row["body"])
        if row["name"] == "ShowAgentState":
            if body["wish"] == "ready" and body["occupation"] == "idle":
                idle[body["agent"]] = body["since"]
            else:
                idle.pop(body["agent"], None)
            continue
        agent = body["agent"]
        # One who was freed in this very step was never shown idle.
        since = idle.pop(agent, from_datetime(row["at"]))
        rest = sorted((at, name) for name, at in idle.items())
        found.append((agent, since, rest[0] if rest else None))
    return found
