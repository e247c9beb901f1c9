"""What a session leaves on the channel at each step: all that the next daemon knows of the talk."""

import asyncio
from pathlib import Path

from acd.commands import DivertCall, OfferCall, OfferReason
from acd.facts import AcdFact, CallQueued, TalkEnded
from acd.ways import Cause, Target, TargetKind
from cti.call_facts import CallFact, HungUpBy
from cti.ids import AgentId, CallId, DeviceId, OfferId, PbxId, QueueName
from cti.instants import Duration
from cti.switch.conversation import Announcements, Conversation
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine
from protocols.agi.server import AgiServer
from protocols.agi.session import AgiSession
from tests.fakes.agi_client import FakeChannel

PBX = PbxId("main")
CALL = CallId("c1")
WAIT_S = 5.0
OFFER = OfferCall(
    offer=OfferId(1),
    call=CALL,
    agent=AgentId("ann"),
    device=DeviceId(PBX, "PJSIP/a1"),
    queue=QueueName("sales"),
    ring_time=Duration(3_000_000),
    reason=OfferReason(
        rule="longest_idle",
        sort_key=(0, AgentId("ann")),
        next_best=None,
        ready=1,
        excluded=(),
        waited=Duration(0),
        policy_version="",
    ),
)


class Facts:
    """The writer's inbox, which only keeps what it is given."""

    def __init__(self) -> None:
        self.all: list[AcdFact | CallFact] = []

    def post(self, *facts: AcdFact | CallFact) -> None:
        self.all.extend(facts)


async def talked_with(
    channel: FakeChannel, *, until: str, sent: DivertCall | None = None
) -> tuple[Facts, CallerLine]:
    """Serve a caller whose Dial to an agent is over, until a command begins so; hang up then."""
    facts = Facts()
    ledger = Ledger(PBX, facts)
    line = ledger.open_line(CALL, "lab-1.0", "PJSIP/trunk-00000000")

    async def serve(session: AgiSession) -> None:
        if sent is None:
            ledger.begin(OFFER)
        line.order(OFFER if sent is None else sent)
        await Conversation(
            session=session,
            line=line,
            ledger=ledger,
            inbox=facts,
            flows={},
            announcements=Announcements(music="default", prompts=Path("/nowhere")),
        ).wait(QueueName("sales"))

    server = AgiServer(serve, allowed_peers=["127.0.0.1"])
    port = await server.start("127.0.0.1", 0)
    async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(channel.run(port))
        await channel.started(until)
        channel.hang_up()
    await server.close()
    return facts, line


async def test_after_a_talk_the_channel_says_answered_until_it_says_done() -> None:
    channel = FakeChannel(variables={"DIALSTATUS": "ANSWER", "HANGUPCAUSE": "16"})
    facts, line = await talked_with(channel, until="SET VARIABLE CORD_STATE")

    assert channel.variables["CORD_STATE"] == "done"
    assert channel.variables["DIALSTATUS"] == "ANSWER"
    assert TalkEnded(call=CALL, agent=OFFER.agent) in facts.all
    assert line.ended_by is HungUpBy.AGENT


async def test_who_goes_on_to_another_queue_never_has_neither_an_answer_nor_a_next_step() -> None:
    channel = FakeChannel(
        variables={"DIALSTATUS": "ANSWER", "HANGUPCAUSE": "16", "CORD_NEXT": "queue:support"}
    )
    facts, _ = await talked_with(channel, until="WAIT FOR DIGIT")
    cleared = [command for command in channel.commands if command.endswith('""')]

    assert cleared == ['SET VARIABLE DIALSTATUS ""', 'SET VARIABLE CORD_NEXT ""']
    assert CallQueued(call=CALL, queue=QueueName("support")) in facts.all


async def test_an_offer_that_came_to_nothing_leaves_no_status_behind() -> None:
    channel = FakeChannel(variables={"DIALSTATUS": "NOANSWER", "HANGUPCAUSE": "19"})
    await talked_with(channel, until="WAIT FOR DIGIT")

    assert channel.variables["DIALSTATUS"] == ""


async def test_who_was_sent_away_while_nobody_had_his_channel_is_not_queued_again() -> None:
    sent = DivertCall(
        call=CALL,
        from_queue=QueueName("sales"),
        cause=Cause.CLOSED,
        target=Target(kind=TargetKind.FLOW, name="gone"),
        waited=Duration(0),
    )
    facts, _ = await talked_with(FakeChannel(), until="SET VARIABLE CORD_STATE", sent=sent)

    assert [fact for fact in facts.all if isinstance(fact, CallQueued)] == []
