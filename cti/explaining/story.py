"""
What happened to a call, and at each offer how everybody stood: replayed up to that moment.

The journal tells what happened. How each agent stood when it was decided is rebuilt: from the
nearest snapshot before, the facts are taken into a core of our own, which shows its floor at the
moment of the decision. Where that cannot be (records pruned, snapshots of another version, a core
that decides otherwise), what the journal itself tells remains, and it is said why.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from acd.call_backs import AcknowledgeCallBack
from acd.commands import (
    AcdCommand,
    DivertCall,
    OfferCall,
    OverflowCall,
    PlaceCall,
    ShowAgentState,
    TurnAwayCall,
    TurnAwayCause,
)
from acd.errors import AcdError
from acd.explaining import Candidate, Decision, Stay, Witness
from acd.facts import AcdFact, OfferAnswered, OfferEnded
from acd.tables.opening import Opening
from acd.tables.waiting import CallState
from acd.ways import Cause
from cti.call_facts import CallFact
from cti.ids import CallId, OfferId
from cti.instants import Time
from cti.replay import Beginning, applied, begin
from storage.codec import RecordCodec
from storage.errors import UndecodableRecordError
from storage.journal_history import HistorySpan, JournalHistory
from storage.journal_reader import StoredRecord

TRAILING_RECORDS_MAX = 2_000
"""So far behind the last record that names a call, the end of its last offer is looked for."""
_CALL_FACTS = frozenset(kind.__name__ for kind in CallFact.__args__)

Tell = Callable[[int], None]
Record = AcdFact | CallFact | AcdCommand

_WAITS = (CallState.WAITING, CallState.HELD, CallState.PROMISED)
_BEGINS_TO_WAIT = (PlaceCall, AcknowledgeCallBack)


class NotRebuilt(Enum):
    """Why it cannot be rebuilt how everybody stood."""

    PRUNED = "pruned"
    """The records before are gone, and no snapshot that this program reads lies between."""
    UNREADABLE = "unreadable"
    """A record on the way is of another program version, or makes no sense to this one."""
    DIFFERENT = "different"
    """This program decides otherwise than the one that wrote the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """
    An offer's decision: `cause` led to it, and `before` is how the winner stood just before.

    `before` is None where the call was not waiting then: it came, or came back, with the cause.
    `decision` is None where it cannot be rebuilt.
    """

    cause: object
    before: Candidate | None
    decision: Decision | None
    not_rebuilt: NotRebuilt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """
    One record that concerns the call: a fact or a command.

    `stay` is how things stood after it, where the caller waits from then on; `opening` is what was
    said of a queue that did not keep him because it was closed.
    """

    position: int
    at: Time
    core_version: str
    policy_version: str
    body: Record
    offered: Offered | None = None
    stay: Stay | None = None
    opening: Opening | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """
    All that the journal has of a call.

    `snapshot` is the position from which it was replayed; `not_rebuilt` says why it could not be,
    or not to the end.
    """

    call: CallId
    happenings: tuple[Happening, ...]
    snapshot: int | None
    not_rebuilt: NotRebuilt | None


@dataclass(slots=True)
class _Step:
    """A fact or a timer advance, and the commands that it brought forth."""

    cause: StoredRecord
    commands: list[StoredRecord] = field(default_factory=list)


class Replayed:
    """A witness that is led through a journal: from a beginning to any later record."""

    def __init__(self, history: JournalHistory, codec: RecordCodec, tell: Tell) -> None:
        self._history = history
        self._codec = codec
        self._tell = tell
        self.witness: Witness | None = None
        self.snapshot: int | None = None
        self.not_rebuilt: NotRebuilt | None = NotRebuilt.PRUNED
        self.position = 0

    def go_to(self, position: int, span: HistorySpan) -> None:
        """Rebuild the state after the record at `position`, if it can be."""
        beginning: Beginning | None = begin(
            self._history,
            self._codec,
            position,
            first=span.first,
            restore=Witness,
            new=Witness,
        )
        self.position = position
        if beginning is None or not isinstance(beginning.core, Witness):
            return
        self.witness, self.not_rebuilt = beginning.core, None
        self.snapshot = beginning.position
        for done, record in enumerate(self._history.read(beginning.position, position), 1):
            self.apply(record)
            if done % 1_000 == 0:
                self._tell(1_000)

    def apply(self, record: StoredRecord) -> list[AcdCommand]:
        """Take a record into the witness, and return what it decides."""
        if self.witness is None or record.kind == "command" or record.name in _CALL_FACTS:
            return []
        try:
            body = self._codec.decode(record.name, record.body, position=record.position)
            return applied(self.witness, record.at, body)
        except (UndecodableRecordError, AcdError):
            self.witness, self.not_rebuilt = None, NotRebuilt.UNREADABLE
            return []


class _Teller:
    """Goes through the steps of a call's time and notes what concerns the call."""

    def __init__(self, replayed: Replayed, codec: RecordCodec, call: CallId) -> None:
        self._replayed = replayed
        self._codec = codec
        self._call = call
        self._needle = call.encode()
        self._waiting_told = False
        self.open_offers: set[OfferId] = set()
        self.happenings: list[Happening] = []

    def take(self, step: _Step) -> None:
        """Take a step; most of them concern other calls."""
        cause = self._decoded(step.cause) if self._concerns(step.cause) else None
        commands = [
            (record, self._decoded(record)) for record in step.commands if self._concerns(record)
        ]
        own = [(record, body) for record, body in commands if _names(body, self._call)]
        ours = cause is not None and self._is_ours(cause)
        if not ours and not own:
            self._replayed.apply(step.cause)
            return
        stood_before = self._stood_before([body for _, body in own])
        before_known = self._stay() is not None
        decided = self._replayed.apply(step.cause)
        if ours:
            self._note(step.cause, cause)
        body_of_cause = cause if cause is not None else self._decoded(step.cause)
        for record, body in own:
            offered = None
            if isinstance(body, OfferCall):
                self.open_offers.add(body.offer)
                offered = self._offered(
                    body,
                    body_of_cause,
                    stood_before.get(body.offer) if before_known else None,
                    decided,
                )
            self._note(record, body, offered)
        self._tell_why_he_waits()

    def _stood_before(self, bodies: list[object]) -> dict[OfferId, Candidate | None]:
        witness = self._replayed.witness
        if witness is None:
            return {}
        return {
            body.offer: witness.candidate(self._call, body.agent)
            for body in bodies
            if isinstance(body, OfferCall)
        }

    def _offered(
        self,
        offer: OfferCall,
        cause: object,
        before: Candidate | None,
        decided: list[AcdCommand],
    ) -> Offered:
        witness = self._replayed.witness
        decision = None if witness is None else witness.decisions.get(offer.offer)
        not_rebuilt = self._replayed.not_rebuilt
        if witness is not None and (decision is None or offer not in decided):
            decision, not_rebuilt = None, NotRebuilt.DIFFERENT
            self._replayed.witness, self._replayed.not_rebuilt = None, not_rebuilt
        return Offered(cause=cause, before=before, decision=decision, not_rebuilt=not_rebuilt)

    def _tell_why_he_waits(self) -> None:
        """Tell it once for each time that he begins to wait with nobody ringing for him."""
        stay = self._stay()
        waits = stay is not None and stay.state in _WAITS
        moved = bool(self.happenings) and isinstance(self.happenings[-1].body, _BEGINS_TO_WAIT)
        if waits and (moved or not self._waiting_told):
            self.happenings[-1] = replace(self.happenings[-1], stay=stay)
        self._waiting_told = waits

    def _stay(self) -> Stay | None:
        witness = self._replayed.witness
        return None if witness is None else witness.stay(self._call)

    def _note(self, record: StoredRecord, body: object, offered: Offered | None = None) -> None:
        if not isinstance(body, Record):
            return
        if isinstance(body, OfferAnswered | OfferEnded):
            self.open_offers.discard(body.offer)
        self.happenings.append(
            Happening(
                position=record.position,
                at=record.at,
                core_version=record.core_version,
                policy_version=record.policy_version,
                body=body,
                offered=offered,
                opening=self._closed(body),
            )
        )

    def _closed(self, body: Record) -> Opening | None:
        """Return who had closed the queue that did not keep him, if that was why."""
        match body:
            case TurnAwayCall(queue=queue, cause=TurnAwayCause.QUEUE_CLOSED):
                name = queue
            case (
                OverflowCall(from_queue=queue, cause=Cause.CLOSED)
                | DivertCall(from_queue=queue, cause=Cause.CLOSED)
            ):
                name = queue
            case _:
                return None
        witness = self._replayed.witness
        return None if witness is None else witness.opening(name)

    def _concerns(self, record: StoredRecord) -> bool:
        return self._needle in record.body or record.name in {"OfferAnswered", "OfferEnded"}

    def _is_ours(self, body: object) -> bool:
        if isinstance(body, OfferAnswered | OfferEnded):
            return body.offer in self.open_offers
        return _names(body, self._call)

    def _decoded(self, record: StoredRecord) -> object:
        return self._codec.decode(record.name, record.body, position=record.position)


def tell(
    history: JournalHistory,
    codec: RecordCodec,
    call: CallId,
    span: HistorySpan,
    *,
    until: int | None = None,
    progress: Tell = lambda _done: None,
) -> Story:
    """
    Return a call's story, up to the record at `until` if one is named.

    Raises:
        JournalError: the journal cannot be read.
        UndecodableRecordError: a record of the call itself is of another program version.
    """
    named = history.span_of(call)
    if named is None:
        return Story(call=call, happenings=(), snapshot=None, not_rebuilt=None)
    first, last = named
    end = min(last + TRAILING_RECORDS_MAX, span.last if until is None else until)
    replayed = Replayed(history, codec, progress)
    replayed.go_to(min(first - 1, end), span)
    if replayed.witness is not None:
        replayed.witness.watched = call
    begun_from, teller = replayed.snapshot, _Teller(replayed, codec, call)
    for step in _steps(history, max(first, span.first) - 1, end, progress):
        if step.cause.position > last and not teller.open_offers:
            break
        teller.take(step)
    return Story(
        call=call,
        happenings=tuple(teller.happenings),
        snapshot=begun_from,
        not_rebuilt=replayed.not_rebuilt,
    )


def _steps(history: JournalHistory, after: int, until: int, progress: Tell) -> Iterator[_Step]:
    step: _Step | None = None
    for record in history.read(after, until):
        if record.position % 1_000 == 0:
            progress(1_000)
        if record.kind == "command" and step is not None:
            step.commands.append(record)
            continue
        if step is not None:
            yield step
        step = _Step(record)
    if step is not None:
        yield step


def _names(body: object, call: CallId) -> bool:
    """Tell whether a record is of this call; shown states of agents are not."""
    return getattr(body, "call", None) == call and not isinstance(body, ShowAgentState)
