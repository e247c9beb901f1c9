"""
Healing a floor: what one table lost is recalled, contradictions are mended, all else is made anew.

The floor is written down as a snapshot, put right (`acd.proof.mending`), and loaded again: so all
lines, counts, places and timers follow from the tables as after a restart, and whoever may match is
matched. The same floor is always healed alike, so a replay of the journal heals as the daemon did.
It costs as much as a restart from a snapshot, some 30 us for each agent and each call (measured).
"""

from traceback import walk_tb
from typing import Final

from acd.commands import Healing, Invariant, InvariantBroken, WithdrawCause, WithdrawOffer
from acd.errors import AcdError
from acd.proof.breaches import Breach
from acd.proof.mending import Mend, mend
from acd.rules import agent_rules, announcing, call_back_rules
from acd.rules.placing import start_overflow
from acd.snapshot import load, save
from acd.tables.agent_state import Agent
from acd.tables.floor import Floor
from acd.tables.offer_state import Offer
from acd.tables.waiting import CallState
from cti.ids import OfferId

TOLD_MAX: Final = 100
"""Breaches told one by one of one healing; of more, how many there were."""
PLACES_TOLD: Final = 3
WORDS_MAX: Final = 200

DEFECTS: Final = (
    AcdError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a rule raises on a floor that it does not understand. Want of memory is none of these."""


def described(what: str, error: Exception) -> Breach:
    """Return what failed, by what, and in which functions, the innermost first."""
    places = [frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__)]
    where = " < ".join(reversed(places[-PLACES_TOLD:]))
    words = f"{what}: {type(error).__name__} {error} in {where}"
    return Breach(Invariant.STEP_TAKEN, words[:WORDS_MAX])


def heal(floor: Floor, breaches: list[Breach]) -> None:
    """Repair the whole floor, and tell what was found and what was done about it."""
    mends = _recall(floor)
    before = floor.offers
    state, more, stopped = mend(save(floor))
    floor.become(load(state))
    mends += more
    for offer in stopped:
        _withdraw(floor, offer, before)
    _settle(floor)
    by = {mend.about: mend for mend in mends}
    told = [_told(breach, by.get(breach.about)) for breach in breaches]
    told += [InvariantBroken(name=one.name, about=one.about, healed_by=one.by) for one in mends]
    told = list(dict.fromkeys(told))
    for broken in told[:TOLD_MAX]:
        floor.tell(broken)
    if len(told) > TOLD_MAX:
        rest = f"{len(told) - TOLD_MAX} more"
        floor.tell(InvariantBroken(name=Invariant.INDEXED, about=rest, healed_by=Healing.PUT_RIGHT))


def match_anew(floor: Floor, breaches: list[Breach]) -> None:
    """Have those be matched who stand beside one another in vain, and tell of it."""
    for agent in floor.agents.values():
        floor.freed(agent)
    for breach in breaches:
        floor.tell(InvariantBroken(name=breach.name, about=breach.about, healed_by=Healing.MATCHED))


def _told(breach: Breach, found: Mend | None) -> InvariantBroken:
    by = Healing.REBUILT if found is None else found.by
    return InvariantBroken(name=breach.name, about=breach.about, healed_by=by)


def _recall(floor: Floor) -> list[Mend]:
    """Put back into the tables whom only the lines still know; ended calls are not among them."""
    mends = []
    for name, queue in floor.queues.items():
        for call in queue.waiting.known():
            if call.call not in floor.calls and call.call not in floor.departed:
                floor.calls[call.call] = call
                mends.append(Mend(Invariant.ONE_PLACE, f"call {call.call}", Healing.RECALLED))
            if call.queue not in floor.queues:
                call.queue = name
    for shown in floor.lost_agents():
        known = [name for name, queue in floor.queues.items() if queue.members.knows(shown.agent)]
        agent = Agent(
            agent=shown.agent,
            queues=tuple(known),
            since=shown.since,
            idle_since=floor.now,
            wish=shown.wish,
            reason=shown.reason,
            occupation=shown.occupation,
            device=shown.device,
            call=shown.call,
            offer=next(
                (offer.offer for offer in floor.offers.values() if offer.agent == shown.agent), None
            ),
            wrap_up_ends=shown.until,
        )
        floor.agents[agent.agent] = agent
        mends.append(Mend(Invariant.AGENT_WHOLE, f"agent {agent.agent}", Healing.RECALLED))
    return mends


def _withdraw(floor: Floor, offer: OfferId, before: dict[OfferId, Offer]) -> None:
    """Have the ringing of an offer stopped that is nobody's any more, or not its call's."""
    made = before[offer]
    floor.tell(
        WithdrawOffer(offer=offer, call=made.call, agent=made.agent, cause=WithdrawCause.HEALED)
    )


def _settle(floor: Floor) -> None:
    """Let the rules have what follows from the tables and is in no snapshot."""
    if floor.slot_ends is None:
        floor.look_back()
    for agent in tuple(floor.agents.values()):
        if floor.window:
            agent.follow_work(floor.now)
        agent_rules.settle(floor, agent)
    for call in floor.calls.values():
        if call.state is not CallState.TALKING and call.overflow_at is None:
            start_overflow(floor, call)
        announcing.put_right(floor, call)
    for call in tuple(floor.calls.values()):
        call_back_rules.go_on(floor, call)
    for queue in floor.queues.values():
        floor.stir(queue)
    floor.forget_queues(
        [name for name, queue in floor.queues.items() if queue.removed and not len(queue.waiting)]
    )
