"""A floor as the journal tells it, at a given second: what the picture is made of."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from acd.commands import OfferCall
from acd.distributor import Distributor
from acd.facts import (
    AcdFact,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
    CallQueued,
    OfferAnswered,
    OfferEnded,
    OfferOutcome,
    PolicyApplied,
)
from acd.policy import AgentPolicy, Policy, QueuePolicy
from cti.call_facts import CallArrived, CallFact, ChoiceMade, FlowEntered, FlowLeft
from cti.ids import AgentId, CallId, DeviceId, LegId, OfferId, PartyKey, PbxId, QueueName
from cti.instants import Time, seconds
from lab.demo.addresses import Addresses
from lab.demo.call_log import LoggedCall, LoggedOffer
from lab.demo.floor import FollowedFloor, Scene
from lab.demo.promise import Outage, Promise
from lab.demo.report import Totals
from lab.demo.screen import Course, Picture
from lab.demo.terminal import Signs
from storage.journal import Journal
from storage.records import journal_codec

SALES, SUPPORT = QueueName("sales"), QueueName("support")
ANN, BEN, CHEN = AgentId("ann"), AgentId("ben"), AgentId("chen")
NAMES = {ANN: "Ann Archer", BEN: "Ben Baker", CHEN: "陈晓"}
RUSHING = {
    CallId("r1"): "Noah Smith",
    CallId("r2"): "Léa Martin",
    CallId("r3"): "Carlos Díaz",
    CallId("r4"): "刘洋",
    CallId("r5"): "Tan Hui Ling",
    CallId("r6"): "Hannah Cohen",
    CallId("r7"): "陈静",
    CallId("r8"): "Ahmed Hassan",
}
CALLERS = {CallId("c1"): "李伟", CallId("c2"): "Alice Brown", CallId("c3"): ""}

Step = tuple[float, AcdFact | CallFact]

CALL = LoggedCall(
    call=CallId("c0"),
    arrived_at=datetime(2026, 1, 2, 13, 4, 5, tzinfo=UTC),
    caller="李伟",
    choices=("sales",),
    queues=(SALES,),
    offers=(
        LoggedOffer(agent=BEN, outcome="no_answer", pop_lead_s=0.012),
        LoggedOffer(agent=ANN, outcome=None, pop_lead_s=0.004),
    ),
    agent=ANN,
    waited_s=16.24,
    talked_s=5.81,
    outcome="answered",
    hung_up_by="caller",
)

ADDRESSES = Addresses(
    sip="127.0.0.1:20000",
    web="http://127.0.0.1:20004",
    agents=["ann", "ben", "chen"],
    password="cordboard-demo",
    guest="guest",
    manager="127.0.0.1:20001",
    folder=Path("/tmp/cordboard-demo-x"),  # noqa: S108 - a name in a picture
    database=Path("/tmp/cordboard-demo-x/config/var/postgres.address"),  # noqa: S108 - the same
    journal=Path("/tmp/cordboard-demo-x/config/var/journal.sqlite"),  # noqa: S108 - the same
)


def policy(version: str = "1", *, ready_ones_serve: QueueName = SALES) -> Policy:
    """Two queues; chen serves sales, and ann and ben the one that is given."""
    return Policy(
        version=version,
        queues=tuple(
            QueuePolicy(
                name=name,
                ring_time=seconds(15),
                wrap_up=seconds(10),
                misses_max=3,
                waiting_max=100,
            )
            for name in (SALES, SUPPORT)
        ),
        agents=tuple(
            AgentPolicy(agent=agent, queues=(SALES if agent is CHEN else ready_ones_serve,))
            for agent in NAMES
        ),
    )


def floor_opens(first: Policy | None = None) -> list[Step]:
    """Three agents log on: ann and ben are ready, ann for longer; chen is on a break."""
    pbx = PbxId("main")
    return [
        (0, PolicyApplied(policy=first or policy())),
        *(
            (0, AgentLoggedOn(agent=agent, device=DeviceId(pbx, f"PJSIP/{agent}")))
            for agent in NAMES
        ),
        (1, AgentMadeReady(agent=ANN)),
        (2, AgentMadeReady(agent=BEN)),
        (3, AgentMadeNotReady(agent=CHEN, reason="break")),
    ]


def call_comes(at: float, name: str, *choices: str) -> list[Step]:
    """A caller arrives, hears the menu, and waits in the queue two seconds later."""
    call = CallId(name)
    return [
        *in_menu(at, name, *choices),
        (at + 2, FlowLeft(call=call, flow="welcome", outcome="queue", queue=SALES)),
        (at + 2, CallQueued(call=call, queue=SALES)),
    ]


def in_menu(at: float, name: str, *choices: str) -> list[Step]:
    """A caller arrives and hears the menu; `choices` is what he did in it a second later."""
    call = CallId(name)
    return [
        (
            at,
            CallArrived(
                call=call, leg=LegId(PbxId("main"), name), service="8000", party=PartyKey(name)
            ),
        ),
        (at, FlowEntered(call=call, flow="welcome")),
        *((at + 1, ChoiceMade(call=call, flow="welcome", choice=choice)) for choice in choices),
    ]


async def followed(folder: Path, steps: list[Step], *, forged: bool = False) -> FollowedFloor:
    """Journal the steps as the daemon does, and follow that journal."""
    core = Distributor()
    with Journal.open(folder / "journal.sqlite", journal_codec()) as journal:
        for call, name in {**CALLERS, **RUSHING}.items():
            journal.remember_party(PartyKey(call), "+861055550142" if name else "", name)
        for second, fact in steps:
            at = Time(seconds(second))
            journal.append([(at, "fact", fact)])
            if isinstance(fact, AcdFact):
                for command in core.handle(fact, at):
                    if forged and isinstance(command, OfferCall):
                        command = replace(command, agent=CHEN)  # noqa: PLW2901 - the forgery
                    journal.append([(at, "command", command)])
        floor = FollowedFloor(journal.reader())
        await floor.catch_up()
    return floor


def scene_at(floor: FollowedFloor, second: float) -> Scene:
    """Return what there is to be seen at this second."""
    return floor.scene(Time(seconds(second)))


STORY: list[Step] = [
    *floor_opens(),
    *call_comes(9, "c1", "sales"),
    (26, OfferEnded(offer=OfferId(1), outcome=OfferOutcome.NO_ANSWER)),
    (28, OfferAnswered(offer=OfferId(2))),
    *call_comes(30, "c2", "no_key", "no_key"),
    *in_menu(37, "c3", "wrong_key"),
]
"""One has been missed by Ann and talks to Ben, one waits, one has pressed a wrong key."""

RUSH: list[Step] = [
    *floor_opens(policy(ready_ones_serve=SUPPORT)),
    *(step for at, call in enumerate(RUSHING, start=9) for step in call_comes(at, call, "sales")),
]
"""More callers than there are rows for them, while nobody who serves their queue is ready."""


def course(**changes: Any) -> Course:  # noqa: ANN401 - any field
    """A show that has run for 75 seconds, of twenty calls, one of which has ended."""
    totals = Totals()
    totals.add(CALL)
    usual = Course(passed_s=75, calls_max=20, totals=totals, finished=[CALL], pid=4711, keys=True)
    return replace(usual, **changes)


def killed() -> dict[str, Any]:
    """What a course has more while the daemon is away, in a script that says something."""
    promise = Promise()
    present = frozenset(CALLERS)
    promise.killed(present)
    return {
        "title": "A tour",
        "captions": ["Now the daemon is killed."],
        "caption": "Now the daemon is killed.",
        "pid": None,
        "kept": promise.kept(),
        "outages": [Outage(at=Time(seconds(38)), present=present)],
        "speed": 2.0,
    }


async def picture(
    signs: Signs | None = None,
    *,
    steps: Sequence[Step] = STORY,
    **changes: Any,  # noqa: ANN401 - any field
) -> Picture:
    """Return the picture of the story, two seconds after its end."""
    with tempfile.TemporaryDirectory() as folder:
        scene = scene_at(await followed(Path(folder), sorted(steps, key=itemgetter(0))), 40)
    return Picture(
        scene=scene,
        course=course(**changes),
        names=NAMES,
        addresses=ADDRESSES,
        signs=signs or Signs(),
        zone=UTC,
    )
