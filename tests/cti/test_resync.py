"""What Asterisk does not have is put right, and counted by what it was."""

from cti.call_facts import CallCleared
from cti.switch.ledger import Ledger
from cti.switch.resync import Resync
from tests.cti.switchboard import (
    ANN,
    ANNS_PHONE,
    CALL,
    OFFER,
    PBX,
    Facts,
    ManagerLink,
    Remembered,
    event,
)

UNIQUEID = "1764000000.1"


async def test_a_call_that_asterisk_does_not_have_is_cleared_and_counted() -> None:
    facts = Facts()
    ledger = Ledger(PBX, facts)
    ledger.open_line(CALL, UNIQUEID, "PJSIP/c-1")
    resync = Resync(ledger, ManagerLink())
    await resync.look()
    await resync.look()

    assert [fact.call for fact in facts.of(CallCleared)] == [CALL]
    assert resync.differences == {"call_gone": 1}


async def test_an_offer_is_missed_only_when_the_next_look_misses_it_too() -> None:
    ledger = Ledger(PBX, Facts())
    ledger.open_line(CALL, UNIQUEID, "PJSIP/c-1")
    ledger.restore(Remembered(offer=OFFER, call=CALL, agent=ANN, device=ANNS_PHONE, answered=False))
    link = ManagerLink()
    link.channels = [
        event(
            "Status",
            Uniqueid=UNIQUEID,
            Channel="PJSIP/c-1",
            ChannelStateDesc="Up",
            Variable=f"CORD_CALL={CALL}",
        )
    ]
    resync = Resync(ledger, link)
    doubts = [await resync.look(), dict(resync.differences), await resync.look()]

    assert doubts == [True, {}, False]
    assert resync.differences == {"offer_gone": 1}
