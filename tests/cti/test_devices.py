"""An agent whose phone is in use privately is busy elsewhere, until it is free again."""

import asyncio

import pytest

from acd.commands import Occupation
from acd.facts import AgentFreedElsewhere, AgentOccupiedElsewhere, OfferOutcome
from cti.ids import AgentId
from cti.switch.devices import IN_USE, Devices
from cti.switch.ledger import Ledger
from protocols.ami.errors import SwitchUnavailableError
from protocols.ami.messages import AmiEvent
from tests.cti.switchboard import (
    ANN,
    ANNS_PHONE,
    CALL,
    PBX,
    Facts,
    Floor,
    ManagerLink,
    event,
    offer_of,
)

PHONE = ANNS_PHONE.name
OCCUPIED, FREED = AgentOccupiedElsewhere(agent=ANN), AgentFreedElsewhere(agent=ANN)


class Phones:
    """The phones of a floor on which Ann sits at hers."""

    def __init__(self) -> None:
        self.inbox, self.floor, self.ami = Facts(), Floor(), ManagerLink()
        self.ledger = Ledger(PBX, self.inbox)
        self.devices = Devices(PBX, self.ledger, self.inbox, self.floor, self.ami)

    async def are(self, state: str, phone: str = PHONE) -> None:
        self.ami.devices = {phone: state}
        await self.devices.look()


def says(state: str, phone: str = PHONE) -> AmiEvent:
    return event("DeviceStateChange", Device=phone, State=state)


@pytest.mark.parametrize("state", sorted(IN_USE))
async def test_a_phone_in_use_makes_its_agent_busy_once(state: str) -> None:
    phones = Phones()
    await phones.are(state)
    await phones.are(state)

    assert phones.inbox.all == [OCCUPIED]


@pytest.mark.parametrize("state", ["NOT_INUSE", "UNAVAILABLE", "INVALID", "UNKNOWN", "", "NEW"])
async def test_a_phone_no_longer_in_use_frees_its_agent_once(state: str) -> None:
    phones = Phones()
    await phones.are("INUSE")
    await phones.are(state)
    await phones.are(state)

    assert phones.inbox.all == [OCCUPIED, FREED]


async def test_a_phone_that_rings_or_talks_for_us_is_not_busy_elsewhere() -> None:
    phones = Phones()
    phones.ledger.open_line(CALL, "u1", "")
    offer = phones.ledger.begin(offer_of(CALL))
    await phones.are("RINGING")
    phones.ledger.answer(offer)
    await phones.are("INUSE")
    phones.ledger.settle(offer, OfferOutcome.FAILED)
    await phones.are("NOT_INUSE")

    assert AgentOccupiedElsewhere not in map(type, phones.inbox.all)
    assert FREED not in phones.inbox.all


async def test_a_phone_still_in_use_after_our_call_is_busy_elsewhere_then() -> None:
    phones = Phones()
    offer = phones.ledger.begin(offer_of(CALL))
    await phones.are("INUSE")
    phones.ledger.settle(offer, OfferOutcome.NO_ANSWER)
    await phones.are("INUSE")

    assert phones.inbox.all[-1] == OCCUPIED


async def test_phones_at_which_nobody_sits_mean_nothing() -> None:
    phones = Phones()
    await phones.are("INUSE", phone="PJSIP/trunk")

    assert not phones.devices.state_changed(says("INUSE", "PJSIP/trunk"))
    assert phones.inbox.all == []


async def test_who_is_believed_busy_since_before_a_restart_is_freed() -> None:
    phones = Phones()
    phones.floor.occupation = Occupation.BUSY_ELSEWHERE
    await phones.are("NOT_INUSE")

    assert phones.inbox.all == [FREED]


async def test_the_next_agent_at_a_phone_in_use_is_busy_too() -> None:
    phones = Phones()
    await phones.are("INUSE")
    ben = AgentId("ben")
    phones.floor.agents[ANNS_PHONE] = ben
    await phones.are("INUSE")

    assert phones.inbox.all == [OCCUPIED, AgentOccupiedElsewhere(agent=ben)]


async def test_who_comes_back_to_a_phone_that_was_left_in_use_is_busy_again() -> None:
    phones = Phones()
    await phones.are("INUSE")
    del phones.floor.agents[ANNS_PHONE]
    await phones.are("INUSE")
    phones.floor.agents[ANNS_PHONE] = ANN
    await phones.are("INUSE")

    assert phones.inbox.all == [OCCUPIED, OCCUPIED]


async def test_an_event_alone_changes_nothing_and_only_makes_us_ask() -> None:
    phones = Phones()

    assert phones.devices.state_changed(says("INUSE"))
    assert not phones.devices.state_changed(says("NOT_INUSE"))
    assert phones.inbox.all == []
    await phones.are("NOT_INUSE")
    assert phones.inbox.all == []


async def test_what_cannot_be_asked_is_not_believed_and_can_be_asked_later() -> None:
    phones = Phones()
    phones.ami.trouble = SwitchUnavailableError("down")
    with pytest.raises(SwitchUnavailableError):
        await phones.are("INUSE")
    phones.ami.trouble = None
    await phones.are("INUSE")

    assert phones.inbox.all == [OCCUPIED]


async def test_an_event_during_a_look_makes_it_look_again() -> None:
    phones = Phones()
    answers = iter([{PHONE: "NOT_INUSE"}, {PHONE: "INUSE"}])
    gate = asyncio.Event()

    class Slow(ManagerLink):
        async def action_list(self, *_: object, **__: object) -> list[AmiEvent]:
            await gate.wait()
            return [says(state, phone) for phone, state in next(answers).items()]

    phones.devices = Devices(PBX, phones.ledger, phones.inbox, phones.floor, Slow())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(phones.devices.look())
        await asyncio.sleep(0)
        assert phones.devices.state_changed(says("INUSE"))
        await phones.devices.look()
        gate.set()

    assert phones.inbox.all == [OCCUPIED]
