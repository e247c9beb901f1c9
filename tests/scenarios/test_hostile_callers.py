"""Callers who mean harm are shown as data or refused, and nobody else notices them."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from lab.desk import Desk
from lab.phone.errors import PhoneError
from lab.phone.outgoing import OutgoingCall
from lab.phone.sip import Response
from lab.site import AGENT_HZ, GREETING_HZ, AgentPlan, Site, settled
from protocols.ws.events import ScreenPop
from tests.scenarios.hostile import CANARY, SERVED, TURNED_AWAY, Hostile, TurnedAway
from tests.scenarios.innocents import PATIENT, SALES_ANN, TALK_GAP_S_MAX, innocent_talk
from tests.scenarios.sites import MUSIC_HZ, OpenSite, dial_and_choose, outcomes_of

pytestmark = [pytest.mark.scenario, pytest.mark.alone]

SILENCE_S = 1.0
"""Who has no answer after so long gets none: loopback takes milliseconds."""
FLOOD_DIGITS = 500
"""By each of two callers; Asterisk makes an eighth of a second of each, however short it is."""
KEYS = "0123456789*#ABCD"
SHOWN_NAME_BYTES = 60
"""How much of a name is shown at the agent's phone."""
NAMELESS = "unknown"
"""What the lab's trunk calls whoever has no name."""
SUPPORT_BEN = AgentPlan(name="ben", phone="a2", queues=("support",))
UNWELCOME = {
    "agi_handler_failed",
    "agi_session_broken",
    "ami_event_callback_failed",
    "ami_link_down",
    "ami_state_callback_failed",
    "journal_unwritable",
}
"""What the daemon logs when a link, a session or a handler was harmed."""


async def served(site: Site, desk: Desk, hostile: Hostile) -> list[str]:
    """Lead a hostile caller to Ben and away; return what was not as it must be."""
    seen = len(desk.events)
    caller = await site.caller("hostile")
    call = caller.start_call("8000", **hostile.dialling)
    try:
        await call.answered(within_s=3)
        await call.hears(GREETING_HZ, within_s=3)
        await call.send_digit("2")
        ringing = await site.phones["a2"].next_call(within_s=5)
        pop = (await desk.wait_for("screen_pop", after=seen)).event.data
        await ringing.answer()
        await call.hears(AGENT_HZ, within_s=3)
    except (PhoneError, TimeoutError) as error:
        return [f"{hostile.what}: {error!r}"]
    finally:
        await call.hang_up()
    await desk.wait_state(occupation="idle")
    assert isinstance(pop, ScreenPop)
    shown = (pop.caller.number or "", pop.caller.name or "", pop.caller.verified)
    rings_as = (ringing.caller_number, ringing.caller_name)
    name = hostile.name.encode()[:SHOWN_NAME_BYTES].decode(errors="ignore")
    found = []
    if shown != (hostile.number, hostile.name, False):
        found.append(f"{hostile.what}: popped as {shown}")
    if rings_as != (hostile.number, name or NAMELESS):
        found.append(f"{hostile.what}: rings as {rings_as}")
    if "Event" in ringing.headers:
        found.append(f"{hostile.what}: rings with {ringing.headers}")
    return found


async def turned_away(site: Site, hostile: TurnedAway) -> list[str]:
    """Let a hostile caller try; return what was not as it must be."""
    caller = await site.caller("hostile")
    call = caller.start_call("8000", **hostile.dialling)
    if not await call.ends_within(SILENCE_S):
        call.unplug()
    status = None if call.ending is None else call.ending.status
    if status == hostile.status and not call.connected.is_set():
        return []
    return [f"{hostile.what}: {call.ending}"]


async def press_all_keys(site: Site) -> list[str]:
    """Press keys that nobody has in the menu; the caller must come to Ben all the same."""
    call = await (await site.caller("keys")).dial("8000", within_s=5, from_user="5550103")
    for digit in "ABCD*#" * 4:
        await call.send_digit(digit, duration_s=0.04, pause_s=0.02)
    ringing = await site.phones["a2"].next_call(within_s=10)
    await ringing.answer()
    await call.hears(AGENT_HZ, within_s=3)
    await call.hang_up()
    return []


async def flood(call: OutgoingCall) -> None:
    """Press many keys as fast as they can be sent, and hear the music again after it."""
    for number in range(FLOOD_DIGITS):
        await call.send_digit(KEYS[number % len(KEYS)], duration_s=0.02, pause_s=0.0)
    await call.hears(MUSIC_HZ, within_s=5, for_s=0.5)


async def test_hostile_callers_are_shown_as_data_or_refused_and_disturb_nobody(
    open_site: OpenSite,
) -> None:
    async with open_site(SALES_ANN, SUPPORT_BEN, queues=PATIENT, greeting_s=0.3) as site:
        await site.desk("ann")
        ben = await site.desk("ben")
        talk = await innocent_talk(site)
        flooders = [
            await dial_and_choose(await site.caller(number), from_user=number)
            for number in ("5550101", "5550102")
        ]
        async with asyncio.TaskGroup() as tasks:
            for flooder in flooders:
                tasks.create_task(flood(flooder))
            refusals = [tasks.create_task(turned_away(site, one)) for one in TURNED_AWAY]
            found = [problem for one in SERVED for problem in await served(site, ben, one)]
            found += await press_all_keys(site)
        found += [problem for task in refusals for problem in task.result()]
        gap_s = talk.longest_gap_s()
        site.phones["a1"].answers()
        await talk.agent.hang_up()
        await talk.caller.ends(within_s=3)
        for flooder in flooders:
            await flooder.hears(AGENT_HZ, within_s=5)
            await flooder.hang_up()
        records = await settled(site, len(SERVED) + 4)
        parties = await site.query(
            "SELECT number, name FROM calls JOIN parties ON key = party ORDER BY arrived_at"
        )
        copies = await site.query("SELECT body::text AS text FROM journal")
        logged = await site.query("SELECT calls::text AS text FROM calls")

    expected = [("5550100", ""), ("5550101", ""), ("5550102", "")]
    expected += [(hostile.number, hostile.name) for hostile in SERVED]
    assert found == []
    assert gap_s < TALK_GAP_S_MAX
    assert [tuple(party) for party in parties] == [*expected, ("5550103", "")]
    assert {record["outcome"] for record in records} == {"answered"}
    assert (records[0]["hung_up_by"], records[0]["clear_reason"]) == ("agent", "hung_up")
    assert outcomes_of(records[0]) == [("ann", None)]
    canaries = {text for party in expected for text in party if len(text) > 2}
    told = [row["text"] for row in [*copies, *logged]] + journal_texts(site)
    assert hits(canaries | {CANARY, "uid="}, told) == []
    assert unwelcome(site, canaries | {CANARY, "uid="}) == []


def hits(canaries: set[str], texts: Sequence[str]) -> list[str]:
    """Return the texts that hold a canary, as it is or as JSON has it."""
    sought = canaries | {json.dumps(text)[1:-1] for text in canaries}
    return [text for text in texts if any(canary in text for canary in sought)]


def journal_texts(site: Site) -> list[str]:
    """Return all that the journal holds, but for the table where numbers and names belong."""
    path = site.data / "journal.sqlite"
    texts = []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        tables = [
            name
            for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name != "parties"
        ]
        for table in tables:
            for row in journal.execute(f"SELECT * FROM {table}"):  # noqa: S608 - its own tables
                texts += [
                    cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)
                    for cell in row
                ]
    return texts


def unwelcome(site: Site, canaries: set[str]) -> list[str]:
    """Return the log's lines that are no JSON, tell of harm, or hold a canary in the open."""
    found = []
    for line in site.daemon.log_text().split("\n"):
        if not line:
            continue
        entry = json.loads(line)
        if entry["event"] in UNWELCOME or hits(canaries, list(in_the_open(entry))):
            found.append(line)
    return found


def in_the_open(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield every text of a log entry that does not stand under a `pii_` key."""
    if isinstance(value, dict):
        for key, part in value.items():
            if not key.startswith("pii_"):
                yield from (key, *in_the_open(part))
    elif isinstance(value, list):
        for part in value:
            yield from in_the_open(part)
    else:
        yield str(value)


async def test_a_caller_whose_trunk_takes_transfers_cannot_send_his_agent_anywhere(
    open_site: OpenSite,
) -> None:
    """The dialplan's own defence, for a trunk that somebody set up in another way than ours."""
    async with open_site(SALES_ANN, queues=PATIENT, greeting_s=0.3, trunk_transfers=True) as site:
        desk = await site.desk("ann")
        talk = await innocent_talk(site)
        told = [await transfer(talk.caller, to) for to in ("8000", "s", "requeue")]
        gap_s = talk.longest_gap_s()
        state = await desk.wait_state(wish="ready")
        await talk.caller.hang_up()
        (record,) = await settled(site, 1)

    assert [b"404" in answer for answer in told] == [True, True, True]
    assert gap_s < TALK_GAP_S_MAX
    assert state.occupation == "busy"
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "caller")
    assert unwelcome(site, set()) == []


async def test_a_caller_from_the_trunk_as_written_is_not_even_asked_where_to(
    open_site: OpenSite,
) -> None:
    async with open_site(SALES_ANN, queues=PATIENT, greeting_s=0.3) as site:
        desk = await site.desk("ann")
        talk = await innocent_talk(site)
        answer = await refer(talk.caller, "8000")
        gap_s = talk.longest_gap_s()
        state = await desk.wait_state(wish="ready")
        await talk.caller.hang_up()
        (record,) = await settled(site, 1)

    assert answer.status == 603
    assert gap_s < TALK_GAP_S_MAX
    assert state.occupation == "busy"
    assert (record["outcome"], record["hung_up_by"]) == ("answered", "caller")


async def refer(call: OutgoingCall, to: str) -> Response:
    """Ask Asterisk to send the other party to an extension; return its answer."""
    refer_to = ("Refer-To", f"<sip:{to}@127.0.0.1>")
    return await call._request("REFER", extra=[refer_to, call._line.contact]).outcome()


async def transfer(call: OutgoingCall, to: str) -> bytes:
    """Ask Asterisk to send the other party to an extension; return what it says came of that."""
    asked = len(call.requests)
    await refer(call, to)
    async with asyncio.timeout(5):
        while True:
            for notify in call.requests[asked:]:
                if "terminated" in notify.headers.get("Subscription-State"):
                    return notify.body
            await asyncio.sleep(0.02)  # the phone keeps requests in a list that wakes nobody
