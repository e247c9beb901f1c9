"""
A state that contradicts itself, put right: by what most of its tables say, and for the caller.

An offer stands in three places (with the agent, with the call, and by itself), a talk in two. Where
one of them says otherwise, the others count; where they are even, the caller is kept: he waits
again rather than be forgotten, and goes on talking rather than be offered. Nobody is invented. The
order of everything is that of the names, so that the same state is always mended alike. This module
reads and writes states only (`acd.snapshot`); lines, places and timers follow from them.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple, TypeVar

from acd.commands import Healing, Invariant, Occupation, Wish, WithdrawCause
from acd.policy import QueuePolicy
from acd.proof.mending_promises import promise_mended, put_apart, twice_attended
from acd.snapshot import (
    AgentSnapshot,
    CallSnapshot,
    DistributorState,
    OfferSnapshot,
    QueueSnapshot,
)
from acd.tables.agent_state import next_for
from acd.tables.floor import DEPARTED_MAX
from acd.tables.offer_state import OVERDUE_MARGIN, OfferState
from acd.tables.waiting import CallState
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName
from cti.instants import Duration, later, seconds

NO_TIME = Duration(0)
LAST_RESORT = QueueName("recalled")
"""Where callers wait who are in no queue that is known, if no queue is."""
PLAIN_RING_TIME = seconds(20)
"""How long is rung in a queue whose rules are lost, until the next policy."""
PLAIN_WAITING_MAX = 1_000
"""How many may wait in such a queue."""

PASSES_MAX = 5
"""How often a state is gone through: what is put right in one table may tell of another."""


class Mend(NamedTuple):
    """Something that was put right, and how."""

    name: Invariant
    about: str
    by: Healing


def mend(state: DistributorState) -> tuple[DistributorState, tuple[Mend, ...], tuple[OfferId, ...]]:
    """Return the state put right, what was put right, and the offers to be withdrawn."""
    mends: list[Mend] = []
    withdrawn: list[OfferId] = []
    for _ in range(PASSES_MAX):
        mender = _Mender(state)
        mended = mender.mended()
        mends += mender.mends
        withdrawn += mender.withdrawn
        if mended == state:
            break
        state = mended
    return state, tuple(dict.fromkeys(mends)), tuple(dict.fromkeys(withdrawn))


class _Mender:
    """A state on its way to being right."""

    def __init__(self, state: DistributorState) -> None:
        self.state = state
        self.mends: list[Mend] = []
        self.withdrawn: list[OfferId] = []
        self.queues = {queue.rules.name: queue for queue in state.queues}
        self.agents = {agent.agent: agent for agent in state.agents}
        self.calls = {call.call: call for call in state.calls}
        self.offers = {offer.offer: offer for offer in state.offers}

    def mended(self) -> DistributorState:
        """Put everything right, each table after those on which it leans."""
        self._recall_queues()
        self._recall_offers()
        for offer in tuple(self.offers.values()):
            self._mend_offer(offer)
        for call in tuple(self.calls.values()):
            self._mend_talk(call)
        for agent in tuple(self.agents.values()):
            self._mend_agent_of_call(agent)
        for call in tuple(self.calls.values()):
            self._mend_call(call)
        self._mend_promises()
        for agent in tuple(self.agents.values()):
            self._mend_agent(agent)
        self._mend_phones()
        self._mend_accounts()
        return self._written()

    def _note(self, name: Invariant, about: object, by: Healing) -> None:
        self.mends.append(Mend(name, str(about), by))

    def _recall_queues(self) -> None:
        """Make the queues anew that somebody serves; who waits in another one is moved."""
        served = {name for agent in self.agents.values() for name in agent.queues}
        for name in sorted(served - self.queues.keys()):
            self._recall_queue(name)
        for call in tuple(self.calls.values()):
            if call.queue not in self.queues and call.state is not CallState.TALKING:
                self.calls[call.call] = replace(call, queue=self._any_queue())
                self._note(Invariant.ONE_PLACE, f"call {call.call}", Healing.PUT_BACK)

    def _recall_queue(self, name: QueueName) -> None:
        self.queues[name] = QueueSnapshot(rules=_plain(name), removed=False)
        self._note(Invariant.INDEXED, f"queue {name}", Healing.RECALLED)

    def _recall_offers(self) -> None:
        """Make offers anew of which both the agent and the call know."""
        for agent in self.agents.values():
            offer, call = agent.offer, self.calls.get(agent.call or CallId(""))
            if offer is None or offer in self.offers or call is None or offer not in call.offers:
                continue
            queue = self.queues.get(call.queue)  # a call that talks may name one that is no more
            rules = _plain(call.queue) if queue is None else queue.rules
            self.offers[offer] = OfferSnapshot(
                offer=offer,
                call=call.call,
                queue=call.queue,
                agent=agent.agent,
                wrap_up=rules.wrap_up,
                wrap_up_max=rules.wrap_up_max,
                misses_max=rules.misses_max,
                misses=rules.misses,
                overdue_at=later(self.state.now, Duration(rules.ring_time + OVERDUE_MARGIN)),
                state=OfferState.RINGING,
                withdrawn_for=None,
            )
            self._note(Invariant.ONE_OFFER, f"offer {offer}", Healing.RECALLED)

    def _mend_offer(self, offer: OfferSnapshot) -> None:
        """Keep an offer that its agent or, where he has no other, its call knows of."""
        agent, call = self.agents.get(offer.agent), self.calls.get(offer.call)
        is_his = agent is not None and agent.offer == offer.offer
        is_its = call is not None and offer.offer in call.offers
        if offer.state not in (OfferState.RINGING, OfferState.WITHDRAWING) or (
            offer.state is OfferState.WITHDRAWING and offer.withdrawn_for is None
        ):
            offer = replace(offer, state=OfferState.WITHDRAWING, withdrawn_for=WithdrawCause.HEALED)
            self._keep(offer, Healing.PUT_RIGHT)
        if not is_his and (claimant := self._claimant(offer)) is not None:
            self._keep(replace(offer, agent=claimant), Healing.PUT_RIGHT)
        elif agent is not None and not is_his and is_its and _is_unclaimed(agent):
            self.agents[agent.agent] = replace(
                agent, offer=offer.offer, call=offer.call, occupation=Occupation.OFFERED
            )
            self._note(Invariant.ONE_OFFER, f"agent {agent.agent}", Healing.PUT_RIGHT)
        elif not is_his:
            del self.offers[offer.offer]
            self.withdrawn.append(offer.offer)
            self._note(Invariant.ONE_OFFER, f"offer {offer.offer}", Healing.WITHDRAWN)
        elif not is_its and offer.state is OfferState.RINGING:
            self._regain_call(offer, call)

    def _claimant(self, offer: OfferSnapshot) -> AgentId | None:
        """Return who else says that an offer is his, with the same call."""
        claims = (
            agent.agent
            for agent in self.agents.values()
            if agent.offer == offer.offer and agent.call == offer.call
        )
        return next(claims, None)

    def _regain_call(self, offer: OfferSnapshot, call: CallSnapshot | None) -> None:
        """Let an offer that rings have its call back, if nobody else has it; else stop it."""
        if call is None and offer.call not in self.state.departed:
            call = self._recall(offer.call, offer.queue)
        is_free = call is not None and call.agent is None and not self._live_offers(call)
        if call is not None and is_free:
            call = _with_offers(call, (offer.offer,))
            self._put_right_call(replace(call, state=CallState.OFFERED, held_until=None))
            return
        stopped = replace(offer, state=OfferState.WITHDRAWING, withdrawn_for=WithdrawCause.HEALED)
        self.withdrawn.append(offer.offer)
        self._keep(stopped, Healing.WITHDRAWN)

    def _keep(self, offer: OfferSnapshot, by: Healing) -> None:
        self.offers[offer.offer] = offer
        self._note(Invariant.ONE_WINNER, f"offer {offer.offer}", by)

    def _recall(self, call: CallId, queue: QueueName) -> CallSnapshot:
        """Return a call anew that only others know of; its age is lost."""
        now = self.state.now
        self._note(Invariant.ONE_PLACE, f"call {call}", Healing.RECALLED)
        return CallSnapshot(
            call=call,
            queue=queue if queue in self.queues else self._any_queue(),
            entered_at=now,
            priority=NO_TIME,
            sequence=max((known.sequence for known in self.calls.values()), default=0) + 1,
            queued_at=now,
            state=CallState.WAITING,
            offer=None,
            agent=None,
            overflow_at=None,
            overflow_due=False,
            held_until=None,
            spared=(),
        )

    def _any_queue(self) -> QueueName:
        """Return the first queue by name that somebody serves; else any; else a plain one."""
        served = {name for agent in self.agents.values() for name in agent.queues}
        if not self.queues:
            self._recall_queue(LAST_RESORT)
        return min(served & self.queues.keys(), default=min(self.queues))

    def _mend_talk(self, call: CallSnapshot) -> None:
        """Have a talk be with one agent, who is busy with it; else the caller waits again."""
        if call.state is not CallState.TALKING:
            return
        if self._live_offers(call):
            self._put_right_call(replace(call, state=CallState.OFFERED, agent=None))
            return
        if call.agent is None:
            talkers = (agent for agent in self.agents.values() if _talks_with(agent, call.call))
            found = next(talkers, None)
        else:
            found = self.agents.get(call.agent)
            if found is not None and not _talks_with(found, call.call):
                found = None if self._is_taken(found) else self._busy(found, call)
        if found is None:
            self.calls[call.call] = _waiting(call)
            self._note(Invariant.ONE_WINNER, f"call {call.call}", Healing.PUT_BACK)
        elif call.agent != found.agent:
            self._put_right_call(replace(call, agent=found.agent))

    def _live_offers(self, call: CallSnapshot) -> tuple[OfferId, ...]:
        """Return those of a call's offers that are known and are for this call."""
        return tuple(
            offer
            for offer in dict.fromkeys(call.offers)
            if offer in self.offers and self.offers[offer].call == call.call
        )

    def _put_right_call(self, call: CallSnapshot) -> None:
        self.calls[call.call] = call
        self._note(Invariant.ONE_WINNER, f"call {call.call}", Healing.PUT_RIGHT)

    def _is_taken(self, agent: AgentSnapshot) -> bool:
        """Return whether an agent has another call, of which others know."""
        if agent.offer in self.offers:
            return True
        other = self.calls.get(agent.call or CallId(""))
        return other is not None and other.agent == agent.agent

    def _busy(self, agent: AgentSnapshot, call: CallSnapshot) -> AgentSnapshot:
        queue = self.queues.get(call.queue)
        busy = replace(
            agent,
            occupation=Occupation.BUSY,
            call=call.call,
            offer=None,
            wrap_up=NO_TIME if queue is None else queue.rules.wrap_up,
            wrap_up_ends=None,
        )
        self.agents[agent.agent] = busy
        self._note(Invariant.ONE_WINNER, f"agent {agent.agent}", Healing.PUT_RIGHT)
        return busy

    def _mend_agent_of_call(self, agent: AgentSnapshot) -> None:
        """Free an agent of an offer or a talk of which nobody else knows."""
        if agent.offer is not None:
            offer = self.offers.get(agent.offer)
            if offer is None or offer.agent != agent.agent:
                agent = replace(agent, offer=None)
                self._put_right(agent)
        if agent.offer is not None and agent.occupation is not Occupation.OFFERED:
            agent = replace(
                agent, occupation=Occupation.OFFERED, call=self.offers[agent.offer].call
            )
            self._put_right(agent)
        if agent.offer is None and agent.occupation is Occupation.OFFERED:
            agent = self._free(agent, Invariant.ONE_OFFER)
        if agent.occupation is not Occupation.BUSY:
            return
        call = None if agent.call is None else self.calls.get(agent.call)
        if call is None and agent.call is not None and agent.call not in self.state.departed:
            # Its end has not been told: rather a talk that is ended by the next fact.
            talk = self._recall(agent.call, next(iter(agent.queues), QueueName("")))
            call = replace(talk, state=CallState.TALKING, agent=agent.agent)
            self.calls[call.call] = call
        if call is None or call.agent != agent.agent or call.state not in _WITH_AN_AGENT:
            self._free(agent, Invariant.ONE_WINNER)

    def _free(self, agent: AgentSnapshot, name: Invariant) -> AgentSnapshot:
        """Have an agent turn to what is next for him; his paperwork is not asked for."""
        agent = replace(agent, occupation=Occupation.IDLE, call=None, wrap_up=NO_TIME)
        agent = replace(agent, occupation=_next_for(agent), idle_since=self.state.now)
        self.agents[agent.agent] = agent
        self._note(name, f"agent {agent.agent}", Healing.FREED)
        return agent

    def _mend_call(self, call: CallSnapshot) -> None:
        """Have a call that does not talk wait, ring or be held, as its offer and its time say."""
        right = call
        if call.state is CallState.TALKING:
            right = replace(
                _with_offers(call, ()), held_until=None, overflow_at=None, overflow_due=False
            )
        else:
            right = right if call.state is CallState.DIALLING else replace(right, agent=None)
            live = self._live_offers(call)
            if live:
                right = replace(
                    _with_offers(right, live),
                    state=CallState.OFFERED,
                    agent=None,
                    held_until=None,
                )
            elif call.offers or _is_in_vain(call):
                right = _waiting(right)
            elif call.state is CallState.WAITING:
                right = replace(right, held_until=None)
            if right.state is not CallState.OFFERED:
                right = replace(right, ring_next_at=None)
            if right.overflow_due and right.state is CallState.WAITING:
                right = replace(right, overflow_due=False, overflow_at=self.state.now)
        if right != call:
            self.calls[call.call] = right
            by = Healing.PUT_BACK if right.state is CallState.WAITING else Healing.PUT_RIGHT
            self._note(Invariant.ONE_PLACE, f"call {call.call}", by)

    def _mend_promises(self) -> None:
        """Have what is promised go with where its call stands, and no number be in use twice."""
        for call in tuple(self.calls.values()):
            agent = None if call.agent is None else self.agents.get(call.agent)
            is_busy = call.agent is None or (agent is not None and _talks_with(agent, call.call))
            right = promise_mended(call, agent_is_busy=is_busy)
            if right != call:
                self.calls[call.call] = right
                self._note(Invariant.ONE_PLACE, f"call {call.call}", Healing.PUT_RIGHT)
        for call in twice_attended(self.calls.values()):
            self.calls[call.call] = put_apart(call)
            self._note(Invariant.ONE_ATTEMPT, f"call {call.call}", Healing.PUT_RIGHT)
            for offer in self._live_offers(call):
                stopped = replace(
                    self.offers[offer],
                    state=OfferState.WITHDRAWING,
                    withdrawn_for=WithdrawCause.HEALED,
                )
                self.withdrawn.append(offer)
                self._keep(stopped, Healing.WITHDRAWN)

    def _mend_agent(self, agent: AgentSnapshot) -> None:
        """Have what an agent wishes, does and works at go together."""
        right = replace(agent, queues=tuple(dict.fromkeys(agent.queues)))
        if right.wish is not Wish.LOGGED_OFF and right.device is None:
            right = replace(right, wish=Wish.LOGGED_OFF, reason=None, row=0)
        if right.wish is Wish.LOGGED_OFF and right.occupation not in _WITH_A_CALL:
            right = _left(right)
        if right.occupation not in _WITH_A_CALL:
            right = replace(
                right, wrap_up=NO_TIME, wrap_up_max=NO_TIME, occupation=_next_for(right)
            )
            if right.wrap_up_ends is None:
                right = replace(right, call=None)
        elif right.wrap_up_ends is not None:
            right = replace(right, wrap_up_ends=None)
        ends, latest = right.wrap_up_ends, right.wrap_up_latest
        if (ends is None) != (latest is None) or (ends and latest and latest < ends):
            right = replace(right, wrap_up_latest=ends)
        if right != agent:
            self._put_right(right)

    def _put_right(self, agent: AgentSnapshot) -> None:
        self.agents[agent.agent] = agent
        self._note(Invariant.AGENT_WHOLE, f"agent {agent.agent}", Healing.PUT_RIGHT)

    def _mend_phones(self) -> None:
        """Have each phone be held by one agent, and each agent hold the phone that he works at."""
        holders: dict[DeviceId, AgentId] = {}
        for agent in self.agents.values():
            if agent.device is not None and agent.holds_device:
                holders.setdefault(agent.device, agent.agent)
        for agent in sorted(self.agents.values(), key=lambda one: one.agent):
            device = agent.device
            if device is None or agent.wish is Wish.LOGGED_OFF:
                continue
            if holders.setdefault(device, agent.agent) == agent.agent:
                if not agent.holds_device:
                    self._put_right(replace(agent, holds_device=True))
            else:
                off = replace(agent, wish=Wish.LOGGED_OFF, reason=None, row=0, holds_device=False)
                self._put_right(_left(off) if off.occupation not in _WITH_A_CALL else off)

    def _mend_accounts(self) -> None:
        """Have every arrival of a queue be one that waits there or has had its outcome."""
        waiting = Counter(
            call.queue for call in self.calls.values() if call.state is not CallState.TALKING
        )
        for name, queue in self.queues.items():
            arrivals = waiting[name] + sum(count for _, count in queue.outcomes)
            if arrivals != queue.arrivals:
                self.queues[name] = replace(queue, arrivals=arrivals)
                self._note(Invariant.ACCOUNTED, f"queue {name}", Healing.PUT_RIGHT)

    def _written(self) -> DistributorState:
        state, now = self.state, self.state.now
        ready = {agent.agent for agent in self.agents.values() if _is_ready(agent)}
        return replace(
            state,
            last_offer=max((state.last_offer, *self.offers)),
            last_sequence=max(
                (state.last_sequence, *(call.sequence for call in self.calls.values()))
            ),
            queues=_in_order(
                (
                    replace(queue, line=tuple(one for one in queue.line if one[0] in ready))
                    for queue in self.queues.values()
                ),
                lambda queue: queue.rules.name,
            ),
            agents=_in_order(self.agents.values(), lambda agent: agent.agent),
            calls=_in_order(
                (
                    replace(call, entered_at=min(call.entered_at, now))
                    for call in self.calls.values()
                ),
                lambda call: call.call,
            ),
            offers=_in_order(self.offers.values(), lambda offer: offer.offer),
            departed=tuple(call for call in state.departed if call not in self.calls)[
                -DEPARTED_MAX:
            ],
        )


_WITH_AN_AGENT = (CallState.TALKING, CallState.DIALLING)
_WITH_A_CALL = (Occupation.OFFERED, Occupation.BUSY)
_Row = TypeVar("_Row")


def _in_order(rows: Iterable[_Row], name: Callable[[_Row], str | int]) -> tuple[_Row, ...]:
    return tuple(sorted(rows, key=name))


def _is_unclaimed(agent: AgentSnapshot) -> bool:
    """Return whether an agent says of himself that he has no offer and no talk."""
    return agent.offer is None and agent.occupation is not Occupation.BUSY


def _talks_with(agent: AgentSnapshot, call: CallId) -> bool:
    return agent.occupation is Occupation.BUSY and agent.call == call


def _is_ready(agent: AgentSnapshot) -> bool:
    idle = agent.occupation is Occupation.IDLE and agent.rests_until is None
    return idle and agent.wish is Wish.READY


def _next_for(agent: AgentSnapshot) -> Occupation:
    wraps_up = agent.wrap_up_ends is not None
    return next_for(agent.wish, is_in_use=agent.in_use_elsewhere, wraps_up=wraps_up)


def _left(agent: AgentSnapshot) -> AgentSnapshot:
    """Return a logged-off agent who has no call: at no phone, with no paperwork and no rest."""
    return replace(
        agent,
        occupation=Occupation.IDLE,
        call=None,
        device=None,
        holds_device=False,
        in_use_elsewhere=False,
        wrap_up_ends=None,
        rests_until=None,
    )


def _is_in_vain(call: CallSnapshot) -> bool:
    """Return whether a call that has no offer is said to have one, or is held for ever."""
    if call.state is CallState.HELD:
        return call.held_until is None
    return call.state is CallState.OFFERED


def _waiting(call: CallSnapshot) -> CallSnapshot:
    return replace(_with_offers(call, ()), state=CallState.WAITING, agent=None, held_until=None)


def _with_offers(call: CallSnapshot, offers: tuple[OfferId, ...]) -> CallSnapshot:
    """Return a call with these offers, and no pause before the next where there are none."""
    return replace(
        call,
        offer=next(iter(offers), None),
        other_offers=offers[1:],
        ring_next_at=call.ring_next_at if offers else None,
    )


def _plain(name: QueueName) -> QueuePolicy:
    """Return rules for a queue whose own are lost."""
    return QueuePolicy(
        name=name,
        ring_time=PLAIN_RING_TIME,
        wrap_up=NO_TIME,
        misses_max=0,
        waiting_max=PLAIN_WAITING_MAX,
    )
