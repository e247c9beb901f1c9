"""Real calls, explained and replayed from the journal of the daemon that routed them."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.site import AGENT_HZ, Site, settled
from tests.scenarios.sites import ANN, BEN, CHEN, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

IMPATIENT = {
    name: {"ring_time": "1s", "wrap_up": "0s", "misses_max": 9} for name in ("sales", "support")
}


async def run(site: Site, *arguments: str) -> tuple[int | None, str]:
    """Run a command on the site's configuration, without any of its secrets, beside its daemon."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", *arguments, "--config", str(site.configuration)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _nothing = await process.communicate()
    return process.returncode, output.decode()


def competitors(told: dict[str, Any]) -> list[dict[str, str | None]]:
    """Return for each offer of a told call its agent, and what ruled out each of the others."""
    offers = [h for h in told["found"]["happenings"] if h["body"]["what"] == "OfferCall"]
    return [
        {
            offer["body"]["agent"]: "offered it",
            **{
                agent["agent"]: agent["ruled_out"]
                for agent in offer["offered"]["decision"]["competitors"]["agents"]
            },
        }
        for offer in offers
    ]


async def test_a_real_call_is_explained_with_every_agent_and_its_journal_replays(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN, BEN, CHEN, queues=IMPATIENT) as site:
        site.phones["a1"].never_answers()
        site.phones["a2"].answers(after_s=0.2)
        await site.desk("ann")
        await site.desk("ben")
        await site.desk("chen", ready=False)
        call = await dial_and_choose(await site.caller())
        await call.hears(AGENT_HZ, within_s=8)
        talked_at = datetime.now(UTC) + timedelta(milliseconds=1)
        await call.hang_up()
        (record,) = await settled(site, 1)
        call_id = str(record["call"])
        code, told = await run(site, "explain", call_id[:12], "--json")
        _, sentences = await run(site, "explain", call_id)
        _, agent = await run(site, "explain", "--agent", "ben", "--at", talked_at.isoformat())
        _, caller = await run(site, "explain", "--caller", call_id, "--at", talked_at.isoformat())
        replay_code, replayed = await run(site, "replay")

    assert code == 0
    assert competitors(json.loads(told)) == [
        {"ann": "offered it", "ben": None, "chen": "not_ready"},
        {"ben": "offered it", "ann": "missed_this_call", "chen": "not_ready"},
    ]
    assert "ann did not answer within the ring time." in sentences
    assert "ben would have been next." in sentences
    assert "ben answered." in sentences
    assert f"He was talking with call {call_id}" in agent
    assert "He was talking with ben." in caller
    assert (replay_code, "Every command is the same, byte for byte." in replayed) == (0, True)
