"""
The call model: which calls there are, whose legs they have, and what is known of each.

It is told what happened (`cti.call_facts`) and answers questions; it decides nothing and may not
know of queues' rules, agents' wishes, sockets or clocks. Any fact may come in any state: one about
an unknown call or leg changes nothing, and a call that has ended stays ended.
"""

from dataclasses import dataclass, field, replace

from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallArrived,
    CallAttached,
    CallCleared,
    CallFact,
    ChoiceMade,
    FlowEntered,
    FlowLeft,
    ScreenPopped,
)
from cti.ids import CallId, LegId, OfferId, PartyKey
from cti.instants import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLeg:
    """The leg that an offer rings, and from then on the agent's end of the talk."""

    offer: OfferId
    leg: LegId
    since: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One conversation, from the caller's arrival until his leg is gone.

    `sessions` counts the sessions in which we had his leg; `flow` is the IVR flow he is in, if any;
    `choices` are the names of what he chose, in order.
    """

    call: CallId
    leg: LegId
    service: str
    party: PartyKey
    arrived_at: Time
    sessions: int = 0
    flow: str | None = None
    choices: tuple[str, ...] = ()
    agent_legs: tuple[AgentLeg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBookState:
    """All of a `CallBook`, as plain values, for a snapshot."""

    calls: tuple[Call, ...] = ()


@dataclass(slots=True)
class CallBook:
    """The calls that live now, found by call, by the caller's leg, or by an agent's leg."""

    _calls: dict[CallId, Call] = field(default_factory=dict)
    _by_leg: dict[LegId, CallId] = field(default_factory=dict)

    @classmethod
    def restore(cls, state: CallBookState) -> "CallBook":
        """Return a book that goes on where `snapshot` was taken."""
        book = cls()
        for call in state.calls:
            book._calls[call.call] = call
            for leg in (call.leg, *(ringing.leg for ringing in call.agent_legs)):
                book._by_leg[leg] = call.call
        return book

    def snapshot(self) -> CallBookState:
        """Return everything the book knows."""
        return CallBookState(calls=tuple(self._calls.values()))

    def call(self, call: CallId) -> Call | None:
        """Return a living call, or None."""
        return self._calls.get(call)

    def call_of_leg(self, leg: LegId) -> Call | None:
        """Return the living call that has this leg, the caller's or an agent's, or None."""
        call = self._by_leg.get(leg)
        return None if call is None else self._calls[call]

    def living(self) -> tuple[Call, ...]:
        """Return the calls that live now, in the order in which they arrived."""
        return tuple(self._calls.values())

    def handle(self, fact: CallFact, now: Time) -> None:  # noqa: C901 - a branch for each fact
        """Learn what happened; `now` is when it did."""
        if isinstance(fact, CallArrived):
            self._arrive(fact, now)
            return
        call = self._calls.get(fact.call)
        if call is None:
            return
        match fact:
            case CallAttached(session=session):
                self._calls[call.call] = replace(call, sessions=session)
            case FlowEntered(flow=flow):
                self._calls[call.call] = replace(call, flow=flow)
            case ChoiceMade(choice=choice):
                self._calls[call.call] = replace(call, choices=(*call.choices, choice))
            case FlowLeft():
                self._calls[call.call] = replace(call, flow=None)
            case AgentLegRang(offer=offer, leg=leg):
                self._add_agent_leg(call, AgentLeg(offer=offer, leg=leg, since=now))
            case AgentLegEnded(leg=leg):
                self._drop_agent_leg(call, leg)
            case CallCleared():
                self._clear(call)
            case ScreenPopped():
                pass

    def _arrive(self, fact: CallArrived, now: Time) -> None:
        if fact.call in self._calls or fact.leg in self._by_leg:
            return
        self._calls[fact.call] = Call(
            call=fact.call,
            leg=fact.leg,
            service=fact.service,
            party=fact.party,
            arrived_at=now,
        )
        self._by_leg[fact.leg] = fact.call

    def _add_agent_leg(self, call: Call, ringing: AgentLeg) -> None:
        if ringing.leg in self._by_leg:
            return
        self._calls[call.call] = replace(call, agent_legs=(*call.agent_legs, ringing))
        self._by_leg[ringing.leg] = call.call

    def _drop_agent_leg(self, call: Call, leg: LegId) -> None:
        left = tuple(ringing for ringing in call.agent_legs if ringing.leg != leg)
        if len(left) == len(call.agent_legs):
            return
        self._calls[call.call] = replace(call, agent_legs=left)
        del self._by_leg[leg]

    def _clear(self, call: Call) -> None:
        del self._calls[call.call]
        for leg in (call.leg, *(ringing.leg for ringing in call.agent_legs)):
            self._by_leg.pop(leg, None)
