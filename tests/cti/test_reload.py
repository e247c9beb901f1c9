"""A changed configuration: what is put in force, what is left alone, and what is only named."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from acd.commands import OfferCall, ShowAgentState, Wish
from acd.facts import (
    AgentLoggedOn,
    AgentMadeReady,
    OfferAnswered,
    PolicyApplied,
    QueueClosed,
    TalkEnded,
)
from acd.policy import Strategy
from agents.sessions import AgentSessions
from agents.settings import SessionSettings
from config.settings import Configuration
from cti.calendar import Calendar
from cti.directory import ClientInbox, Directory
from cti.floor import FloorMirror
from cti.ids import AgentId, CallId, DeviceId, PbxId, QueueName
from cti.instants import Time
from cti.reload import Around, Reloaded, Reloader
from cti.switch.reception import Service
from ivr.flow import Flow
from protocols.ws.codes import CloseCode
from tests.agents.fakes import ManualTimers, PaperDesk
from tests.config.folders import ENVIRONMENT, HASH, Folder
from tests.cti.floors import START, Desk, desk, open_journal, queued

ANN, BEN, CHEN = AgentId("ann"), AgentId("ben"), AgentId("chen")
SALES = QueueName("sales")
BEN_TOO = (
    f"  ben:\n    name: Ben\n    password_hash: {HASH}\n    phones: [a2]\n    queues: [sales]\n"
)


class Leads:
    """Where callers are led."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.flows: list[str] = []

    def lead(self, services: Mapping[str, Service], flows: Mapping[str, Flow]) -> None:
        self.numbers, self.flows = list(services), list(flows)


class Running:
    """What a reload concerns of a daemon, without its sockets."""

    def __init__(self, folder: Folder, floor: Desk) -> None:
        self.folder, self.floor = folder, floor
        begun = folder.load()
        self.mirror = FloorMirror()
        self.directory = Directory(begun.agents.values())
        self.leads = Leads()
        self.counted: list[Configuration] = []
        self.sessions = AgentSessions(
            directory=self.directory,
            inbox=ClientInbox(floor.writer),
            floor=self.mirror,
            clock=floor.hands.clock(),
            timers=ManualTimers(),
            settings=SessionSettings(),
        )
        self.calendar = Calendar(floor.writer, wall=lambda: Time(START))
        floor.writer.post(PolicyApplied(policy=begun.policy))
        floor.writer.settle()
        self.mirror.fill(floor.core, floor.calls, START)
        floor.writer.sinks[:] = [self.mirror, self]
        self.calendar.put(begun.hours, [queue.name for queue in begun.policy.queues])
        self.reloader = Reloader(
            begun,
            ENVIRONMENT,
            Around(
                inbox=floor.writer,
                clock=floor.hands.clock(),
                mirror=self.mirror,
                directory=self.directory,
                sessions=self.sessions,
                leading=self.leads,
                calendar=self.calendar,
                count=self.counted.append,
            ),
        )

    def carry_out(self, command: object) -> None:
        if isinstance(command, ShowAgentState):
            self.sessions.show_state(command)

    async def reload(self) -> Reloaded:
        reloaded = await self.reloader.reload()
        self.floor.writer.settle()
        return reloaded

    def join(self, agent: AgentId) -> PaperDesk:
        paper, entry = PaperDesk(), self.directory.entry(agent)
        assert entry is not None
        self.sessions.join(entry, paper)
        return paper


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with open_journal(tmp_path) as journal:
        yield Running(Folder(tmp_path), desk(journal))


def say(desk: PaperDesk) -> list[str]:
    """Return the names of the events that a desk was sent."""
    return [str(json.loads(message[message.index(b"{") :])["event"]) for message in desk.messages]


async def test_what_is_unchanged_changes_nothing(running: Running) -> None:
    before = len(running.floor.journalled())
    reloaded = await running.reload()

    assert (reloaded.changed, reloaded.restart, reloaded.problems) == ((), (), ())
    assert len(running.floor.journalled()) == before


async def test_a_call_that_waits_keeps_its_place_and_goes_to_an_agent_who_is_new(
    running: Running,
) -> None:
    floor = running.floor
    floor.writer.post(queued("first"), queued("second"))
    floor.writer.settle()
    (before,) = (one for one in floor.core.picture(START).queues if one.name == SALES)
    running.folder.replace("queues.yaml", "ring_time: 15s", "strategy: round_robin")
    running.folder.replace("agents.yaml", "  chen:\n", f"{BEN_TOO}  chen:\n")
    reloaded = await running.reload()
    (after,) = (one for one in floor.core.picture(START).queues if one.name == SALES)
    running.join(BEN)
    device = DeviceId(PbxId("main"), "PJSIP/a2")
    floor.writer.post(AgentLoggedOn(agent=BEN, device=device), AgentMadeReady(agent=BEN))
    floor.writer.settle()
    (ben,) = (one for one in floor.core.picture(START).agents if one.agent == BEN)
    applied = [fact for fact in floor.journalled() if isinstance(fact, PolicyApplied)][-1]

    assert reloaded.changed == ("queues and agents", "names, passwords and phones")
    assert before.waiting == after.waiting
    assert ben.call == "first"
    assert applied.policy.version == reloaded.version
    assert applied.policy.queues[0].strategy is Strategy.ROUND_ROBIN
    assert running.counted[-1].policy == applied.policy


async def test_a_new_agent_is_shown_as_logged_off_at_once(running: Running) -> None:
    running.folder.replace("agents.yaml", "  chen:\n", f"{BEN_TOO}  chen:\n")
    await running.reload()
    state = running.mirror.agent_state(BEN)

    assert state is not None
    assert state.wish is Wish.LOGGED_OFF


async def test_an_agent_who_is_removed_is_signed_out_and_may_not_come_back(
    running: Running,
) -> None:
    paper = running.join(CHEN)
    _remove_chen(running.folder)
    await running.reload()

    assert paper.closed == [CloseCode.REMOVED]
    assert say(paper)[-1] == "signed_out"
    assert running.directory.entry(CHEN) is None
    assert running.sessions.connected_agents() == []


async def test_an_agent_who_is_removed_while_he_talks_keeps_his_desk_until_the_end(
    running: Running,
) -> None:
    floor, paper = running.floor, running.join(CHEN)
    device = DeviceId(PbxId("main"), "PJSIP/a2")
    floor.writer.post(AgentLoggedOn(agent=CHEN, device=device), AgentMadeReady(agent=CHEN))
    floor.writer.post(queued("call"))
    floor.writer.settle()
    (offer,) = (fact for fact in floor.journalled() if isinstance(fact, OfferCall))
    floor.writer.post(OfferAnswered(offer=offer.offer))
    _remove_chen(running.folder)
    await running.reload()
    during = list(paper.closed)
    floor.writer.post(TalkEnded(call=CallId("call"), agent=CHEN))
    floor.writer.settle()

    assert (during, paper.closed) == ([], [CloseCode.REMOVED])


async def test_a_desk_is_shown_anew_whose_agent_has_other_phones(running: Running) -> None:
    paper, other = running.join(CHEN), running.join(ANN)
    running.folder.replace("agents.yaml", "phones: [a1, a2]", "phones: [a2, a3]")
    reloaded = await running.reload()

    assert reloaded.changed == ("names, passwords and phones",)
    assert reloaded.asterisk
    assert say(paper) == ["snapshot", "snapshot"]
    assert b'"a3"' in paper.messages[-1]
    assert say(other) == ["snapshot"]


async def test_new_numbers_lead_into_new_flows(running: Running) -> None:
    flow = "flows:\n  night: {menu: {greeting: [welcome], choices: {1: {name: a, queue: sales}}, otherwise: {hang_up: true}}}\n"  # noqa: E501 - one line of YAML
    running.folder.replace("flows.yaml", "flows:\n", flow)
    running.folder.replace(
        "services.yaml", "services:\n", "services:\n  - {number: 8001, name: night, flow: night}\n"
    )
    reloaded = await running.reload()

    assert reloaded.changed == ("services", "flows")
    assert running.leads.numbers == ["8001", "8000"]
    assert running.leads.flows == ["night", "welcome"]


async def test_new_hours_count_at_once_for_a_new_queue_too(running: Running) -> None:
    running.folder.replace(
        "queues.yaml", "support: {}", "support: {}\n  late: {hours: 24/7; 2000-2025 off}"
    )
    running.folder.replace("agents.yaml", "[sales]", "[sales, late]")
    reloaded = await running.reload()
    (late,) = (one for one in running.floor.core.picture(START).queues if one.name == "late")

    assert reloaded.changed == ("queues and agents", "opening hours", "names, passwords and phones")
    assert not late.opening.is_open
    words = [fact for fact in running.floor.journalled() if isinstance(fact, QueueClosed)]
    assert [word.queue for word in words] == ["late"]


async def test_an_invalid_file_changes_nothing_and_says_why(running: Running) -> None:
    before = running.floor.journalled()
    running.folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 15")
    running.folder.replace("agents.yaml", "  chen:\n", f"{BEN_TOO}  chen:\n")
    reloaded = await running.reload()
    running.folder.replace("queues.yaml", "ring_time: 15", "ring_time: 15s")

    assert reloaded.problems == (
        "queues.yaml:3:16: queues.sales.ring_time: needs a unit: write 15s for seconds or 15m for minutes",  # noqa: E501 - as administrators read it
    )
    assert reloaded.changed == ()
    assert running.floor.journalled() == before
    assert running.directory.entry(BEN) is None
    assert (await running.reload()).changed == ("queues and agents", "names, passwords and phones")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("username: cordboard", "username: other", "pbx.main.ami"),
        ("port: 4573", "port: 4574", "pbx.main.agi"),
        ("music: default", "music: other", "pbx.main.music"),
        ("port: 8400", "port: 8401", "web"),
        ("url: null", "url: postgresql://db/x?sslmode=require", "database.url"),
        ("data: var/lib", "data: var/other", "data"),
        ("country: DE", "country: CN", "telephony.country"),
        ("format: console", "format: json", "log"),
        ("limit: 5s", "limit: 6s", "watchdog.limit"),
        ("  main:\n", "  other:\n", "pbx"),
    ],
)
async def test_what_takes_a_restart_is_named_and_stays(
    running: Running, old: str, new: str, key: str
) -> None:
    running.folder.replace("cordboard.yaml", old, new)
    first, second = await running.reload(), await running.reload()

    assert first.restart == (key,)
    assert second.restart == (key,)
    assert key == "pbx" or first.changed == ()


async def test_two_at_once_come_one_after_the_other(running: Running) -> None:
    running.folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 16s")
    both = await asyncio.gather(running.reloader.reload(), running.reloader.reload())

    assert [one.changed for one in both] == [("queues and agents",), ()]


def _remove_chen(folder: Folder) -> None:
    text = (folder.path / "agents.yaml").read_text()
    folder.write("agents.yaml", text[: text.index("  chen:")])
