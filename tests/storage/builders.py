"""Records as the writer would journal them, for the storage tests."""

from acd.commands import OfferCall, OfferReason
from acd.facts import CallQueued, PolicyApplied
from acd.policy import AgentPolicy, OverflowRule, Policy, QueuePolicy
from cti.ids import AgentId, CallId, DeviceId, LegId, OfferId, PartyKey, PbxId, QueueName
from cti.instants import Time, seconds

PBX = PbxId("main")
SALES = QueueName("sales")
SUPPORT = QueueName("support")
ANN = AgentId("ann")
BEN = AgentId("ben")
CALL = CallId("3f2c8a10-0000-4000-8000-000000000001")
OTHER_CALL = CallId("3f2c8a10-0000-4000-8000-000000000002")
PARTY = PartyKey("p-1")
CALLER_LEG = LegId(PBX, "1700000000.1")

START = Time(1_700_000_000_000_000)


def at(second: float) -> Time:
    return Time(START + seconds(second))


def offer_of(
    call: CallId = CALL,
    *,
    offer: int = 1,
    agent: AgentId = ANN,
    queue: QueueName = SALES,
) -> OfferCall:
    return OfferCall(
        offer=OfferId(offer),
        call=call,
        agent=agent,
        device=DeviceId(PBX, f"PJSIP/{agent}"),
        queue=queue,
        ring_time=seconds(15),
        reason=OfferReason(
            rule="longest_idle",
            sort_key=(START, agent),
            next_best=BEN,
            ready=2,
            excluded=(("busy", 1), ("not_ready", 2)),
            waited=seconds(4),
            policy_version="v1",
        ),
    )


def policy(version: str) -> PolicyApplied:
    return PolicyApplied(
        policy=Policy(
            version=version,
            queues=(
                QueuePolicy(
                    name=SALES,
                    ring_time=seconds(15),
                    wrap_up=seconds(10),
                    misses_max=3,
                    waiting_max=200,
                    overflow=OverflowRule(wait=seconds(60), to=SUPPORT),
                ),
            ),
            agents=(AgentPolicy(agent=ANN, queues=(SALES, SUPPORT)),),
        )
    )


def queued(number: int) -> CallQueued:
    return CallQueued(call=CallId(f"call-{number}"), queue=SALES)
