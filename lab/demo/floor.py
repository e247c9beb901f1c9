"""
The floor as the daemon sees it: its journal, followed and replayed into a core of our own.

The core is pure, so the same facts at the same times give the same decisions; every command that
comes out here is compared with the one that the daemon journalled (`cti.replay`). Nothing is asked
of the daemon, which may be dead meanwhile.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from acd.commands import AcdCommand, Occupation, OfferCall, OverflowCall, TurnAwayCall, Wish
from acd.facts import AcdFact, OfferAnswered, OfferEnded, OfferOutcome
from acd.picture import AgentPicture, FloorPicture
from cti.call_facts import CallFact
from cti.calls import Call, CallBook
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time
from cti.replay import Replay
from storage.journal_reader import READ_RECORDS_MAX, JournalReader, Party
from storage.records import journal_codec

TURNS_KEPT = 20
_CALLERS_DOING = frozenset({OfferOutcome.CALLER_LEFT, OfferOutcome.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """
    The core offered a call to an agent, and why it was him.

    `waited` is the caller's wait in the queue; `idle` and `next_idle` are how long the winner and
    the next best had waited for a call. `ruled_out` names the queue's other agents with what spoke
    against each; where they cannot be named, `excluded` still counts them.
    """

    at: Time
    call: CallId
    queue: QueueName
    waited: Duration
    agent: AgentId
    idle: Duration
    next_best: AgentId | None
    next_idle: Duration | None
    ruled_out: tuple[tuple[AgentId, str], ...]
    excluded: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """An agent did not take the call that was offered to him; the caller keeps his place."""

    at: Time
    call: CallId
    agent: AgentId
    outcome: OfferOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A rule moved a call that had waited for so long, or (`to_queue` None) turned it away."""

    at: Time
    call: CallId
    from_queue: str
    to_queue: str | None
    waited: Duration


Turn = Offered | NotTaken | Moved
"""A moment at which something was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """
    A living call. `place` is `menu`, `waiting`, `ringing`, `talking` or `leaving`.

    `queue` and `agent` are there where the call has one; `since` is when it came to its place, for
    one that rings: when it began to wait. `choices` are what was chosen in the menu so far.
    """

    call: CallId
    place: str
    since: Time
    queue: QueueName | None = None
    agent: AgentId | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that the screen shows of the floor at one instant, newest turns first."""

    floor: FloorPicture
    calls: tuple[CallView, ...]
    turns: tuple[Turn, ...]
    callers: dict[CallId, Party]
    decisions: int
    disagreements: int


class FollowedFloor:
    """Follows a journal: `catch_up` now and then, and look at the `scene`."""

    def __init__(self, reader: JournalReader) -> None:
        self._reader = reader
        self._codec = journal_codec()
        self._replay = Replay()
        self._calls = CallBook()
        self.position = 0
        """Of the last record that was taken in."""
        self._turns: deque[Turn] = deque(maxlen=TURNS_KEPT)
        self._offers: dict[OfferId, OfferCall] = {}
        self._refused: dict[CallId, set[AgentId]] = {}
        self._callers: dict[CallId, Party] = {}
        self._queues: dict[CallId, QueueName] = {}
        """The queue from which each call was offered last."""
        self.decisions = 0
        """Commands that the daemon journalled and we have compared."""
        self.disagreements = 0
        """Commands that came out otherwise here than there: none, or there is a bug."""

    async def catch_up(self) -> None:
        """
        Take in what was journalled since the last time.

        Raises:
            JournalError: the journal cannot be read.
        """
        while True:
            records = await self._reader.read(after=self.position)
            for record in records:
                body = self._codec.decode(record.name, record.body, position=record.position)
                self.position = record.position
                self._take(record.at, body)
            if len(records) < READ_RECORDS_MAX:
                break
        await self._learn_callers()

    def scene(self, now: Time) -> Scene:
        """Return what there is to be seen now."""
        floor = self._replay.core.picture(now)
        return Scene(
            floor=floor,
            calls=_views(self._calls.living(), floor, self._queues),
            turns=tuple(reversed(self._turns)),
            callers=dict(self._callers),
            decisions=self.decisions,
            disagreements=self.disagreements,
        )

    def living(self) -> frozenset[CallId]:
        """Return the calls that live now."""
        return frozenset(call.call for call in self._calls.living())

    def _take(self, at: Time, body: object) -> None:
        self.disagreements += len(self._replay.take(self.position, at, body))
        if isinstance(body, AcdCommand):
            self.decisions += 1
            self._note_command(at, body)
        elif isinstance(body, CallFact):
            self._calls.handle(body, at)
        elif isinstance(body, AcdFact):
            self._note_fact(at, body)

    def _note_fact(self, at: Time, fact: AcdFact) -> None:
        if isinstance(fact, OfferAnswered):
            self._offers.pop(fact.offer, None)
        elif isinstance(fact, OfferEnded):
            offer = self._offers.pop(fact.offer, None)
            if offer is None or fact.outcome in _CALLERS_DOING:
                return
            self._refused.setdefault(offer.call, set()).add(offer.agent)
            self._turns.append(
                NotTaken(at=at, call=offer.call, agent=offer.agent, outcome=fact.outcome)
            )

    def _note_command(self, at: Time, command: AcdCommand) -> None:
        match command:
            case OfferCall():
                self._offers[command.offer] = command
                self._queues[command.call] = command.queue
                self._turns.append(self._explained(at, command))
            case OverflowCall(call=call, from_queue=left, to_queue=entered, waited=waited):
                self._turns.append(
                    Moved(at=at, call=call, from_queue=left, to_queue=entered, waited=waited)
                )
            case TurnAwayCall(call=call, queue=queue):
                self._turns.append(
                    Moved(at=at, call=call, from_queue=queue, to_queue=None, waited=Duration(0))
                )
            case _:
                pass

    def _explained(self, at: Time, offer: OfferCall) -> Offered:
        # Offers of one step are made at one instant: whoever gets a later one was still ready.
        still_ready = {
            later.agent for later in self._replay.decided if isinstance(later, OfferCall)
        }
        floor = self._replay.core.picture(at)
        idle_since = {agent.agent: agent.idle_since for agent in floor.agents}
        won_since, _ = offer.reason.sort_key
        next_best = offer.reason.next_best
        next_since = None if next_best is None else idle_since.get(next_best)
        return Offered(
            at=at,
            call=offer.call,
            queue=offer.queue,
            waited=offer.reason.waited,
            agent=offer.agent,
            idle=Duration(max(0, at - won_since)),
            next_best=next_best,
            next_idle=None if next_since is None else Duration(max(0, at - next_since)),
            ruled_out=ruled_out(
                floor,
                offer,
                still_ready=still_ready,
                refused=self._refused.get(offer.call, set()),
            ),
            excluded=offer.reason.excluded,
        )

    async def _learn_callers(self) -> None:
        """Know the parties of living calls, and those of turns that are still shown."""
        living = {call.call: call.party for call in self._calls.living()}
        shown = {turn.call for turn in self._turns}
        for book in (self._callers, self._refused, self._queues):
            for gone in book.keys() - living.keys() - shown:
                del book[gone]
        unknown = {call: key for call, key in living.items() if call not in self._callers}
        parties = {party.key: party for party in await self._reader.parties(unknown.values())}
        self._callers |= {call: parties[key] for call, key in unknown.items() if key in parties}


def ruled_out(
    floor: FloorPicture,
    offer: OfferCall,
    *,
    still_ready: Iterable[AgentId] = (),
    refused: Iterable[AgentId] = (),
) -> tuple[tuple[AgentId, str], ...]:
    """
    Name the agents of the offer's queue who were out of the question, each with his reason.

    `floor` is as it was right after the offer. Empty where the names do not add up to the counts
    that the core itself gave: no explanation is better than a wrong one.
    """
    found = []
    for agent in floor.agents:
        if offer.queue not in agent.queues or agent.agent == offer.agent:
            continue
        standing = None if agent.agent in still_ready else _against(agent)
        if standing is None and agent.agent in refused:
            standing = "missed_this_call"
        if standing is not None:
            found.append((agent.agent, standing))
    adds_up = Counter(standing for _, standing in found) == Counter(dict(offer.reason.excluded))
    return tuple(found) if adds_up else ()


def _against(agent: AgentPicture) -> str | None:
    """Return what speaks against offering this agent a call, in the core's own words."""
    if agent.occupation is not Occupation.IDLE:
        return str(agent.occupation.value)
    if agent.wish is not Wish.READY:
        return str(agent.wish.value)
    return None if agent.until is None else "resting"


def _views(
    calls: Iterable[Call], floor: FloorPicture, queues: Mapping[CallId, QueueName]
) -> tuple[CallView, ...]:
    agents = {agent.agent: agent for agent in floor.agents}
    talking = dict(floor.talks)
    waiting = {
        waiting.call: (queue.name, waiting) for queue in floor.queues for waiting in queue.waiting
    }
    views = []
    for call in calls:
        place, since, queue, agent = "leaving", call.arrived_at, None, None
        if call.call in talking:
            agent = talking[call.call]
            place, since = "talking", agents[agent].since
            queue = queues.get(call.call)
        elif call.call in waiting:
            queue, entry = waiting[call.call]
            place, since = "waiting", entry.since
            if entry.offered_to:
                place, agent = "ringing", entry.offered_to[0]
        elif call.flow is not None:
            place = "menu"
        views.append(
            CallView(
                call=call.call,
                place=place,
                since=since,
                queue=queue,
                agent=agent,
                choices=call.choices,
            )
        )
    return tuple(views)
