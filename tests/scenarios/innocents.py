"""Those who must not notice what others do: a talk, heard from both ends."""

import asyncio
from dataclasses import dataclass

from lab.phone.incoming import IncomingCall
from lab.phone.outgoing import OutgoingCall
from lab.site import AGENT_HZ, CALLER_HZ, AgentPlan, Site
from tests.scenarios.sites import dial_and_choose

TALK_GAP_S_MAX = 0.3
SALES_ANN = AgentPlan(name="ann", phone="a1", queues=("sales",))
"""She takes the innocent caller."""
PATIENT = {
    name: {"ring_time": "60s", "wrap_up": "0s", "misses_max": 9} for name in ("sales", "support")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A talk that must not be disturbed."""

    caller: OutgoingCall
    agent: IncomingCall
    since: float

    def longest_gap_s(self) -> float:
        """Return how long either party at most did not hear the other."""
        now = asyncio.get_running_loop().time()
        return max(
            self.caller.heard.longest_gap_of(AGENT_HZ, self.since, now),
            self.agent.heard.longest_gap_of(CALLER_HZ, self.since, now),
        )


async def innocent_talk(site: Site) -> Talk:
    """Return a talk of an innocent caller with the agent at phone a1."""
    caller = await dial_and_choose(await site.caller("innocent"), from_user="5550100")
    agent = await site.phones["a1"].next_call(within_s=5)
    await agent.answer()
    await asyncio.gather(caller.hears(AGENT_HZ, within_s=3), agent.hears(CALLER_HZ, within_s=3))
    return Talk(caller=caller, agent=agent, since=asyncio.get_running_loop().time())
