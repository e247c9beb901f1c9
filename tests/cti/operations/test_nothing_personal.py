"""What a call with a telling number and name leaves in the log, at the level that tells most."""

import json
from typing import Any

import pytest

from lab.site import AGENT_HZ, settled
from tests.cti.operations.scraped import scrape
from tests.scenarios.sites import ANN, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

NUMBER = "493055501234"
NAME = "Canaria Vogel"


def told_openly(line: dict[str, Any]) -> str:
    """Return a line without what says of itself that it is personal."""
    return json.dumps({key: value for key, value in line.items() if not key.startswith("pii_")})


async def test_callers_stand_in_no_log_line_and_no_figure(open_site: OpenSite) -> None:
    async with open_site(ANN, log_level="debug") as site:
        site.phones["a1"].answers(after_s=0.1)
        await site.desk("ann")
        call = await dial_and_choose(await site.caller(), from_user=NUMBER, display_name=NAME)
        await call.hears(AGENT_HZ, within_s=5)
        figures = await scrape(site.desk_url)
        await call.hang_up()
        await settled(site, 1)
        number, name = (await site.query("SELECT number, name FROM parties"))[0]
        lines = [json.loads(line) for line in site.daemon.log_text().splitlines()]
    canaries = (NUMBER, NUMBER[-9:], NAME, NAME.split()[1])

    assert (number, name) == (NUMBER, NAME)  # it was known, and only not told
    assert "call_arrived" in {line["event"] for line in lines}
    for line in lines:
        assert not any(canary in told_openly(line) for canary in canaries), line
    assert not any(canary in value for canary in canaries for value in figures.label_values())
