"""
The agents who are signed in: what each is shown, and what becomes of one whose desk is gone.

Each agent has at most one desk. What is shown to him is numbered for him, whether or not his desk
is there to see it, and handed to the desk's connection before the method that shows it returns: no
desk can make another one wait. It must not know sockets, and decides nothing about calls.
"""

from collections.abc import Iterable
from typing import Protocol
from uuid import uuid4

import structlog

from acd.commands import Occupation, ShowAgentState, Wish
from acd.facts import AgentMadeNotReady, NotReadyReason
from agents.leases import Leases
from agents.ports import AgentDirectory, AgentEntry, Clock, FactInbox, FloorView, Timers
from agents.requests import AgentRequests
from agents.settings import SessionSettings
from cti.ids import AgentId, CallId, DeviceId, OfferId
from cti.instants import as_datetime
from protocols.ws.answers import Answer
from protocols.ws.codes import CloseCode, SignOutReason, WithdrawReason
from protocols.ws.commands import AgentCommand
from protocols.ws.events import (
    AgentState,
    CallAnswered,
    CallEnded,
    EventData,
    ScreenPop,
    ScreenPopWithdrawn,
    SignedOut,
    Snapshot,
)
from protocols.ws.wire import EventName, encode_event

log = structlog.get_logger(__name__)


class Desk(Protocol):
    """An agent's connection."""

    def send(self, message: bytes) -> bool:
        """Hand a message to the connection at once, never waiting; False where it is gone."""

    def close(self, code: CloseCode, reason: str) -> None:
        """Have the connection closed soon, after what was sent."""


class _Seat:
    """What is kept for one agent, with or without a desk."""

    __slots__ = ("desk", "pop", "requests", "seq")

    def __init__(self, requests: AgentRequests) -> None:
        self.requests = requests
        self.desk: Desk | None = None
        self.pop: ScreenPop | None = None
        self.seq = 0


class AgentSessions:
    """Connected desks by agent, and the leases of those without one."""

    def __init__(
        self,
        *,
        directory: AgentDirectory,
        inbox: FactInbox,
        floor: FloorView,
        clock: Clock,
        timers: Timers,
        settings: SessionSettings,
    ) -> None:
        self._directory = directory
        self._inbox = inbox
        self._floor = floor
        self._clock = clock
        self._settings = settings
        self._stream = str(uuid4())
        self._seats: dict[AgentId, _Seat] = {}
        self._leases = Leases(
            timers,
            self._make_not_ready,
            lease_s=settings.lease_s,
            retry_s=settings.lease_retry_s,
        )

    def join(self, entry: AgentEntry, desk: Desk) -> None:
        """Give an agent this desk; one that he had before is signed out and closed."""
        seat = self._seat(entry)
        if seat.desk is not None:
            self._sign_out(seat, SignOutReason.SIGNED_IN_ELSEWHERE)
            seat.desk.close(CloseCode.SIGNED_IN_ELSEWHERE, "signed in at another desk")
            log.info("desk_replaced", agent_id=entry.agent)
        seat.desk = desk
        self._leases.end(entry.agent)
        snapshot = encode_event("snapshot", self._snapshot(entry, seat))
        desk.send(snapshot.numbered(seat.seq, self._clock.now()))
        log.info("desk_joined", agent_id=entry.agent)

    def leave(self, agent: AgentId, desk: Desk) -> None:
        """Take note that a desk's connection is gone: its agent's lease begins."""
        seat = self._seats.get(agent)
        if seat is None or seat.desk is not desk:
            return  # The agent sits at another desk by now, or has signed out.
        seat.desk = None
        self._leases.start(agent)
        log.info("desk_lost", agent_id=agent)

    def sign_out(self, agent: AgentId, desk: Desk) -> None:
        """Part an agent from his desk as he asked: nobody will come back, so no lease is kept."""
        seat = self._seats.get(agent)
        if seat is None or seat.desk is not desk:
            return
        self._sign_out(seat, SignOutReason.SIGNED_OUT)
        seat.desk = None
        self._leases.run_out_now(agent)
        log.info("desk_signed_out", agent_id=agent)

    def obey(self, agent: AgentId, command: AgentCommand) -> Answer:
        """Do what an agent's command asks, and return its answer."""
        return self._seats[agent].requests.obey(command)

    def show_state(self, command: ShowAgentState) -> None:
        """Show an agent his state, which has just changed."""
        seat = self._known(command.agent)
        if seat is None:
            return
        seat.requests.state_shown(command.wish)
        self._show(seat, "agent_state_changed", _state(command, seat.requests.entry))
        gone = command.wish is Wish.LOGGED_OFF and command.occupation is Occupation.IDLE
        if gone and self._directory.entry(command.agent) is None:
            self._part_with(command.agent, seat)

    def look_up_again(self) -> None:
        """
        Take note that the directory has changed: whose entry is another one is shown it.

        Who is no longer in it keeps his desk until the core says that he is off: he may talk.
        """
        for agent, seat in self._seats.items():
            entry = self._directory.entry(agent)
            if entry is None or entry == seat.requests.entry:
                continue
            seat.requests.entry = entry
            if seat.desk is not None:
                self._show(seat, "snapshot", self._snapshot(entry, seat))

    def pop(self, agent: AgentId, pop: ScreenPop) -> bool:
        """
        Pop an agent's screen; True where his connection has it.

        Never waits. Without a desk the pop is kept, for the snapshot of one that comes in time.
        """
        seat = self._known(agent)
        if seat is None:
            return False
        seat.pop = pop
        return self._show(seat, "screen_pop", pop)

    def update_pop(self, agent: AgentId, pop: ScreenPop) -> bool:
        """Show what was found out late about a caller; False where his pop is no longer shown."""
        seat = self._known(agent)
        if seat is None or seat.pop is None or seat.pop.offer != pop.offer:
            return False
        seat.pop = pop
        return self._show(seat, "screen_pop_updated", pop)

    def withdraw_pop(self, agent: AgentId, offer: OfferId, why: WithdrawReason) -> None:
        """Close the pop of an offer that ended without a talk."""
        seat = self._known(agent)
        if seat is None or seat.pop is None or seat.pop.offer != offer:
            return  # A late word about an offer whose pop is gone already.
        call = seat.pop.call
        seat.pop = None
        self._show(
            seat, "screen_pop_withdrawn", ScreenPopWithdrawn(offer=offer, call=call, why=why)
        )

    def call_answered(self, agent: AgentId, offer: OfferId, call: CallId) -> None:
        """Tell an agent that he is connected to the caller."""
        seat = self._known(agent)
        if seat is not None:
            self._show(seat, "call_answered", CallAnswered(offer=offer, call=call))

    def call_ended(self, agent: AgentId, ended: CallEnded) -> None:
        """Tell an agent that his talk is over."""
        seat = self._known(agent)
        if seat is None:
            return
        if seat.pop is not None and seat.pop.call == ended.call:
            seat.pop = None
        self._show(seat, "call_ended", ended)

    def connected_agents(self) -> list[AgentId]:
        """Return the agents who have a desk, in the order in which they first came."""
        return [agent for agent, seat in self._seats.items() if seat.desk is not None]

    def start_leases(self, agents: Iterable[AgentId]) -> None:
        """Begin the leases of these agents, logged on at a start, who have no desk yet."""
        for agent in agents:
            seat = self._known(agent)
            if seat is not None and seat.desk is None:
                self._leases.start(agent)

    def close(self) -> None:
        """Sign all desks out because the daemon stops; agents' states stay as they are."""
        self._leases.close()
        for seat in self._seats.values():
            if seat.desk is not None:
                self._sign_out(seat, SignOutReason.SERVER_STOPPING)
                seat.desk.close(CloseCode.GOING_AWAY, "the server stops")
                seat.desk = None

    def _known(self, agent: AgentId) -> _Seat | None:
        seat = self._seats.get(agent)
        if seat is not None:
            return seat
        entry = self._directory.entry(agent)
        # An agent who was taken out of the configuration while the core still speaks of him.
        return None if entry is None else self._seat(entry)

    def _seat(self, entry: AgentEntry) -> _Seat:
        seat = self._seats.get(entry.agent)
        if seat is None:
            requests = AgentRequests(
                entry,
                self._inbox,
                self._floor,
                remembered_max=self._settings.remembered_commands,
            )
            seat = self._seats[entry.agent] = _Seat(requests)
        seat.requests.entry = entry
        return seat

    def _show(self, seat: _Seat, name: EventName, data: EventData) -> bool:
        seat.seq += 1
        if seat.desk is None:
            return False
        return seat.desk.send(encode_event(name, data).numbered(seat.seq, self._clock.now()))

    def _sign_out(self, seat: _Seat, reason: SignOutReason) -> None:
        self._show(seat, "signed_out", SignedOut(reason=reason))

    def _part_with(self, agent: AgentId, seat: _Seat) -> None:
        """Sign an agent out whom the directory does not know any more, and forget him."""
        self._leases.end(agent)
        if seat.desk is not None:
            self._sign_out(seat, SignOutReason.REMOVED)
            seat.desk.close(CloseCode.REMOVED, "no agent of this name any more")
        del self._seats[agent]
        log.info("desk_removed", agent_id=agent)

    def _snapshot(self, entry: AgentEntry, seat: _Seat) -> Snapshot:
        state = self._floor.agent_state(entry.agent)
        return Snapshot(
            stream=self._stream,
            agent=entry.agent,
            name=entry.name,
            phones=tuple(entry.phones),
            queues=entry.queues,
            state=None if state is None else _state(state, entry),
            screen_pop=seat.pop,
        )

    def _make_not_ready(self, agent: AgentId) -> bool:
        seat = self._known(agent)
        if seat is None or not seat.requests.may_be_ready():
            # Nothing is offered to him anyway, and his own reason (a break, say) still holds.
            return True
        log.info("lease_run_out", agent_id=agent)
        return self._inbox.post(
            AgentMadeNotReady(
                agent=agent, reason=NotReadyReason.CONNECTION_LOST.value, by_system=True
            )
        )


def _state(shown: ShowAgentState, entry: AgentEntry) -> AgentState:
    return AgentState(
        wish=shown.wish.value,
        reason=shown.reason,
        occupation=shown.occupation.value,
        phone=None if shown.device is None else _phone(shown.device, entry),
        call=shown.call,
        since=as_datetime(shown.since),
        until=None if shown.until is None else as_datetime(shown.until),
        until_max=None if shown.until_max is None else as_datetime(shown.until_max),
    )


def _phone(device: DeviceId, entry: AgentEntry) -> str:
    for name, known in entry.phones.items():
        if known == device:
            return name
    return device.name  # Logged on before the configuration took this phone from him.
