"""A changed configuration while a caller waits: he keeps his place and gets the new agent."""

import asyncio
import json
import sys
from typing import Any

import pytest
import yaml

from lab.site import AGENT_HZ, AgentPlan, Site, settled
from lab.site_plan import PASSWORD_HASH
from tests.scenarios.sites import ANN, MUSIC_HZ, OpenSite, dial_and_choose, offers_of

pytestmark = [pytest.mark.scenario, pytest.mark.alone]

COMMAND_S_MAX = 30.0
ELSEWHERE = AgentPlan(name="zoe", phone="a2", queues=("support",))
"""Whose phone somebody else will work at."""


def edit(site: Site, name: str, **changes: Any) -> None:  # noqa: ANN401 - whatever YAML holds
    """Change parts of one of the site's files, as an administrator does."""
    path = site.configuration / f"{name}.yaml"
    content = yaml.safe_load(path.read_bytes())
    for part, change in changes.items():
        content[name][part] = {**content[name].get(part, {}), **change}
    path.write_text(yaml.safe_dump(content, allow_unicode=True))


async def reload(site: Site) -> str:
    """Have the daemon read its configuration again, and return what the command says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", "reload", "--config", str(site.configuration)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(COMMAND_S_MAX):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def test_a_caller_who_waits_goes_to_an_agent_whom_a_reload_brings(
    open_site: OpenSite,
) -> None:
    ben = {"name": "Ben", "password_hash": PASSWORD_HASH, "phones": ["a2"], "queues": ["sales"]}
    async with open_site(ANN, ELSEWHERE) as site:
        site.phones["a2"].answers()
        first = await dial_and_choose(await site.caller("first"))
        await first.hears(MUSIC_HZ, within_s=3, for_s=0.5)
        second = await dial_and_choose(await site.caller("second"))
        await second.hears(MUSIC_HZ, within_s=3, for_s=0.5)
        edit(site, "queues", sales={"strategy": "round_robin"})
        edit(site, "agents", ben=ben)
        said = await reload(site)
        await asyncio.gather(
            first.hears(MUSIC_HZ, within_s=1, for_s=0.3),
            second.hears(MUSIC_HZ, within_s=1, for_s=0.3),
        )
        desk = await site.desk("ben")
        await first.hears(AGENT_HZ, within_s=5)
        await second.hears(MUSIC_HZ, within_s=1, for_s=0.3)
        await first.hang_up()
        await second.hears(AGENT_HZ, within_s=5)
        await second.hang_up()
        await desk.wait_state(occupation="idle")
        records = await settled(site, 2)

    assert "in force, policy " in said
    assert "queues and agents" in said
    assert [(record["outcome"], record["agent"]) for record in records] == [
        ("answered", "ben"),
        ("answered", "ben"),
    ]
    for record in records:
        (offer,) = offers_of(record)
        (stay,) = json.loads(record["queues"])
        assert offer["agent"] == "ben"
        # He came in under the old rules, and was decided by the new ones.
        assert f"in force, policy {offer['policy_version']}:" in said
        assert stay["policy_version"] not in {"", offer["policy_version"]}
