"""
Events that a hostile caller forged, or that come twice, late or in another order.

Where a switch believes callers' numbers, a line break in one puts whole events on the manager
link. The adapter is driven here by a channel that behaves like Asterisk's and a manager port that
answers, answers late, or fails: what it reports of a call must be the same with forgery as without.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from acd.commands import OfferCall, OfferReason, ShowAgentState
from acd.facts import (
    AcdFact,
    AgentFreedElsewhere,
    AgentOccupiedElsewhere,
    CallerLeft,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    TalkEnded,
)
from cti.call_facts import AgentLegEnded, AgentLegRang, CallArrived, CallCleared, CallFact, HungUpBy
from cti.calls import Call
from cti.ids import AgentId, CallId, DeviceId, LegId, OfferId, PartyKey, PbxId, QueueName
from cti.instants import Duration, Time
from cti.switch.attach import SESSION_ARGUMENTS
from cti.switch.conversation import Announcements
from cti.switch.switch import Switch
from protocols.agi.server import AgiServer
from protocols.ami.errors import ActionRejectedError, ActionTimeoutError, AmiError, LinkLostError
from protocols.ami.messages import AmiEvent, AmiResponse, HeaderValue
from tests.fakes.agi_client import FakeChannel, environment

PBX = PbxId("main")
CALLER = "lab-1795337574.0"
CALLER_CHANNEL = "PJSIP/trunk-00000000"
AGENT = "lab-1795337574.1"
AGENT_CHANNEL = "PJSIP/a1-00000001"
PHONE = DeviceId(PBX, "PJSIP/a1")
ANN = AgentId("ann")
OFFER = OfferId(7)
WAIT_S = 5.0

Fact = AcdFact | CallFact
ENDS = (CallerLeft, CallCleared, OfferEnded, TalkEnded, AgentLegEnded)


def event(name: str, **headers: HeaderValue) -> AmiEvent:
    """Return an event as the codec gives it."""
    return AmiEvent(name=name, headers={"Event": name, **headers})


class Facts:
    """The writer's inbox, which only keeps what it is given."""

    def __init__(self) -> None:
        self.all: list[Fact] = []
        self._news = asyncio.Event()

    def post(self, *facts: Fact) -> None:
        self.all.extend(facts)
        self._news.set()

    async def wait_for(self, kind: type[Fact]) -> Fact:
        """Return the first fact of this kind, come or to come."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for fact in self.all:
                    if isinstance(fact, kind):
                        return fact
                self._news.clear()
                await self._news.wait()

    def ends(self) -> list[str]:
        """Return the names of the facts that end something, in order."""
        return [type(fact).__name__ for fact in self.all if isinstance(fact, ENDS)]


class ManagerLink:
    """The AMI port: it knows which channels live, and answers at once, late, or not at all."""

    def __init__(self) -> None:
        self.living = {CALLER: CALLER_CHANNEL}
        self.devices: dict[str, str] = {"PJSIP/a1": "NOT_INUSE"}
        self.trouble: AmiError | None = None
        self.prompt = asyncio.Event()
        self.prompt.set()
        self.asked: list[str] = []
        self._asking = asyncio.Event()

    async def question(self) -> None:
        """Wait until a list has been asked for."""
        async with asyncio.timeout(WAIT_S):
            await self._asking.wait()

    async def action(
        self, name: str, fields: Sequence[tuple[str, str]] = (), *, deadline_s: float | None = None
    ) -> AmiResponse:
        """Take an action that nothing here depends on."""
        self.asked.append(f"{name} {dict(fields)} {deadline_s}")
        return AmiResponse(headers={}, status="Success")

    async def action_list(
        self,
        name: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        complete: str | None = None,  # noqa: ARG002 - the port's signature
        deadline_s: float | None = None,  # noqa: ARG002 - the same
    ) -> list[AmiEvent]:
        """Answer `Status` and `DeviceStateList` from what lives when the answer is given."""
        self.asked.append(name)
        self._asking.set()
        await self.prompt.wait()
        if self.trouble is not None:
            raise self.trouble
        if name == "DeviceStateList":
            return [event(name, Device=who, State=state) for who, state in self.devices.items()]
        channel = dict(fields).get("Channel")
        found = [
            event("Status", Uniqueid=uniqueid, Channel=name_)
            for uniqueid, name_ in self.living.items()
            if channel in (None, "", name_)
        ]
        if channel and not found:
            raise ActionRejectedError("1", "No such channel")
        return found


class Floor:
    """The core's picture: one agent at one phone."""

    def queue_of(self, call: CallId) -> QueueName | None:  # noqa: ARG002 - the port's signature
        return None

    def agent_at(self, device: DeviceId) -> AgentId | None:
        return ANN if device == PHONE else None

    def agent_state(self, agent: AgentId) -> ShowAgentState | None:  # noqa: ARG002 - the same
        return None

    def live_offers(self) -> Sequence["Remembered"]:
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An offer of before a restart."""

    offer: OfferId = OFFER
    call: CallId
    agent: AgentId = ANN
    device: DeviceId = PHONE
    answered: bool = True


class Nobody:
    """Who keeps callers' names elsewhere."""

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        """Forget it."""

    def caller_arrived(self, call: CallId, service: str, number: str, name: str) -> None:
        """Look nothing up."""


async def done(tasks: set[asyncio.Task[object]]) -> None:
    """Wait until these tasks have ended."""
    async with asyncio.timeout(WAIT_S):
        if tasks:
            await asyncio.wait(tasks)


@dataclass(kw_only=True)
class Scene:
    """One PBX as the test has it."""

    switch: Switch
    facts: Facts
    link: ManagerLink
    port: int
    tasks: asyncio.TaskGroup
    channel: FakeChannel
    dialled: asyncio.Event = field(default_factory=asyncio.Event)
    dial_over: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self, *, uniqueid: str = CALLER, **told: str) -> asyncio.Task[None]:
        """Let the caller's channel come to the daemon, with these arguments of the dialplan."""
        fields = environment(
            arguments=[told.get(name, "") for name in SESSION_ARGUMENTS],
            changes={"agi_uniqueid": uniqueid, "agi_channel": CALLER_CHANNEL},
        )
        return self.tasks.create_task(self.channel.run(self.port, fields))

    async def call_waits(self) -> CallId:
        """Bring a caller into the queue."""
        self.connect(CORD_SERVICE="8000", CORD_QUEUE="sales")
        arrived = await self.facts.wait_for(CallArrived)
        await self.facts.wait_for(CallQueued)
        await self.channel.started("WAIT FOR DIGIT")
        assert isinstance(arrived, CallArrived)
        return arrived.call

    async def phone_rings(self) -> CallId:
        """Bring a caller to where his offer rings."""
        call = await self.call_waits()
        self.switch.carry_out(offer_of(call))
        await self.dialled.wait()
        self.link.living[AGENT] = AGENT_CHANNEL
        self.switch.on_event(dial_began(call))
        return call

    async def talks(self) -> CallId:
        """Bring a caller to where he talks with his agent."""
        call = await self.phone_rings()
        self.switch.on_event(dial_ended(call))
        await self.facts.wait_for(OfferAnswered)
        return call

    async def dial(self, application: str, _options: str) -> int:
        """Run the caller's Dial until the test ends it."""
        if application == "Dial":
            self.dialled.set()
            await self.dial_over.wait()
        return 0

    def tell(self, *events: AmiEvent) -> set[asyncio.Task[object]]:
        """Let these events come; return the tasks that they set in motion."""
        before = asyncio.all_tasks()
        for told in events:
            self.switch.on_event(told)
        return asyncio.all_tasks() - before

    async def forge(self, *events: AmiEvent) -> None:
        """Let these events come, and wait until all that they set in motion is done."""
        await done(self.tell(*events))

    async def agent_hangs_up(self, call: CallId) -> None:
        """End the talk as Asterisk does, and let the call end."""
        self.channel.variables |= {"DIALSTATUS": "ANSWER", "HANGUPCAUSE": "16"}
        del self.link.living[AGENT]
        self.switch.on_event(hangup(AGENT, AGENT_CHANNEL, call))
        self.dial_over.set()
        await self.channel.started('SET VARIABLE CORD_STATE "done"')
        del self.link.living[CALLER]
        self.switch.on_event(hangup(CALLER, CALLER_CHANNEL, call))
        await self.facts.wait_for(CallCleared)


@asynccontextmanager
async def scene(*, restored: bool = False) -> AsyncIterator[Scene]:
    """A switch adapter that runs; `restored`: it remembers a call whose talk outlived a restart."""
    facts, link, nobody = Facts(), ManagerLink(), Nobody()
    switch = Switch(
        PBX,
        inbox=facts,
        ami=link,
        floor=Floor(),
        parties=nobody,
        watch=nobody,
        services={},
        flows={},
        announcements=Announcements(music="default", prompts=Path("prompts")),
    )
    server = AgiServer(switch.serve, allowed_peers=["127.0.0.1"])
    async with AsyncExitStack() as doors:
        port = await server.start("127.0.0.1", 0)
        doors.push_async_callback(server.close)
        async with asyncio.TaskGroup() as tasks:
            play = Scene(
                switch=switch,
                facts=facts,
                link=link,
                port=port,
                tasks=tasks,
                channel=FakeChannel(),
            )
            play.channel = FakeChannel(on_execute=play.dial)
            if restored:
                switch.restore([REMEMBERED])
                link.living[AGENT] = AGENT_CHANNEL
            running = tasks.create_task(switch.run())
            await asyncio.sleep(0)
            yield play
            link.prompt.set()
            play.dial_over.set()
            running.cancel()
            play.channel.hang_up()


REMEMBERED = Call(
    call=CallId("6e35b461-9538-455b-8f6f-dbd0b33c4ff2"),
    leg=LegId(PBX, CALLER),
    service="8000",
    party=PartyKey("p"),
    arrived_at=Time(0),
)


def offer_of(call: CallId) -> OfferCall:
    """Return the core's command to offer this call to Ann."""
    return OfferCall(
        offer=OFFER,
        call=call,
        agent=ANN,
        device=PHONE,
        queue=QueueName("sales"),
        ring_time=Duration(20_000_000),
        reason=OfferReason(
            rule="longest_idle",
            sort_key=(0, ANN),
            next_best=None,
            ready=1,
            excluded=(),
            waited=Duration(0),
            policy_version="1",
        ),
    )


def ours(
    call: CallId | None, role: str = "", offer: OfferId | None = None
) -> Mapping[str, HeaderValue]:
    """Return the variables that Asterisk writes into events of a call's channels; None: forged."""
    if call is None:
        return {}
    told = "" if offer is None else str(offer)
    return {f"{role}ChanVariable": [f"CORD_CALL={call}", f"CORD_OFFER={told}", "CORD_STATE="]}


def hangup(uniqueid: str, channel: str, call: CallId | None = None) -> AmiEvent:
    """Return a Hangup; with the call's id as Asterisk writes it, without as a caller forges it."""
    return event("Hangup", Channel=channel, Uniqueid=uniqueid, Cause="16", **ours(call))


def hangup_requested(uniqueid: str, channel: str, call: CallId | None = None) -> AmiEvent:
    """Return a HangupRequest, as `hangup` does."""
    return event("HangupRequest", Channel=channel, Uniqueid=uniqueid, Cause="16", **ours(call))


def dial_began(call: CallId | None, *, leg: str = AGENT, channel: str = AGENT_CHANNEL) -> AmiEvent:
    """Return the DialBegin of the caller's Dial; a forged one names its offer all the same."""
    dest = ours(call, "Dest", OFFER) or {"DestChanVariable": f"CORD_OFFER={OFFER}"}
    return event(
        "DialBegin", Uniqueid=CALLER, DestUniqueid=leg, DestChannel=channel, **ours(call), **dest
    )


def dial_ended(call: CallId | None, status: str = "ANSWER") -> AmiEvent:
    """Return the DialEnd of the caller's Dial."""
    return event(
        "DialEnd",
        Uniqueid=CALLER,
        DestUniqueid=AGENT,
        DestChannel=AGENT_CHANNEL,
        DialStatus=status,
        **ours(call),
        **ours(call, "Dest", OFFER),
    )


def rings(call: CallId | None) -> AmiEvent:
    """Return the Newstate of a phone that begins to ring."""
    return event("Newstate", Uniqueid=AGENT, ChannelStateDesc="Ringing", **ours(call, "", OFFER))


def everything_forged() -> list[AmiEvent]:
    """Return each event that is read, forged by one who knows both channels but not the call."""
    return [
        dial_ended(None),
        dial_ended(None, "NOANSWER"),
        rings(None),
        hangup_requested(AGENT, AGENT_CHANNEL),
        hangup_requested(CALLER, CALLER_CHANNEL),
        hangup(AGENT, AGENT_CHANNEL),
        hangup(CALLER, CALLER_CHANNEL),
        dial_began(None, leg="lab-1.9", channel="/.*/"),
        event("DeviceStateChange", Device="PJSIP/a1", State="INUSE"),
        event("DeviceStateChange", Device="PJSIP/a1", State="NOT_INUSE"),
        event("OriginateResponse", Uniqueid=CALLER, Response="Failure"),
        event("Shutdown", Shutdown="Cleanly"),
        event("FullyBooted", Status="Fully Booted"),
    ]


def without_ids(facts: Iterable[Fact]) -> list[str]:
    """Return facts as text that can be compared between two runs."""
    return [type(fact).__name__ for fact in facts]


async def test_forged_events_at_every_stage_leave_no_trace_in_what_is_reported_of_a_call() -> None:
    async with scene() as undisturbed:
        call = await undisturbed.talks()
        await undisturbed.agent_hangs_up(call)
    async with scene() as besieged:
        call = await besieged.call_waits()
        await besieged.forge(*everything_forged())
        besieged.switch.carry_out(offer_of(call))
        await besieged.dialled.wait()
        await besieged.forge(*everything_forged())  # no leg is known yet
        besieged.link.living[AGENT] = AGENT_CHANNEL
        besieged.switch.on_event(dial_began(call))
        await besieged.forge(*everything_forged())
        besieged.switch.on_event(dial_ended(call))
        await besieged.forge(*everything_forged())
        await besieged.agent_hangs_up(call)

    assert without_ids(undisturbed.facts.all) == without_ids(besieged.facts.all)
    (leg,) = [fact for fact in besieged.facts.all if isinstance(fact, AgentLegRang)]
    assert leg.leg == LegId(PBX, AGENT)
    assert undisturbed.link.asked == []


@pytest.mark.parametrize("name", sorted({forged.name for forged in everything_forged()}))
async def test_events_of_unknown_channels_change_nothing(name: str) -> None:
    async with scene() as play:
        await play.call_waits()
        before = list(play.facts.all)
        for uniqueid in ("", "lab-1.1", CALLER.upper(), f"{CALLER}0", "\udc80"):
            await play.forge(
                event(name, Uniqueid=uniqueid, DestUniqueid=uniqueid, DialStatus="ANSWER"),
                event(name, Uniqueid=[uniqueid, uniqueid], Device="PJSIP/b9", State="INUSE"),
            )

        assert before == play.facts.all
        assert play.link.asked == []


async def test_a_hangup_of_a_living_caller_does_not_end_him_even_with_the_id_of_his_call() -> None:
    async with scene() as play:
        call = await play.call_waits()
        await play.forge(
            hangup_requested(CALLER, CALLER_CHANNEL, call), hangup(CALLER, CALLER_CHANNEL, call)
        )

        assert play.link.asked == []  # his session lives, and so does he
        assert play.facts.ends() == []


@pytest.mark.parametrize(
    "trouble",
    [None, ActionTimeoutError("Status", "1", 1.0), LinkLostError("Status", "1")],
    ids=["answered", "timed_out", "link_lost"],
)
async def test_a_hangup_of_a_caller_whose_talk_outlived_a_restart_is_asked_for(
    trouble: AmiError | None,
) -> None:
    async with scene(restored=True) as play:
        play.link.trouble = trouble
        await play.forge(hangup(CALLER, CALLER_CHANNEL, REMEMBERED.call))

        assert play.link.asked == ["Status"]
        assert play.facts.ends() == []


async def test_an_answer_that_comes_late_ends_nobody_who_came_back_meanwhile() -> None:
    async with scene(restored=True) as play:
        play.link.prompt.clear()
        confirming = play.tell(hangup(CALLER, CALLER_CHANNEL, REMEMBERED.call))
        await play.link.question()
        play.connect(CORD_CALL=REMEMBERED.call, CORD_SERVICE="8000", CORD_QUEUE="sales")
        await play.facts.wait_for(CallQueued)
        play.link.prompt.set()
        await done(confirming)

        assert play.facts.ends() == []


async def test_a_caller_who_is_gone_ends_once_however_often_he_is_said_to_be() -> None:
    async with scene(restored=True) as play:
        del play.link.living[CALLER]
        gone = hangup(CALLER, CALLER_CHANNEL, REMEMBERED.call)
        await play.forge(gone, gone, gone)
        await play.forge(gone)

        assert play.facts.ends() == ["CallerLeft", "CallCleared"]


@pytest.mark.parametrize("stage", ["ringing", "talking"])
@pytest.mark.parametrize(
    "trouble",
    [None, ActionTimeoutError("Status", "1", 1.0), LinkLostError("Status", "1")],
    ids=["answered", "timed_out", "link_lost"],
)
async def test_a_hangup_of_a_living_agents_leg_ends_neither_offer_nor_talk(
    stage: str, trouble: AmiError | None
) -> None:
    async with scene() as play:
        call = await (play.phone_rings() if stage == "ringing" else play.talks())
        play.link.trouble = trouble
        await play.forge(hangup(AGENT, AGENT_CHANNEL, call))

        assert play.link.asked == ["Status"]
        assert play.facts.ends() == []


async def test_an_agents_leg_that_ends_while_the_switch_is_asked_for_it_ends_once() -> None:
    async with scene() as play:
        call = await play.talks()
        play.link.prompt.clear()
        confirming = play.tell(hangup(AGENT, AGENT_CHANNEL, call))
        await play.link.question()
        await play.agent_hangs_up(call)
        play.link.prompt.set()
        await done(confirming)

        assert play.facts.ends() == ["AgentLegEnded", "TalkEnded", "CallerLeft", "CallCleared"]


async def test_a_forged_request_to_hang_up_blames_nobody() -> None:
    async with scene() as play:
        call = await play.talks()
        await play.forge(hangup_requested(AGENT, AGENT_CHANNEL))
        del play.link.living[AGENT], play.link.living[CALLER]
        play.channel.variables["DIALSTATUS"] = "ANSWER"
        play.switch.on_event(hangup_requested(CALLER, CALLER_CHANNEL, call))
        play.switch.on_event(hangup(AGENT, AGENT_CHANNEL, call))
        play.channel.hang_up()
        play.dial_over.set()
        play.switch.on_event(hangup(CALLER, CALLER_CHANNEL, call))
        cleared = await play.facts.wait_for(CallCleared)
        leg = await play.facts.wait_for(AgentLegEnded)

    assert isinstance(cleared, CallCleared)
    assert cleared.hung_up_by is HungUpBy.CALLER
    assert isinstance(leg, AgentLegEnded)
    assert leg.hung_up_by is not HungUpBy.AGENT


async def test_lines_added_to_an_event_of_ones_own_do_not_make_it_one_of_another_call() -> None:
    """A single line break: the forged lines stand before Asterisk's own in the attacker's event."""
    own = "c0ffee00-0000-4000-8000-000000000000"
    async with scene() as play:
        await play.phone_rings()
        for name in ("Hangup", "HangupRequest", "DialEnd", "DialBegin", "Newstate"):
            await play.forge(
                event(
                    name,
                    Uniqueid=[CALLER, "lab-1.5"],
                    DestUniqueid=[AGENT, "lab-1.6"],
                    DialStatus="ANSWER",
                    ChannelStateDesc="Up",
                    ChanVariable=[f"CORD_CALL={own}", "CORD_OFFER=", "CORD_STATE="],
                    DestChanVariable=[f"CORD_CALL={own}", f"CORD_OFFER={OFFER}", "CORD_STATE="],
                )
            )

        assert play.facts.ends() == []
        assert not any(isinstance(fact, OfferAnswered) for fact in play.facts.all)


@pytest.mark.parametrize("seed", range(12))
async def test_doubled_events_in_any_order_report_each_end_once(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    async with scene() as play:
        call = await play.call_waits()
        play.switch.carry_out(offer_of(call))
        await play.dialled.wait()
        events = 2 * [
            dial_began(call),
            rings(call),
            dial_ended(call),
            hangup_requested(AGENT, AGENT_CHANNEL, call),
            hangup(AGENT, AGENT_CHANNEL, call),
            hangup(CALLER, CALLER_CHANNEL, call),
        ]
        chance.shuffle(events)
        early, late = events[:6], events[6:]
        for told in early:
            play.switch.on_event(told)
        play.channel.variables |= {"DIALSTATUS": "ANSWER", "HANGUPCAUSE": "16"}
        play.link.living.clear()
        play.dial_over.set()
        await play.channel.started('SET VARIABLE CORD_STATE "done"')
        await play.forge(*late)
        await play.facts.wait_for(CallCleared)
        await play.forge(*events)

    kinds = without_ids(play.facts.all)
    assert kinds.count("OfferAnswered") == kinds.count("TalkEnded") == 1
    assert kinds.count("CallerLeft") == kinds.count("CallCleared") == 1
    assert kinds.count("OfferEnded") == 0
    assert kinds.count("AgentLegRang") == kinds.count("AgentLegEnded") <= 1


async def test_a_channel_with_the_id_of_anothers_call_is_a_caller_of_its_own() -> None:
    async with scene() as play:
        call = await play.call_waits()
        stranger = FakeChannel()
        fields = environment(
            arguments=[call, "8000", "", "", "", "", "sales", "", ""],
            changes={"agi_uniqueid": "lab-1.5", "agi_channel": "PJSIP/a1-00000005"},
        )
        running = play.tasks.create_task(stranger.run(play.port, fields))
        await stranger.started("WAIT FOR DIGIT")
        play.switch.carry_out(offer_of(call))
        await play.dialled.wait()  # by the caller's own channel
        arrived = [fact for fact in play.facts.all if isinstance(fact, CallArrived)]
        stranger.hang_up()
        await running

    assert [fact.leg.uniqueid for fact in arrived] == [CALLER, "lab-1.5"]
    assert len({fact.call for fact in arrived}) == 2


async def test_a_phone_is_in_use_when_the_switch_says_so_not_when_an_event_does() -> None:
    used = event("DeviceStateChange", Device="PJSIP/a1", State="INUSE")
    free = event("DeviceStateChange", Device="PJSIP/a1", State="NOT_INUSE")
    async with scene() as play:
        await play.forge(used)
        after_forgery = list(play.facts.all)
        play.link.devices["PJSIP/a1"] = "INUSE"
        await play.forge(used)
        await play.forge(free)
        while_in_use = list(play.facts.all)
        play.link.devices["PJSIP/a1"] = "NOT_INUSE"
        await play.forge(free, free)

    assert after_forgery == []
    assert while_in_use == [AgentOccupiedElsewhere(agent=ANN)]
    assert play.facts.all == [AgentOccupiedElsewhere(agent=ANN), AgentFreedElsewhere(agent=ANN)]


async def test_a_flood_of_forged_states_costs_one_question_at_a_time() -> None:
    used = event("DeviceStateChange", Device="PJSIP/a1", State="INUSE")
    async with scene() as play:
        play.link.prompt.clear()
        looking = play.tell(used)
        await play.link.question()
        looking |= play.tell(*[used] * 1_000)
        play.link.prompt.set()
        await done(looking)

    assert play.facts.all == []
    assert play.link.asked == ["DeviceStateList"] * 2
