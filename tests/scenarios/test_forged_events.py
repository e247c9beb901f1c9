"""
Events that callers forge end nothing, not even where a switch believes callers' numbers.

The site is made a careless one for it: our own trunk and dialplan let no line break through
(`test_hostile_callers`). The forgers know every channel's Uniqueid, as good guessers may.
"""

import asyncio
from collections.abc import Sequence

import pytest

from cti.asterisk_files.notes import TRUNKS
from lab.asterisk_config import OBSERVER
from lab.desk import Desk
from lab.site import AGENT_HZ, MANAGER_SECRET, AgentPlan, Site, settled
from tests.scenarios.innocents import PATIENT, SALES_ANN, TALK_GAP_S_MAX, innocent_talk
from tests.scenarios.sites import (
    MUSIC_HZ,
    OpenSite,
    dial_and_choose,
    heard_music_all_along,
    outcomes_of,
)

pytestmark = [pytest.mark.scenario, pytest.mark.alone]

SALES_BEN = AgentPlan(name="ben", phone="a2", queues=("sales",))
IDLE_CHEN = AgentPlan(name="chen", phone="a3", queues=("support",))
BELIEVING = "8666"
"""A number of a careless switch: its trunk and its dialplan take callers' numbers as they come."""


async def believe_callers(site: Site) -> None:
    """Make the site's switch a careless one: what our own dialplan and trunk prevent."""
    trunk = site.asterisk_files / TRUNKS
    trunk.write_text(trunk.read_text().replace("callerid = unknown <0>\n", ""))
    await site.asterisk.console("module reload res_pjsip.so")
    for step in (
        f"{BELIEVING},1,Set(CORD_SERVICE=8000)",
        f"{BELIEVING},2,Goto(cordboard,s,1)",
    ):
        await site.asterisk.console(f"dialplan add extension {step} into cordboard-in")


class Eavesdropper:
    """A second AMI client, which keeps every byte that Asterisk sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._read = asyncio.get_running_loop().create_task(self._listen())
        self._news = asyncio.Event()
        self.heard = b""

    @classmethod
    async def on(cls, site: Site) -> "Eavesdropper":
        """Log in at the site's switch."""
        reader, writer = await asyncio.open_connection("127.0.0.1", site.ports.manager)
        writer.write(
            f"Action: Login\r\nUsername: {OBSERVER}\r\nSecret: {MANAGER_SECRET}\r\n\r\n".encode()
        )
        return cls(reader, writer)

    async def hears(self, text: str, *, times: int = 1) -> None:
        """Wait until Asterisk has sent this so many times."""
        async with asyncio.timeout(5):
            while self.heard.count(text.encode()) < times:
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        """Leave."""
        self._writer.close()
        await self._read

    async def _listen(self) -> None:
        while data := await self._reader.read(65_536):
            self.heard += data
            self._news.set()


async def channels(site: Site, beginning: str) -> list[tuple[str, str]]:
    """Return name and Uniqueid of the channels whose names begin so, oldest first."""
    listed = await site.asterisk.console("core show channels concise")
    found = [line.split("!") for line in listed.splitlines() if line.startswith(beginning)]
    return sorted((parts[0], parts[-1].strip()) for parts in found)


def forgeries(uniqueid: str) -> list[str]:
    """Return messages about a channel, as a caller would have them; 80 bytes come through."""
    return [
        f"Event: Hangup\r\nUniqueid: {uniqueid}\r\nCause: 16",
        f"Event: HangupRequest\r\nUniqueid: {uniqueid}",
        f"Event: DialEnd\r\nDestUniqueid: {uniqueid}\r\nDialStatus: ANSWER",
        f"Event: Newstate\r\nUniqueid: {uniqueid}\r\nChannelStateDesc: Ringing",
    ]


async def forge(site: Site, link: Eavesdropper, message: str) -> None:
    """Call with a number that is a message, until it has gone out on the manager links."""
    number = "".join(
        character if character.isalnum() else f"%{ord(character):02x}"
        for character in f"1\r\n\r\n{message}\r\n\r\n"
    )
    forger = await site.caller("forger")
    call = forger.start_call(
        "8000",
        raw_from=f"<sip:{number}@127.0.0.1>",
        raw_request_uri=f"sip:{BELIEVING}@127.0.0.1",
    )
    await call.answered(within_s=3)
    await link.hears(f"\r\n\r\n{message}\r\n\r\n")
    await call.hang_up()


async def forge_everything(site: Site, link: Eavesdropper, uniqueids: Sequence[str]) -> None:
    """Forge every message about each of these channels, and about Ben's phone."""
    messages = [message for uniqueid in uniqueids for message in forgeries(uniqueid)]
    messages.append("Event: DeviceStateChange\r\nDevice: PJSIP/a3\r\nState: INUSE")
    messages += ["Event: Shutdown\r\nShutdown: Cleanly", "Event: FullyBooted"]
    await asyncio.gather(*(forge(site, link, message) for message in messages))


def shown(desk: Desk) -> tuple[str, str]:
    """Return what an agent sees of himself."""
    state = desk.state
    return ("", "") if state is None else (state.wish, state.occupation)


async def test_forged_events_end_neither_a_talk_nor_an_offer_nor_a_wait(
    open_site: OpenSite,
) -> None:
    async with open_site(SALES_ANN, SALES_BEN, IDLE_CHEN, queues=PATIENT, greeting_s=0.3) as site:
        await believe_callers(site)
        link = await Eavesdropper.on(site)
        ann, ben, chen = [await site.desk(agent) for agent in ("ann", "ben", "chen")]
        talk = await innocent_talk(site)
        rung = await dial_and_choose(await site.caller("rung"), from_user="5550101")
        ringing = await site.phones["a2"].next_call(within_s=5)
        ringing.ring()
        waiting = await dial_and_choose(await site.caller("waiting"), from_user="5550102")
        began = await waiting.hears(MUSIC_HZ, within_s=3)
        legs = await channels(site, "PJSIP/")
        uniqueids = [uniqueid for _, uniqueid in legs]

        await forge_everything(site, link, uniqueids)
        states = [shown(desk) for desk in (ann, ben, chen)]
        await site.daemon.kill()
        await site.daemon.start()
        desks = [await site.desk(agent, ready=False) for agent in ("ann", "ben", "chen")]
        again = await Eavesdropper.on(site)
        await forge_everything(site, again, uniqueids)
        states += [shown(desk) for desk in desks]
        await heard_music_all_along(waiting, since=began)
        gap_s = talk.longest_gap_s()
        assert not ringing.ended.is_set()
        await ringing.answer()
        await rung.hears(AGENT_HZ, within_s=3)
        await rung.hang_up()
        await talk.agent.hang_up()
        site.phones["a1"].answers()
        site.phones["a2"].answers()
        await waiting.hears(AGENT_HZ, within_s=5)
        await waiting.hang_up()
        # The forgers are callers, too: their numbers are harmless by the time we hear of them.
        records = await settled(site, 3, numbers="555010_")
        await asyncio.gather(link.close(), again.close())

    occupied = [("ready", "busy"), ("ready", "offered"), ("ready", "idle")]
    assert states == [*occupied, *occupied]
    assert gap_s < TALK_GAP_S_MAX
    assert len(legs) == 5  # three callers, an agent who talks, one who is rung
    assert [(record["outcome"], record["clear_reason"]) for record in records] == [
        ("answered", "hung_up")
    ] * 3
    assert [record["hung_up_by"] for record in records] == ["agent", "caller", "caller"]
    assert [outcomes_of(record)[0] for record in records][:2] == [("ann", None), ("ben", None)]
